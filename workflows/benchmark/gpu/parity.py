"""How far two tables of scores of the same reads are apart, as a row of a table.

    python parity.py CPU.tsv GPU.tsv LABEL
"""

import csv
import sys

THRESHOLD = 0.5


def probabilities(path):
    """The probability of each read; None for one that was not scored."""
    with open(path) as table:
        rows = csv.DictReader(table, delimiter="\t")
        return [None if row["probability"] in (".", "NA") else float(row["probability"]) for row in rows]


def main():
    one, other, label = sys.argv[1:]
    cpu, gpu = probabilities(one), probabilities(other)
    scored = [(p, q) for p, q in zip(cpu, gpu, strict=True) if p is not None and q is not None]
    if not scored or len(scored) != sum(p is not None for p in cpu):
        sys.exit("the tables do not have the same scored reads")
    apart = [abs(p - q) for p, q in scored]
    changed = sum((p >= THRESHOLD) != (q >= THRESHOLD) for p, q in scored)
    print(f"| {label} | {len(scored)} | {max(apart):.2e} | {sum(apart) / len(apart):.2e} | {changed} |")


if __name__ == "__main__":
    main()
