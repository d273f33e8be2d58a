#!/usr/bin/env python3
"""What do errors cost a model on long reads? Simulated reads of genomes that the built-in model's twin was not trained on.

usage: long_reads_with_errors.py GENOMES [READSEEKER [MODEL]]

MODEL is a checkpoint directory: the twin's, as `compact.release` writes it. Without it the shipped weights run, which have
learnt from these genomes.

GENOMES is the folder that workflows/training/README.md describes (GROUP.fa.gz, GROUP.cds.tsv.gz). 40 % of the errors are
substitutions, 35 % deletions and 25 % insertions, all independent. Non-coding reads are human introns and intergenic sequence.
"""

import gzip
import random
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

RATES = [0, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.08]
LENGTH = 8000
READS = 60  # a bacterial record
HUMAN_READS = 120
# All held out of the twin: two Haemophilus, Listeria, two contigs of Clavibacter, the short arm of human chromosome 7.
BACTERIA = ["NZ_LS483480.1", "NZ_LR134481.1", "NZ_CP023050.1", "NZ_MDHK01000002.1", "NZ_MDHK01000004.1"]
HUMAN_BEFORE = 60_000_000
COMPLEMENT = str.maketrans("ACGTN", "TGCAN")


def is_human(name):
    part = name.split(".")
    return name.startswith("hg38.chr7.") and part[2].split("-")[0].isdigit() and int(part[2].split("-")[0]) < HUMAN_BEFORE


def genomes(folder, groups, wanted):
    """{name: bases} and {name: [(start, end, strand or None of a pseudogene)]}."""
    bases, parts = defaultdict(list), defaultdict(list)
    for group in groups:
        with gzip.open(folder / f"{group}.fa.gz", "rt") as lines:
            for line in lines:
                if line.startswith(">"):
                    name = line[1:].split()[0]
                elif wanted(name):
                    bases[name].append(line.strip().upper())
        with gzip.open(folder / f"{group}.cds.tsv.gz", "rt") as lines:
            for name, start, end, strand, _, _, source in (line.rstrip("\n").split("\t") for line in lines):
                if wanted(name):
                    parts[name].append((int(start), int(end), None if source == "pseudo" else strand))
    return {name: "".join(lines) for name, lines in bases.items()}, parts


def labels(length, parts):
    """A letter a base: n non-coding, + or - coding, x pseudogene."""
    of = bytearray(b"n" * length)
    for start, end, strand in sorted(parts, key=lambda part: part[2] is not None):
        of[start:end] = (strand or "x").encode() * (end - start)
    return of.decode()


def with_errors(bases, of, rate, rng):
    """Some bases wrong, missing or one too many; labels follow."""
    made, labelled = [], []
    for base, label in zip(bases, of):
        error = rng.random()
        if error < 0.4 * rate:
            made.append(rng.choice("ACGT".replace(base, "")))
        elif error < 0.75 * rate:
            continue
        elif error < rate:
            made.append(base + rng.choice("ACGT"))
        else:
            made.append(base)
        labelled.append(label * len(made[-1]))
    return "".join(made), "".join(labelled)


def simulate(sequences, parts, per_record, rng):
    """(bases, labels), half of them of the other strand."""
    for name, bases in sequences.items():
        of = labels(len(bases), parts[name])
        for _ in range(per_record):
            start = rng.randrange(max(len(bases) - LENGTH, 1))
            read, label = bases[start : start + LENGTH], of[start : start + LENGTH]
            if rng.random() < 0.5:
                read, label = read[::-1].translate(COMPLEMENT), label[::-1].translate(str.maketrans("+-", "-+"))
            yield read, label


def score(command, reads, folder, *flags):
    """The table's `probability` a read."""
    (folder / "in.fa").write_text("".join(f">{n}\n{bases}\n" for n, (bases, _) in enumerate(reads)))
    outputs = ["-o", folder / "scores.tsv", "--force", "-q", "--device", "cpu"]
    subprocess.run([*command, folder / "in.fa", *outputs, *flags], check=True)
    lines = (folder / "scores.tsv").read_text().splitlines()[1:]
    return [float(line.split("\t")[3]) for line in lines]


def main(genomes_folder, readseeker="target/release/readseeker", model="compact"):
    command = [readseeker, "score", "--model", model]
    bacteria = genomes(Path(genomes_folder), ["bacteria", "silver"], BACTERIA.__contains__)
    human = genomes(Path(genomes_folder), ["mammal"], is_human)
    rng = random.Random(5)
    long_enough = {name: bases for name, bases in human[0].items() if len(bases) > LENGTH}
    spliced_out = [read for read in simulate(long_enough, human[1], 40, rng) if set(read[1]) == {"n"} and "N" not in read[0]]
    clean = [list(simulate(*bacteria, READS, rng)), rng.sample(spliced_out, min(HUMAN_READS, len(spliced_out)))]
    print("| errors | windows coding / not | right at .5 | right at .1 | strand right | bacterial reads coding: default / windows | human: same |")
    print("|---|---|---|---|---|---|---|")
    for rate in RATES:
        called, windows = [], defaultdict(list)
        for which, reads in enumerate(clean):
            reads = [with_errors(*read, rate, random.Random(n)) for n, read in enumerate(reads)]
            with tempfile.TemporaryDirectory() as folder:
                folder = Path(folder)
                whole = score(command, reads, folder)
                flags = ["--windows", "150", "--pool", "fraction", "--windows-threshold", "0.1"]
                pooled = score(command, reads, folder, *flags, "--windows-out", folder / "windows.bed")
                lines = [line.split("\t") for line in (folder / "windows.bed").read_text().splitlines()]
            called.append(" / ".join(str(sum(p >= 0.5 for p in ps)) for ps in (whole, pooled)) + f" of {len(reads)}")
            for read, start, end, _, _, strand, probability in lines if which == 0 else []:
                label = reads[int(read)][1][int(start) : int(end)]
                share = 1 - label.count("n") / len(label)
                if "x" in label or 0.05 < share < 0.95:
                    continue
                windows["coding" if share >= 0.95 else "not"].append(float(probability))
                if share >= 0.95 and float(probability) >= 0.1:
                    windows["strand"].append(label.count(strand) > len(label) / 2)
        coding, other = windows["coding"], windows["not"]
        at = [
            f"{sum(p >= t for p in coding) / len(coding):.3f} / {sum(p < t for p in other) / len(other):.3f}" for t in (0.5, 0.1)
        ]
        strand = sum(windows["strand"]) / len(windows["strand"])
        print(f"| {100 * rate:g} % | {len(coding)} / {len(other)} | {' | '.join(at)} | {strand:.3f} | {' | '.join(called)} |", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
