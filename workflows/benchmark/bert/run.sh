#!/usr/bin/env bash
# BERT on the CPU: readseeker beside OpenVINO, ONNX Runtime and the original stack, on the same reads, in one table.
#
#   workflows/benchmark/bert/run.sh READSEEKER FOLDER [OPTIONS OF measure.py]
#
# READSEEKER is the program to measure, built in release. FOLDER takes everything that is made: a virtual environment with
# the peers (several GB, from PyPI), a checkpoint of full size with random weights unless FOLDER/base is there, and its
# exports. With all options as they are it takes an hour or two; `--threads 1 --rounds 1 --reads 4 --own-reads 16
# --stack-reads 6` is a quick look.
set -euo pipefail

program=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
shift 2
here=$(cd "$(dirname "$0")" && pwd)

"$here/../environment.sh" "$folder" "$here/requirements.txt"
python="$folder/venv/bin/python"
if [ ! -e "$folder/base/config.json" ]; then
    "$python" "$here/../../../tests/oracle/make_bert.py" "$folder/base"
fi
"$python" "$here/export.py" "$folder/base" "$folder/peers"
"$python" "$here/measure.py" "$program" "$folder/base" "$folder/peers" "$@"
