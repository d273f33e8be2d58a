#!/usr/bin/env bash
# What decoding and encoding alone cost, side by side with samtools on the same BAM: to plain FASTQ, and to .gz, at the same
# number of threads and at samtools' compression level and ours. `--no-model` leaves the model out.
#
# usage: workflows/benchmark/formats.sh BAM [READSEEKER] [RUNS]      (default target/release/readseeker, 7 runs)
# Needs samtools and hyperfine. BAM: name-collated, a million reads or more, such as
#   art_illumina -q -ss HS25 -i genome.fa -p -l 150 -f 30 -m 400 -s 60 -na -o art
#   samtools import -1 art1.fq -2 art2.fq -o reads.bam
set -euo pipefail
bam=$(realpath "${1:?usage: formats.sh BAM [READSEEKER] [RUNS]}")
readseeker=$(realpath "${2:-target/release/readseeker}")
runs=${3:-7}
for tool in samtools hyperfine; do
    command -v "$tool" >/dev/null || { echo "needs $tool" >&2; exit 1; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# samtools' -@ counts threads besides its own.
split() { echo "$readseeker split $bam --no-model -q --force -t 2 --coding /dev/null --noncoding $1"; }
plain=("samtools fastq -@ 1 -0 /dev/null $bam -o theirs.fq" "$(split ours.fq)")
level1=("samtools fastq -@ 1 -c 1 $bam -o theirs.fq.gz" "$(split 'ours.fq.gz --compression-level 1')")
level6=("samtools fastq -@ 1 -c 6 $bam -o theirs.fq.gz" "$(split 'ours.fq.gz --compression-level 6')")

# One run of each in turn, so that whatever else the machine does hits both; then the medians of the pairs' ratios.
compare() {
    local name=$1 theirs=$2 ours=$3
    for ((run = 0; run < runs; run++)); do
        hyperfine --runs 1 --style none --export-json times.json "$theirs" "$ours" >hyperfine.log 2>&1 || { cat hyperfine.log >&2; exit 1; }
        python3 -c '
import json
a, b = json.load(open("times.json"))["results"]
print(*(f"{x:.3f}" for r in (a, b) for x in (r["median"], r["user"] + r["system"])))' >>"times.$name"
    done
    python3 - "$name" <<'PYTHON'
import statistics
import sys

name = sys.argv[1]
rows = [[float(x) for x in line.split()] for line in open(f"times.{name}")]
theirs, their_cpu, ours, our_cpu = (statistics.median(column) for column in zip(*rows))
ratio = statistics.median(row[2] / row[0] for row in rows)
cpu = statistics.median(row[3] / row[1] for row in rows)
print(f"{name}\t{theirs:.2f}\t{ours:.2f}\t{ratio:.2f}\t{their_cpu:.2f}\t{our_cpu:.2f}\t{cpu:.2f}", flush=True)
PYTHON
}

printf 'output\tsamtools s\treadseeker s\tratio\tsamtools CPU s\treadseeker CPU s\tratio\n'
compare FASTQ "${plain[@]}"
compare gz_level_1 "${level1[@]}"
compare gz_level_6 "${level6[@]}"
samtools fastq "$bam" 2>/dev/null | cmp - ours.fq
echo "the same bytes"
ls -l theirs.fq.gz ours.fq.gz | awk '{ print $9, $5, "bytes at level 6" }'
