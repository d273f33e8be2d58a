#!/usr/bin/env bash
# Makes the BAM files of this folder: what bwa, bowtie2 and minimap2 make of simulated reads that align in odd ways.
# usage: testdata/aligners/make.sh GENOMES [OUT]
#   GENOMES  folder with virus.fa.gz, which holds poliovirus (NC_002058.3)
#   OUT      where to write (default: this folder)
# needs: art_illumina 2.5.8, bwa 0.7.17, bowtie2 2.5.0, minimap2 2.24, samtools 1.16, python3
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
genomes=${1:?usage: make.sh GENOMES [OUT]}
out=${2:-$here}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The sequenced genome is the reference with a piece inverted, one moved and one deleted: reads over the breaks are split.
# The reference holds a piece twice: reads from it have secondary alignments.
python3 "$here/genomes.py" "$genomes/virus.fa.gz" "$work"
art_illumina -ss HS25 -p -l 125 -m 300 -s 40 -c 120 -rs 1 -na -i "$work/sequenced.fa" -o "$work/R" >/dev/null
art_illumina -ss HS25 -l 100 -c 40 -rs 2 -na -i "$work/sequenced.fa" -o "$work/S" >/dev/null
for reads in R1 R2 S; do
    sed -E 's:^@sequenced-:@'"${reads:0:1}"':; s:/[12]$::' "$work/$reads.fq" >"$work/$reads.named.fq"
done

# @PG lines would name files of the machine this ran on.
store() { samtools view --no-PG -h - | sed -E 's:\tCL\:[^\t]*::' | samtools view --no-PG -b --output-fmt-option level=9 -o "$out/$1.bam" -; }
sorted() { samtools sort --no-PG -O bam --output-fmt-option level=9 -o "$out/$1.sorted.bam" "$out/$1.bam"; }

bwa index "$work/reference.fa" 2>/dev/null
bwa mem -t 1 -a -R '@RG\tID:r\tSM:polio' "$work/reference.fa" "$work/R1.named.fq" "$work/R2.named.fq" 2>/dev/null | store bwa
sorted bwa

# Pairs and single reads in one file.
bowtie2-build -q "$work/reference.fa" "$work/index"
bowtie2 -p 1 --local -k 3 --seed 1 -x "$work/index" -1 "$work/R1.named.fq" -2 "$work/R2.named.fq" -U "$work/S.named.fq" 2>/dev/null | store bowtie2
sorted bowtie2

# Long reads with modified bases in their tags, which minimap2 passes on.
minimap2 -t 1 -a -x map-ont -y --secondary=yes -N 3 "$work/reference.fa" "$work/long.fq" 2>/dev/null | store minimap2
sorted minimap2
ls -l "$out"/*.bam
