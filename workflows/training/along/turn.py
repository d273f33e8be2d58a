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
    """A path of each read: its states [B, T], how many are none [B], and its score at even odds [B]."""

    path: np.ndarray
    none: np.ndarray
    score: np.ndarray

    def at(self, prior, weight):
        return self.score - weight * prior * self.none

    def put(self, rows, others, chosen):
        """Take the paths `chosen` of `others` in place of these `rows`."""
        for mine, theirs in zip(self, others):
            mine[rows] = theirs[chosen]


def around(scores, table, weight):
    """(mostly none, not mostly none): the best paths on both sides of each read's turn, of log scores [B, T, 7] and [B, T - 1, 7, 7]."""
    count, length, _ = scores.shape
    low = Lines(np.zeros((count, length), dtype=np.int64), np.full(count, length), scores[..., 0].sum(axis=1))
    high = Lines(*decode.best(scores, table, weight, np.full(count, decode.FAR, dtype=scores.dtype)))
    rows = np.arange(count)
    for _ in range(PASSES):
        apart = np.maximum(low.none[rows] - high.none[rows], 1)
        prior = ((low.score[rows] - high.score[rows]) / (weight * apart)).astype(scores.dtype)
        found = Lines(*decode.best(scores[rows], table[rows], weight, prior))
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
    low, high = around(scores.detach().numpy(), decode.transitions(costs, found).astype(np.float32), costs.weight)

    def own(line):
        return scores.gather(2, torch.from_numpy(line.path).unsqueeze(-1)).sum(dim=(1, 2))

    ahead = own(high) - own(low)  # what of the lines' difference has gradients: that of the steps has none
    apart = torch.from_numpy(np.maximum(low.none - high.none, 1).astype(np.float32))
    return (ahead - ahead.detach() + torch.from_numpy(high.score - low.score)) / (costs.weight * apart)
