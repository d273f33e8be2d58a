#!/usr/bin/env python3
"""From reads to functions: `split --proteins` and DIAMOND blastp, beside DIAMOND blastx on all reads.

    workflows/benchmark/proteins.py READSEEKER GENOMES HELD_OUT WORK [--reads 1000000 --length 150 --threads 2 --rounds 3]

GENOMES and HELD_OUT are folders of GROUP.fa.gz and GROUP.cds.tsv.gz (accession, start, end, strand, phase, code, source). The
database holds the proteins of GENOMES but for the records of HELD_OUT, from which reads are drawn as a sequencer would, with
0.5 % substitutions. So what is found is similar, not equal. A hit is right if its read has coding bases and it lies in their
frame; a hit in a read without a coding base, or in another frame, is false. Both searches keep the best hit of a query with an
E-value of at most 1e-5. Seconds are medians over rounds, taken in turn.

WORK keeps database and reads for the next time. `diamond` must be on PATH; needs numpy."""

import argparse
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "training"))
from compact import codons, fasta, tokens  # noqa: E402

GROUPS = "bacteria silver archaea silver_archaea virus phage silver_phage".split()
SHORTEST = 30
EVALUE = "1e-5"
PROTEIN = re.compile(r"^(.*)_\d+-\d+_frame=(-?\d)$")


def translated(codes):
    """Amino acids of whole codons, stops as *, without those at the end."""
    codon, known = codons.numbers(codes[: len(codes) // 3 * 3])
    return "".join(codons.CODE[number] if sure else "X" for number, sure in zip(codon, known)).rstrip("*")


def make_database(genomes, held, work):
    """The proteins of the genomes but for the held-out records, as FASTA and for DIAMOND."""
    left_out = {record.accession for path in held.glob("*.fa.gz") for record in fasta.read(path)}
    count = letters = 0
    with open(work / "database.faa", "w") as out:
        for group in GROUPS:
            found = fasta.parts_by_record(genomes / f"{group}.cds.tsv.gz")
            for record in fasta.read(genomes / f"{group}.fa.gz"):
                codes = tokens.encode(record.sequence)
                for n, part in enumerate([] if record.accession in left_out else found[record.accession]):
                    protein = "" if part.source == "pseudo" else translated(part.of(codes)[part.phase :])
                    if len(protein) >= SHORTEST and "*" not in protein:
                        out.write(f">{record.accession}|{n}\n{protein}\n")
                        count, letters = count + 1, letters + len(protein)
    subprocess.run(["diamond", "makedb", "--quiet", "--in", work / "database.faa", "--db", work / "database"], check=True)
    (work / "database.txt").write_text(f"{count:,} proteins, {letters / 1e6:.0f} million amino acids\n")


def make_reads(program, held, work, count, length):
    """Reads of the held-out records, with the truth in their names."""
    with open(work / "held.fa", "w") as fasta_out, open(work / "held.gff3", "w") as gff:
        gff.write("##gff-version 3\n")
        for path in sorted(held.glob("*.fa.gz")):
            found = fasta.parts_by_record(path.with_name(path.name.replace(".fa.gz", ".cds.tsv.gz")))
            for record in fasta.read(path):
                fasta_out.write(f">{record.accession}\n{record.sequence}\n")
                for part in found[record.accession]:
                    kind = "pseudogene" if part.source == "pseudo" else "CDS"
                    gff.write(f"{record.accession}\t.\t{kind}\t{max(part.start, 0) + 1}\t{part.end}\t.\t{part.strand}\t{part.phase}\t.\n")
    flags = ["--anywhere", "--sequencer", "illumina", "--length", length, "--count", count, "--force"]
    inputs = ["--genome", work / "held.fa", "--annotation", work / "held.gff3", "--output", work / "reads.fq"]
    subprocess.run([str(word) for word in [program, "reads", *inputs, *flags]], check=True)


def timed(*command):
    started = time.monotonic()
    subprocess.run([str(word) for word in command], check=True, stderr=subprocess.DEVNULL)
    return time.monotonic() - started


def search(mode, query, out, args):
    fields = "qseqid evalue qframe".split()
    return timed(
        "diamond", mode, "--quiet", "--threads", args.threads, "--db", args.work / "database", "--query", query, "--out", out,
        "--evalue", EVALUE, "--max-target-seqs", 1, "--outfmt", 6, *(fields if mode == "blastx" else fields[:2]),
    )  # fmt: skip


def truth(path):
    """{read: (has coding bases, frame or .)}"""
    out = {}
    with open(path) as lines:
        for header in lines:
            name, *fields = header[1:].split()
            said = dict(field.split("=", 1) for field in fields)
            out[name] = float(said["coded_fraction"]) > 0, said["frame"]
            for _ in range(3):
                next(lines)
    return out


def hits(path):
    """{read: frame of its best hit}; a read may have several proteins."""
    best = {}
    with open(path) as lines:
        for line in lines:
            name, evalue, *frame = line.split()
            if not frame:
                name, frame = PROTEIN.match(name).groups()
            else:
                frame = frame[0]
            if name not in best or float(evalue) < best[name][0]:
                best[name] = float(evalue), frame
    return {name: frame for name, (_, frame) in best.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("program", "genomes", "held", "work"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--reads", type=int, default=1_000_000)
    parser.add_argument("--length", type=int, default=150)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    args.program, work = args.program.resolve(), args.work
    work.mkdir(parents=True, exist_ok=True)
    if not (work / "database.txt").exists():
        make_database(args.genomes, args.held, work)
    if not (work / "reads.fq").exists():
        make_reads(args.program, args.held, work, args.reads, args.length)
    seconds = {"blastx": [], "split": [], "blastp": []}
    for _ in range(args.rounds):
        seconds["blastx"].append(search("blastx", work / "reads.fq", work / "blastx.tsv", args))
        flags = ["--coding", "/dev/null", "--noncoding", "/dev/null", "--proteins", work / "proteins.faa", "--threads", args.threads, "--quiet", "--force"]
        seconds["split"].append(timed(args.program, "split", work / "reads.fq", *flags))
        seconds["blastp"].append(search("blastp", work / "proteins.faa", work / "blastp.tsv", args))
    median = {name: statistics.median(values) for name, values in seconds.items()}
    known = truth(work / "reads.fq")
    print(f"database: {(work / 'database.txt').read_text().strip()}; {len(known):,} reads, {sum(coded for coded, _ in known.values()):,} with coding bases")
    print("| search | seconds | reads with a hit | right | false: no coding base | false: another frame |\n|---|---|---|---|---|---|")
    right = {}
    for name, took in (("blastx", f"{median['blastx']:.1f}"), ("blastp", f"{median['split']:.1f} + {median['blastp']:.1f}")):
        found = hits(work / f"{name}.tsv")
        right[name] = {read for read, frame in found.items() if known[read][0] and known[read][1] in (".", frame)}
        empty = sum(not known[read][0] for read in found)
        label = "blastx, all reads" if name == "blastx" else "split --proteins, blastp"
        print(f"| {label} | {took} | {len(found):,} | {len(right[name]):,} | {empty:,} | {len(found) - len(right[name]) - empty:,} |")
    both = len(right["blastx"] & right["blastp"])
    print(f"\nOf the right hits of blastx, {both / max(len(right['blastx']), 1):.2%} are found; {len(right['blastp'] - right['blastx']):,} others are found as well.")


if __name__ == "__main__":
    main()
