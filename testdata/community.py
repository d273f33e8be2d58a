#!/usr/bin/env python3
"""The steps of make_community.sh that no tool does: cutting the pieces, their genes, and saying what the reads truly are."""

import argparse
import csv
import gzip
import re
from pathlib import Path


def pieces(table):
    """The rows of community.tsv, as dictionaries with whole numbers where they belong."""
    with open(table, newline="") as handle:
        rows = csv.DictReader(handle, delimiter="\t")
        return [row | {key: int(row[key]) for key in ("start", "end", "pairs")} for row in rows]


def fasta_record(path, accession):
    """The bases of one record."""
    bases, wanted = [], False
    with gzip.open(path, "rt") as handle:
        for line in handle:
            if line.startswith(">"):
                wanted = line[1:].split()[0] == accession
            elif wanted:
                bases.append(line.strip())
    if not bases:
        raise SystemExit(f"{path} has no record {accession}")
    return "".join(bases)


def cut(args):
    """Write a FASTA file for each piece, and one of those that the reads are mapped to."""
    reference = []
    for piece in pieces(args.table):
        bases = fasta_record(args.genomes / f"{piece['group']}.fa.gz", piece["accession"])
        # A piece that runs past the record's end goes on at its start: a circular genome, mapped to the whole record.
        template = (bases + bases)[piece["start"]:piece["end"]]
        (args.out / f"{piece['#id']}.fa").write_text(f">{piece['#id']}\n{template}\n")
        if piece["in_reference"] == "yes":
            reference.append(f">{reference_name(piece, len(bases))}\n{bases if piece['end'] > len(bases) else template}\n")
        print(piece["#id"], piece["pairs"])
    (args.out / "reference.fa").write_text("".join(reference))


def reference_name(piece, length):
    """What the reference calls a piece; of a circular record it has the whole."""
    return piece["accession"] if piece["end"] > length else f"{piece['accession']}_{piece['start'] + 1}_{piece['end']}"


def genes(args):
    """Write the CDS parts and pseudogenes of the reference as GFF3."""
    lines = ["##gff-version 3"]
    for piece in pieces(args.table):
        length = len(fasta_record(args.genomes / f"{piece['group']}.fa.gz", piece["accession"]))
        if piece["in_reference"] != "yes":
            continue
        name = reference_name(piece, length)
        first, last = (0, length) if piece["end"] > length else (piece["start"], piece["end"])
        lines.append(f"##sequence-region {name} 1 {last - first}")
        for start, end, strand, phase in cds_parts(args.genomes, piece):
            lost = max(first - start, 0) if strand == "+" else max(end - last, 0)
            start, end = max(start, first) - first, min(end, last) - first
            if start < end:
                phase = "." if phase is None else (phase - lost) % 3
                lines.append(f"{name}\t.\tCDS\t{start + 1}\t{end}\t.\t{strand}\t{phase}\t.")
        for start, end, strand, _ in cds_parts(args.genomes, piece, pseudo=True):
            start, end = max(start, first) - first, min(end, last) - first
            if start < end:
                lines.append(f"{name}\t.\tpseudogene\t{start + 1}\t{end}\t.\t{strand}\t.\t.")
    args.out.write_text("\n".join(lines) + "\n")


def cds_parts(genomes, piece, pseudo=False):
    """The CDS parts of a piece's record, or its pseudogenes: (start, end, strand, phase or None)."""
    with gzip.open(genomes / f"{piece['group']}.cds.tsv.gz", "rt") as handle:
        for line in handle:
            accession, start, end, strand, phase, _code, source = line.rstrip("\n").split("\t")
            if accession == piece["accession"] and (source == "pseudo") == pseudo:
                yield int(start), int(end), strand, None if phase == "." else int(phase)


def reference_positions(start, cigar):
    """The positions that a read's bases are copies of; bases ART inserted have none."""
    positions = []
    for length, kind in re.findall(r"(\d+)([MIDNSHP=X])", cigar):
        if kind in "M=X":
            positions.extend(range(start, start + int(length)))
        if kind in "MDN=X":
            start += int(length)
    return positions


def frame(first, last, reverse, parts):
    """The codon frame of a read without indels inside one CDS: 1 2 3 -1 -2 -3, or . where it has none or several.

    1 2 3: codons start at that base of the read as sequenced; -1 -2 -3: of its reverse complement.
    """
    frames = set()
    for start, end, strand, phase in parts:
        if phase is not None and start <= first and last < end:
            offset = (start + phase - first) if strand == "+" else (last + 1 - end + phase)
            frames.add(("" if (strand == "-") == reverse else "-") + str(1 + offset % 3))
    return frames.pop() if len(frames) == 1 else "."


def truth(args):
    """One line a read, in the order of the name list: how much of it is CDS, and in which frame."""
    rows = {}
    for piece in pieces(args.table):
        parts = list(cds_parts(args.genomes, piece))
        length = len(fasta_record(args.genomes / f"{piece['group']}.fa.gz", piece["accession"]))
        coding = {x for start, end, _, _ in parts for x in range(start, end)}
        for line in (args.work / f"{piece['#id']}.sam").read_text().splitlines():
            if line.startswith("@"):
                continue
            name, flag, _, position, _, cigar, _, _, _, bases, _ = line.split("\t")[:11]
            name, flag = name.split("-")[-1], int(flag)
            positions = [x % length for x in reference_positions(piece["start"] + int(position) - 1, cigar)]
            share = sum(x in coding for x in positions) / len(positions)
            whole = len(positions) == len(bases) and positions[-1] - positions[0] + 1 == len(bases)
            read_frame = frame(positions[0], positions[-1], bool(flag & 0x10), parts) if whole else "."
            rows[name, 1 if flag & 0x40 else 2] = (piece["#id"], f"{share:.3f}", read_frame)
    with open(args.out, "w") as out:
        print("name", "mate", "source", "cds_share", "frame", sep="\t", file=out)
        for name in args.names.read_text().split():
            for mate in (1, 2):
                print(name, mate, *rows[name, mate], sep="\t", file=out)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    for command in (cut, genes, truth):
        sub = commands.add_parser(command.__name__, help=command.__doc__)
        sub.set_defaults(run=command)
        sub.add_argument("--table", type=Path, required=True, help="community.tsv")
        sub.add_argument("--genomes", type=Path, required=True, help="the folder of GROUP.fa.gz and GROUP.cds.tsv.gz")
        sub.add_argument("--out", type=Path, required=True, help="where to write")
        if command is truth:
            sub.add_argument("--work", type=Path, required=True, help="the folder of ART's SAM files")
            sub.add_argument("--names", type=Path, required=True, help="read names, in the order wanted")
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
