#!/usr/bin/env bash
# All speed bars beside their peers, in one table: what, ours, the peer's, the ratio, the bar.
#
#   workflows/benchmark/run.sh READSEEKER FOLDER [--quick] [PARTS...]
#
# READSEEKER is the program to measure, built in release. FOLDER takes everything that is made: the peers (OpenVINO, ONNX
# Runtime and PyTorch from PyPI in a virtual environment of several GB, FragGeneScanRs from crates.io), reads, a log for
# each part (PART.log) and the table (table.tsv). samtools and hyperfine are installed by apt where they are missing.
# PARTS, all of them by default:
#   formats       decoding and encoding alone, beside samtools
#   memory        peak memory of two million reads beside that of 200,000
#   overhead      split beside the bare model; two threads beside one where two cores are free
#   fraggenescan  the built-in model end to end beside FragGeneScanRs
#   compact       the bare built-in network beside OpenVINO
#   bert          BERT in all precisions beside OpenVINO, ONNX Runtime and the original stack
# All of it takes some three hours on a quiet machine. --quick measures too little to mean anything, in minutes: it tries
# the harness itself. BERT=CHECKPOINT names a checkpoint of full size instead of one with random weights.
set -euo pipefail

usage() { sed -n '2,20s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
program=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
shift 2
here=$(cd "$(dirname "$0")" && pwd)
quick=''
parts=()
for word in "$@"; do
    case $word in
        --quick) quick=yes ;;
        formats | memory | overhead | fraggenescan | compact | bert) parts+=("$word") ;;
        *) usage ;;
    esac
done
[ ${#parts[@]} -gt 0 ] || parts=(formats memory overhead fraggenescan compact bert)
table=$folder/table.tsv
printf 'what\tours\tpeer\tratio\tbar\n' >"$table"

# The first words if --quick is asked for, else the others: sizes of what is measured.
sized() { if [ -n "$quick" ]; then echo "$1"; else echo "$2"; fi; }

install_packages() {
    local missing=() tool sudo=''
    for tool in "$@"; do command -v "$tool" >/dev/null || missing+=("$tool"); done
    python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
    command -v column >/dev/null || missing+=(bsdextrautils)
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# The peers of both networks share one environment; each part finds it as its own.
share_environment() {
    local part=$1
    mkdir -p "$folder/$part" "$folder/venv"
    [ -e "$folder/$part/venv" ] || ln -s ../venv "$folder/$part/venv"
    "$here/environment.sh" "$folder" "$here/bert/requirements.txt"
}

formats() {
    install_packages samtools hyperfine
    local count
    count=$(sized 20000 1000000)
    local bam=$folder/reads_$count.bam
    if [ ! -e "$bam" ]; then
        python3 - "$here" "$folder" "$count" <<'PYTHON'
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
from overhead import write_reads

write_reads(Path(sys.argv[2]) / "formats.fq", int(sys.argv[3]), bases=150, packed=False)
PYTHON
        # Each two reads in turn as mates of one name.
        awk -v to="$folder/formats" '
            NR % 4 == 1 { $0 = "@pair" int((NR - 1) / 8) }
            { print > (to (NR % 8 >= 1 && NR % 8 <= 4 ? "_1" : "_2") ".fq") }
        ' "$folder/formats.fq"
        samtools import -1 "$folder/formats_1.fq" -2 "$folder/formats_2.fq" -o "$bam" 2>/dev/null
        rm "$folder"/formats*.fq
    fi
    "$here/formats.sh" "$bam" "$program" "$(sized 1 7)" | tee "$folder/formats.log"
    awk -F '\t' -v OFS='\t' '
        $1 == "FASTQ" { print "formats, BAM to FASTQ: wall s, samtools", $3, $2, $4, "at most 1.2" }
        $1 ~ /^gz_level/ { sub("gz_level_", "level "); print "formats, BAM to gz " $1 ": wall s, samtools", $3, $2, $4, "at most 1.0" }
    ' "$folder/formats.log" >>"$table"
}

memory() {
    "$here/memory.sh" "$program" "$(sized 20000 2000000)" | tee "$folder/memory.log"
    # Each second row is of ten times the first one's reads.
    awk -F '\t' -v OFS='\t' '
        NR == 1 { next }
        NR % 2 == 0 { less = $4; next }
        { print "memory, " $2 ", --memory " $3 ": MiB of ten times the reads", $4, less, sprintf("%.2f", $4 / less), "" }
    ' "$folder/memory.log" >>"$table"
}

overhead() {
    local bert=${BERT:-} options=(--reads "$(sized 10000 200000)" --rounds "$(sized 1 5)" --bert-reads "$(sized 2 32)" --core 0)
    if [ -z "$bert" ]; then
        share_environment bert
        make_checkpoint
        bert=$folder/bert/base
    fi
    "$here/overhead.py" "$program" "${options[@]}" --bert "$bert" --scaling --tsv "$table" | tee "$folder/overhead.log"
}

fraggenescan() {
    [ -x "$folder/fgs/bin/FragGeneScanRs" ] ||
        cargo install --quiet --locked --root "$folder/fgs" --version 1.1.0 frag_gene_scan_rs
    "$here/fraggenescan.py" "$program" "$folder/fgs/bin/FragGeneScanRs" --tsv "$table" \
        --reads "$(sized 5000 100000)" --rounds "$(sized 1 5)" | tee "$folder/fraggenescan.log"
}

compact() {
    share_environment compact
    # shellcheck disable=SC2046  # options are words
    "$here/compact/run.sh" "$program" "$folder/compact" $(sized '--rounds 1 --seconds 1' '') | tee "$folder/compact.log"
    awk -F ' *\\| *' -v OFS='\t' '
        $2 ~ /^openvino f32/ { peer = $3 }
        $2 ~ /^readseeker/ { ours[$2] = $3; ratio[$2] = $7 }
        END { for (name in ours) { split(ratio[name], part, " "); print "bare built-in network, " name ": reads/s, OpenVINO f32", ours[name], peer, part[1], "at least 3" } }
    ' "$folder/compact.log" >>"$table"
}

make_checkpoint() {
    if [ -n "${BERT:-}" ]; then
        rm -rf "$folder/bert/base" "$folder/bert/peers"
        ln -s "$(realpath "$BERT")" "$folder/bert/base"
    elif [ ! -e "$folder/bert/base/config.json" ]; then
        "$folder/venv/bin/python" "$here/../../tests/oracle/make_bert.py" "$folder/bert/base"
    fi
}

bert() {
    share_environment bert
    make_checkpoint
    # shellcheck disable=SC2046  # options are words
    "$here/bert/run.sh" "$program" "$folder/bert" --tsv "$table" \
        $(sized '--threads 1 --rounds 1 --reads 2 --own-reads 4 --stack-reads 2' '') | tee "$folder/bert.log"
}

install_packages
for part in "${parts[@]}"; do
    printf '\n==> %s\n' "$part"
    "$part"
done
printf '\n==> the table\n'
[ -z "$quick" ] || echo "(--quick: too little to mean anything)"
column -t -s $'\t' "$table"
