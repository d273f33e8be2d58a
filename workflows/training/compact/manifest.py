"""The list of records a model was trained and validated on: `python -m compact.manifest GENOMES DATA.npz OUT.tsv.gz`."""

import gzip
import sys
from pathlib import Path

import numpy as np

from . import holdout


def _part(name):
    """What a record of the set `name` was for; None: not in the data, "": in no held-out set."""
    if name is None:
        return "dropped (shares sequence across the split)"
    if name in holdout.SENTINELS:
        return f"held out: {name}"
    return f"train; held out of the twin: {name}" if name else "train"


def main(genomes, data, out):
    fields = np.load(data)["fields"]
    held = {(group, accession): name for group, accession, _, name, _ in fields}
    with gzip.open(Path(genomes) / "manifest.tsv.gz", "rt") as text:
        head, *rows = [line.rstrip("\n").split("\t") for line in text]
    lines = ["\t".join([*head, "split"])]
    for row in rows:
        name = held.get((row[0], row[1]))
        lines.append("\t".join([*row, _part(name)]))
    with gzip.GzipFile(out, "wb", mtime=0) as packed:  # no time stamp: the same list gives the same file
        packed.write(("\n".join(lines) + "\n").encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
