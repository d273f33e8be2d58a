"""What lower precision does to probabilities, on reads whose probabilities spread from 0 to 1.

    python spread.py PROGRAM CHECKPOINT FOLDER READS.fq.gz [--reads 1000 --fit-reads 200 --attention masked --paths avx512 avx2]

A checkpoint with random weights gives every read a probability near 0.5. So its classifier is stretched: the logit
differences of the first reads, computed by the program in f32, are shifted to a mean of 0 and scaled to a standard
deviation of 2.5, which puts probabilities between 0.01 and 0.99. A trained network separates reads by what is large
in its last layer, a random one by what is small. The stretch makes errors larger by the same factor, which is printed. So
the figures are a bad case.
"""

import argparse
import math
import os
import shutil
import statistics
import subprocess
from pathlib import Path

import torch

DEVIATION = 2.5
THRESHOLD = 0.5


def probabilities(args, checkpoint, precision, reads, path=""):
    command = [args.program, "score", args.sequences, "-o", "-", "--device", "cpu", "--max-reads", str(reads)]
    command += ["--model", checkpoint, "--precision", precision, "--attention", args.attention]
    env = os.environ | ({"READSEEKER_CPU": path} if path else {})
    run = subprocess.run(command, check=True, capture_output=True, text=True, env=env)
    if path and "has no effect" in run.stderr:
        raise SystemExit(f"this CPU has no {path} in {precision}")
    table = run.stdout.splitlines()
    column = table[0].split("\t").index("probability")
    scores = (line.split("\t")[column] for line in table[1:])
    return [float(score) for score in scores if score not in (".", "NA")]


def logit(probability):
    return math.log(probability / (1 - probability))


def stretch(args, factor, mean):
    """The checkpoint with its classifier's logit difference d as factor * (d - mean)."""
    folder = args.folder / "stretched"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "vocab.txt"):
        shutil.copy(args.checkpoint / name, folder / name)
    weights = torch.load(args.checkpoint / "pytorch_model.bin", map_location="cpu", weights_only=True)
    weights["classifier.weight"] *= factor
    weights["classifier.bias"] *= factor
    weights["classifier.bias"][1] -= factor * mean
    torch.save(weights, folder / "pytorch_model.bin")
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("sequences", type=Path)
    parser.add_argument("--reads", type=int, default=1000)
    parser.add_argument("--fit-reads", type=int, default=200, help="how many of them the stretch is found on")
    parser.add_argument("--paths", nargs="+", default=[""], help="words of READSEEKER_CPU: what runs in lower precision")
    parser.add_argument("--attention", choices=["masked", "published"], default="masked")
    args = parser.parse_args()
    args.program = args.program.resolve()
    differences = [logit(p) for p in probabilities(args, args.checkpoint, "f32", args.fit_reads)]
    factor, mean = DEVIATION / statistics.stdev(differences), statistics.mean(differences)
    stretched = stretch(args, factor, mean)
    exact = probabilities(args, stretched, "f32", args.reads)
    inside = sum(0.1 < p < 0.9 for p in exact) / len(exact)
    print(f"{len(exact)} reads, {args.attention}; classifier stretched {factor:.1f} times; {inside:.0%} between 0.1 and 0.9\n")
    print("| precision | path | largest dp | mean dp | changed labels |\n|---|---|---|---|---|")
    for path in args.paths:
        for precision in ("f32", "bf16", "int8"):
            pairs = list(zip(exact, probabilities(args, stretched, precision, args.reads, path)))
            moved = [abs(one - other) for one, other in pairs]
            changed = sum((one >= THRESHOLD) != (other >= THRESHOLD) for one, other in pairs)
            row = precision, path or "the fastest", f"{max(moved):.6f}", f"{statistics.mean(moved):.6f}", f"{changed} of {len(pairs)}"
            print("|", " | ".join(row), "|", flush=True)


if __name__ == "__main__":
    main()
