"""Other programs on the same held-out reads: `python -m compact.others DATA.npz FRAGGENESCANRS TRAIN_FOLDER RUN [COUNT [ONLY]]`.

FragGeneScanRs (`complete` model) and pyrodigal's metagenomic mode call genes and give no probabilities. A read with a gene
counts as coding. For ROC-AUC the reads are ordered by the program's score, those without a gene last.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyrodigal
import torch

from . import evaluate, train

LENGTHS = (300, 150)
_LETTERS = np.frombuffer(b"ACGTN", dtype=np.uint8)


class Called:
    """A sample with a program's verdicts, shaped as `evaluate.Scored`."""

    def __init__(self, sample, verdicts):
        self.sample = sample
        self.coding = sample.reads.coded >= 0.5
        self.probability = np.array([0.0 if score is None else 0.5 + 0.5 / (1 + np.exp(-score)) for score, _ in verdicts])
        frames = sample.reads.frames
        self.right_frame = np.array([frame is not None and bool(row[frame]) for (_, frame), row in zip(verdicts, frames)], float)
        self.right_frame[frames.sum(axis=1) != 1] = np.nan


def text_of(bases):
    return _LETTERS[bases].tobytes().decode()


def frag_gene_scan(sample, program, train_folder):
    """(score, frame) of each read's best gene: its length times what its bases gain on chance (ln 4) orders reads best."""
    with tempfile.TemporaryDirectory() as folder:
        fasta, meta = Path(folder, "in.fa"), Path(folder, "out")
        fasta.write_text("".join(f">{i}\n{text_of(row)}\n" for i, row in enumerate(sample.reads.bases)))
        command = [program, "-s", fasta, "-w", "0", "-t", "complete", "-r", train_folder, "-m", meta]
        subprocess.run(command, check=True, capture_output=True)
        verdicts, read = [(None, None)] * len(sample.reads.bases), 0
        for line in meta.read_text().splitlines():
            if line.startswith(">"):
                read = int(line[1:])
                continue
            start, end, strand, _, score, *_ = line.split("\t")
            frame = (int(start) - 1) % 3 if strand == "+" else 3 + (sample.length - int(end)) % 3
            gain = (int(end) - int(start) + 1) * (np.log(4) - float(score)) / 20
            if verdicts[read][0] is None or gain > verdicts[read][0]:
                verdicts[read] = (gain, frame)
    return verdicts


def pyrodigal_meta(sample, finder):
    """(score, frame) of each read's best gene."""
    verdicts = []
    for row in sample.reads.bases:
        best = (None, None)
        for gene in finder.find_genes(text_of(row).encode()):
            frame = (gene.begin - 1) % 3 if gene.strand == 1 else 3 + (sample.length - gene.end) % 3
            if best[0] is None or gene.score / 20 > best[0]:
                best = (gene.score / 20, frame)
        verdicts.append(best)
    return verdicts


def main(data, program, train_folder, run, count="200", only=""):
    torch.set_num_threads(1)
    samples = [s for s in evaluate.held_out(data, int(count)) if s.kind == "pure" and s.length in LENGTHS]
    calibration = evaluate.calibration_of(run)
    finder = pyrodigal.GeneFinder(meta=True, min_gene=60, min_edge_gene=60)
    programs = {
        "ours": lambda: evaluate.score(train.load_average(run), samples, calibration),
        "FragGeneScanRs": lambda: [Called(s, frag_gene_scan(s, program, train_folder)) for s in samples],
        "pyrodigal meta": lambda: [Called(s, pyrodigal_meta(s, finder)) for s in samples],
    }
    for name, call in programs.items():
        if only and name != only:
            continue
        scored = call()
        clean = [s for s in scored if s.sample.supergroup in evaluate.CLEAN]
        for length, values in evaluate.clean_means(clean).items():
            print(f"{name} {length}: mean over clean groups: accuracy {values[0]:.3f} AUC {values[1]:.3f} frame {values[2]:.3f}")
        evaluate.table(f"{name}: group · length", evaluate.grouped(scored, lambda s: (s.supergroup, s.length)))


if __name__ == "__main__":
    main(*sys.argv[1:])
