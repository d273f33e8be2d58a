#!/usr/bin/env python3
"""Labelled reads against Biopython: reads_vs_biopython.py READSEEKER [FILE...]

Draws reads from GenBank or EMBL files and reads the same files with Biopython. Without files, Biopython writes some: genes on both
strands, in several pieces, over a circle's origin, beginning within a codon, and pseudogenes. Each coding read must lie wholly in coding
sequences, in the frame that Biopython's location of its gene gives; each non-coding read must touch none; both must touch no
pseudogene, and be the bases of the record. Needs biopython."""

import random
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

from Bio import SeqIO
from Bio.Seq import Seq
from Bio.SeqFeature import CompoundLocation, SeqFeature, SimpleLocation
from Bio.SeqRecord import SeqRecord

warnings.simplefilter("ignore")
LENGTH = 30


class Record:
    """What Biopython says of each base of a record."""

    def __init__(self, record):
        self.bases = str(record.seq).upper()
        self.coding, self.unclear, self.frames = set(), set(), {}
        for feature in record.features:
            names = feature.qualifiers
            if "pseudo" in names or "pseudogene" in names or "pseudogen" in feature.type:
                self.unclear.update(position for part in feature.location.parts if not part.ref for position in part)
            elif feature.type == "CDS":
                self.add_gene(feature.location, int(names.get("codon_start", ["1"])[0]) - 1)

    def add_gene(self, location, skipped):
        """`parts` are in the gene's direction, and so are the positions of each."""
        at = -skipped
        for part in location.parts:
            if part.ref:
                at = None
                continue
            for position in part:
                self.coding.add(position)
                self.frames.setdefault(position, set()).add(None if at is None else (part.strand, at % 3))
                at = None if at is None else at + 1

    def check(self, read, label, frame, start, end, strand):
        positions = range(start, end)
        bases = self.bases[start:end]
        if strand == "-":
            bases = bases[::-1].translate(str.maketrans("ACGT", "TGCA"))
        assert read == bases, "the bases are others"
        assert not self.unclear.intersection(positions), "it touches a pseudogene"
        inside = self.coding.intersection(positions)
        assert len(inside) == (len(positions) if label == "1" else 0), f"{len(inside)} of its bases are coding"
        if frame == ".":
            return
        # Where the first base of the read in the gene's direction is within a codon.
        is_same = int(frame) > 0
        gene = (1 if strand == "+" else -1) * (1 if is_same else -1)
        first = start if gene == 1 else end - 1
        place = (3 - (abs(int(frame)) - 1)) % 3
        assert (gene, place) in self.frames[first], f"frame {frame} is none of {self.frames[first]}"


def check(program, path, folder):
    """How many reads of a file were checked; None for one that is refused."""
    form = "embl" if path.read_bytes().startswith(b"ID   ") else "genbank"
    table = folder / "reads.tsv"
    flags = ["--length", str(LENGTH), "--count", "500", "--force", "-o", table]
    run = subprocess.run([program, "reads", "--genome", path, *flags], capture_output=True, text=True)
    if run.returncode:
        assert run.returncode == 3, run.stderr
        print(f"{path.name}: refused: {run.stderr.splitlines()[0]}")
        return None
    records = {record.id: Record(record) for record in SeqIO.parse(path, form)}
    rows = [line.split("\t") for line in table.read_text().splitlines()[1:]]
    for read, label, _, frame, _, origin in rows:
        name, place, strand = origin.rsplit(":", 2)
        start, end = map(int, place.split("-"))
        try:
            records[name].check(read, label, frame, start - 1, end, strand)
        except AssertionError as problem:
            raise SystemExit(f"{path}: {origin}: {problem}")
    return len(rows)


def made_record(rng, name, length=9000):
    """A circular record with twelve genes, one of them over its origin."""
    record = SeqRecord(Seq("".join(rng.choices("ACGT", k=length))), id=f"{name}.1", name=name)
    record.annotations = {"molecule_type": "DNA", "topology": "circular", "data_file_division": "BCT"}
    for gene in range(12):
        strand, start = rng.choice([1, -1]), length - 200 if gene == 0 else 700 * gene
        pieces = [(start, min(start + 400, length))]
        if gene == 0:
            pieces.append((0, 190))
        elif gene % 3 == 0:
            pieces = [(start, start + 100), (start + 161, start + 300), (start + 340, start + 470)]
        parts = [SimpleLocation(*piece, strand) for piece in pieces]
        # In the gene's direction, as Biopython wants them.
        location = parts[0] if len(parts) == 1 else CompoundLocation(parts if strand == 1 else parts[::-1])
        names = {"codon_start": [str(rng.randint(1, 3))]} | ({"pseudo": [""]} if gene == 5 else {})
        record.features.append(SeqFeature(location, type="CDS", qualifiers=names))
    return record


def made(folder):
    """Files that Biopython writes."""
    rng, files = random.Random(5), []
    for form in ("genbank", "embl"):
        files.append(folder / f"made.{form}")
        SeqIO.write([made_record(rng, f"MADE{n}") for n in range(3)], files[-1], form)
    return files


def main(program, *files):
    with tempfile.TemporaryDirectory() as folder:
        files = files or made(Path(folder))
        counts = [check(program, Path(file), Path(folder)) for file in files]
    assert sum(count or 0 for count in counts), "no read was drawn"
    print(f"{sum(count or 0 for count in counts)} reads of {len(files) - counts.count(None)} files agree, {counts.count(None)} files are refused")


if __name__ == "__main__":
    main(*sys.argv[1:])
