#!/usr/bin/env bash
# Writes the man pages and the shell completions of a readseeker that runs here.
# usage: packaging/extras.sh PROGRAM FOLDER
set -euo pipefail

program=$(realpath "${1:?usage: packaging/extras.sh PROGRAM FOLDER}")
folder=${2:?usage: packaging/extras.sh PROGRAM FOLDER}
mkdir -p "$folder/man" "$folder/completions"

"$program" man >"$folder/man/readseeker.1"
commands=$("$program" --help | awk '/^Commands:/ { inside = 1; next } /^[^ ]/ { inside = 0 } inside && /^  [a-z]/ && $1 != "help" { print $1 }')
[ -n "$commands" ] || { echo "no commands in the help of $program" >&2 && exit 1; }
for command in $commands; do
    "$program" man "$command" >"$folder/man/readseeker-$command.1"
done
"$program" completions bash >"$folder/completions/readseeker.bash"
"$program" completions zsh >"$folder/completions/_readseeker"
"$program" completions fish >"$folder/completions/readseeker.fish"

# A program that prints nothing would otherwise go unnoticed.
for page in "$folder"/man/*; do
    grep -q '^\.TH' "$page" || { echo "not a man page: $page" >&2 && exit 1; }
done
for completions in "$folder"/completions/*; do
    grep -q split "$completions" || { echo "not completions: $completions" >&2 && exit 1; }
done
