#!/usr/bin/env bash
# Is time linear in the bases and memory bounded by the longest read? User time and peak resident memory of `split --windows`
# with the built-in model on 1 Mb and on 10 Mb of bases, in reads of 10 kb to 10 Mb, in every format.
#
# usage: workflows/benchmark/long_reads.sh [READSEEKER]      (the binary; default target/release/readseeker; needs samtools)
set -euo pipefail
readseeker=$(realpath "${1:-target/release/readseeker}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 - <<'PYTHON'
import random

random.seed(7)
bases = "".join(random.choices("ACGT", k=10_000_000))
for total, length, name in [
    (10**6, 10**5, "10_x_100kb"), (10**6, 10**6, "1_x_1Mb"),
    (10**7, 10**4, "1000_x_10kb"), (10**7, 10**5, "100_x_100kb"), (10**7, 10**6, "10_x_1Mb"), (10**7, 10**7, "1_x_10Mb"),
]:
    with open(f"{name}.fq", "w") as fastq:
        for start in range(0, total, length):
            fastq.write(f"@read{start}\n{bases[start:start + length]}\n+\n{'I' * length}\n")
with open("1_x_10Mb.fa", "w") as fasta:
    fasta.write(">read0\n")
    fasta.writelines(bases[start:start + 80] + "\n" for start in range(0, len(bases), 80))
PYTHON
samtools import -0 1_x_10Mb.fq -O BAM -o 1_x_10Mb.bam 2>/dev/null
gzip -1 -k 1_x_10Mb.fq

# Prints input, --windows, --memory, windows scored, user seconds, peak MiB; the seconds are the median of three.
measure() {
    python3 - "$readseeker" "$@" <<'PYTHON'
import json
import resource
import statistics
import subprocess
import sys

readseeker, reads, step, memory = sys.argv[1:]
def seconds():
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    outputs = ["--coding", "c.fq", "--noncoding", "n.fq", "--windows-out", "w.bed.gz", "--json", "report.json", "--force"]
    settings = ["--windows", step, "--memory", memory, "--device", "cpu", "--threads", "2", "-q"]
    subprocess.run([readseeker, "split", reads, *outputs, *settings], check=True)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
median = statistics.median(seconds() for _ in range(3))
report = json.load(open("report.json"))
peak = report["peak_memory_bytes"] / 2**20
print(f"{reads}\t{step}\t{memory}\t{report['counts']['windows']}\t{median:.2f}\t{peak:.0f}", flush=True)
PYTHON
}

printf 'input\t--windows\t--memory\twindows\tuser s\tpeak MiB\n'
for reads in 10_x_100kb.fq 1_x_1Mb.fq 1000_x_10kb.fq 100_x_100kb.fq 10_x_1Mb.fq 1_x_10Mb.fq 1_x_10Mb.fq.gz 1_x_10Mb.fa 1_x_10Mb.bam; do
    measure $reads 150 256M
done
measure 1_x_10Mb.fq 150 16M
measure 1_x_10Mb.fq 50 16M
