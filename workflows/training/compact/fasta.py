"""Reading the genome folder: FASTA records and rows of CDS parts."""

import gzip
from collections import defaultdict
from typing import NamedTuple

import numpy as np

from . import tokens


class Record(NamedTuple):
    accession: str
    organism: str
    sequence: str


class Part(NamedTuple):
    """One CDS part; 0-based, half open. `phase`: bases to skip at its 5' end to reach a codon's first base."""

    accession: str
    start: int
    end: int
    strand: str
    phase: int
    code: str
    source: str

    def of(self, codes):
        """Its own bases in its own direction, given its record's base codes."""
        own = codes[self.start : self.end]
        return tokens.COMPLEMENT[own][::-1] if self.strand == "-" else own


def read(path):
    """The records of a gzipped FASTA file."""
    header, lines = None, []
    with gzip.open(path, "rt") as text:
        for line in text:
            if line.startswith(">"):
                if header is not None:
                    yield _record(header, lines)
                header, lines = line[1:].rstrip("\n"), []
            else:
                lines.append(line.rstrip("\n"))
    if header is not None:
        yield _record(header, lines)


def _record(header, lines):
    accession, _, organism = header.partition(" ")
    return Record(accession, organism, "".join(lines))


def parts(path):
    """The CDS parts of a gzipped table."""
    with gzip.open(path, "rt") as text:
        for line in text:
            if not line.startswith("#"):
                accession, start, end, strand, phase, code, source = line.rstrip("\n").split("\t")
                yield Part(accession, int(start), int(end), strand, int(phase) if phase.isdigit() else 0, code, source)


def parts_by_record(path):
    """The CDS parts of a gzipped table by accession; none of one that has none."""
    rows = defaultdict(list)
    for part in parts(path):
        rows[part.accession].append(part)
    return rows


def gaps(genomes, group, shortest):
    """(accession, start, sequence) of what no CDS of a group covers, stretches of at least `shortest` bases."""
    parts = parts_by_record(genomes / f"{group}.cds.tsv.gz")
    for record in read(genomes / f"{group}.fa.gz"):
        free = np.ones(len(record.sequence) + 2, dtype=bool)
        free[0] = free[-1] = False
        for part in parts[record.accession]:
            free[part.start + 1 : part.end + 1] = False
        edges = np.flatnonzero(free[1:] != free[:-1])
        for start, end in edges.reshape(-1, 2):
            if end - start >= shortest:
                yield record.accession, int(start), record.sequence[start:end]
