"""Simulated Illumina reads of whole held-out genomes: `python -m compact.art DATA.npz RUN` runs ART.

Reads come from everywhere, errors and all; a read is pure coding, pure non-coding or straddling by where it came from,
and the straddling ones count as coding when at least half of their bases are coded.
"""

import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch

from . import evaluate, kept, tokens, train
from .labels import CODING, LEFT_OUT

LENGTH = 250
GENOMES = ["Haemophilus", "Aeromonas", "Caulobacter", "Gordonia", "Chlamydia", "Listeria", "Lactococcus", "Pyrococcus"]
_PER_SET = 3000
_CIGAR = re.compile(r"(\d+)([MIDNSHP=X])")


def _simulate(bases, folder, seed):
    """(position, sequence) of ART's reads of one record, as placed by its SAM file."""
    letters = np.frombuffer(b"ACGTN", dtype=np.uint8)[bases].tobytes().decode()
    (folder / "in.fa").write_text(f">x\n{letters}\n")
    coverage = max(_PER_SET * LENGTH / len(bases), 0.02)
    command = ["art_illumina", "-ss", "MSv1", "-sam", "-na", "-q", "-i", "in.fa", "-l", str(LENGTH), "-f", f"{coverage:.4f}"]
    subprocess.run([*command, "-rs", str(seed), "-o", "out"], cwd=folder, check=True, capture_output=True)
    for line in (folder / "out.sam").read_text().splitlines():
        if not line.startswith("@"):
            column = line.split("\t")
            span = sum(int(n) for n, kind in _CIGAR.findall(column[5]) if kind in "MDN=X")
            yield int(column[3]) - 1, span, column[9]


def simulate(data, name, seed=5):
    """(bases [B, 250], coded share, kind) of a held-out set's records, the largest first."""
    records = np.flatnonzero(data.held == name)
    sizes = np.diff(data.offsets)[records]
    bases, coded = [], []
    with tempfile.TemporaryDirectory() as folder:
        for record in records[np.argsort(-sizes)][:4]:
            low, high = data.offsets[record], data.offsets[record + 1]
            label = data.labels[low:high]
            for position, span, sequence in _simulate(data.bases[low:high], Path(folder), seed):
                part = label[position : position + span]
                if len(sequence) == LENGTH and not (part & LEFT_OUT).any():
                    bases.append(tokens.encode(sequence))
                    coded.append(((part & CODING) != 0).mean())
    keep = np.random.default_rng(seed).permutation(len(bases))[:_PER_SET]
    return np.stack(bases)[keep], np.array(coded)[keep]


def kind_of(coded):
    return "coding" if coded == 1 else "non-coding" if coded == 0 else "straddling"


def held_out(data):
    """{set: (bases, coded share)}."""
    return kept.reads(data, f"art-{_PER_SET}", lambda loaded: {name: simulate(loaded, name) for name in GENOMES})


def main(data, run):
    torch.set_num_threads(1)
    network, calibration = train.load_average(run), evaluate.calibration_of(run)
    right = defaultdict(list)
    for name, (bases, coded) in held_out(data).items():
        called = calibration(evaluate.raw_logit(evaluate.logits(network, bases)), LENGTH) >= 0.5
        for share, call in zip(coded, called):
            for key in (name, "all"):
                right[key, kind_of(share)].append(call == (share >= 0.5))
    print("| genome | kind | n | accuracy |\n|---|---|---|---|")
    for (name, kind), values in sorted(right.items()):
        print(f"| {name} | {kind} | {len(values)} | {np.mean(values):.3f} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
