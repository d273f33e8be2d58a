#!/usr/bin/env bash
# Downloads a file and checks its MD5: the one given, else the one that its archive publishes.
# usage: download.sh URL OUT ena:ACCESSION|refseq [MD5]
# A download that was cut off goes on where it ended.
set -euo pipefail

url=$1 out=$2 archive=$3 md5=${4:-}
file=$(basename "$url")
curl() { command curl --fail --silent --show-error --location --retry 5 "$@"; }

# ENA's answer has two lines: a header, then the places and the sums of the run's files, apart by semicolons.
sum_by_ena() {
    curl "https://www.ebi.ac.uk/ena/portal/api/filereport?accession=$1&result=read_run&fields=fastq_ftp,fastq_md5&format=tsv" |
        awk -F '\t' -v file="$file" '
            NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i }
            NR == 2 {
                count = split($column["fastq_ftp"], place, ";")
                split($column["fastq_md5"], sum, ";")
                for (i = 1; i <= count; i++) if (place[i] ~ "/" file "$") print sum[i]
            }'
}

# RefSeq has a list of sums in each genome's folder.
sum_by_refseq() {
    curl "$(dirname "$url")/md5checksums.txt" | awk -v file="./$file" '$2 == file { print $1 }'
}

if [ -z "$md5" ]; then
    case $archive in
    ena:*) md5=$(sum_by_ena "${archive#ena:}") ;;
    refseq) md5=$(sum_by_refseq) ;;
    *) echo "not a known archive: $archive; expected ena:ACCESSION or refseq" >&2 && exit 2 ;;
    esac
fi
[ -n "$md5" ] || { echo "no MD5 for $file: the archive does not list it" >&2; exit 1; }
curl --continue-at - --output "$out.part" "$url"
if ! echo "$md5  $out.part" | md5sum --check --status; then
    rm "$out.part"
    echo "$url: the MD5 is not $md5: the download is damaged or the file has changed" >&2
    exit 1
fi
mv "$out.part" "$out"
