"""Averages runs from the same start into one network: `python -m compact.soup DATA.npz OUT RUN=SHARE... [--every-genus]`.

Runs that start from the same weights (the same `--seed`) stay so close that their mean is as good a network as any of them.
It is better on genera that no run has seen, where each makes different mistakes. The mean costs nothing at run time.
"""

import argparse
from pathlib import Path

import torch

from . import train, training
from .network import Network, Settings
from .sampler import MIXES, Recipe, Sampler


def average(data, out, parts, every_genus=False):
    """Write the mean of `parts` (run=share) as a run of its own."""
    runs, shares, states = training.runs_of(parts)
    network = Network(Settings(**states[0]["settings"]))
    weights = [train.load_average(run).state_dict() for run in runs]
    network.load_state_dict(training.weighted_mean(weights, shares))
    # Statistics of reads as they come: none rewritten.
    train.measure_on(network, Sampler(training.load_data(data, every_genus), Recipe(*MIXES["microbes"], recoded=0)), seed=1)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), out / training.EXPORTED)
    about = {"settings": states[0]["settings"], "reads": sum(s["reads"] for s in states), "steps": sum(s["steps"] for s in states)}
    torch.save(about | {"spent": sum(s["spent"] for s in states)}, out / "state.pt")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("out")
    parser.add_argument("parts", nargs="+", metavar="RUN=SHARE")
    parser.add_argument("--every-genus", action="store_true", help="the runs were trained on all but the sentinels")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    average(arguments.data, arguments.out, arguments.parts, arguments.every_genus)


if __name__ == "__main__":
    main()
