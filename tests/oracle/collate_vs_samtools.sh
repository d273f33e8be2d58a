#!/usr/bin/env bash
# Checks `readseeker split --collate` of a file in any order against samtools: all classes' reads are those of
# `samtools collate | samtools fastq`, as a set; two files a class are in step; and neither --memory nor --threads changes
# a byte.
# usage: tests/oracle/collate_vs_samtools.sh INPUT READSEEKER [FLAGS OF SPLIT...]
set -euo pipefail

input=${1:?usage: collate_vs_samtools.sh INPUT READSEEKER [FLAGS...]}
readseeker=${2:?usage: collate_vs_samtools.sh INPUT READSEEKER [FLAGS...]}
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

collated() {
    mkdir "$work/$1"
    "$readseeker" split "$input" --collate -q --coding "$work/$1/c#.fq" --noncoding "$work/$1/n#.fq" \
        --unpaired "$work/$1/u_%.fq" "${@:2}"
}
collated default "$@"
collated little --memory 1M "$@"
collated one -t 1 "$@"
for run in little one; do diff -rq "$work/default" "$work/$run"; done

for class in c n; do
    cmp <(paste - - - - <"$work/default/${class}1.fq" | cut -f1) <(paste - - - - <"$work/default/${class}2.fq" | cut -f1)
done
samtools collate -u -O "$input" "$work/collate" 2>/dev/null | samtools fastq -n - 2>/dev/null | paste - - - - | sort >"$work/expected"
cat "$work"/default/*.fq | paste - - - - | sort >"$work/made"
cmp "$work/expected" "$work/made"
echo "$(wc -l <"$work/made") reads as samtools collate and samtools fastq give them, the same bytes whatever the memory"
