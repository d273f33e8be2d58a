"""Turns a run into the files that the program ships: `python -m compact.release RUN TWIN CHECKPOINT GOLDEN.tsv NAME DATE GENOMES`.

The calibration is that of the twin: the same recipe, trained without the genera that the calibration is fitted on. The shipped
model knows those genera, so a calibration fitted on them would be too confident elsewhere.
"""

import json
import sys
from pathlib import Path

import torch

from . import export, golden, train, unknown


def main(run, twin, checkpoint, table, name, date, genomes):
    torch.set_num_threads(1)
    network = train.load_average(run)
    fitted = json.loads((Path(twin) / "calibration.json").read_text())
    reads = torch.load(Path(run) / "state.pt", weights_only=False)["reads"]
    trained_on = f"{reads} reads of INSDC/RefSeq genomes; accessions in workflows/training/manifest.tsv.gz"
    export.write(network, checkpoint, calibration=fitted, name=name, trained_on=trained_on, created=date)
    unknown.teach(checkpoint, genomes)
    golden.main(checkpoint, table)


if __name__ == "__main__":
    main(*sys.argv[1:])
