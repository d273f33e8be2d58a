#!/usr/bin/env python3
"""What `split` costs beside the bare model on the same reads, and what a second thread gains.

    workflows/benchmark/overhead.py READSEEKER [--reads 200000 --rounds 5 --core 0 --bert CHECKPOINT --scaling --tsv FILE]

The bare model is `device --bench --reads FILE --seconds 0`: the file's reads, read and tokenized beforehand, go through the
model once in chunks of the same size; nothing else is timed. `split` is timed from start to end, so start-up counts, but for
a BERT, whose loading is taken off by a run on one read. All are taken in turn, one thread each, and ratios are medians over
the rounds. CPU time is what counts where others are at work; on a quiet machine wall time says the same.

What gzip costs is told by `--no-model`: its gz run less its plain one is what inflating and deflating take in the very
same pipeline. The last row of the built-in model is the gz run less that.

--core pins everything to one core. --scaling compares two threads with one and wants two cores free.
"""

import argparse
import gzip
import os
import random
import resource
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

BASES = 300
# At most so many times the bare model's.
BARS = {"BERT": 1.03, "plain": 1.10, "gz": 1.25}
SCALING_BAR = 1.9


def write_reads(path, count, bases=BASES, packed=True):
    """Random bases; qualities in four bins that fall towards the end, as sequencers have them. Packed too, beside it."""
    rng = random.Random(7)
    good = [1 - at / (4 * bases) for at in range(bases)]
    with path.open("w") as fastq:
        for n in range(count):
            letters = "".join(rng.choices("ACGT", k=bases))
            qualities = "".join("F" if rng.random() < of else rng.choice(",:#") for of in good)
            fastq.write(f"@M01:7:000-ABC:1:1101:{n % 20000}:{n} 1:N:0:1\n{letters}\n+\n{qualities}\n")
    if not packed:
        return
    # One member, as most .fastq.gz in the world.
    with path.open("rb") as plain, gzip.open(f"{path}.gz", "wb", compresslevel=6) as packed:
        packed.write(plain.read())


def run(command):
    """Wall and CPU seconds of a command, and what it printed."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    output = subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE, text=True).stdout
    wall, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, output


class Runs:
    def __init__(self, args, folder):
        self.args, self.folder = args, folder

    def split(self, reads, suffix="", model="compact", threads=1):
        """Wall and CPU seconds of a split whose outputs end in `suffix`."""
        outputs = [self.folder / f"{name}.fq{suffix}" for name in ("coding", "noncoding")]
        files = ["--coding", outputs[0], "--noncoding", outputs[1], "--force", "-q"]
        model = ["--model", model] if model else ["--no-model"]
        return run([self.args.program, "split", reads, *files, *model, "--device", "cpu", "-t", threads])[:2]

    def bare(self, reads, model="compact", threads=1):
        """Wall and CPU seconds the model alone takes for the same reads."""
        bench = ["--device", "cpu", "--reads", reads, "--seconds", 0, "-t", threads, "--model", model]
        _, _, table = run([self.args.program, "device", "--bench", *bench])
        row = table.splitlines()[1].split("\t")  # f32
        count = sum(1 for _ in open(reads)) // 4
        return count / float(row[0]), count * float(row[5]) / 1000


def median(rounds, ratio, what):
    return statistics.median(ratio(*(one[what] for one in row)) for row in rounds)


def say(args, what, ours, peer, ratios, bar):
    """Prints seconds of CPU, the CPU ratio and the wall ratio."""
    cpu, wall = ratios
    print(f"{what}\t{ours:.3f}\t{peer:.3f}\t{cpu:.3f}\t{wall:.3f}\tat most {bar}", flush=True)
    if args.tsv:
        with args.tsv.open("a") as rows:
            rows.write(f"{what}: CPU s, the bare model\t{ours:.3f}\t{peer:.3f}\t{cpu:.3f}\tat most {bar}\n")


def compare(args, what, rounds, ratio, ours, bar):
    """A row of the table: `ratio` of each round, wall and CPU, and the medians of what it compares."""
    seconds = statistics.median(ours(*(one[1] for one in row)) for row in rounds)
    peer = statistics.median(row[0][1] for row in rounds)
    say(args, what, seconds, peer, (median(rounds, ratio, 1), median(rounds, ratio, 0)), bar)


def builtin(args, runs, reads):
    packed = Path(f"{reads}.gz")
    rounds = []
    for _ in range(args.rounds):
        rounds.append((
            runs.bare(reads), runs.split(reads), runs.split(packed, ".gz"),
            runs.split(reads, model=None), runs.split(packed, ".gz", model=None),
        ))
    compare(args, "built-in, FASTQ in and out", rounds, lambda bare, plain, *_: plain / bare, lambda _, plain, *__: plain, BARS["plain"])
    compare(args, "built-in, gz in and out", rounds, lambda bare, _, gz, *__: gz / bare, lambda _, __, gz, *___: gz, BARS["gz"])

    def rest(bare, plain, gz, none, none_gz):
        return gz - (none_gz - none)

    compare(args, "the same less gzip itself", rounds, lambda bare, *row: rest(bare, *row) / bare, rest, BARS["plain"])


def bert(args, runs, folder):
    reads, one = folder / "bert.fq", folder / "one.fq"
    write_reads(reads, args.bert_reads)
    write_reads(one, 1)
    rounds = []
    for _ in range(args.rounds):
        loading, whole = runs.split(one, model=args.bert), runs.split(reads, model=args.bert)
        share = (args.bert_reads - 1) / args.bert_reads
        bare = runs.bare(reads, model=args.bert)
        rounds.append((tuple(share * seconds for seconds in bare), whole, loading))
    cost = lambda _, whole, loading: whole - loading
    compare(args, "BERT f32, FASTQ in and out", rounds, lambda bare, *row: cost(bare, *row) / bare, cost, BARS["BERT"])


def scaling(args, runs, reads):
    free = max(0, len(os.sched_getaffinity(0)) - os.getloadavg()[0])
    if free < 1.5:
        print(f"scaling: not measured, {free:.1f} cores are free and two are wanted")
        return
    rounds = [
        (runs.bare(reads), runs.bare(reads, threads=2), runs.split(reads), runs.split(reads, threads=2))
        for _ in range(args.rounds)
    ]
    for what, first in (("the bare model", 0), ("split, FASTQ in and out", 2)):
        ratio = statistics.median(row[first][0] / row[first + 1][0] for row in rounds)
        one, two = (statistics.median(row[first + i][0] for row in rounds) for i in (0, 1))
        print(f"2 threads over 1, {what}: wall {two:.3f} s, {one:.3f} s, {ratio:.2f} (at least {SCALING_BAR})")
        if args.tsv:
            with args.tsv.open("a") as rows:
                rows.write(f"2 threads, {what}: wall s, 1 thread\t{two:.3f}\t{one:.3f}\t{ratio:.2f}\tat least {SCALING_BAR}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("--reads", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--core", type=int, help="the core to stay on")
    parser.add_argument("--bert", type=Path, metavar="CHECKPOINT", help="measure this one too")
    parser.add_argument("--bert-reads", type=int, default=32)
    parser.add_argument("--scaling", action="store_true", help="measure two threads too, on all cores")
    parser.add_argument("--tsv", type=Path, help="append the rows: what, ours, peer, ratio, bar")
    args = parser.parse_args()
    args.program = args.program.resolve()
    with tempfile.TemporaryDirectory() as folder:
        runs, reads = Runs(args, Path(folder)), Path(folder) / "reads.fq"
        write_reads(reads, args.reads)
        if args.scaling:
            scaling(args, runs, reads)
        if args.core is not None:
            os.sched_setaffinity(0, {args.core})
        print(f"{args.reads} reads of {BASES} bases, 1 thread, {args.rounds} rounds, load {os.getloadavg()[0]:.1f}")
        print("what\tCPU s\tbare model's\tratio\twall ratio\tbar")
        builtin(args, runs, reads)
        if args.bert:
            bert(args, runs, Path(folder))


if __name__ == "__main__":
    main()
