#!/usr/bin/env python3
"""The built-in model end to end against FragGeneScanRs, on the same reads of 300 bases, in turn.

    workflows/benchmark/fraggenescan.py READSEEKER FRAGGENESCANRS
        [--model builtin --precision f32 --reads 100000 --rounds 5 --threads 1 2 --tsv FILE]

We run `split`, FASTQ in and out and then .gz in and out. FragGeneScanRs reads plain FASTA and writes proteins, which is the
least work it can be given. With one thread, everything stays on one core. Seconds are medians. A ratio is the median over
the rounds, of wall time and of CPU time; on a shared machine, look at the second.
"""

import argparse
import os
import statistics
import tempfile
from pathlib import Path

from overhead import BASES, run, write_reads

BAR = 4


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("peer", type=Path)
    parser.add_argument("--model", default="builtin")
    parser.add_argument("--precision", default="f32")
    parser.add_argument("--reads", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--core", type=int, default=0, help="the core to stay on with one thread")
    parser.add_argument("--tsv", type=Path, help="append the rows: what, ours, peer, ratio, bar")
    args = parser.parse_args()
    program, peer = args.program.resolve(), args.peer.resolve()
    cores = os.sched_getaffinity(0)
    with tempfile.TemporaryDirectory() as folder:
        reads, fasta = Path(folder) / "reads.fq", Path(folder) / "reads.fa"
        write_reads(reads, args.reads)
        lines = reads.read_text().splitlines()
        fasta.write_text("".join(f">{name[1:]}\n{bases}\n" for name, bases in zip(lines[::4], lines[1::4])))

        def split(suffix, threads):
            outputs = ["--coding", f"{folder}/c.fq{suffix}", "--noncoding", f"{folder}/n.fq{suffix}", "--force", "-q"]
            return run([program, "split", f"{reads}{suffix}", *outputs, "--device", "cpu", "-t", threads, "--model", args.model, "--precision", args.precision])[:2]

        def theirs(threads):
            return run([peer, "-w", 0, "-t", "complete", "-p", threads, "-s", fasta, "-a", f"{folder}/proteins.faa"])[:2]

        print(f"{args.reads} reads of {BASES} bases, {args.rounds} rounds, load {os.getloadavg()[0]:.1f}")
        print("what\treadseeker wall, CPU s\tFragGeneScanRs wall, CPU s\twall ratio\tCPU ratio\tbar")
        for threads in args.threads:
            os.sched_setaffinity(0, {args.core} if threads == 1 else cores)
            rounds = [(split("", threads), split(".gz", threads), theirs(threads)) for _ in range(args.rounds)]
            for which, name in enumerate(("FASTQ", "gz")):
                what = f"{args.model} in {args.precision}, {name} in and out, {threads} thread(s)"
                ours, other = (tuple(statistics.median(row[i][j] for row in rounds) for j in (0, 1)) for i in (which, 2))
                wall, cpu = (statistics.median(row[2][j] / row[which][j] for row in rounds) for j in (0, 1))
                print(f"{what}\t{ours[0]:.2f}, {ours[1]:.2f}\t{other[0]:.2f}, {other[1]:.2f}\t{wall:.2f}\t{cpu:.2f}\tat least {BAR}", flush=True)
                if args.tsv:
                    with args.tsv.open("a") as table:
                        for kind, j, ratio in (("wall", 0, wall), ("CPU", 1, cpu)):
                            table.write(f"{what}: {kind} s, FragGeneScanRs\t{ours[j]:.2f}\t{other[j]:.2f}\t{ratio:.2f}\tat least {BAR}\n")


if __name__ == "__main__":
    main()
