#!/usr/bin/env bash
# The bare compact network on one thread: readseeker's engine beside OpenVINO on the same network, in one table.
#
#   workflows/benchmark/compact/run.sh READSEEKER FOLDER [measure.py's options]
#
# READSEEKER is the program to measure, built in release with the built-in model of this checkout. FOLDER takes everything
# that is made: a virtual environment with the peer and PyTorch, which exports the network (several GB, from PyPI).
set -euo pipefail

program=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
shift 2
here=$(cd "$(dirname "$0")" && pwd)
checkpoint="$here/../../../src/model/builtin/compact"

"$here/../environment.sh" "$folder" "$here/requirements.txt"
python="$folder/venv/bin/python"
"$python" -W ignore "$here/export.py" "$checkpoint" "$folder/peers"
"$python" "$here/measure.py" "$program" "$checkpoint" "$folder/peers" "$@"
