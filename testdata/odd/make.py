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


def reference():
    """Three sequences, one of them with N and lower case in it."""
    sequences = {name: "".join(rng.choices("ACGT", k=length)) for name, length in (("a", 3000), ("b", 1500), ("c", 400))}
    b = sequences["b"]
    sequences["b"] = b[:300] + "N" * 40 + b[340:700].lower() + b[700:]
    text = "".join(
        f">{name} of {len(bases)} bases\n" + "".join(bases[i : i + 70] + "\n" for i in range(0, len(bases), 70))
        for name, bases in sequences.items()
    )
    (HERE / "reference.fa").write_text(text)
    return {name: bases.upper() for name, bases in sequences.items()}


def mapped(sequences):
    """Reads of a reference: substitutions, insertions, deletions, clips, pairs, unmapped mates, one long read."""
    lines = []
    for n in range(60):
        chromosome = rng.choice("aaabbc")
        source = sequences[chromosome]
        starts = sorted(rng.randrange(len(source) - 120) for _ in range(2))
        for mate, (start, flags) in enumerate(zip(starts, (PAIRED | FIRST, PAIRED | SECOND | REVERSE))):
            bases = [base if rng.random() < 0.97 else rng.choice("ACGTN") for base in source[start : start + 100]]
            cigar = "100M"
            if n % 5 == 0:
                bases[40:45], cigar = [], "40M5D55M"
            if n % 7 == 0:
                bases[10:10], cigar = "ACG", cigar.replace("40M", "10M3I30M", 1) if n % 5 == 0 else "10M3I90M"
            if n % 9 == 4:
                cigar = "20S" + cigar.replace("100M", "80M") if cigar == "100M" else cigar
                start += 20 * cigar.startswith("20S")
            bases = "".join(bases)
            quality = "".join(chr(rng.randrange(33, 75)) for _ in bases) if n % 11 else "*"
            other = starts[1 - mate] + 1
            text = f"p{n}\t{flags}\t{chromosome}\t{start + 1}\t60\t{cigar}\t=\t{other}\t0\t{bases}\t{quality}\tXA:Z:n{n}"
            lines.append(text + "\tXB:B:s,1,-2,3\tXC:f:0.5\n")
    for n in range(8):
        lines.append(line(f"u{n}", UNMAPPED, 90))
    long = "".join(base if rng.random() < 0.95 else rng.choice("ACGT") for base in sequences["a"])
    lines.append(f"long\t16\ta\t1\t50\t{len(long)}M\t*\t0\t0\t{long}\t*\tMM:Z:C+m,5,12;\tML:B:C,200,20\n")
    header = "@HD\tVN:1.6\tGO:query\n" + "".join(f"@SQ\tSN:{name}\tLN:{len(bases)}\n" for name, bases in sequences.items())
    return header + "".join(lines)


def crams():
    """One set of reads as BAM and, grouped by name and sorted, in the kinds of CRAM there are."""
    text = mapped(reference()).encode()
    samtools("view", "--no-PG", "-b", output="mapped.bam", stdin=text)
    samtools("sort", "--no-PG", "-O", "bam", output="mapped_sorted.bam", stdin=text)
    kinds = {
        "3.0": ["version=3.0"],
        "3.1": ["version=3.1"],
        "3.1_archive": ["version=3.1,archive=1"],
        "embedded": ["version=3.0,embed_ref=1"],
        "no_reference": ["version=3.1,no_ref=1"],
    }
    for order in ("mapped", "mapped_sorted"):
        for name, (options,) in kinds.items():
            fasta = [] if name == "no_reference" else ["-T", str(HERE / "reference.fa")]
            arguments = ["view", "--no-PG", "-C", "--output-fmt", f"cram,{options}", *fasta, str(HERE / f"{order}.bam")]
            samtools(*arguments, output=f"{order}.{name}.cram")
    (HERE / "reference.fa.fai").unlink(missing_ok=True)


def many():
    """More reads with distinct names than fit into a slice's first steps, unaligned, in each kind of CRAM."""
    rng = random.Random(1000)
    lines = []
    for n in range(1200):
        bases = "".join(rng.choices("ACGT", k=30))
        quality = "".join(rng.choices("FFF:,#", k=30))
        lines.append(f"run{n % 7}:{rng.randrange(10**6)}:{n}\t4\t*\t0\t0\t*\t*\t0\t0\t{bases}\t{quality}\n")
    text = ("@HD\tVN:1.6\n" + "".join(lines)).encode()
    samtools("view", "--no-PG", "-b", output="many.bam", stdin=text)
    for name, options in {"3.0": "version=3.0", "3.1": "version=3.1", "3.1_archive": "version=3.1,archive=1"}.items():
        arguments = ["view", "--no-PG", "-C", "--output-fmt", f"cram,{options}", str(HERE / "many.bam")]
        samtools(*arguments, output=f"many.{name}.cram")


def text_of_any_kind():
    """A tag with letters beyond ASCII, which samtools stores as they are."""
    tags = "XZ:Z:5 µg\tXB:B:s,1,-2\tXC:f:0.5\tXA:A:x\tXN:i:-70000"
    record = f"r1\t0\ta\t5\t60\t30M\t*\t0\t0\t{'ACGTTGCAAC' * 3}\t{'I' * 30}\t{tags}\n"
    text = ("@HD\tVN:1.6\n@SQ\tSN:a\tLN:1000\n" + record).encode()
    samtools("view", "--no-PG", "-C", "--output-fmt", "cram,no_ref=1", output="any_text.cram", stdin=text)


def without_matches():
    """Reads of which no base comes from the reference, the first and the last of their slice: their ends lie before their starts."""
    rng = random.Random(80)
    lines = []
    for n, (start, cigar) in enumerate([(100, "80I"), (100, "80M"), (130, "80M"), (130, "80S"), (209, "40S40I")]):
        lines.append(f"w{n}\t0\ta\t{start}\t60\t{cigar}\t*\t0\t0\t{''.join(rng.choices('ACGT', k=80))}\t{'I' * 80}\n")
    text = ("@HD\tVN:1.6\n@SQ\tSN:a\tLN:1000\n" + "".join(lines)).encode()
    samtools("view", "--no-PG", "-b", output="without_matches.bam", stdin=text)
    samtools("view", "--no-PG", "-C", "--output-fmt", "cram,no_ref=1", output="without_matches.cram", stdin=text)
    alone = ("@HD\tVN:1.6\n@SQ\tSN:a\tLN:1000\n" + lines[0]).encode()
    samtools("view", "--no-PG", "-C", "--output-fmt", "cram,no_ref=1", output="only_without_matches.cram", stdin=alone)


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
    crams()
    many()
    text_of_any_kind()
    without_matches()


if __name__ == "__main__":
    main()
