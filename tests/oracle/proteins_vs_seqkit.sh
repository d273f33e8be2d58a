#!/usr/bin/env bash
# Checks `--proteins` against `seqkit translate`, stops kept: with the compact model, which judges reads as a whole, they are the
# coding reads translated in their frame; with the built-in one, the coding stretches (`--cds`).
#
# usage: tests/oracle/proteins_vs_seqkit.sh FASTQ READSEEKER [GENETIC_CODE]      (unpaired reads; needs seqkit)
set -euo pipefail
reads=$1
readseeker=$2
code=${3:-11}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$readseeker" split "$reads" --model compact --device cpu --coding "$work/coding.fa" --noncoding /dev/null \
    --scores "$work/scores.tsv" --proteins "$work/ours.faa" --genetic-code "$code" --stop keep --min-protein 1 -q

for frame in 1 2 3 -1 -2 -3; do
    awk -F '\t' -v frame="$frame" '$6 == "coding" && $7 == frame { print $1 }' "$work/scores.tsv" >"$work/names"
    seqkit grep --quiet -f "$work/names" "$work/coding.fa" |
        seqkit translate --quiet -w 0 -T "$code" -f "$frame" |
        seqkit replace --quiet -p '(_frame=\S+)?(\s.*)?$' -r "_frame=$frame" -w 0 |
        # Ours have no unknown amino acids at their ends.
        seqkit replace --quiet -s -p '^X+|X+$' -r '' -w 0
done | seqkit sort --quiet -n -w 0 >"$work/theirs.faa"
# Between name and frame, ours have the bases, `_2-298`, and behind them the gene.
seqkit replace --quiet -p '_\d+-\d+(_frame=\S+) gene=\S+$' -r '$1' -w 0 "$work/ours.faa" | seqkit sort --quiet -n -w 0 >"$work/ours_sorted.faa"

cmp "$work/ours_sorted.faa" "$work/theirs.faa"
echo "$(grep -c '>' "$work/ours.faa") proteins equal seqkit's (genetic code $code)"

"$readseeker" split "$reads" --device cpu --coding "$work/coding.fa" --noncoding /dev/null --force \
    --cds "$work/cds.fna" --proteins "$work/ours.faa" --genetic-code "$code" --stop keep --min-protein 1 -q
seqkit translate --quiet -w 0 -T "$code" "$work/cds.fna" | cmp - "$work/ours.faa"
echo "$(grep -c '>' "$work/ours.faa") stretches equal seqkit's (genetic code $code)"
