"""A run to the files the program ships: `python -m compact.release RUN TWIN CHECKPOINT GOLDEN.tsv NAME DATE GENOMES`.

Calibration is the twin's: of the same recipe, but trained without the genera that calibration is fitted on. What ships knows
those genera, so on them it would look surer than it may be on others.
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
