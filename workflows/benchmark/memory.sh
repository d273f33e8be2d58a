#!/usr/bin/env bash
# Does memory grow with the input? Peak resident memory of `split` with the built-in model on READS and on a tenth of them,
# reads of 150 bases, plain and gzipped, and under a small and a large --memory.
#
# usage: workflows/benchmark/memory.sh [READSEEKER] [READS]      (the binary; default target/release/readseeker and 2000000)
set -euo pipefail
readseeker=$(realpath "${1:-target/release/readseeker}")
reads=${2:-2000000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 - "$reads" <<'PYTHON'
import random
import sys

reads = int(sys.argv[1])
random.seed(7)
quality = "I" * 150
with open("large.fq", "w") as large, open("small.fq", "w") as small:
    for n in range(reads):
        bases = "".join(random.choices("ACGT", k=150))
        record = f"@read{n}\n{bases}\n+\n{quality}\n"
        large.write(record)
        if n < reads // 10:
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
    measure small.fq .fq "$memory"
    measure large.fq .fq "$memory"
done
gzip -1 -k small.fq large.fq
measure small.fq.gz .fq.gz 256M
measure large.fq.gz .fq.gz 256M
