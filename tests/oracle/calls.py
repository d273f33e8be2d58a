#!/usr/bin/env python3
"""Genes that other programs find on reads of the example, and what scikit-learn says of them: tests/oracle/calls.py testdata/calls

Needs pyrodigal and scikit-learn (made with 3.7.1 and 1.9.1), and FragGeneScanRs in the PATH (`cargo install frag_gene_scan_rs`,
made with 1.1.0). Writes a table of labelled reads, the programs' own GFF of them, and the measures that `readseeker evaluate
--calls` must give. Nothing here is taken from readseeker: bases in genes are counted one by one, and a frame is found by walking
the codons.
"""

import collections
import gzip
import itertools
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyrodigal
from sklearn import metrics

Gene = collections.namedtuple("Gene", "begin end strand")
TESTDATA = Path(__file__).resolve().parents[2] / "testdata"
READS = 400


def reads():
    lines = [line.split("\t") for line in (TESTDATA / "truth.tsv").read_text().splitlines()[1:]]
    truth = {name: rest for name, mate, *rest in lines if mate == "1"}
    with gzip.open(TESTDATA / "community_R1.fq.gz", "rt") as fastq:
        for header, bases, _, _ in itertools.islice(zip(*[fastq] * 4), READS):
            name = header[1:].split()[0].removesuffix("/1")
            source, share, frame = truth[name]
            is_coding = float(share) >= 0.5
            yield name, bases.strip(), is_coding, frame if is_coding else ".", source


def frame(genes, length):
    """The frame that most bases are in, as a number; None where two have as many."""
    bases = {}
    for gene in genes:
        # The first base of each codon, counted along the gene; the first one on the read says which frame it is.
        first = gene.begin if gene.strand == 1 else length - gene.end + 1
        number = gene.strand * ((first - 1) % 3 + 1)
        bases[number] = bases.get(number, 0) + gene.end - gene.begin + 1
    best = [number for number, count in bases.items() if count == max(bases.values())]
    return best[0] if len(best) == 1 else None


def fraggenescanrs(folder):
    """FragGeneScanRs's GFF, and the measures of it. It has no scores, so that reads are ordered by their share of bases in genes."""
    made = list(reads())
    fasta = "".join(f">{name}\n{bases}\n" for name, bases, *_ in made)
    command = ["FragGeneScanRs", "-t", "illumina_5", "-w", "0", "-s", "stdin", "-g", folder / "one.gff"]
    subprocess.run(command, input=fasta.encode(), stdout=subprocess.DEVNULL, check=True)
    text = (folder / "one.gff").read_bytes()
    (folder / "one.gff").unlink()
    with gzip.GzipFile(folder / "fraggenescanrs.gff.gz", "wb", mtime=0) as gff:
        gff.write(text)
    genes = {}
    for line in text.decode().splitlines():
        if not line.startswith("#"):
            read, _, _, begin, end, _, strand, _, _ = line.split("\t")
            # Column 8 is not GFF's phase: its genes begin with a whole codon.
            genes.setdefault(read, []).append(Gene(int(begin), int(end), 1 if strand == "+" else -1))
    truth, shares, frames = [], [], []
    for name, bases, is_coding, right, _ in made:
        own = genes.get(name, [])
        truth.append(is_coding)
        shares.append(len({at for gene in own for at in range(gene.begin, gene.end + 1)}) / len(bases))
        said = frame(own, len(bases)) if own else None
        if right != "." and said is not None:
            frames.append(int(right) == said)
    called = [share >= 0.5 for share in shares]
    return {
        "accuracy": metrics.accuracy_score(truth, called),
        "precision": metrics.precision_score(truth, called),
        "recall": metrics.recall_score(truth, called),
        "mcc": metrics.matthews_corrcoef(truth, called),
        "roc_auc": metrics.roc_auc_score(truth, shares),
        "pr_auc": metrics.average_precision_score(truth, shares),
        "frame_accuracy": sum(frames) / len(frames),
    }


def main(folder):
    folder.mkdir(exist_ok=True)
    finder = pyrodigal.GeneFinder(meta=True, min_gene=60, min_edge_gene=60)
    truth, shares, called, keys, frames, sources = [], [], [], [], [], []
    with gzip.GzipFile(folder / "reads.tsv.gz", "wb", mtime=0) as table, gzip.GzipFile(folder / "pyrodigal.gff.gz", "wb", mtime=0) as gff:
        table.write(b"sequence\tlabel\tname\tgroup\tframe\n")
        gff.write(b"##gff-version  3\n")
        for name, bases, is_coding, right, source in reads():
            table.write(f"{bases}\t{int(is_coding)}\t{name}\t{source}\t{right}\n".encode())
            genes = finder.find_genes(bases.encode())
            with open(folder / "one.gff", "w") as one:
                genes.write_gff(one, sequence_id=name, header=False)
            gff.write((folder / "one.gff").read_bytes())
            covered = {position for gene in genes for position in range(gene.begin, gene.end + 1)}
            share = len(covered) / len(bases)
            # As the GFF has it: with one digit.
            scores = [float(f"{gene.score:.1f}") for gene in genes]
            truth.append(is_coding)
            shares.append(share)
            called.append(share >= 0.5)
            keys.append((1, max(scores)) if share >= 0.5 else (0, share))
            said = frame(genes, len(bases)) if genes else None
            if right != "." and said is not None:
                frames.append(int(right) == said)
            sources.append(source)
    (folder / "one.gff").unlink()
    order = {key: rank for rank, key in enumerate(sorted(set(keys)))}
    ranks = [order[key] for key in keys]
    golden = {
        "accuracy": metrics.accuracy_score(truth, called),
        "precision": metrics.precision_score(truth, called),
        "recall": metrics.recall_score(truth, called),
        "mcc": metrics.matthews_corrcoef(truth, called),
        "roc_auc": metrics.roc_auc_score(truth, ranks),
        "pr_auc": metrics.average_precision_score(truth, ranks),
        "frame_accuracy": sum(frames) / len(frames),
        "roc_auc_of_shares": metrics.roc_auc_score(truth, shares),
        "caulobacter_recall": metrics.recall_score(*map(np.array, zip(*[(t, c) for t, c, s in zip(truth, called, sources) if s == "caulobacter"]))),
    }
    assert not any(map(math.isnan, golden.values()))
    golden["fraggenescanrs"] = fraggenescanrs(folder)
    (folder / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
