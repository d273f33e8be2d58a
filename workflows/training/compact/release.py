"""A run to the files the program ships: `python -m compact.release DATA.npz RUN CHECKPOINT GOLDEN.tsv NAME DATE [TWIN]`.

TWIN is a run of the same recipe that has not seen the held-out genera: the calibration is fitted on it, since on genomes
that the weights know every probability is too good. Its own files go to TWIN/checkpoint, for the tables.
"""

import hashlib
import json
import sys
from pathlib import Path

import torch

from . import calibrate, export, golden, train


def _trained_on(run):
    reads = torch.load(Path(run) / "state.pt", weights_only=False)["reads"]
    return f"{reads} reads of INSDC/RefSeq genomes; accessions in workflows/training/manifest.tsv.gz"


def main(data, run, checkpoint, table, name, date, twin=None):
    torch.set_num_threads(1)
    judged = train.load_average(twin or run)
    fitted = calibrate.of(judged, data)
    about = {"calibration": fitted, "created": date}
    for folder in filter(None, (run, twin)):
        (Path(folder) / "calibration.json").write_text(json.dumps(fitted))
    if twin:
        export.write(judged, Path(twin) / "checkpoint", name=f"{name}-twin", trained_on=_trained_on(twin), **about)
        print("twin's weights, SHA-256:", hashlib.sha256((Path(twin) / "checkpoint/model.safetensors").read_bytes()).hexdigest())
    export.write(train.load_average(run), checkpoint, name=name, trained_on=_trained_on(run), **about)
    print(json.dumps(fitted, indent=1))
    golden.main(checkpoint, table)


if __name__ == "__main__":
    main(*sys.argv[1:])
