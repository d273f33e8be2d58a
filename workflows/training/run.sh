#!/usr/bin/env bash
# Genomes to built-in model, in one command: run.sh GENOMES WORK. Started again, it goes on where it stopped:
# every step keeps its result in WORK, and training its state every three minutes.
set -euo pipefail
genomes=$1 work=$2
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$here"
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
mkdir -p "$work/labels"
groups="archaea organelle bacteria silver_archaea silver"

python -m compact.rna "$genomes" "$work/labels" $groups              # barrnap, ARAGORN
python -m compact.predict "$genomes" "$work/labels" archaea phage bacteria virus  # pyrodigal
[ -s "$work/data.npz" ] || { python -m compact.labels "$genomes" "$work/labels" "$work/new.npz" && mv "$work/new.npz" "$work/data.npz"; }
# Two branches from one start, one with more mammals (it weighs four times as much), one with more bacteria; their mean is the model.
python -m compact.train "$work/data.npz" "$work/mammals" --reads 3600000
python -m compact.train "$work/data.npz" "$work/microbes" --reads 1600000 --mix microbes
[ -s "$work/main/state.pt" ] || python -m compact.soup "$work/data.npz" "$work/main" "$work/mammals=4" "$work/microbes=1"
python -m compact.release "$work/data.npz" "$work/main" "$root/src/model/builtin" "$root/testdata/compact/golden.tsv" \
    readseeker-compact-2 "$(date -I)"
python -m compact.manifest "$genomes" "$work/data.npz" manifest.tsv.gz
python -m compact.evaluate "$work/data.npz" "$work/main" --count 400 > "$work/evaluation.md"
python -m compact.art "$work/data.npz" "$work/main" > "$work/art.md"
python -m compact.long "$work/data.npz" "$work/main" > "$work/long.md"
