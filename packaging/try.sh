#!/usr/bin/env bash
# Runs a packaged readseeker on the example: all reads are there again, and it is the version of Cargo.toml.
# usage: packaging/try.sh PROGRAM
set -euo pipefail

program=$(realpath "${1:?usage: packaging/try.sh PROGRAM}")
cd "$(dirname "$0")/.."
[ "$("$program" --version)" = "readseeker $(cargo pkgid | sed 's/.*[#@]//')" ]
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$program" split testdata/community.bam --coding "$folder/coding.fq" --noncoding "$folder/noncoding.fq" --quiet
[ "$(cat "$folder"/*.fq | wc -l)" = 16000 ] # 4,000 reads
echo "$program works"
