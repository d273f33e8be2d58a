#!/usr/bin/env bash
# Checks that the two outputs of `readseeker split`, merged in input order, are `samtools fastq` of the input, record for
# record: nothing lost, added, changed or out of order.
# usage: tests/oracle/split_vs_samtools.sh BAM READSEEKER [FLAGS OF SPLIT...]
set -euo pipefail

bam=${1:?usage: split_vs_samtools.sh BAM READSEEKER [FLAGS...]}
readseeker=${2:?usage: split_vs_samtools.sh BAM READSEEKER [FLAGS...]}
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$readseeker" split "$bam" --coding "$work/coding.fq" --noncoding "$work/noncoding.fq" -q "$@"
samtools fastq "$bam" >"$work/expected.fq" 2>"$work/samtools.log" || { cat "$work/samtools.log" >&2; exit 1; }
for reads in expected coding noncoding; do
    paste - - - - <"$work/$reads.fq" >"$work/$reads"
done

# Each expected record must be the next one of either output; in the end both must be used up.
awk -v coding="$work/coding" -v noncoding="$work/noncoding" '
    function take(path,    line) { return (getline line < path) > 0 ? line : "" }
    BEGIN { c = take(coding); n = take(noncoding) }
    $0 == c { c = take(coding); in_coding++; next }
    $0 == n { n = take(noncoding); in_noncoding++; next }
    { print "record " NR " of samtools fastq is next in neither output:\n" $0 "\ncoding:     " c "\nnoncoding:  " n; bad = 1; exit }
    END {
        if (!bad && (c != "" || n != "")) { print "more records than samtools fastq gives, from:\n" c n; bad = 1 }
        if (bad) exit 1
        print NR " records as samtools fastq: " in_coding + 0 " coding, " in_noncoding + 0 " non-coding"
    }' "$work/expected"
