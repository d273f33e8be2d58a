#!/usr/bin/env bash
# Checks that the outputs of `readseeker split --shard I/N` for I = 1 to N, joined with cat and `samtools cat`, are those of a
# single run: FASTQ plain and compressed, pairs in two files, BAM; then the same with an index.
# usage: tests/oracle/shards_vs_whole.sh BAM R1 R2 READSEEKER [N]
set -euo pipefail

bam=${1:?usage: shards_vs_whole.sh BAM R1 R2 READSEEKER [N]}
first=${2:?usage: shards_vs_whole.sh BAM R1 R2 READSEEKER [N]}
second=${3:?usage: shards_vs_whole.sh BAM R1 R2 READSEEKER [N]}
readseeker=${4:?usage: shards_vs_whole.sh BAM R1 R2 READSEEKER [N]}
shards=${5:-3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# split FOLDER FLAGS...: all kinds of outputs
split() {
    mkdir "$work/$1"
    "$readseeker" split "$bam" --coding "$work/$1/coding.bam" --noncoding "$work/$1/noncoding.bam" -q "${@:2}"
    "$readseeker" split "$bam" --coding "$work/$1/coding.fq.zst" --noncoding "$work/$1/noncoding.fq.gz" -q "${@:2}"
    "$readseeker" split "$first" "$second" --coding "$work/$1/coding_#.fq.gz" --noncoding "$work/$1/noncoding_#.fa" -q "${@:2}"
}

# compare FLAGS...: all shards, which have these flags, with the single run
compare() {
    folders=()
    for ((i = 1; i <= shards; i++)); do
        split "part$i" --shard "$i/$shards" "$@"
        folders+=("$work/part$i")
    done
    for class in coding noncoding; do
        samtools cat -o "$work/$class.bam" "${folders[@]/%//$class.bam}"
        diff <(samtools view "$work/whole/$class.bam") <(samtools view "$work/$class.bam")
    done
    for file in coding.fq.zst noncoding.fq.gz {coding_1,coding_2}.fq.gz {noncoding_1,noncoding_2}.fa; do
        case $file in
        *.zst) read=(zstd -dcq) ;;
        *.gz) read=(gzip -dc) ;;
        *) read=(cat) ;;
        esac
        cmp <("${read[@]}" "$work/whole/$file") <(cat "${folders[@]/%//$file}" | "${read[@]}")
    done
    rm -r "${folders[@]}" "$work"/{coding,noncoding}.bam
}

split whole
compare

# An index is of one input, and needs files that can be entered in the middle.
for file in 1 2; do gzip -dc "$([ $file = 1 ] && echo "$first" || echo "$second")" >"$work/R$file.fq"; done
"$readseeker" index "$bam" -o "$work/bam.idx"
"$readseeker" index "$work/R1.fq" "$work/R2.fq" -o "$work/pairs.idx"
split() {
    mkdir "$work/$1"
    "$readseeker" split "$bam" --index "$work/bam.idx" --coding "$work/$1/coding.bam" --noncoding "$work/$1/noncoding.bam" -q "${@:2}"
    "$readseeker" split "$bam" --index "$work/bam.idx" --coding "$work/$1/coding.fq.zst" --noncoding "$work/$1/noncoding.fq.gz" -q "${@:2}"
    "$readseeker" split "$work/R1.fq" "$work/R2.fq" --index "$work/pairs.idx" --coding "$work/$1/coding_#.fq.gz" \
        --noncoding "$work/$1/noncoding_#.fa" -q "${@:2}"
}
compare
echo "$shards shards of $(basename "$bam") and $(basename "$first"), joined, are what a single run writes, with and without an index"
