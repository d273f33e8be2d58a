#!/usr/bin/env bash
# The other oracles of this folder on real and example reads as bwa, bowtie2 and minimap2 map them: nanopore reads of the
# Debian package qcat-examples to the E. coli genome of bowtie-examples, and the paired, long and unaligned reads of
# bowtie2-examples to its phage.
# usage: tests/oracle/real_reads_vs_samtools.sh READSEEKER
# Needs bwa, bowtie2, minimap2, samtools and the Debian packages above; not part of CI, since it takes minutes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
readseeker=$(realpath "${1:?usage: real_reads_vs_samtools.sh READSEEKER}")
docs=/usr/share/doc
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

gzip -dc "$docs/bowtie/examples/genomes/NC_008253.fna.gz" >ecoli.fa
gzip -dc "$docs/bowtie2/examples/reference/lambda_virus.fa.gz" >lambda.fa
nanopore=$docs/qcat/examples/qcat/test/data/nobarcode_1k.fastq.gz
pair=("$docs/bowtie2/examples/reads/reads_1.fq.gz" "$docs/bowtie2/examples/reads/reads_2.fq.gz")
# Its reads have the names of the pairs, which are other reads: told apart.
gzip -dc "$docs/bowtie2/examples/reads/longreads.fq.gz" | sed '1~4s/^@/@long_/' >long.fq

{
    bwa index ecoli.fa && bwa index lambda.fa && bowtie2-build -q lambda.fa lambda
    minimap2 -ax map-ont --MD ecoli.fa "$nanopore" | samtools view -b -o minimap2_nanopore.bam -
    bwa mem -x ont2d ecoli.fa "$nanopore" | samtools view -b -o bwa_nanopore.bam -
    bwa mem -a lambda.fa "${pair[@]}" | samtools view -b -o bwa_pairs.bam -
    bowtie2 -x lambda -1 "${pair[0]}" -2 "${pair[1]}" -U long.fq -k 2 | samtools view -b -o bowtie2_mixed.bam -
    minimap2 -ax sr -N 5 lambda.fa "${pair[@]}" | samtools view -b -o minimap2_pairs.bam -
} 2>log || { tail "log"; exit 1; }

for bam in *.bam; do
    "$here/bam_vs_samtools.sh" "$bam" "$readseeker"
    "$here/split_vs_samtools.sh" "$bam" "$readseeker"
    samtools sort -o "sorted_$bam" "$bam"
    "$here/bam_vs_samtools.sh" "sorted_$bam" "$readseeker" --collate
    "$here/collate_vs_samtools.sh" "sorted_$bam" "$readseeker"
done
