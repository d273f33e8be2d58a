"""Random checkpoints of a few kilobytes for the program's tests: `python -m compact.tiny TESTDATA/compact`."""

import sys
from pathlib import Path

import torch

from . import export, golden
from .network import Network, Settings

_CALIBRATION = {"lengths": [100, 200, 300], "scale": [0.9, 1.0, 1.2], "shift": [0.1, -0.2, 0.05], "pool": {"scale": 1.5, "shift": 0.2}}


TINY = {"tiny1": (1, 0), "tiny2": (2, 0), "tiny3": (0, 2)}  # blocks, coarser levels


def _random_network(blocks, levels, seed):
    torch.manual_seed(seed)
    network = Network(Settings(embedding=8, channels=12, hidden=12, blocks=blocks, levels=levels)).eval()
    with torch.no_grad():
        for name, value in [*network.named_parameters(), *network.named_buffers()]:
            if "norm" in name and value.is_floating_point():  # BatchNorm as if trained: nothing at its start value
                value.copy_(torch.rand_like(value) + 0.5)
            elif name != "embedding.weight":
                value.mul_(1.5) if value.is_floating_point() else None
            else:
                value[5:] = torch.randn_like(value[5:])
    return network


def main(folder):
    for seed, (name, (blocks, levels)) in enumerate(TINY.items(), 1):
        directory = Path(folder) / name
        network = _random_network(blocks, levels, seed)
        about = {"name": name, "trained_on": "nothing: random weights", "created": "2026-11-22"}
        export.write(network, directory, calibration=_CALIBRATION, **about)
        golden.main(directory, directory / "golden.tsv")


if __name__ == "__main__":
    main(*sys.argv[1:])
