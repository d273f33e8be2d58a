#!/usr/bin/env bash
# A GPU in ten minutes: how fast the models are on it, whether it says what the CPU says, and PyTorch beside it. Send back
# FOLDER/report.md.
#
#   workflows/benchmark/gpu/run.sh READSEEKER FOLDER [BERT]
#
# READSEEKER is the program, built in release. FOLDER takes all that is made. BERT is the directory of a checkpoint, such as the
# published one; without it, only our own models are measured. Needs python3. What cannot be measured is named in the report.
#
# Environment: GPU=gpu (the device, as in --device); LIMIT=600 (seconds in all); READS=10000 and BERT_READS=1000 (reads that are
# compared with the CPU, where a BERT is slow); BENCH_SECONDS=5 (a measurement); BATCHES="auto 64 256 1024"; PYTHON=python3 (the one
# that has PyTorch); MODELS="builtin compact".
set -euo pipefail

usage() { sed -n '2,13s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ $# -ge 2 ] && [ $# -le 3 ] || usage
readseeker=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
bert=${3:+$(realpath "$3")}
here=$(cd "$(dirname "$0")" && pwd)
gpu=${GPU:-gpu} limit=${LIMIT:-600} seconds=${BENCH_SECONDS:-5} python=${PYTHON:-python3}
read -ra batches <<<"${BATCHES:-auto 64 256 1024}"
read -ra models <<<"${MODELS:-builtin compact}"
[ -z "$bert" ] || models+=("$bert")
report=$folder/report.md

say() { tee -a "$report"; }

# What the program said last.
last_message() { grep '^readseeker: ' "$folder/log" | tail -1; }

# Runs a command in what is left of the time, but in a quarter of all at most, its messages in FOLDER/log. Names what did not work.
within_limit() {
    local name=$1 left=$((limit - SECONDS)) code=0
    shift
    if [ $left -le 0 ]; then
        echo "skipped: $name: no time left"
        return 1
    fi
    [ $left -le $((limit / 4)) ] || left=$((limit / 4))
    echo "== $name" >>"$folder/log"
    timeout "$left" "$@" 2>>"$folder/log" || code=$?
    [ $code = 0 ] && return
    [ $code = 124 ] && echo "skipped: $name: not done in $left s" || echo "failed: $name: exit code $code, $(last_message)"
    return 1
}

# The CPU, the GPUs and their drivers.
machine() {
    echo "# readseeker on a GPU, $(date -u +%F)"
    printf '\n```text\n'
    "$readseeker" --version
    uname -srm
    grep -m 1 'model name' /proc/cpuinfo || true
    "$readseeker" device
    if command -v nvidia-smi >/dev/null; then nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv || true; fi
    printf '```\n'
}

# Reads of A C G T by a linear congruential generator, the same in every run: of 300 bases and of 150.
reads() {
    awk -v count="$1" 'BEGIN {
        state = 1
        for (read = 0; read < count; read++) {
            bases = ""
            for (base = 0; base < (read % 2 ? 150 : 300); base++) {
                state = (state * 1103515245 + 12345) % 2147483648
                bases = bases substr("ACGT", int(state / 65536) % 4 + 1, 1)
            }
            print ">r" read "\n" bases
        }
    }'
}

# Reads of 300 bases a second, in each precision, by rows in a batch.
speeds() {
    local model batch option
    printf '\n## Speed, reads of 300 bases\n\n```text\nbatch\treads/s\tprecision\tdevice\tbackend\tmodel\tCPU ms per read\n'
    for model in "${models[@]}"; do
        for batch in "${batches[@]}"; do
            option=(--batch-size "$batch")
            if ! "$readseeker" device --help | grep -q -e --batch-size; then
                [ "$batch" = auto ] || { echo "skipped: batches of $batch: this readseeker chooses them itself"; continue; }
                option=()
            fi
            within_limit "speed of $model, batch $batch" "$readseeker" device --bench --device "$gpu" --model "$model" \
                --seconds "$seconds" ${option[@]+"${option[@]}"} | sed -e '/^reads\/s/d' -e "/^skipped\|^failed/!s/^/$batch\t/" || true
        done
    done
    printf '```\n'
}

# Scores of all reads, on the path that is asked for even if it is wrong: score DEVICE PRECISION MODEL TABLE
score() {
    "$readseeker" score "$folder/reads.fa" -o "$4" --force --no-check --device "$1" --precision "$2" --model "$3"
}

# How far the GPU is from the CPU in f32: with fusion and autotune; without fusion; and also without what autotune found before.
parity() {
    local model precision way count
    local -A ways=([as it is]='' [without fusion]='BURN_FUSION_MAX_EXPLORATIONS=0'
        [also without autotune]='BURN_FUSION_MAX_EXPLORATIONS=0 CUBECL_AUTOTUNE_CACHE=0 CUBECL_AUTOTUNE_LEVEL=minimal')
    export -f score
    export readseeker folder
    printf '\n## The GPU beside the CPU in f32\n\n| model | precision | GPU | reads | largest dp | mean dp | changed labels |\n|---|---|---|---|---|---|---|\n'
    for model in "${models[@]}"; do
        count=${READS:-10000}
        [ "$model" != "$bert" ] || count=${BERT_READS:-1000}
        reads "$count" >"$folder/reads.fa"
        within_limit "scores of $model on the CPU" bash -c 'score "$@"' _ cpu f32 "$model" "$folder/cpu.tsv" || continue
        for precision in f32 f16; do
            for way in 'as it is' 'without fusion' 'also without autotune'; do
                [ "$precision" = f32 ] || [ "$way" = 'as it is' ] || continue # speeds need their time, too
                # shellcheck disable=SC2086 # several variables
                within_limit "scores of $model in $precision, $way" env ${ways[$way]} bash -c 'score "$@"' _ "$gpu" "$precision" "$model" \
                    "$folder/gpu.tsv" || continue
                "$python" "$here/parity.py" "$folder/cpu.tsv" "$folder/gpu.tsv" "$(basename "$model") | $precision | $way"
            done
        done
    done
}

# A BERT of the same shape in PyTorch, f16, with its fused attention.
peer() {
    printf '\n## PyTorch, f16\n\n'
    if [ -z "$bert" ]; then
        echo "skipped: PyTorch: no BERT was given"
        return
    fi
    within_limit "PyTorch" "$python" "$here/peer.py" "$bert" --seconds "$seconds" || true
}

: >"$report"
: >"$folder/log"
machine | say
# A GPU that is not there is told of at once, and not once for each measurement.
code=0
reads 2 >"$folder/reads.fa"
timeout "$limit" "$readseeker" score "$folder/reads.fa" -o /dev/null --force --device "$gpu" --model "${models[0]}" --batch-size 8 --no-check \
    >/dev/null 2>>"$folder/log" || code=$?
if [ $code = 5 ]; then
    echo "There is no $gpu to measure: $(last_message)" | say
    exit 1
fi
peer | say
parity | say
speeds | say
echo "report: $report; messages: $folder/log ($SECONDS s)"
