"""Predicts genes in the curated prokaryotes, phages and viruses: `python -m compact.predict GENOMES OUT GROUP...`.
With `--gaps` before GROUP, each gap is searched by itself.

Annotations miss genes, and a gap with a missed gene in it teaches the network the wrong thing. A predictor trained on one
genome misses genes that came from another. On a gap alone, it uses the ready-made model that fits the gap best. Writes one
table for each group, `accession start end strand confidence`, 0-based and half-open. `labels` decides which to believe.
"""

import argparse
from collections import defaultdict
from pathlib import Path

import pyrodigal
import pyrodigal_gv

from . import fasta, tables

_ENOUGH_TO_TRAIN = 100_000  # bases of one organism; with fewer the predictor's ready-made models do better
_LONGEST_TRAINING = 8_000_000
_VIRAL = {"phage", "virus"}
_SHORTEST_GAP = 90  # pyrodigal's shortest gene


def _finder(group, records, code):
    total = sum(len(record.sequence) for record in records)
    if group in _VIRAL:
        return pyrodigal_gv.ViralGeneFinder(meta=True)
    if total < _ENOUGH_TO_TRAIN:
        return pyrodigal.GeneFinder(meta=True)
    finder = pyrodigal.GeneFinder()
    sample = "TTAATTAATTAA".join(record.sequence for record in records)[:_LONGEST_TRAINING]
    finder.train(sample.encode(), translation_table=code)
    return finder


def _codes(path):
    codes = defaultdict(lambda: 11)
    for part in fasta.parts(path):
        if part.code == "4":
            codes[part.accession] = 4
    return codes


def _row(accession, offset, gene):
    strand = "+" if gene.strand == 1 else "-"
    return accession, offset + gene.begin - 1, offset + gene.end, strand, round(gene.confidence(), 1)


def in_records(genomes, group):
    """A row for each gene found in the records as they are."""
    codes = _codes(genomes / f"{group}.cds.tsv.gz")
    organisms = defaultdict(list)
    for record in fasta.read(genomes / f"{group}.fa.gz"):
        organisms[record.organism, codes[record.accession]].append(record)
    for (_, code), records in organisms.items():
        finder = _finder(group, records, code)
        for record in records:
            for gene in finder.find_genes(record.sequence.encode()):
                yield _row(record.accession, 0, gene)


def in_gaps(genomes, group):
    """A row for each gene found in a gap by itself, with the ready-made models."""
    finder = pyrodigal.GeneFinder(meta=True)
    for accession, start, sequence in fasta.gaps(genomes, group, _SHORTEST_GAP):
        for gene in finder.find_genes(sequence.encode()):
            yield _row(accession, start, gene)


def find(genomes, table, group, where):
    """Write one group's table, unless it is there."""
    if table.exists():
        return
    rows = list(where(genomes, group))
    tables.write(table, rows)
    print(f"{table.name}: {len(rows)} predicted genes", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("genomes", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--gaps", action="store_true")
    parser.add_argument("group", nargs="+")
    arguments = parser.parse_args()
    kind, where = ("gap_genes", in_gaps) if arguments.gaps else ("genes", in_records)
    for group in arguments.group:
        find(arguments.genomes, arguments.out / f"{group}.{kind}.tsv", group, where)


if __name__ == "__main__":
    main()
