"""Genomes to labelled bases, once, as arrays: `python -m compact.labels GENOMES LABELS OUT`.

Every base gets one byte. Bits 0-2: a plus-strand codon of a CDS over this base starts at positions = bit (mod 3);
bits 3-5: the same for the first base of minus-strand codons; bit 6: leave out (broken CDS, a gene the annotation
missed, runs of N); bit 7: in an rRNA or tRNA gene. Positions count from the record's start, never from the
concatenation's: that mistake shifts every frame.
"""

import gzip
import re
import sys
from pathlib import Path

import numpy as np

from . import fasta, holdout, tables, tokens

CODING = 0b0011_1111
LEFT_OUT = 0b0100_0000
RNA = 0b1000_0000
GROUPS = (
    "bacteria silver archaea silver_archaea phage silver_phage virus mammal mammal_mrna mammal_lncrna plant invertebrate"
    " fungi protist organelle"
).split()

# A predicted gene in a gap is believed from this confidence on; its ends are uncertain, so they stay in the gap.
CONFIDENCE = 90.0
# One predicted in a gap by itself from this: gaps read backwards have an eighth of such genes, half of those from 90 on.
ALONE = 99.0
_MARGIN = 15
_SHARED = 0.08  # a human record with that share of its 31-mers on the other side of the split is dropped
_MAMMAL = {"mammal", "mammal_mrna", "mammal_lncrna"}


# A CDS list without phases: its parts' frames are read off the sequence instead.
_NO_PHASES = {"RefSeq GRCh38 CDS (ReadSeeker BED)"}
_TGA_STOPS_IN = {"1", "11"}
_RECODED_STOPS = {"6", "15", "27", "28", "29", "30"}


def is_open(codes, frame, tga):
    """Whether a frame of a CDS part (in its own direction) holds no stop before the last codon."""
    codons = codes[frame : frame + (len(codes) - frame) // 3 * 3].reshape(-1, 3)[:-1]
    first, second, third = codons[:, 0], codons[:, 1], codons[:, 2]
    stops = ((second == 0) & ((third == 0) | (third == 2))) | ((second == 2) & (third == 0) & tga)
    return not (stops & (first == 3)).any()


def open_frames(codes, tga):
    """The frames of a CDS part without a stop before the last codon."""
    return [frame for frame in range(3) if is_open(codes, frame, tga)]


def possible_phases(part, codes, trusted):
    """The part's phase, or, where that is not known or closed by a stop, those of its open frames (or all three)."""
    if part.source == "silver" or part.code in _RECODED_STOPS:
        return [part.phase]
    own = part.of(codes)
    if trusted and is_open(own, part.phase, tga=False):
        return [part.phase]
    return open_frames(own, part.code in _TGA_STOPS_IN) or [0, 1, 2]


def mark_part(label, part, codes=None, trusted=True):
    """Set the frame bits of one CDS part in its record's labels; several if its frame is not known for sure."""
    if part.source == "pseudo":
        label[part.start : part.end] |= LEFT_OUT
        return
    for phase in [part.phase] if codes is None else possible_phases(part, codes, trusted):
        if part.strand == "+":
            label[part.start : part.end] |= 1 << (part.start + phase) % 3
        else:
            label[part.start : part.end] |= 8 << (part.end - 1 - phase) % 3


def mark_rna(label, start, end, silver):
    """An RNA gene is non-coding, whatever a predictor called in it; a curated CDS over it stays, unused."""
    part = label[start:end]
    if silver:
        part[:] = RNA
    else:
        part[(part & CODING) != 0] |= LEFT_OUT
        part[(part & CODING) == 0] = RNA


def mark_missed(label, start, end, confidence, least=CONFIDENCE):
    """A confidently predicted gene in a gap: neither coding nor not."""
    if confidence >= least and end - start > 2 * _MARGIN:
        mark_similar(label, start + _MARGIN, end - _MARGIN)


def mark_similar(label, start, end):
    """A stretch of a gap that looks like a known protein: neither coding nor not."""
    part = label[start:end]
    part[(part & (CODING | RNA)) == 0] |= LEFT_OUT


def mark_unknown(label, sequence):
    """Runs of ten N and more say nothing."""
    for run in re.finditer("[^ACGTUacgtu]{10,}", sequence):
        label[run.start() : run.end()] |= LEFT_OUT


def organism_key(group, organism, taxonomy):
    """What shares a weight: a genus, a virus family, a metagenome's bin."""
    if group == "virus":
        family = re.search(r"\w+viridae", taxonomy) or re.match(r"VIGOR [a-z]+", organism)
        return family[0] if family else re.sub(r"^(nextstrain|community|enpen)/([^/]+).*", r"\2", organism)
    if "MGnify" in taxonomy:
        return taxonomy.split()[-1]
    if group == "mammal":
        return organism
    return " ".join(organism.split()[:2]) if organism.startswith("Candidatus") else organism.split(" ")[0]


def _kmers(codes):
    """A sixteenth of the 31-mers of a sequence and of its reverse complement, hashed to 28 bits."""
    def one(codes):
        value = np.zeros(max(len(codes) - 30, 0), dtype=np.uint64)
        for i in range(31):
            value = value * np.uint64(4) + codes[i : len(codes) - 30 + i]
        return value * np.uint64(0x9E3779B97F4A7C15)
    if len(codes) < 31:
        return np.zeros(0, np.uint64)
    both = np.concatenate([one(codes), one(tokens.COMPLEMENT[codes][::-1])])
    return both[both < np.uint64(2**60)] >> np.uint64(32)


def _manifest(genomes):
    with gzip.open(genomes / "manifest.tsv.gz", "rt") as text:
        rows = [line.rstrip("\n").split("\t") for line in text][1:]
    return {(row[0], row[1]): (row[6], row[5]) for row in rows}


def _records(genomes, labels, group, known):
    """(record fields, codes, label) of one group."""
    parts = fasta.parts_by_record(genomes / f"{group}.cds.tsv.gz")
    kinds = ("rna", "genes", "gap_genes", "similar")
    rna, genes, alone, similar = (tables.read(labels / f"{group}.{kind}.tsv") for kind in kinds)
    for record in fasta.read(genomes / f"{group}.fa.gz"):
        lineage, source = known.get((group, record.accession), ("", ""))
        codes = tokens.encode(record.sequence)
        label = np.zeros(len(codes), dtype=np.uint8)
        for part in parts[record.accession]:
            mark_part(label, part, codes, source not in _NO_PHASES)
        for start, end, *_ in rna[record.accession]:
            mark_rna(label, int(start), int(end), group.startswith("silver"))
        for start, end, _, confidence in genes[record.accession]:
            mark_missed(label, int(start), int(end), float(confidence))
        for start, end, _, confidence in alone[record.accession]:
            mark_missed(label, int(start), int(end), float(confidence), ALONE)
        for start, end in similar[record.accession]:
            mark_similar(label, int(start), int(end))
        mark_unknown(label, record.sequence)
        held = holdout.of(group, record.accession, record.organism, lineage) or ("", "")
        key = organism_key(group, record.organism, lineage)
        yield (group, record.accession, key, *held), codes, label


def _seen(records):
    """A bitmap of the records' k-mers: looking one up is one read, where a sorted search takes minutes in all."""
    bitmap = np.zeros(2**28, dtype=bool)
    for _, codes, _ in records:
        bitmap[_kmers(codes)] = True
    return bitmap


def _shares(codes, seen):
    mine = _kmers(codes)
    return len(mine) > 0 and seen[mine].mean() > _SHARED


def _drop_near_copies(records):
    """Human mRNAs have relatives among the loci: neither side may hold much of the other's sequence."""
    held = _seen([r for r in records if r[0][4] == "human"])
    records = [r for r in records if r[0][0] not in _MAMMAL or r[0][4] or not _shares(r[1], held)]
    trained = _seen([r for r in records if r[0][0] in _MAMMAL and not r[0][4]])
    return [r for r in records if r[0][4] != "human" or not _shares(r[1], trained)]


def main(genomes, labels, out):
    genomes, labels = Path(genomes), Path(labels)
    known = _manifest(genomes)
    records = []
    for group in GROUPS:
        these = list(_records(genomes, labels, group, known))
        print(group, len(these), flush=True)
        records += these
    before = len(records)
    records = _drop_near_copies(records)
    print(f"dropped {before - len(records)} records that share sequence across the split")
    lengths = np.array([len(codes) for _, codes, _ in records])
    np.savez(
        out,
        bases=np.concatenate([codes for _, codes, _ in records]),
        labels=np.concatenate([label for _, _, label in records]),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        fields=np.array([fields for fields, _, _ in records]),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
