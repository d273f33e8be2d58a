#!/usr/bin/env bash
# Genomes to built-in model, in one command: run.sh GENOMES WORK. Started again, it goes on where it stopped:
# every step keeps its result in WORK, and training its state every three minutes.
# At the end it replaces src/model/builtin/compact, testdata/compact/golden.tsv and manifest.tsv.gz of this checkout.
set -euo pipefail
genomes=$(realpath "$1")
mkdir -p "$2"
work=$(realpath "$2")
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$here"
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
mkdir -p "$work/labels"
groups="archaea organelle bacteria silver_archaea silver"

python -m compact.rna "$genomes" "$work/labels" $groups              # barrnap, ARAGORN
python -m compact.predict "$genomes" "$work/labels" archaea phage bacteria virus  # pyrodigal
python -m compact.predict "$genomes" "$work/labels" --gaps archaea bacteria silver_archaea silver
python -m compact.homology "$genomes" "$work/labels" phage silver_phage virus archaea silver_archaea bacteria silver fungi protist organelle # DIAMOND
[ -s "$work/data.npz" ] || { python -m compact.labels "$genomes" "$work/labels" "$work/new.npz" && mv "$work/new.npz" "$work/data.npz"; }
data=$work/data.npz

# Three branches from one start: with more mammals (the longest), more bacteria, the feasibility study's shares. Their mean is the model.
branches() { # FOLDER [--every-genus]
    local folder=$work/$1
    python -m compact.train "$data" "$folder/mammals" --reads "${MAMMALS_READS:-3600000}" "${@:2}"
    python -m compact.train "$data" "$folder/microbes" --reads "${MICROBES_READS:-1600000}" --mix microbes "${@:2}"
    python -m compact.train "$data" "$folder/study" --reads "${STUDY_READS:-900000}" --mix study "${@:2}"
    [ -s "$folder/main/state.pt" ] || python -m compact.soup "$data" "$folder/main" "$folder"/{mammals=4,microbes=1,study=1} "${@:2}"
}
branches twin                  # has not seen the held-out sets: every figure and the calibration are its
branches shipped --every-genus # has, all but the sentinels: this is what the program gets
twin=$work/twin/main shipped=$work/shipped/main
[ -s "$twin/calibration.json" ] || python -m compact.calibrate "$data" "$twin"
python -m compact.release "$shipped" "$twin" "$root/src/model/builtin/compact" "$root/testdata/compact/golden.tsv" \
    "${NAME:-readseeker-compact-5}" "$(date -I)" "$genomes"
cp "$twin/calibration.json" "$shipped/calibration.json"
python -m compact.manifest "$genomes" "$data" manifest.tsv.gz
python -m compact.evaluate "$data" "$twin" --count 400 > "$work/evaluation.md"
for run in twin shipped; do
    python -m compact.evaluate "$data" "$work/$run/main" --count 400 --brief --sentinels > "$work/sentinels_$run.md"
done
python -m compact.art "$data" "$twin" > "$work/art.md"
python -m compact.long "$data" "$twin" > "$work/long.md"
