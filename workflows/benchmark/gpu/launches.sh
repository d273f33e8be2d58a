#!/usr/bin/env bash
# Counts the kernel launches of a batch, by kernel. That needs no real GPU: a software adapter gets the same launches (except
# for the kernels that autotune chooses).
#
#     launches.sh READSEEKER MODEL [LENGTH [OPTIONS...]]      e.g. launches.sh target/release/readseeker builtin 150
#
# MODEL is `builtin` or a checkpoint directory. LENGTH is the number of bases of each read (default 300). A range such as
# 130-150 makes a batch of mixed lengths, if all of them are padded alike (a compact model pads to 24 bases, a BERT to 32).
# OPTIONS go to `readseeker score`. The adapter is GPU, gpu:0 if not set.
#
# cubecl, which launches burn's kernels, logs each launch if a cubecl.toml asks for it. The launches of a run of one batch are
# subtracted from those of a run of two. An earlier run fills autotune's cache and is not counted.
set -euo pipefail

readseeker=$(realpath "$1")
model=$2
length=${3:-300}
shift $(($# < 3 ? $# : 3))
[ "$model" = builtin ] || model=$(realpath "$model")
rows=8

work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cd "$work"
cat >cubecl.toml <<TOML
[profiling.logger]
level = "minimal"
file = "launches.log"
append = true
TOML

# Reads of A C G T by a linear congruential generator, the same in every run.
reads() {
    awk -v count="$1" -v from="${length%-*}" -v to="${length#*-}" 'BEGIN {
        state = 1
        for (read = 0; read < count; read++) {
            bases = ""
            # A batch holds the same lengths in every run.
            end = from + (read % '"$rows"') * (to - from) / ('"$rows"' - 1)
            for (base = 0; base < int(end); base++) {
                state = (state * 1103515245 + 12345) % 2147483648
                bases = bases substr("ACGT", int(state / 65536) % 4 + 1, 1)
            }
            print ">r" read "\n" bases
        }
    }'
}

run() { # launches of a run on $1 batches, as `count kernel`
    local batches=$1
    shift
    reads $((rows * batches)) >reads.fa
    rm -f launches.log
    CUBECL_AUTOTUNE_LEVEL=minimal "$readseeker" score reads.fa -o /dev/null --force -q --min-length 8 --model "$model" \
        --device "${GPU:-gpu:0}" --batch-size $rows "$@"
    sed -n 's/^.*Executing //p' launches.log >"of_$batches"
}

run 1 "$@"
run 2 "$@"
run 1 "$@"
run 2 "$@"
{ sed 's/^/2 /' of_2; sed 's/^/1 /' of_1; } | awk '
    { batches = $1; $1 = ""; sub(/^ /, ""); count[$0] += batches == 2 ? 1 : -1; all += batches == 2 ? 1 : -1 }
    END { for (kernel in count) if (count[kernel]) print count[kernel] "\t" kernel; print all "\tin all" }' | sort -rn
