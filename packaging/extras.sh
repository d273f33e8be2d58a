#!/usr/bin/env bash
# Writes the man page and the shell completions of a readseeker that runs here.
# usage: packaging/extras.sh PROGRAM FOLDER
set -euo pipefail

program=$(realpath "${1:?usage: packaging/extras.sh PROGRAM FOLDER}")
folder=${2:?usage: packaging/extras.sh PROGRAM FOLDER}
mkdir -p "$folder/man" "$folder/completions"

"$program" man >"$folder/man/readseeker.1"
"$program" completions bash >"$folder/completions/readseeker.bash"
"$program" completions zsh >"$folder/completions/_readseeker"
"$program" completions fish >"$folder/completions/readseeker.fish"

# A program that prints nothing would otherwise go unnoticed.
grep -q '^\.TH' "$folder/man/readseeker.1" || { echo "not a man page: $folder/man/readseeker.1" >&2 && exit 1; }
for completions in "$folder"/completions/*; do
    grep -q split "$completions" || { echo "not completions: $completions" >&2 && exit 1; }
done
