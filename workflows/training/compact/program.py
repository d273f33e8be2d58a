"""The program itself on the held-out reads, f32 beside another precision:
`python -m compact.program DATA.npz READSEEKER PRECISION [MODEL [COUNT]]`.

Says by how much each figure of the evaluation table moves, and how far single probabilities and labels do. Where there
are fewer than 1,000 reads of a kind one read moves a figure by more than .0005, so such rows are left out.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from . import evaluate
from .others import text_of

FRAMES = ("+0", "+1", "+2", "-0", "-1", "-2")
MOVES = ("accuracy", "auc", "frame", "ece")
ENOUGH, MUCH = 1000, 0.0005


class Answered:
    """A sample with the program's answers, shaped as `evaluate.Scored`."""

    def __init__(self, sample, probability, frame):
        self.sample, self.probability = sample, probability
        self.coding = sample.reads.coded >= 0.5
        rows = np.arange(len(frame))
        self.right_frame = np.where(frame >= 0, sample.reads.frames[rows, frame], False).astype(float)
        self.right_frame[sample.reads.frames.sum(axis=1) != 1] = np.nan


def answers(program, model, precision, samples, folder):
    """The samples as `Answered` by one run of the program."""
    fasta, table = Path(folder, "in.fa"), Path(folder, f"{precision}.tsv")
    with open(fasta, "w") as out:
        out.writelines(f">{i}\n{text_of(row)}\n" for sample in samples for i, row in enumerate(sample.reads.bases))
    command = [program, "score", fasta, "-o", table, "--model", model, "--device", "cpu", "--precision", precision, "-q"]
    subprocess.run(command, check=True)
    columns = [line.rstrip("\n").split("\t") for line in open(table)]
    head, rows = columns[0], columns[1:]
    probability = np.array([float(row[head.index("probability")]) for row in rows])
    frame = np.array([FRAMES.index(row[head.index("frame")]) for row in rows])
    ends = np.cumsum([len(sample.reads.bases) for sample in samples])[:-1]
    return [Answered(*three) for three in zip(samples, np.split(probability, ends), np.split(frame, ends))]


def rows_of(scored):
    """The figures that issue and card name: by group and length, of all clean reads by length, by condition."""
    pure = [s for s in scored if s.sample.kind == "pure"]
    clean = [s for s in scored if s.sample.supergroup in evaluate.CLEAN]
    out = evaluate.grouped(pure, lambda s: (s.supergroup, s.length))
    out |= evaluate.grouped([s for s in clean if s.sample.kind == "pure"], lambda s: ("all clean", s.length))
    return out | evaluate.grouped(clean, lambda s: (s.kind, s.length) if s.kind != "pure" else None)


def main(data, program, precision, model="builtin", count="400"):
    samples = evaluate.held_out(data, int(count))
    with tempfile.TemporaryDirectory() as folder:
        exact, other = (answers(program, model, one, samples, folder) for one in ("f32", precision))
    one, two = (np.concatenate([s.probability for s in scored]) for scored in (exact, other))
    print(f"{len(one)} reads: |dp| at most {abs(one - two).max():.4f}, mean {abs(one - two).mean():.5f}; "
          f"{((one >= 0.5) != (two >= 0.5)).sum()} labels changed")  # fmt: skip
    before, after = rows_of(exact), rows_of(other)
    before = {key: row for key, row in before.items() if min(row["coding"], row["noncoding"]) >= ENOUGH}
    for name in MOVES:
        moved = {key: after[key][name] - row[name] for key, row in before.items()}
        over = [key for key, value in moved.items() if abs(value) > MUCH]
        print(f"{name}: {len(moved)} figures, moved by {np.mean(np.abs(list(moved.values()))):.5f} on average; by more than {MUCH}: {len(over)}")
        for group, length in over:
            row = before[group, length]
            print(f"  {group} {length} ({row['coding']}+{row['noncoding']}): {row[name]:.5f} {moved[group, length]:+.5f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
