#!/usr/bin/env python3
"""Accuracy on reads as they come: README.md says what is measured.

    accuracy.py HELD OUT [--readseeker BINARY --flags "..." --fraggenescan BINARY --pyrodigal --real REAL]
        [--only SET...] [--seed N] [--size FACTOR] [--reads-only]
"""

import argparse
import gzip
import shlex
from pathlib import Path

import measure
import programs
import sets

COLUMNS = ["set", "program", "reads right", "straddling", "seven", "found", "precision", "frame", "area", "coding reads", "estimated"]
# Real reads and what is known of them: (file, share that should be called coding).
REAL = {
    "ont_r10_bacterium.fastq.gz": "nearly all",
    "ont_16s_amplicons.fastq.gz": "none",
    "sars2_ont.fastq.gz": "nearly all",
    "hiv_env_R1.fastq.gz": "all",
}


def shown(value):
    return "" if value is None else value if isinstance(value, str) else f"{value:.4f}"


def calls(args, name, lengths):
    """(program, Called) of every program that is asked for."""
    reads, folder = args.out / f"{name}.fa.gz", args.out / "called" / name
    if args.readseeker:
        files = [reads]
        if name.startswith("pairs_"):
            files = split_pairs(args.out, name)
        yield "readseeker", programs.readseeker(args.readseeker, files, folder / "readseeker", lengths, args.flags)
    if args.fraggenescan:
        models = programs.FRAGGENESCAN_LONG if name.startswith("nano_") else programs.FRAGGENESCAN_SHORT
        for model in models:
            yield f"FragGeneScanRs {model}", programs.fraggenescan(args.fraggenescan, reads, folder / "fgs", lengths, model)
    if args.pyrodigal:
        yield "pyrodigal meta", programs.pyrodigal(reads, lengths)


def split_pairs(folder, name):
    """R1 and R2 of a set of pairs as files of their own."""
    files = [folder / f"{name}_R{mate}.fa" for mate in (1, 2)]
    with gzip.open(folder / f"{name}.fa.gz", "rt") as lines:
        text = [[], []]
        for header in lines:
            text[int(header.rstrip()[-1]) - 1].append(header + next(lines))
    for file, part in zip(files, text):
        file.write_text("".join(part))
    return files


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("held", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--readseeker", type=Path)
    parser.add_argument("--flags", type=shlex.split, default=[], help="of readseeker split")
    parser.add_argument("--fraggenescan", type=Path)
    parser.add_argument("--pyrodigal", action="store_true")
    parser.add_argument("--real", type=Path, help="folder of real reads")
    parser.add_argument("--only", nargs="+", metavar="SET")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--size", type=float, default=1.0, help="as many times the reads")
    parser.add_argument("--reads-only", action="store_true")
    args = parser.parse_args()
    names = sets.make(args.out, sets.genomes(args.held), args.seed, args.size)
    if args.reads_only:
        return
    with (args.out / "table.tsv").open("w") as table:
        for row in rows(args, args.only or names):
            for file in (table, None):
                print(*map(shown, row), sep="\t", file=file, flush=True)


def rows(args, names):
    yield COLUMNS
    for name in names:
        truth = {read: bits for read, (_, bits) in sets.truth(args.out, name).items()}
        lengths = {read: len(bits) for read, bits in truth.items()}
        labels = [label for label in map(measure.is_coding, truth.values()) if label is not None]
        for program, called in calls(args, name, lengths):
            figures = measure.figures(truth, called.classes, called.verdicts, called.probabilities)
            yield [name, program, *figures, sum(labels) / len(labels), called.share]
    for file, expected in REAL.items() if args.real and args.readseeker else []:
        folder = args.out / "called" / file
        share, count = programs.share_of_reads(args.readseeker, args.real / file, folder, args.flags)
        yield [file, f"readseeker, {count} reads", f"called coding: {share:.4f}", f"should be: {expected}"]


if __name__ == "__main__":
    main()
