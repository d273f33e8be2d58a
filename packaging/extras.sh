#!/usr/bin/env bash
# Writes the man pages and the shell completions of a readseeker that runs here.
# usage: packaging/extras.sh PROGRAM FOLDER
set -euo pipefail

program=$(realpath "${1:?usage: packaging/extras.sh PROGRAM FOLDER}")
folder=${2:?usage: packaging/extras.sh PROGRAM FOLDER}
mkdir -p "$folder/man/man1" "$folder/completions"

# The subcommands that the help of a command lists.
subcommands() {
    "$program" "$@" --help | awk '/^Commands:/ { inside = 1; next } /^[^ ]/ { inside = 0 } inside && /^  [a-z]/ && $1 != "help" { print $1 }'
}

"$program" man >"$folder/man/man1/readseeker.1"
commands=$(subcommands)
[ -n "$commands" ] || { echo "no commands in the help of $program" >&2 && exit 1; }
for command in $commands; do
    "$program" man "$command" >"$folder/man/man1/readseeker-$command.1"
    for own in $(subcommands "$command"); do
        "$program" man "$command" "$own" >"$folder/man/man1/readseeker-$command-$own.1"
    done
done
"$program" completions bash >"$folder/completions/readseeker.bash"
"$program" completions zsh >"$folder/completions/_readseeker"
"$program" completions fish >"$folder/completions/readseeker.fish"

# A program that prints nothing would otherwise go unnoticed.
for page in "$folder"/man/man1/*; do
    grep -q '^\.TH' "$page" || { echo "not a man page: $page" >&2 && exit 1; }
done
for completions in "$folder"/completions/*; do
    grep -q split "$completions" || { echo "not completions: $completions" >&2 && exit 1; }
done
