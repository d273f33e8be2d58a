#!/usr/bin/env python3
"""Copies the records a model has not seen out of folders of annotated genomes, in the same format.

    held_out.py OUT GENOMES... [--unseen-by twin|shipped]

`twin`: the genera, families and loci that workflows/training keeps out of every training but the last one.
`shipped`: what the weights in the binary have not learnt from either: the sentinels, and records that are not in
workflows/training/manifest.tsv.gz, less those that share more than a tenth of their 31-mers with it (last column of
a folder's own manifest, where it has one). A record under a name of the manifest counts as seen.
"""

import argparse
import gzip
import sys
from pathlib import Path

TRAINING = Path(__file__).resolve().parents[2] / "training"
sys.path.insert(0, str(TRAINING))
from compact import holdout  # noqa: E402

MOST_SHARED = 0.1


def rows(path):
    """The lines of a table as dictionaries; none where there is no table."""
    if not path.exists():
        return []
    with gzip.open(path, "rt") as lines:
        names = next(lines).rstrip("\n").split("\t")
        return [dict(zip(names, line.rstrip("\n").split("\t"))) for line in lines]


def records(path):
    """(accession, organism, bases) of a FASTA file."""
    accession = organism = None
    bases = []
    with gzip.open(path, "rt") as lines:
        for line in lines:
            if line.startswith(">"):
                if accession:
                    yield accession, organism, "".join(bases)
                accession, _, organism = line[1:].strip().partition(" ")
                bases = []
            else:
                bases.append(line.strip())
    if accession:
        yield accession, organism, "".join(bases)


def chooser(folders, unseen_by):
    """A function of (group, accession, organism) that says whether to take the record."""
    about = {(row["group"], row["accession"]): row for folder in folders for row in rows(folder / "manifest.tsv.gz")}
    used = {row["accession"] for row in rows(TRAINING / "manifest.tsv.gz")}

    def held(group, accession, organism):
        row = about.get((group, accession), {})
        place = holdout.of(group, accession, organism, row.get("taxonomy", ""))
        if unseen_by == "twin":
            return place is not None
        if place and place[0] in holdout.SENTINELS:
            return True
        return accession not in used and float(row.get("share_existing", 1)) <= MOST_SHARED

    return held


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("genomes", type=Path, nargs="+")
    parser.add_argument("--unseen-by", choices=["twin", "shipped"], default="twin")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    held = chooser(args.genomes, args.unseen_by)
    groups = sorted({path.name.removesuffix(".fa.gz") for folder in args.genomes for path in folder.glob("*.fa.gz")})
    for group in groups:
        taken = {}
        for folder in args.genomes:
            for accession, organism, bases in records(folder / f"{group}.fa.gz") if (folder / f"{group}.fa.gz").exists() else []:
                if accession not in taken and held(group, accession, organism):
                    taken[accession] = (folder, organism, bases)
        if not taken:
            continue
        with gzip.open(args.out / f"{group}.fa.gz", "wt", compresslevel=1) as fasta:
            fasta.writelines(f">{name} {organism}\n{bases}\n" for name, (_, organism, bases) in taken.items())
        with gzip.open(args.out / f"{group}.cds.tsv.gz", "wt", compresslevel=1) as parts:
            for folder in args.genomes:
                if (folder / f"{group}.cds.tsv.gz").exists():
                    lines = gzip.open(folder / f"{group}.cds.tsv.gz", "rt")
                    parts.writelines(line for line in lines if taken.get(line.split("\t")[0], (None,))[0] == folder)
        print(f"{group}\t{len(taken)} records\t{sum(len(bases) for *_, bases in taken.values())} bases", flush=True)


if __name__ == "__main__":
    main()
