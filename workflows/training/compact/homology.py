"""Stretches of gaps that look like known proteins: `python -m compact.homology GENOMES OUT GROUP...` runs DIAMOND.

A gap that aligns to a protein is a gene that the annotation missed, or the remains of one: neither coding nor non-coding.
Predictors miss such genes if they are short, broken or at the end of a record; similarity does not. The proteins are the
CDS parts of the genomes themselves (all groups except mammals). Writes one table for each group, `accession start end`,
0-based and half-open.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from . import codons, fasta, tables, tokens

PROTEINS = (
    "bacteria silver archaea silver_archaea phage silver_phage virus plant invertebrate fungi protist organelle"
).split()
EVALUE = "1e-4"
_SHORTEST_GAP = 60  # the shortest read drawn
_SHORTEST_PART = 90
_AMINO = np.frombuffer(codons.CODE.replace("*", "X").encode(), dtype=np.uint8)
_READS_TGA = {"2", "4", "5", "9", "13", "25"}  # as an amino acid; which one matters little here


def translate(codes, tga=False):
    """Amino acids of whole codons; stops and unknown bases as X."""
    codon, known = codons.numbers(codes[: len(codes) // 3 * 3])
    letters = np.where(known, _AMINO[np.where(known, codon, 0)], ord("X"))
    return np.where(tga & known & (codon == codons.TGA), ord("W"), letters).astype(np.uint8).tobytes().decode()


def proteins(genomes, group):
    """The translated CDS parts of a group."""
    parts = fasta.parts_by_record(genomes / f"{group}.cds.tsv.gz")
    for record in fasta.read(genomes / f"{group}.fa.gz"):
        codes = tokens.encode(record.sequence)
        for part in parts[record.accession]:
            if part.source != "pseudo" and part.end - part.start >= _SHORTEST_PART:
                yield translate(part.of(codes)[part.phase :], part.code in _READS_TGA)


def database(genomes, folder):
    """A DIAMOND database of all groups' proteins, each once."""
    made = folder / "proteins.dmnd"
    if not made.exists():
        known = {protein for group in PROTEINS for protein in proteins(genomes, group)}
        text = "".join(f">{i}\n{protein}\n" for i, protein in enumerate(sorted(known)))
        subprocess.run(["diamond", "makedb", "--quiet", "--db", str(folder / "new")], check=True, input=text, text=True)
        (folder / "new.dmnd").rename(made)
    return made


def merged(intervals):
    """Sorted intervals, overlapping ones joined."""
    out = []
    for start, end in sorted(intervals):
        if out and start <= out[-1][1]:
            out[-1][1] = max(out[-1][1], end)
        else:
            out.append([start, end])
    return out


def find(genomes, out, group):
    """Write one group's table, unless it is there."""
    table = out / f"{group}.similar.tsv"
    if table.exists():
        return
    found = {}
    with tempfile.NamedTemporaryFile("w", suffix=".fa") as query:
        for accession, start, sequence in fasta.gaps(genomes, group, _SHORTEST_GAP):
            query.write(f">{accession}|{start}\n{sequence}\n")
        query.flush()
        command = ["diamond", "blastx", "--quiet", "--db", str(database(genomes, out)), "--query", query.name]
        command += ["--evalue", EVALUE, "--max-target-seqs", "25", "--max-hsps", "0", "--query-gencode", "11"]
        command += ["--outfmt", "6", "qseqid", "qstart", "qend"]
        lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    for line in lines:
        name, first, last = line.split("\t")
        accession, _, start = name.rpartition("|")
        low, high = sorted((int(first), int(last)))
        found.setdefault(accession, set()).add((int(start) + low - 1, int(start) + high))
    rows = [(accession, *interval) for accession in sorted(found) for interval in merged(found[accession])]
    tables.write(table, rows)
    print(f"{group}: {len(rows)} stretches, {sum(row[2] - row[1] for row in rows)} bases", flush=True)


if __name__ == "__main__":
    for one in sys.argv[3:]:
        find(Path(sys.argv[1]), Path(sys.argv[2]), one)
