"""Where a read breaks even (`decode.break_even`), in torch, with gradients: what ranks reads becomes something to learn through.

A path's score falls along a line as the prior rises, by the weight for each position that is none. The best score is the upper
hull of these lines. A read turns where a path that is mostly none meets one that is not, and what the read says for coding
follows from these two lines alone.
"""

from typing import NamedTuple

import numpy as np
import torch

from . import decode

# Almost all reads take two to four passes. The others' two lines are near enough by then.
PASSES = 8
NO_BETTER = 1e-4  # of scores, in f32


class Lines(NamedTuple):
    """A path of each read: its states [B, T], how many are none [B], its score at even odds [B], and its steps' share of that [B]."""

    path: np.ndarray
    none: np.ndarray
    score: np.ndarray
    steps: np.ndarray

    def at(self, prior, weight):
        return self.score - weight * prior * self.none

    def put(self, rows, others, chosen):
        """Take the paths `chosen` of `others` in place of these `rows`."""
        for mine, theirs in zip(self, others):
            mine[rows] = theirs[chosen]


def _line(path, scores, table):
    reads = np.arange(len(path))
    steps = sum((one[reads, path[:, t], path[:, t + 1]] for t, one in enumerate(table)), np.zeros(len(path), scores.dtype))
    own = np.take_along_axis(scores, path[..., None], axis=2).sum(axis=(1, 2))
    return Lines(path, (path == 0).sum(axis=1), own + steps, steps)


def _best(scores, table, weight, prior):
    moved = scores.copy()
    moved[..., 0] -= weight * prior[:, None]
    return _line(decode.viterbi(moved, table.swapaxes(0, 1)).astype(np.int64), scores, table)


def around(scores, table, weight):
    """(mostly none, not mostly none): the best paths on both sides of each read's turn, of log scores [B, T, 7] and [T - 1, B, 7, 7]."""
    count, length, _ = scores.shape
    low = _line(np.zeros((count, length), dtype=np.int64), scores, table)
    high = _best(scores, table, weight, np.full(count, decode.FAR, dtype=scores.dtype))
    rows = np.arange(count)
    for _ in range(PASSES):
        apart = np.maximum(low.none[rows] - high.none[rows], 1)
        prior = ((low.score[rows] - high.score[rows]) / (weight * apart)).astype(scores.dtype)
        found = _best(scores[rows], table[:, rows], weight, prior)
        better = found.at(prior, weight) > low.score[rows] - weight * prior * low.none[rows] + NO_BETTER
        turned = 2 * found.none <= length
        high.put(rows[better & turned], found, better & turned)
        low.put(rows[better & ~turned], found, better & ~turned)
        rows = rows[better]
        if not len(rows):
            break
    return low, high


def log_odds(logits, costs, found):
    """What each read says for coding [B], of logits [B, T, 7] and what `codons.of` finds in the reads."""
    scores = costs.weight * logits.float().log_softmax(dim=-1)
    table = np.ascontiguousarray(decode.transitions(costs, found).astype(np.float32).swapaxes(0, 1))
    low, high = around(scores.detach().numpy(), table, costs.weight)

    def own(line):
        return scores.gather(2, torch.from_numpy(line.path).unsqueeze(-1)).sum(dim=(1, 2))

    apart = torch.from_numpy(np.maximum(low.none - high.none, 1).astype(np.float32))
    return (own(high) - own(low) + torch.from_numpy(high.steps - low.steps)) / (costs.weight * apart)
