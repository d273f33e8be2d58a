"""From a read's logits to its calls: a hidden Markov model over {none, six frames}, and what it says of the read.

Steps are positions of nine bases. Costs are the same for a read and its reverse complement: a gene of the other strand is
entered, from left to right, at its end. Stop and start codons of the frames are known at each step (`codons`).
"""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

STATES = 7
# Bases of a short read at most. Such reads come from Illumina's sequencers, whose errors hardly ever shift a frame.
SHORT = 320
# A long read is called with the costs of short ones if shifts of the frame gain each of its coding positions less than this.
UNSHIFTED_BELOW = 0.07
# Where fewer positions code, the gain is divided by so many: one shift that is none would count for too much.
FEWEST = 20
# No read breaks even beyond these log odds.
FAR = 60.0


class Costs(NamedTuple):
    """Log costs, and the weight of a position's logits: neighbours share most of what they see."""

    weight: float = 0.4
    start: float = 2.0  # a gene starts without a start codon
    start_codon: float = 1.0  # a gene starts at an ATG
    other_start_codon: float = 1.5  # a gene starts at a GTG or TTG
    stop: float = 2.0  # a gene ends without a stop codon
    stop_codon: float = 1.0  # a gene ends at a stop codon
    through: float = 3.0  # a gene goes on after a stop codon of its frame
    shift: float = 2.0  # another frame of the strand
    shift_at_stop: float = 1.5  # the same where a gene ends at a stop codon
    other: float = 4.0  # straight to a gene of the other strand
    prior: float = 0.0  # log odds of coding that calls assume

    @property
    def parts_at_stops(self):
        """Whether a change of the frame at a stop codon is from one gene to the next, rather than a shift like any other."""
        return self.shift_at_stop < self.shift


class Decoder(NamedTuple):
    """The costs of long reads, and those of reads of up to `SHORT` bases."""

    long: Costs
    short: Costs

    def of(self, bases):
        """The costs of reads of so many bases."""
        return self.short if bases <= SHORT else self.long

    def settings(self, long, short):
        """What config.json says of it, with a calibration for each."""
        short = {"bases": SHORT, "unshifted_below": UNSHIFTED_BELOW, "decoder": self.short._asdict(), "calibration": short}
        return {"decoder": self.long._asdict(), "calibration": long, "short_reads": short}


def read_decoder(path):
    """The decoder of a config.json or a file of `fit`."""
    return decoder_of(json.loads(Path(path).read_text()))


def decoder_of(config):
    """The decoder of a config.json, or of a file of `fit`, which has these settings too."""
    short = config["short_reads"]
    assert (short["bases"], short["unshifted_below"]) == (SHORT, UNSHIFTED_BELOW)
    return Decoder(Costs(**config["decoder"]), Costs(**short["decoder"]))


# What a step may be; all but the first cost something.
STEPS = ("free", *Costs._fields[1:-1])


def steps(codons):
    """Which of `STEPS` each step along the reads is, [B, T - 1, from, to]; `codons`: what `codons.of` finds in them."""
    stop, start, other_start = codons
    number = {name: i for i, name in enumerate(STEPS)}
    out = np.full((*stop.shape[:2], STATES, STATES), number["other"], dtype=np.int8)
    # The gene whose stop codon it is comes first: from left to right on the plus strand, from right to left on the minus strand.
    shifts = np.where(stop, number["shift_at_stop"], number["shift"])
    out[:, :, 1:4, 1:4], out[:, :, 4:7, 4:7] = shifts[..., :3, None], shifts[..., None, 3:]
    frames = np.arange(1, STATES)
    out[:, :, 0, 0] = number["free"]
    out[:, :, frames, frames] = np.where(stop, number["through"], number["free"])
    starts = np.where(start, number["start_codon"], np.where(other_start, number["other_start_codon"], number["start"]))
    out[:, :, 0, 1:4], out[:, :, 4:7, 0] = starts[..., :3], starts[..., 3:]
    stops = np.where(stop, number["stop_codon"], number["stop"])
    out[:, :, 1:4, 0], out[:, :, 0, 4:7] = stops[..., :3], stops[..., 3:]
    return out


def transitions(costs, codons):
    """Log scores [B, T - 1, from, to] of the steps along the reads; `codons`: what `codons.of` finds in them."""
    return -np.array([0.0, *costs[1:-1]])[steps(codons)]


def emissions(logits, costs, prior=0.0):
    """Log scores [..., T, 7]; `prior` is the log odds of coding to assume."""
    peak = logits.max(axis=-1, keepdims=True)
    log_probability = logits - peak - np.log(np.exp(logits - peak).sum(axis=-1, keepdims=True))
    log_probability = log_probability.copy()
    log_probability[..., 0] -= prior
    return costs.weight * log_probability


def viterbi(scores, table):
    """The best states [B, T] of log scores [B, T, 7] of the positions and [B, T - 1, 7, 7] of the steps between them."""
    count, steps, _ = scores.shape
    best, back = scores[:, 0].copy(), np.zeros((steps, count, STATES), dtype=np.int8)
    for t in range(1, steps):
        reached = best[:, :, None] + table[:, t - 1]
        back[t] = reached.argmax(axis=1)
        best = reached.max(axis=1) + scores[:, t]
    path = np.zeros((count, steps), dtype=np.int8)
    path[:, -1] = best.argmax(axis=1)
    for t in range(steps - 1, 0, -1):
        path[:, t - 1] = back[t][np.arange(count), path[:, t]]
    return path


def called(logits, codons, decoder, bases):
    """(states [B, T], costs [B]) of reads of so many bases, by their logits [B, T, 7] and what `codons.of` finds in them."""
    costs = decoder.of(bases)
    path, chosen = viterbi(emissions(logits, costs, costs.prior), transitions(costs, codons)), [costs] * len(logits)
    if bases > SHORT:
        unshifted = gain(logits, codons, costs) < UNSHIFTED_BELOW
        costs = decoder.short
        other = viterbi(emissions(logits, costs, costs.prior), transitions(costs, codons))
        path = np.where(unshifted[:, None], other, path)
        chosen = [costs if is_unshifted else own for is_unshifted, own in zip(unshifted, chosen)]
    return path, chosen


def gain(logits, codons, costs):
    """What shifts of the frame gain each coding position of the best path [B]: how much higher it scores than the best one without."""
    scores, prior = emissions(logits, costs), np.full(len(logits), costs.prior)

    def best_of(costs):
        _, none, score = best(scores, transitions(costs, codons), costs.weight, prior)
        return score - costs.weight * costs.prior * none, none

    (with_shifts, none), (without, _) = best_of(costs), best_of(costs._replace(shift=np.inf))
    return (with_shifts - without) / np.maximum(scores.shape[1] - none, FEWEST)


def _forward(scores, table):
    """Logs of the sums over all paths up to each state, [B, T, 7]."""
    factors = np.exp(table)
    out = np.empty_like(scores)
    out[:, 0] = scores[:, 0]
    for t in range(1, scores.shape[1]):
        peak = out[:, t - 1].max(axis=1, keepdims=True)
        reached = (np.exp(out[:, t - 1] - peak)[:, None] @ factors[:, t - 1])[:, 0]
        out[:, t] = np.log(reached) + peak + scores[:, t]
    return out


def log_sum(scores, axis=-1):
    peak = scores.max(axis=axis, keepdims=True)
    return (peak + np.log(np.exp(scores - peak).sum(axis=axis, keepdims=True))).squeeze(axis)


def posteriors(scores, table):
    """Probabilities [B, T, 7] of the states, by forward and backward sums."""
    ahead = _forward(scores, table)
    behind = _forward(scores[:, ::-1], table[:, ::-1].swapaxes(2, 3))[:, ::-1]
    both = ahead + behind - scores
    return np.exp(both - log_sum(both)[..., None])


def best(scores, table, weight, prior):
    """The best paths at log odds of coding [B]: (states [B, T], how many of a path's are none [B], its score at even odds [B])."""
    moved = scores.copy()
    moved[..., 0] -= weight * prior[:, None]
    path = viterbi(moved, table).astype(np.int64)
    own = np.take_along_axis(scores, path[..., None], axis=2)
    leaving = np.take_along_axis(table, path[:, :-1, None, None], axis=2)
    steps = np.take_along_axis(leaving[:, :, 0], path[:, 1:, None], axis=2)
    return path, (path == 0).sum(axis=1), own.sum(axis=(1, 2)) + steps.sum(axis=(1, 2))


def break_even(scores, table, weight, halvings=30):
    """(log odds [B], states [B, T]): what reads speak for coding, and the best paths at the odds where they are worth it.

    As the prior's log odds of coding rise, a read's best path turns from one that is mostly none into one that is not. The read
    speaks for coding with the opposite of these. Found between two priors that come ever nearer to each other; in the end, the
    paths at both are the last one before the turn and the first one behind it, and have the same score at the turn itself."""
    low, high = np.full(len(scores), -FAR), np.full(len(scores), FAR)
    for _ in range(halvings):
        middle = (low + high) / 2
        turned = 2 * best(scores, table, weight, middle)[1] <= scores.shape[1]
        high, low = np.where(turned, middle, high), np.where(turned, low, middle)
    (_, more, before), (path, fewer, after) = (best(scores, table, weight, prior) for prior in (low, high))
    return (after - before) / (weight * (more - fewer)), path


def odds(scores, table):
    """Log of the sum over all paths that code throughout, against the path that never does [B]."""
    coding = _forward(scores[:, :, 1:], table[:, :, 1:, 1:])[:, -1]
    return log_sum(coding) - scores[:, :, 0].sum(axis=1)
