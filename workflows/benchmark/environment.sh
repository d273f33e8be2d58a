#!/usr/bin/env bash
# The peers' Python environment, made once: environment.sh FOLDER REQUIREMENTS leaves it in FOLDER/venv.
set -euo pipefail
[ ! -e "$1/venv/done" ] || exit 0
python3 -m venv "$1/venv"
"$1/venv/bin/pip" install --quiet -r "$2"
touch "$1/venv/done"
