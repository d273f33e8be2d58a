"""Simulated reads with a truth for every base, and the files they are kept in.

A base's truth is a byte of bits: bit 0 not coding, bits 1 2 3 the frames +1 +2 +3 and 4 5 6 the frames -1 -2 -3 in BLAST's
sense on the read as written; several bits where genes overlap, none where it is unknown.
"""

import gzip
from pathlib import Path
from typing import NamedTuple

import numpy as np

NOT_CODING, UNKNOWN = 1, 0
# Of all errors: substitutions, insertions, deletions.
ILLUMINA, NANOPORE = (1, 0, 0), (0.4, 0.25, 0.35)
# Natural mixture: the groups' shares of the reads.
MIXTURE = {"bacteria": 0.5, "archaea": 0.12, "phage": 0.13, "virus": 0.2, "mammal": 0.05}
# Folders keep genomes whose genes are predictions apart; here they stand with the others.
PREDICTED = {"silver": "bacteria", "silver_archaea": "archaea", "silver_phage": "phage"}
SHORTEST_RECORD = 3000
LONGEST_READ = 8000
COMPLEMENT = bytes.maketrans(b"ACGT", b"TGCA")


class Read(NamedTuple):
    name: str
    group: str
    genome: str
    bases: str
    truth: np.ndarray


class Errors(NamedTuple):
    """The rate of errors, and which."""

    rate: float
    kinds: tuple


class Record(NamedTuple):
    """Bases, and for each strand and each base which of the codon positions modulo 3 its codons start at, as bits: 0 1 2 of
    the plus strand, 3 4 5 of the minus strand, 6 where the label is unknown."""

    name: str
    bases: bytes
    marks: np.ndarray


def mark(length, parts):
    """The marks of a record from its CDS parts; what is a pseudogene or has no phase is unknown."""
    marks = np.zeros(length, dtype=np.uint8)
    for start, end, strand, phase, source in parts:
        start, end = max(start, 0), min(end, length)
        if source == "pseudo" or phase == ".":
            marks[start:end] |= 64
        elif strand == "+":
            marks[start:end] |= 1 << (start + int(phase)) % 3
        else:
            marks[start:end] |= 8 << (end - 1 - int(phase)) % 3
    return marks


def genomes(folder):
    """{group: records} of a folder of annotated genomes, without records too short to draw from."""
    groups = {}
    for fasta in sorted(Path(folder).glob("*.fa.gz")):
        group = fasta.name.removesuffix(".fa.gz")
        parts = {}
        with gzip.open(fasta.with_name(f"{group}.cds.tsv.gz"), "rt") as lines:
            for line in lines:
                name, start, end, strand, phase, _, source = line.rstrip("\n").split("\t")
                if name.lstrip("#") != "accession":
                    parts.setdefault(name, []).append((int(start), int(end), strand, phase, source))
        bases = {}
        with gzip.open(fasta, "rt") as lines:
            for line in lines:
                if line.startswith(">"):
                    name = line[1:].split()[0]
                    bases[name] = []
                else:
                    bases[name].append(line.strip().upper().encode())
        joined = {name: b"".join(lines) for name, lines in bases.items()}
        records = [Record(n, s, mark(len(s), parts.get(n, []))) for n, s in joined.items() if len(s) >= SHORTEST_RECORD]
        if records:
            groups.setdefault(PREDICTED.get(group, group), []).extend(records)
    return groups


def classes(marks, positions, turned):
    """The truth of a read's bases, which were at `positions` of a record (-1: inserted), `turned` if on its minus strand."""
    read = np.arange(len(positions))
    back = len(positions) - 1 - read
    own = marks[np.maximum(positions, 0)]
    truth = np.zeros(len(positions), dtype=np.uint8)
    for residue in range(3):
        # How far into its codon a base is, in the gene's direction.
        for bit, into, forward in (
            (1 << residue, (positions - residue) % 3, not turned),
            (8 << residue, (residue - positions) % 3, turned),
        ):
            frame = 1 + (read - into) % 3 if forward else 4 + (back - into) % 3
            truth |= np.where(own & bit, 1 << frame, 0).astype(np.uint8)
    truth[(own & 63) == 0] = NOT_CODING
    truth[(own & 64) != 0] = UNKNOWN
    # An inserted base goes with the base before it; it is nobody's codon, but its neighbours' frames tell.
    for at in np.flatnonzero(positions < 0):
        truth[at] = truth[at - 1] if at else NOT_CODING
    return truth


def with_errors(positions, bases, errors, rng):
    """(positions, bases) after substitutions, insertions and deletions."""
    substituted, inserted, deleted = (errors.rate * kind for kind in errors.kinds)
    chance = rng.random(len(positions))
    letters = rng.choice(np.frombuffer(b"ACGT", dtype=np.uint8), len(positions))
    bases = np.where((chance >= deleted) & (chance < deleted + substituted), letters, bases)
    copies = np.where(chance < deleted, 0, 1 + (rng.geometric(1 - inserted, len(positions)) - 1 if inserted else 0))
    first = np.zeros(copies.sum(), dtype=bool)
    first[(np.cumsum(copies) - copies)[copies > 0]] = True
    positions, bases = np.repeat(positions, copies), np.repeat(bases, copies)
    letters = rng.choice(np.frombuffer(b"ACGT", dtype=np.uint8), len(positions))
    return np.where(first, positions, -1), np.where(first, bases, letters)


class Sampler:
    """Draws reads from the records of groups."""

    def __init__(self, groups, seed):
        self.groups, self.rng = groups, np.random.default_rng(seed)

    def place(self, group, length):
        """A record of the group and where a read of it starts, with known labels (long reads: for the most part)."""
        records = self.groups[group]
        weights = np.sqrt([max(0, len(record.bases) - length) for record in records])
        while True:
            record = records[self.rng.choice(len(records), p=weights / weights.sum())]
            start = int(self.rng.integers(len(record.bases) - length + 1))
            unknown = (record.marks[start : start + length] & 64).astype(bool).sum()
            known = unknown <= (0 if length < 1000 else 0.2 * length)
            if known and not record.bases[start : start + length].translate(None, b"ACGT"):
                return record, start

    def read(self, name, group, record, start, length, errors, turned):
        """A read of `length` bases of a record from `start` on, less or more by its errors."""
        positions = np.arange(start, start + length)
        bases = np.frombuffer(record.bases, dtype=np.uint8)[start : start + length]
        positions, bases = with_errors(positions, bases, errors, self.rng)
        text = bases.astype(np.uint8).tobytes()
        if turned:
            positions, text = positions[::-1], text.translate(COMPLEMENT)[::-1]
        return Read(name, group, record.name, text.decode(), classes(record.marks, positions, turned))

    def reads(self, count, shares, length, errors):
        """`count` reads of groups with these shares; `length` is a number or the ends of a range."""
        names, weights = list(shares), np.array(list(shares.values()), dtype=float)
        for n in range(count):
            size = length if isinstance(length, int) else int(self.rng.integers(*length))
            group = names[self.rng.choice(len(names), p=weights / weights.sum())]
            record, start = self.place(group, size)
            yield self.read(f"r{n + 1}", group, record, start, size, errors, self.rng.random() < 0.5)

    def pairs(self, count, shares, length, fragments, errors):
        """`count` pairs from both ends of fragments of these lengths."""
        names, weights = list(shares), np.array(list(shares.values()), dtype=float)
        for n in range(count):
            size = max(length, int(self.rng.normal(*fragments)))
            group = names[self.rng.choice(len(names), p=weights / weights.sum())]
            record, start = self.place(group, size)
            ends = [(start, False), (start + size - length, True)]
            if self.rng.random() < 0.5:
                ends.reverse()
            for mate, (at, turned) in enumerate(ends, 1):
                yield self.read(f"r{n + 1}/{mate}", group, record, at, length, errors, turned)


def runs(truth):
    """START-END:CLASSES of stretches of the same truth; 0 not coding, 1 to 6 the frames, 9 unknown, a/b where genes overlap."""
    ends = [*(np.flatnonzero(np.diff(truth)) + 1), len(truth)]
    starts = [0, *ends[:-1]]
    names = lambda bits: "/".join(str(n) for n in range(7) if bits >> n & 1) or "9"
    return " ".join(f"{start}-{end}:{names(int(truth[start]))}" for start, end in zip(starts, ends))


def bits_of(runs, length):
    """The truth that `runs` wrote."""
    truth = np.zeros(length, dtype=np.uint8)
    for run in runs.split():
        place, names = run.split(":")
        start, end = map(int, place.split("-"))
        truth[start:end] = sum(1 << int(name) for name in names.split("/") if name != "9")
    return truth


def write(folder, name, reads):
    """NAME.fa.gz and NAME.truth.tsv.gz; both appear only once they are whole."""
    fasta, table = folder / f"{name}.fa.gz", folder / f"{name}.truth.tsv.gz"
    with gzip.open(f"{fasta}.new", "wt", 1) as bases, gzip.open(f"{table}.new", "wt", 1) as truth:
        truth.write("read\tgroup\tgenome\tlength\truns\n")
        for read in reads:
            bases.write(f">{read.name}\n{read.bases}\n")
            truth.write(f"{read.name}\t{read.group}\t{read.genome}\t{len(read.bases)}\t{runs(read.truth)}\n")
    Path(f"{fasta}.new").rename(fasta)
    Path(f"{table}.new").rename(table)


def truth(folder, name):
    """{read: (group, truth)} of a set, in its order."""
    with gzip.open(folder / f"{name}.truth.tsv.gz", "rt") as lines:
        next(lines)
        rows = (line.rstrip("\n").split("\t") for line in lines)
        return {read: (group, bits_of(spans, int(length))) for read, group, _, length, spans in rows}


def make(folder, groups, seed, size=1.0):
    """Writes every set that is not there yet; a set's reads depend on the genomes and the seed alone. Returns their names."""
    def mixture(longest):
        """The groups that have records for reads of all these lengths."""
        has = lambda group: any(len(record.bases) > longest for record in groups.get(group, ()))
        return {group: share for group, share in MIXTURE.items() if has(group)}

    here, for_long_reads = mixture(150), mixture(LONGEST_READ)
    many = lambda count: max(50, int(size * count))
    few = Errors(0.005, ILLUMINA)
    wanted = {
        "bases_150": lambda draw: draw.reads(many(6000), here, 150, few),
        "bases_250": lambda draw: draw.reads(many(4000), here, 250, few),
    }
    for rate in (0, 1, 2, 5, 8):
        errors = Errors(rate / 100, NANOPORE)
        wanted[f"nano_{rate}"] = lambda draw, errors=errors: draw.reads(many(250), for_long_reads, (2000, LONGEST_READ), errors)
    for group in groups:
        wanted[f"{group}_150"] = lambda draw, group=group: draw.reads(many(2000), {group: 1}, 150, few)
    if "mammal" in groups:
        for host in (10, 50, 90):
            shares = {"mammal": host, "bacteria": 100 - host}
            wanted[f"host_{host}_150"] = lambda draw, shares=shares: draw.reads(many(6000), shares, 150, few)
    wanted["pairs_150"] = lambda draw: draw.pairs(many(3000), here, 150, (400, 80), few)
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in wanted.items():
        if not (folder / f"{name}.truth.tsv.gz").exists():
            write(folder, name, draw(Sampler(groups, [seed, *name.encode()])))
            print(f"made {name}", flush=True)
    return list(wanted)
