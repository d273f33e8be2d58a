#!/usr/bin/env bash
# Makes the Python environment of the peers, once, in FOLDER/venv: environment.sh FOLDER REQUIREMENTS
set -euo pipefail
[ ! -e "$1/venv/done" ] || exit 0
python3 -m venv "$1/venv"
"$1/venv/bin/pip" install --quiet -r "$2"
touch "$1/venv/done"
