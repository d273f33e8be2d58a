#!/usr/bin/env bash
# Does memory grow with the input? Peak resident memory of `split` with the built-in model on 200,000 and on 2,000,000
# reads of 150 bases, plain and gzipped, and under a small and a large --memory.
#
# usage: workflows/benchmark/memory.sh [READSEEKER]      (the binary; default target/release/readseeker)
set -euo pipefail
readseeker=$(realpath "${1:-target/release/readseeker}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 - <<'PYTHON'
import random

random.seed(7)
quality = "I" * 150
with open("2000000.fq", "w") as large, open("200000.fq", "w") as small:
    for n in range(2_000_000):
        bases = "".join(random.choices("ACGT", k=150))
        record = f"@read{n}\n{bases}\n+\n{quality}\n"
        large.write(record)
        if n < 200_000:
            small.write(record)
PYTHON

# Prints input, --memory, peak MiB, reads/s.
measure() {
    "$readseeker" split "$1" --device cpu --coding coding"$2" --noncoding noncoding"$2" --memory "$3" --json report.json --force -q
    python3 - "$1" "$2" "$3" <<'PYTHON'
import json
import sys

report = json.load(open("report.json"))
input_, suffix, memory = sys.argv[1:]
print(f"{input_}\t{suffix}\t{memory}\t{report['peak_memory_bytes'] / 2**20:.1f}\t{report['reads_per_second']}")
PYTHON
}

printf 'input\toutputs\t--memory\tpeak MiB\treads/s\n'
for memory in 32M 256M 1G; do
    measure 200000.fq .fq "$memory"
    measure 2000000.fq .fq "$memory"
done
gzip -1 -k 200000.fq 2000000.fq
measure 200000.fq.gz .fq.gz 256M
measure 2000000.fq.gz .fq.gz 256M
