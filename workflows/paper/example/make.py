#!/usr/bin/env python3
"""Makes a small genome with genes, its annotation, and reads of it: make.py OUT

In OUT: genome.fa, genome.gff3, reads.fq (by `readseeker reads`) and config.yaml, which names them as URLs with their MD5, so that
the example takes the same steps as the paper's samples."""

import hashlib
import random
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CODONS = "GCG GCC AAA CTG CTG GAA GAT ATT ATC CAG CGT ACC GTG GGC GGT TTC TAT AAC CCG AGC CAT ATG TGC TGG".split()
STOPS = ["TAA", "TAA", "TGA", "TAG"]
COMPLEMENT = str.maketrans("ACGT", "TGCA")


def genome(rng, genes):
    """(bases, annotation): genes of either strand with gaps between them."""
    bases, lines, at = [], ["##gff-version 3"], 0
    for _ in range(genes):
        gap = "".join(rng.choices("ACGT", (3, 2, 2, 3), k=rng.randrange(150, 700)))
        gene = "ATG" + "".join(rng.choices(CODONS, k=rng.randrange(120, 400))) + rng.choice(STOPS)
        strand = rng.choice("+-")
        bases += [gap, gene if strand == "+" else gene.translate(COMPLEMENT)[::-1]]
        at += len(gap)
        lines.append(f"made_up\t.\tCDS\t{at + 1}\t{at + len(gene)}\t.\t{strand}\t0\t.")
        at += len(gene)
    return "".join(bases), lines


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out = Path(sys.argv[1]).resolve()
    out.mkdir(parents=True, exist_ok=True)
    bases, lines = genome(random.Random(22), 120)
    (out / "genome.fa").write_text(f">made_up\n{bases}\n")
    (out / "genome.gff3").write_text("\n".join(lines) + "\n")
    flags = "--anywhere --sequencer illumina --length 150 --count 4000 --force".split()
    inputs = ["--genome", out / "genome.fa", "--annotation", out / "genome.gff3", "--output", out / "reads.fq"]
    subprocess.run(["readseeker", "reads", *inputs, *flags], check=True)
    sums = [f"  {name}: {hashlib.md5((out / name).read_bytes()).hexdigest()}" for name in ("genome.fa", "genome.gff3", "reads.fq")]
    config = (HERE / "config.yaml").read_text().replace("file:///tmp/readseeker_paper", f"file://{out}")
    (out / "config.yaml").write_text(config + "\nmd5:\n" + "\n".join(sums) + "\n")


if __name__ == "__main__":
    main()
