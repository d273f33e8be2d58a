#!/usr/bin/env bash
# Whether a program's machine code has the tile instructions that src/model/cpu/tiles/amx.rs asks for, as many as it asks for,
# and from a disassembler that knows nothing of it: no CPU without AMX can run them, so a slip of the assembler would not show.
#
#   tests/amx.sh PROGRAM
#
# For Linux on x86-64. Needs objdump. A block has four tiles of sums to begin with and four to store; a step multiplies two by two tiles, of
# bytes and of bf16 once, of parts of f32 four times.
set -euo pipefail

program=${1:?usage: tests/amx.sh PROGRAM}
# instruction, how many in one copy of each of the three kinds of block
expected='ldtilecfg 3
tdpbf16ps 20
tdpbusd 4
tileloadd 32
tilestored 12'
found=$(objdump -d --no-show-raw-insn "$program" |
    awk '$2 ~ /^(ldtilecfg|tileloadd|tdpbf16ps|tdpbusd|tilestored)$/ { n[$2]++ } END { for (name in n) print name, n[name] }' | sort)
# The compiler may have made several copies of the function around them.
copies=$(awk '$1 == "tdpbusd" { print $2 / 4 }' <<<"$found")
if ! [[ $copies =~ ^[1-9][0-9]*$ ]] || [ "$found" != "$(awk -v copies="$copies" '{ print $1, $2 * copies }' <<<"$expected")" ]; then
    printf 'tile instructions in %s:\n%s\nexpected, or a multiple of each:\n%s\n' "$program" "$found" "$expected" >&2
    exit 1
fi
echo "tile instructions: $(tr '\n' ',' <<<"$found" | sed 's/,$//; s/,/, /g')"
