#!/usr/bin/env bash
# Checks that the outputs of `readseeker split --shard I/N` for I = 1 to N, joined with cat and `samtools cat`, are those of a
# single run: FASTQ plain and compressed, pairs in two files, BAM.
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

split whole
folders=()
for ((i = 1; i <= shards; i++)); do
    split "part$i" --shard "$i/$shards"
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
echo "$shards shards of $(basename "$bam") and $(basename "$first"), joined, are what a single run writes"
