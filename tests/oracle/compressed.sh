#!/usr/bin/env bash
# Checks what readseeker compresses with the tools of each format: they must accept the files, and find the same reads in
# them; and readseeker must find the same reads in what those tools write.
# usage: tests/oracle/compressed.sh FASTQ READSEEKER      (needs gzip, zstd, bzip2, xz)
set -euo pipefail

fastq=${1:?usage: compressed.sh FASTQ READSEEKER}
readseeker=${2:?usage: compressed.sh FASTQ READSEEKER}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

split() { "$readseeker" split "$1" --no-model --coding /dev/null --noncoding "$2" -q "${@:3}"; }

split "$fastq" "$work/plain.fq"
for tool in gzip:gz zstd:zst bzip2:bz2 xz:xz; do
    command=${tool%:*} suffix=${tool#*:}
    for threads in 1 3; do
        split "$fastq" "$work/ours.fq.$suffix" --threads "$threads" --force
        "$command" -tq "$work/ours.fq.$suffix"
        "$command" -dc "$work/ours.fq.$suffix" | cmp - "$work/plain.fq"
    done
    { head -n 400 "$work/plain.fq" | "$command" -c; tail -n +401 "$work/plain.fq" | "$command" -c; } >"$work/theirs"
    split "$work/theirs" "$work/back.fq" --force
    cmp "$work/back.fq" "$work/plain.fq"
done
echo "gzip, zstd, bzip2 and xz agree on $(($(wc -l <"$work/plain.fq") / 4)) reads, both ways"
