"""How much of the called bases and reads is right; agrees with what the project is judged by.

Called: a class a base, 0 not coding, 1 to 6 the frames +1 +2 +3 -1 -2 -3. A read is right if it is called coding (for at
least half of its known bases, or by the program's own verdict) exactly where at least half of its known bases are coding.
"""

from typing import NamedTuple

import numpy as np


class Figures(NamedTuple):
    """Shares; `area` is that under the ROC curve of reads, where there are probabilities."""

    reads: float
    straddling: float
    seven: float
    found: float
    precision: float
    frame: float
    area: float | None


def divided(part, whole):
    return part / whole if whole else float("nan")


def is_coding(truth):
    """Whether a read counts as coding; None where nothing of it is known."""
    known = truth != 0
    return bool(2 * (known & (truth & 1 == 0)).sum() >= known.sum()) if known.any() else None


def area(coding, probabilities):
    """The area under the ROC curve, ties by halves."""
    coding, probabilities = np.asarray(coding, bool), np.asarray(probabilities, float)
    _, place, counts = np.unique(probabilities, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    positive, negative = coding.sum(), (~coding).sum()
    if not positive or not negative:
        return None
    return float((ranks[coding].sum() - positive * (positive + 1) / 2) / (positive * negative))


def figures(truths, calls, verdicts=None, probabilities=None):
    """Over {read: truth} and {read: called classes}; `verdicts` {read: coding or not} where the program gives its own."""
    true, called = np.concatenate(list(truths.values())), np.concatenate([calls[read] for read in truths])
    known = true != 0
    true, called = true[known], called[known]
    coding, hit = true & 1 == 0, (true >> called) & 1 == 1
    right, straddling, labels, scores = [], [], [], []
    for read, truth in truths.items():
        label = is_coding(truth)
        if label is None:
            continue
        at = truth != 0
        verdict = verdicts[read] if verdicts else 2 * (calls[read][at] > 0).sum() >= at.sum()
        right.append(bool(verdict) == label)
        share = (truth[at] & 1 == 0).mean()
        straddling.append(0 < share < 1)
        if probabilities and probabilities.get(read) is not None:
            labels.append(label)
            scores.append(probabilities[read])
    right, straddling = np.array(right), np.array(straddling)
    return Figures(
        reads=divided(right.sum(), len(right)),
        straddling=divided(right[straddling].sum(), straddling.sum()),
        seven=divided(hit.sum(), len(hit)),
        found=divided((coding & (called > 0)).sum(), coding.sum()),
        precision=divided((coding & (called > 0)).sum(), (called > 0).sum()),
        frame=divided((coding & hit).sum(), coding.sum()),
        area=area(labels, scores) if scores else None,
    )
