"""Fits the decoder's costs on simulated held-out reads: `python -m along.fit RUN SIMULATED OUT.json [--most 3000]`.

What is made greatest is the log of the posterior probability of the right class, over positions, every kind of reads
weighing the same; with it the prior that the reads' share of genes asks for.
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from scipy.optimize import minimize

from . import codons, decode, evaluate, export, grid, simulated, train

WEIGHTS = {"bases_150": 1.0, "bases_250": 1.0, "nano_0": 0.5, "nano_1": 0.5, "nano_2": 0.7, "nano_5": 0.7, "nano_8": 0.5}
BITS = 1 << np.arange(decode.STATES)
# Where the fits start, of long reads and of short ones.
STARTS = {
    "long": decode.Costs(0.65, 1.0, 0.2, 0.65, 1.0, 0.6, 2.0, 0.85, 0.8, 1.5, 2.2),
    "short": decode.Costs(0.65, 3.0, 0.2, 1.0, 3.0, 0.5, 5.0, 5.0, 2.0, 3.0, 1.6),
}
CHUNK = 200  # positions of a long read that are fitted on at once


def positions(read):
    """Right classes [T] of the positions of a read, in frames of the padded read; 0 where unknown."""
    side, count = grid.margin(len(read.codes)), grid.positions(len(read.codes))
    padded = np.zeros(count * grid.POSITION, dtype=np.uint8)
    padded[side : side + len(read.codes)] = read.right
    middle = padded[grid.POSITION // 2 :: grid.POSITION]
    out = middle & 1
    for f in range(3):
        for first in (1, 4):
            out |= ((middle >> (first + (f - side) % 3)) & 1) << (first + f)
    return out.astype(np.uint8)


def samples(found):
    """[(weight, logits [B, T, 7], right [B, T, 7], codons [2, B, T - 1, 6])], reads of one number of positions together."""
    out = []
    for kind, (reads, logits) in found.items():
        by_count = defaultdict(list)
        for read, one in zip(reads, logits):
            right, marks = positions(read), codons.of(grid.laid(read.codes))[:, 0]
            for at in range(0, len(one), CHUNK):
                end = min(at + CHUNK, len(one))
                if end - at in (CHUNK, len(one)):
                    by_count[end - at].append((one[at:end], right[at:end], marks[:, at : end - 1]))
        total = sum(len(parts) * count for count, parts in by_count.items())
        for parts in by_count.values():
            scores, right, marks = (np.stack(column) for column in zip(*parts))
            out.append((WEIGHTS[kind] / total, scores, (right[..., None] & BITS) != 0, marks.swapaxes(0, 1)))
    return out


def loss(parameters, data):
    costs = decode.Costs(*np.exp(parameters[:-1]), parameters[-1])
    total = 0.0
    for weight, logits, right, marks in data:
        posterior = decode.posteriors(decode.emissions(logits, costs, costs.prior), decode.transitions(costs, marks))
        known = right.any(axis=-1)
        hit = (posterior * right).sum(axis=-1)[known]
        total -= weight * np.log(np.maximum(hit, 1e-6)).sum()
    return total


def fit(found, start, rounds=260):
    """(costs, objective after, before)."""
    data = samples(found)
    first = np.append(np.log(start[:-1]), start.prior)
    simplex = np.vstack([first, first + 0.3 * np.eye(len(first))])
    best = minimize(loss, first, args=(data,), method="Nelder-Mead", options={"maxfev": rounds, "adaptive": True, "xatol": 0.02, "fatol": 1e-4, "initial_simplex": simplex})
    found = [*np.exp(best.x[:-1]), best.x[-1]]
    return decode.Costs(*(round(float(x), 3) for x in found)), best.fun, loss(first, data)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("simulated", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--most", type=int, default=2400)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    network, found = train.load(arguments.run), {}
    for kind in evaluate.KINDS:
        reads = simulated.load(arguments.simulated, kind)
        reads = reads[: arguments.most if kind.startswith("bases") else arguments.most // 48]
        found[kind] = reads, evaluate.many(network, [read.codes for read in reads])
    parts = {}
    for name, start in STARTS.items():
        kinds = {kind: some for kind, some in found.items() if kind.startswith("bases") == (name == "short")}
        parts[name], after, before = fit(kinds, start)
        print(f"{name} reads: {before:.4f} -> {after:.4f}", parts[name])
    decoder = decode.Decoder(**parts)
    evaluate.simulated_table(found, decoder)
    arguments.out.write_text(json.dumps(decoder.settings(export.IDENTITY, export.IDENTITY)) + "\n")


if __name__ == "__main__":
    main()
