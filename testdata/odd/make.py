#!/usr/bin/env python3
"""Makes the alignments in this folder and, with `samtools fastq`, what readseeker must make of them.

Needs samtools 1.16 or later:  python3 testdata/odd/make.py
"""

import pathlib
import random
import subprocess

HERE = pathlib.Path(__file__).parent
LETTERS = "ACGT" * 12 + "NRYKMSWBDHV"  # N and the other IUPAC letters among the four
HEADER = "@HD\tVN:1.6\tSO:unsorted\tGO:query\n@SQ\tSN:chr\tLN:100000\n@PG\tID:make\tPN:make.py\n"

PAIRED, UNMAPPED, MATE_UNMAPPED, REVERSE, FIRST, SECOND = 0x1, 0x4, 0x8, 0x10, 0x40, 0x80
SECONDARY, QC_FAIL, DUPLICATE, SUPPLEMENTARY = 0x100, 0x200, 0x400, 0x800

rng = random.Random(20240517)


def line(name, flags, length, cigar=None, bases=None, quality=None, tags="NM:i:0\tMD:Z:1"):
    """One SAM line; without a CIGAR all bases match, and an unmapped read has none."""
    if bases is None:
        bases = "".join(rng.choices(LETTERS, k=length))
    if quality is None:
        quality = "".join(chr(rng.randrange(33, 75)) for _ in bases) if bases != "*" else "*"
    if flags & UNMAPPED:
        place, cigar = "*\t0\t0", "*"
    else:
        place, cigar = f"chr\t{rng.randrange(1, 50000)}\t60", cigar or f"{length}M"
    return f"{name}\t{flags}\t{place}\t{cigar}\t*\t0\t0\t{bases}\t{quality}\t{tags}\n"


def pair(n):
    """The lines of one pair: on both strands, with everything that may come between its mates."""
    name = f"pair{n}"
    first, second = PAIRED | FIRST, PAIRED | SECOND | REVERSE
    if n % 3 == 0:
        first, second = PAIRED | FIRST | REVERSE, PAIRED | SECOND
    lines = []
    if n % 7 == 0:
        first |= QC_FAIL
        second |= QC_FAIL | DUPLICATE
    if n % 11 == 0:
        lines += [line(name, PAIRED | FIRST | UNMAPPED | MATE_UNMAPPED, 101)]
        lines += [line(name, PAIRED | SECOND | UNMAPPED | MATE_UNMAPPED, 99)]
        return lines
    lines.append(line(name, first, 100, cigar="10S80M10S" if n % 4 == 0 else "5H100M" if n % 5 == 0 else None))
    if n % 6 == 0:
        lines.append(line(name, first | SECONDARY, 100, bases="*", cigar="100M"))
        lines.append(line(name, first ^ REVERSE | SUPPLEMENTARY, 40, cigar="60H40M"))
    lines.append(line(name, second, 75 + n % 50, quality="*" if n % 8 == 0 else None))
    if n % 9 == 0:
        lines.append(line(name, second | SECONDARY | SUPPLEMENTARY, 30, cigar="30M"))
    return lines


def alignments():
    lines = [text for n in range(1, 121) for text in pair(n)]
    lines += [
        line("orphan1", PAIRED | FIRST | MATE_UNMAPPED, 60),
        line("orphan2", PAIRED | SECOND | REVERSE, 61),
        line("single", 0, 80),
        line("single_reverse", REVERSE, 81),
        line("unmapped", UNMAPPED, 90),
        line("both_flags", PAIRED | FIRST | SECOND, 64),
        line("neither_flag", PAIRED, 65),
        line("no_bases", 0, 50, bases="*", cigar="50M"),
        line("one_base", REVERSE, 1, bases="A", quality="~"),
        line("no_bases_first", PAIRED | FIRST, 50, bases="*", cigar="50M"),
        line("no_bases_first", PAIRED | SECOND, 51),
        line("all_letters", REVERSE, 15, bases="ACMGRSVTWYHKDBN"),
        line("only_secondary", SECONDARY, 30),
        line("long_read", REVERSE, 20001, quality="5" * 20001, tags="MM:Z:C+m,5,12;\tML:B:C,200,20"),
        line("last_name", UNMAPPED, 33),
    ]
    return lines


def samtools(*arguments, output, stdin=None):
    done = subprocess.run(["samtools", *arguments], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    (HERE / output).write_bytes(done.stdout)


def main():
    text = (HEADER + "".join(alignments())).encode()
    samtools("view", "--no-PG", "-b", output="alignments.bam", stdin=text)
    samtools("view", "--no-PG", "-h", str(HERE / "alignments.bam"), output="alignments.sam")
    samtools("fastq", str(HERE / "alignments.bam"), output="alignments.fastq")

    # Mates apart: once the header says so, once it does not.
    lines = [line(f"r{n}", PAIRED | mate, 50) for mate in (FIRST, SECOND) for n in range(1, 6)]
    text = (HEADER + "".join(lines)).encode()
    samtools("view", "--no-PG", "-b", output="apart.bam", stdin=text)
    samtools("fastq", str(HERE / "apart.bam"), output="apart.fastq")
    samtools("sort", "--no-PG", "-O", "bam", output="sorted.bam", stdin=text)

    # Sorted, but nothing to be kept together.
    lines = [line(f"s{n}", REVERSE if n % 2 else 0, 50) for n in range(1, 6)]
    samtools("sort", "--no-PG", "-O", "bam", output="sorted_single.bam", stdin=(HEADER + "".join(lines)).encode())

    # No reads at all.
    samtools("view", "--no-PG", "-b", output="header_only.bam", stdin=HEADER.encode())
    samtools("view", "--no-PG", "-C", "--output-fmt-option", "no_ref=1", str(HERE / "apart.bam"), output="apart.cram")


if __name__ == "__main__":
    main()
