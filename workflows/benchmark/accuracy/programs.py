"""Runs the programs on a set, and reads what they called: a class a base, for each read."""

import csv
import gzip
import json
import re
import subprocess
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import numpy as np

FRAGGENESCAN_SHORT = ["complete", "illumina_1", "illumina_5"]
FRAGGENESCAN_LONG = ["complete", "illumina_10", "sanger_5", "sanger_10", "454_10", "454_30"]
# Frames as the tables of readseeker write them: BLAST's.
FRAMES = {"1": 1, "2": 2, "3": 3, "-1": 4, "-2": 5, "-3": 6}


class Called(NamedTuple):
    """{read: classes of its bases}; its verdicts and probabilities, and the estimated share of coding reads, where there are."""

    classes: dict
    verdicts: dict | None = None
    probabilities: dict | None = None
    share: float | None = None


def nothing(lengths):
    return {read: np.zeros(length, dtype=np.uint8) for read, length in lengths.items()}


def from_fraggenescan(path, lengths):
    """Calls out of the names of its proteins: READ_START_END_STRAND."""
    called = nothing(lengths)
    for line in path.open():
        if line.startswith(">"):
            read, start, end, strand = re.match(r">(.*)_(\d+)_(\d+)_([-+])$", line.strip()).groups()
            start, end = int(start), min(int(end), lengths[read])
            called[read][start - 1 : end] = 1 + (start - 1) % 3 if strand == "+" else 4 + (lengths[read] - end) % 3
    return called


def from_gff(path, lengths):
    """Calls out of the CDS lines of a GFF3 file."""
    called = nothing(lengths)
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        for line in lines:
            fields = line.rstrip("\n").split("\t")
            if line.startswith("#") or len(fields) < 8 or fields[2] != "CDS":
                continue
            read, start, end, strand, phase = unquote(fields[0]), int(fields[3]), int(fields[4]), fields[6], int(fields[7])
            frame = 1 + (start - 1 + phase) % 3 if strand == "+" else 4 + (lengths[read] - end + phase) % 3
            called[read][start - 1 : end] = frame
    return called


def from_scores(path, lengths):
    """(whole reads in their frame, verdicts, probabilities) out of a scores table."""
    rows = list(csv.DictReader(path.open(), delimiter="\t"))
    called, verdicts, probabilities = nothing(lengths), {}, {}
    for row in rows:
        read = row["name"] if row["name"] in lengths else f"{row['name']}/{row['mate']}"
        scored = row["probability"] != "NA"
        verdicts[read] = row["label"] == "coding"
        probabilities[read] = float(row["probability"]) if scored else None
        if verdicts[read]:
            called[read][:] = FRAMES.get(row["frame"], 1)
    return called, verdicts, probabilities


def names(path):
    """The names of a FASTA or FASTQ file."""
    with gzip.open(path, "rt") as lines:
        return [line[1:].split()[0] for line in lines if line.startswith((">", "@"))]


def readseeker(binary, reads, folder, lengths, flags=()):
    """`split` with every table it has; `reads` may be one file or two."""
    folder.mkdir(parents=True, exist_ok=True)
    outputs = ["--coding", folder / "coding.fa", "--noncoding", folder / "noncoding.fa", "--scores", folder / "scores.tsv"]
    flags = ["--json", folder / "report.json", "--force", "-q", *flags]
    help_text = subprocess.run([binary, "split", "--help"], check=True, capture_output=True, text=True).stdout
    genes = folder / "genes.gff3"
    if "--genes" in help_text:
        flags += ["--genes", genes]
    subprocess.run([binary, "split", *reads, *outputs, *flags], check=True)
    called, verdicts, probabilities = from_scores(folder / "scores.tsv", lengths)
    if genes.exists():
        called = from_gff(genes, lengths)
    if len(reads) == 2:
        # A pair's reads go where the pair goes, whatever their own label.
        coding = [line[1:].split()[0] for line in (folder / "coding.fa").open() if line.startswith(">")]
        verdicts = dict.fromkeys(lengths, False) | dict.fromkeys(coding, True)
    report = json.loads((folder / "report.json").read_text())
    return Called(called, verdicts, probabilities, report["settings"].get("prior", {}).get("coding_share"))


def fraggenescan(binary, reads, folder, lengths, model):
    """FragGeneScanRs; it reads plain FASTA."""
    folder.mkdir(parents=True, exist_ok=True)
    plain, proteins = folder / "reads.fa", folder / f"{model}.faa"
    plain.write_bytes(gzip.decompress(reads.read_bytes()))
    subprocess.run([binary, "-w", "0", "-t", model, "-s", plain, "-a", proteins], check=True, stdout=subprocess.DEVNULL)
    return Called(from_fraggenescan(proteins, lengths))


def pyrodigal(reads, lengths):
    """pyrodigal in `meta` mode."""
    import pyrodigal as package

    finder, called = package.GeneFinder(meta=True), nothing(lengths)
    with gzip.open(reads, "rt") as lines:
        for line in lines:
            if line.startswith(">"):
                read = line[1:].split()[0]
                continue
            for gene in finder.find_genes(line.strip().encode()):
                frame = 1 + (gene.begin - 1) % 3 if gene.strand == 1 else 4 + (lengths[read] - gene.end) % 3
                called[read][gene.begin - 1 : gene.end] = frame
    return Called(called)


def share_of_reads(binary, reads, folder, flags=()):
    """The share of a file's reads that readseeker calls coding, and how many there are; for reads without a truth."""
    folder.mkdir(parents=True, exist_ok=True)
    report = folder / "report.json"
    outputs = ["--coding", "/dev/null", "--noncoding", "/dev/null", "--json", report, "--force", "-q"]
    subprocess.run([binary, "split", reads, *outputs, *flags], check=True)
    counts = json.loads(Path(report).read_text())["counts"]
    total = counts["coding"] + counts["noncoding"] + counts["undecided"]
    return counts["coding"] / max(total, 1), total
