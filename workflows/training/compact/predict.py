"""Genes a predictor finds in the curated prokaryotes, phages and viruses: `python -m compact.predict GENOMES OUT GROUP...`.

Annotations miss genes, and a gap with a missed gene in it teaches the network the wrong thing. One table a group,
`accession start end strand confidence`, 0-based and half open; `labels` decides which of them to believe.
"""

import sys
from collections import defaultdict
from pathlib import Path

import pyrodigal
import pyrodigal_gv

from . import fasta

_ENOUGH_TO_TRAIN = 100_000  # bases of one organism; with fewer the predictor's ready-made models do better
_LONGEST_TRAINING = 8_000_000
_VIRAL = {"phage", "virus"}


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


def find(genomes, out, group):
    """Write one group's table, unless it is there."""
    table = Path(out) / f"{group}.genes.tsv"
    if table.exists():
        return
    codes = _codes(Path(genomes) / f"{group}.cds.tsv.gz")
    organisms = defaultdict(list)
    for record in fasta.read(Path(genomes) / f"{group}.fa.gz"):
        organisms[record.organism, codes[record.accession]].append(record)
    rows = []
    for (_, code), records in organisms.items():
        finder = _finder(group, records, code)
        for record in records:
            for gene in finder.find_genes(record.sequence.encode()):
                strand = "+" if gene.strand == 1 else "-"
                rows.append((record.accession, gene.begin - 1, gene.end, strand, round(gene.confidence(), 1)))
    table.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
    print(f"{group}: {len(rows)} predicted genes", flush=True)


if __name__ == "__main__":
    for one in sys.argv[3:]:
        find(sys.argv[1], sys.argv[2], one)
