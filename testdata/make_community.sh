#!/usr/bin/env bash
# Makes community.bam, community.gff3, community_R1.fq.gz, community_R2.fq.gz and truth.tsv anew, the same bytes each time.
# usage: testdata/make_community.sh GENOMES [OUT]
#   GENOMES  folder of GROUP.fa.gz and GROUP.cds.tsv.gz (see README.md)
#   OUT      where to write (default: this folder)
# needs: art_illumina 2.5.8, bwa 0.7.17, samtools 1.16, python3
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
genomes=${1:?usage: make_community.sh GENOMES [OUT]}
out=${2:-$here}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Reads: ART, HiSeq 2500 profile, 150 bases, fragments 350 +- 50; one seed a piece.
python3 "$here/community.py" cut --table "$here/community.tsv" --genomes "$genomes" --out "$work" >"$work/pairs"
seed=1
while read -r id pairs; do
    art_illumina -ss HS25 -p -l 150 -m 350 -s 50 -c "$pairs" -rs $seed -na -sam -d "$id." \
        -i "$work/$id.fa" -o "$work/$id" >/dev/null
    seed=$((seed + 1))
done <"$work/pairs"
# ART names a read SEQUENCE-ID.NUMBER/MATE; ID.NUMBER says enough.
for mate in 1 2; do
    while read -r id pairs; do
        sed -E "s:^@$id-($id\.[0-9]+)/$mate\$:@\1:" "$work/$id$mate.fq"
    done <"$work/pairs" >"$work/R$mate.fq"
done

python3 "$here/community.py" genes --table "$here/community.tsv" --genomes "$genomes" --out "$out/community.gff3"

# Mapped, then grouped by name. @PG lines would name files of the machine this ran on.
bwa index "$work/reference.fa" 2>/dev/null
bwa mem -t 1 -R '@RG\tID:community\tSM:community\tPL:ILLUMINA' "$work/reference.fa" "$work/R1.fq" "$work/R2.fq" 2>/dev/null |
    samtools collate --no-PG -O -u - "$work/collate" |
    samtools reheader --no-PG -c 'grep -v ^@PG' - |
    samtools view --no-PG -b --output-fmt-option level=9 -o "$out/community.bam" -

# The same reads as FASTQ in the same order; taken from ART's files, so that the BAM can be checked against them.
samtools view "$out/community.bam" | cut -f1 | uniq >"$work/names"
samtools fastq -n -1 "$work/bam_R1.fq" -2 "$work/bam_R2.fq" -0 /dev/null -s /dev/null "$out/community.bam" 2>/dev/null
for mate in 1 2; do
    awk -F'\t' 'NR == FNR { read[$1] = $0; next } { print read["@" $1] }' \
        <(paste - - - - <"$work/R$mate.fq") "$work/names" | tr '\t' '\n' >"$work/ordered_R$mate.fq"
    cmp "$work/ordered_R$mate.fq" "$work/bam_R$mate.fq"
    gzip -9n <"$work/ordered_R$mate.fq" >"$out/community_R$mate.fq.gz"
done
python3 "$here/community.py" truth --table "$here/community.tsv" --genomes "$genomes" --work "$work" \
    --names "$work/names" --out "$out/truth.tsv"
ls -l "$out"/community* "$out/truth.tsv"
