"""Tables of a run: `python -m along.evaluate RUN DECODER.json SIMULATED [DATA.npz]`: simulated reads, then balanced windows of the
held-out sets."""

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch

from compact import evaluate as windows
from compact import metrics

from . import calls as calls_of
from . import codons, decode, grid, long, simulated, train

KINDS = ("bases_150", "bases_250", "nano_0", "nano_1", "nano_2", "nano_5", "nano_8")


def many(network, codes, batch=256):
    """Logits [T, 7] of each read (base codes [L]), reads of one number of positions at once."""
    by_count, out = defaultdict(list), [None] * len(codes)
    for i, one in enumerate(codes):
        count = grid.positions(len(one))
        if count > long.LONGEST_SINGLE:
            out[i] = long.logits_of(network, grid.laid(one))
        else:
            by_count[count].append(i)
    with torch.no_grad():
        for rows in by_count.values():
            for at in range(0, len(rows), batch):
                these = rows[at : at + batch]
                bases = np.concatenate([grid.laid(codes[i]) for i in these])
                for i, one in zip(these, network(torch.from_numpy(grid.strands(bases))).double().numpy()):
                    out[i] = one
    return out


def classes(states, length):
    """Called classes [L] of a read's bases from its positions' states: the frames of the padded read become the read's."""
    side = grid.margin(length)
    turned = np.array([0, *(1 + (f - side) % 3 for f in range(3)), *(4 + (f - side) % 3 for f in range(3))])
    return np.repeat(turned[states], grid.POSITION)[side : side + length]


def stacked(codes, logits, batch=512):
    """(rows, logits [B, T, 7], codons [2, B, T - 1, 6]) of the reads of one length at once."""
    by_length = defaultdict(list)
    for i, one in enumerate(codes):
        by_length[len(one)].append(i)
    for rows in by_length.values():
        for at in range(0, len(rows), batch):
            these = rows[at : at + batch]
            yield these, np.stack([logits[i] for i in these]), codons.of(np.concatenate([grid.laid(codes[i]) for i in these]))


def decoded(codes, logits, decoder):
    """(states [T], costs) of each read."""
    out = [None] * len(logits)
    for rows, some, found in stacked(codes, logits):
        for i, *call in zip(rows, *decode.called(some, found, decoder, len(codes[rows[0]]))):
            out[i] = call
    return out


def simulated_table(found, decoder):
    print(f"{'':10}" + "".join(f"{name:>12}" for name in ("reads", "straddling", "seven", "found", "precision", "frame")))
    for kind, (reads, logits) in found.items():
        called = decoded([read.codes for read in reads], logits, decoder)
        calls = [calls_of.classes(calls_of.stretches(states, read.codes, costs), len(read.codes)) for read, (states, costs) in zip(reads, called)]
        row = simulated.figures([read.right for read in reads], calls)
        print(f"{kind:10}" + "".join(f"{value:12.4f}" for value in row.values()), flush=True)


def _share(scores, table):
    """The log odds of the share of coding positions."""
    share = 1 - decode.posteriors(scores, table)[..., 0].mean(axis=1)
    return np.log(np.clip(share, 1e-9, 1 - 1e-9) / np.clip(1 - share, 1e-9, 1))


# What could rank reads, of their logits, log scores, steps and costs; the first is what is calibrated.
STATISTICS = {
    "break_even": lambda logits, scores, table, costs: decode.break_even(scores, table, costs.weight)[0],
    "share": lambda logits, scores, table, costs: _share(scores, table),
    "odds": lambda logits, scores, table, costs: decode.odds(scores, table),
    "mean": lambda logits, scores, table, costs: (decode.log_sum(logits[..., 1:]) - logits[..., 0]).mean(axis=1),
}


def window_scores(codes, logits, decoder, names=tuple(STATISTICS)):
    """Statistics [reads] that could rank reads."""
    out = {name: np.zeros(len(logits)) for name in names}
    for rows, some, found in stacked(codes, logits):
        costs = decoder.of(len(codes[rows[0]]))
        scores, table = decode.emissions(some, costs), decode.transitions(costs, found)
        for name in names:
            out[name][rows] = STATISTICS[name](some, scores, table, costs)
    return out


def balanced(network, samples, decoder, lengths=(300, 150, 100)):
    """AUC by length: the mean over the clean super-groups of `compact.evaluate`, for each statistic."""
    rows = defaultdict(lambda: defaultdict(list))
    for sample in samples:
        if sample.kind != "pure" or sample.supergroup not in windows.CLEAN or sample.length not in lengths:
            continue
        codes = list(sample.reads.bases)
        logits = np.stack(many(network, codes))
        side = grid.margin(sample.length)
        best = logits[..., 1:].sum(axis=1).argmax(axis=1)
        frame = best // 3 * 3 + (best % 3 - side) % 3
        right = sample.reads.frames[np.arange(len(frame)), frame].astype(float)
        right[sample.reads.frames.sum(axis=1) != 1] = np.nan
        for name, value in window_scores(codes, logits, decoder).items():
            rows[sample.length][sample.supergroup].append((name, value, sample.reads.coded >= 0.5, right))
    out = {}
    for length, supergroups in rows.items():
        for name in STATISTICS:
            each = {}
            for group, parts in supergroups.items():
                value, coding, right = (np.concatenate([p[k] for p in parts if p[0] == name]) for k in (1, 2, 3))
                threshold = np.sort(value)
                best = max(((value[coding] >= t).mean() + (value[~coding] < t).mean()) / 2 for t in threshold[:: max(1, len(threshold) // 200)])
                each[group] = metrics.auc(value, coding), best, np.nanmean(right[coding])
            out[length, name] = each
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("decoder", type=Path, help="a file of `fit`, or the config.json of a checkpoint")
    parser.add_argument("simulated", type=Path)
    parser.add_argument("data", nargs="?")
    parser.add_argument("--most", type=int, default=10**9, help="reads of each kind")
    parser.add_argument("--groups", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    network, decoder = train.load(arguments.run), decode.read_decoder(arguments.decoder)
    found = {}
    for kind in KINDS:
        reads = simulated.load(arguments.simulated, kind)
        reads = reads[: arguments.most if kind.startswith("bases") else arguments.most // 24]
        found[kind] = reads, many(network, [read.codes for read in reads])
    simulated_table(found, decoder)
    if arguments.data:
        for (length, name), each in sorted(balanced(network, windows.held_out(arguments.data, 200), decoder).items()):
            print(length, name, "AUC, best accuracy, frame:", " ".join(f"{x:.4f}" for x in np.nanmean(list(each.values()), axis=0)))
            if arguments.groups:
                print("   ", " ".join(f"{g} {x[0]:.3f}/{x[1]:.3f}" for g, x in sorted(each.items())))


if __name__ == "__main__":
    main()
