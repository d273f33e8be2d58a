"""A run to the files the program ships: `python -m compact.release DATA.npz RUN CHECKPOINT GOLDEN.tsv NAME DATE [COUNT]`."""

import json
import sys
from pathlib import Path

import torch

from . import calibrate, export, golden, train


def main(data, run, checkpoint, table, name, date, count="300"):
    torch.set_num_threads(1)
    network = train.load_average(run)
    fitted = calibrate.of(network, data, int(count))
    (Path(run) / "calibration.json").write_text(json.dumps(fitted))
    reads = torch.load(Path(run) / "state.pt", weights_only=False)["reads"]
    trained_on = f"{reads} reads of INSDC/RefSeq genomes; accessions in workflows/training/manifest.tsv.gz"
    export.write(network, checkpoint, calibration=fitted, name=name, trained_on=trained_on, created=date)
    print(json.dumps(fitted, indent=1))
    golden.main(checkpoint, table)


if __name__ == "__main__":
    main(*sys.argv[1:])
