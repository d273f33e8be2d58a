"""What `--precision int8` does to the figures of `compact` on the held-out reads of its evaluation.

    python precision.py PROGRAM DATA.npz [--count 400]

`workflows/training` makes DATA.npz from the genomes. Prints how far probabilities move, the figures of all clean groups
pooled, and how many figures of single groups move by more than .0005. Needs the training code's Python packages.
"""

import argparse
import csv
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "training"))

from compact import metrics
from compact.evaluate import CLEAN, held_out

FRAMES = ["1", "2", "3", "-1", "-2", "-3"]
LETTERS = np.frombuffer(b"ACGTN", np.uint8)
FIGURES = ("accuracy", "auc", "frame", "ece")
BAR = 0.0005


def score(program, reads, precision, folder):
    """Probabilities and frames of all reads, in their order."""
    table = Path(folder) / f"{precision}.tsv"
    how = ["--model", "compact", "--device", "cpu", "-q", "--precision", precision, "--min-length", "8"]
    subprocess.run([program, "score", reads, "-o", table, *how], check=True)
    with table.open() as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    return np.array([float(row["probability"]) for row in rows]), np.array([FRAMES.index(row["frame"]) for row in rows])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("data")
    parser.add_argument("--count", type=int, default=400)
    args = parser.parse_args()
    samples = held_out(args.data, args.count)
    with tempfile.TemporaryDirectory() as folder:
        reads = Path(folder) / "reads.fa"
        with reads.open("wb") as file:
            for number, bases in enumerate(bases for sample in samples for bases in sample.reads.bases):
                file.write(b">%d\n%s\n" % (number, LETTERS[bases].tobytes()))
        scored = {precision: score(args.program, reads, precision, folder) for precision in ("f32", "int8")}
    (exact, exact_frames), (rounded, frames) = scored["f32"], scored["int8"]
    moved = rounded - exact
    print(f"{len(moved)} reads: |dp| {abs(moved).mean():.6f} on average, {abs(moved).max():.5f} at most, dp {moved.mean():+.6f}")
    print(f"labels changed {((exact >= 0.5) != (rounded >= 0.5)).sum()}, frames {(exact_frames != frames).sum()}")

    groups, at = defaultdict(list), 0
    for sample in samples:
        here = slice(at, at + len(sample.reads.bases))
        at = here.stop
        groups[sample.kind, sample.supergroup, sample.length].append((here, sample.reads))
        if sample.kind == "pure" and sample.supergroup in CLEAN:
            groups["all clean", "pooled", sample.length].append((here, sample.reads))
    large = 0
    for key, parts in groups.items():
        rows = {}
        for precision, (probability, frame) in scored.items():
            right = [np.where(r.frames.sum(1) == 1, r.frames[np.arange(len(r.frames)), frame[here]], np.nan) for here, r in parts]
            coding = np.concatenate([r.coded >= 0.5 for _, r in parts])
            rows[precision] = metrics.summary(np.concatenate([probability[here] for here, _ in parts]), coding, np.concatenate(right))
        change = {figure: rows["int8"][figure] - rows["f32"][figure] for figure in FIGURES}
        large += sum(abs(value) > BAR for value in change.values())
        if key[0] == "all clean":
            print(key, ", ".join(f"{figure} {rows['f32'][figure]:.4f} {value:+.5f}" for figure, value in change.items()))
    print(f"of {len(FIGURES) * len(groups)} figures {large} move by more than {BAR}")


if __name__ == "__main__":
    main()
