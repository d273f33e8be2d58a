"""From states of positions to stretches of bases: where a gene's end lies near a stop codon it ends there, and likewise starts.

All of it is done in the gene's own direction, so a read and its reverse complement get mirrored stretches."""

from typing import NamedTuple

import numpy as np

from compact import tokens

from . import codons, grid

_STOPS = {tuple(tokens.encode(codon).tolist()) for codon in codons.STOPS}
_STARTS = {(0, 3, 2): 0, (2, 3, 2): 6, (3, 3, 2): 9}  # ATG, GTG, TTG: how many bases further away they seem
REACH_STOP, REACH_START = 27, 18  # bases around the border that the states show


class Stretch(NamedTuple):
    """Bases [start, end) of the read in one frame: 1 2 3, or 4 5 6 on the reverse complement."""

    start: int
    end: int
    frame: int


def _near(codes, frame, border, reach, wanted):
    """The first bases of the codons of `frame` near `border` that are wanted, with the codons."""
    for at in range(border - reach + (frame - border + reach) % 3, border + reach + 1, 3):
        codon = tuple(codes[at : at + 3].tolist()) if 0 <= at <= len(codes) - 3 else None
        if codon in wanted:
            yield at, codon


def _nearest(codes, frame, border, reach, wanted, behind=0):
    """The first base of a wanted codon near `border`, not before `behind`, the one of least distance and penalty; none where there
    is none."""
    best = None
    for at, codon in _near(codes, frame, border, reach, wanted):
        far = abs(at - border) + (wanted[codon] if isinstance(wanted, dict) else 0)
        if at >= behind:
            best = min(best, (far, at)) if best else (far, at)
    return best[1] if best and best[0] <= reach else None


def _plus(codes, start, end, frame, first, last):
    """One stretch on the strand of `codes`, `frame` 0 to 2; `first` and `last`: whether a gene starts and ends in the read there."""
    if last:
        stop = _nearest(codes, frame, end - 3, REACH_STOP, _STOPS)
        end = stop + 3 if stop is not None and stop + 3 > start else end
    if first:
        behind = max((at + 3 for at, _ in _near(codes, frame, start, REACH_START, _STOPS) if at + 6 < end), default=0)
        new = _nearest(codes, frame, start, REACH_START, _STARTS, behind)
        start = new if new is not None and new < end else max(start, behind)
    return start, end


def _in_order(genes):
    """The genes, lists of stretches of one strand, without those that are not in order beside a longer one; of two equally long
    ones neither is left."""
    while True:
        ranges = [(gene[0].start, gene[-1].end) for gene in genes]
        kept = [True] * len(genes)
        for i, (left, right) in enumerate(zip(ranges, ranges[1:])):
            if not (left[0] < right[0] and left[1] < right[1]):
                sizes = left[1] - left[0], right[1] - right[0]
                kept[i] &= sizes[0] > sizes[1]
                kept[i + 1] &= sizes[1] > sizes[0]
        if all(kept):
            return genes
        genes = [gene for gene, stays in zip(genes, kept) if stays]


def _parted(states, stop, border):
    """Whether the gene that ends at a border between two frames of one strand has its stop codon there: the left one on the plus
    strand, the right one on the minus strand. `stop` [T - 1, 6] are the read's stop codons."""
    ending = states[border - 1] if states[border] < 4 else states[border]
    return stop[border - 1, ending - 1]


def stretches(states, codes, costs):
    """The stretches of a read's states [T] that these costs called, in its order; `codes` are its bases. None begins or ends with
    unknown ones."""
    length, side = len(codes), grid.margin(len(codes))
    turned = tokens.COMPLEMENT[codes][::-1]
    edges = np.flatnonzero(np.diff(states)) + 1
    runs = list(zip([0, *edges], [*edges, len(states)]))
    strands = [(states[a] + 2) // 3 for a, _ in runs]
    stop = codons.of(grid.laid(codes))[0, 0]
    # Whether a run and the one before it are of one gene, with a frameshift between them.
    joined = [False] + [one == other and not (costs.parts_at_stops and _parted(states, stop, a)) for one, other, (a, _) in zip(strands, strands[1:], runs[1:])]
    genes = []
    for i, (a, b) in enumerate(runs):
        if not strands[i]:
            continue
        start, end = max(9 * a - side, 0), min(9 * b - side, length)
        frame = ((states[a] - 1) % 3 - side) % 3
        left = i > 0 and not joined[i]
        right = i + 1 < len(runs) and not joined[i + 1]
        if strands[i] == 1:
            start, end = _plus(codes, start, end, frame, left, right)
        else:
            low, high = _plus(turned, length - end, length - start, frame, right, left)
            start, end = length - high, length - low
        known = np.flatnonzero(codes[start:end] < tokens.UNKNOWN_BASE)
        if len(known):
            start, end = start + known[0], start + known[-1] + 1
        if not joined[i]:
            genes.append([])
        genes[-1].append(Stretch(int(start), int(end), int(1 + frame + 3 * (strands[i] == 2))))
    return [stretch for gene in _in_order(genes) for stretch in gene]


def classes(found, length):
    """Called classes [L] of a read's bases; where stretches overlap, the later one's."""
    out = np.zeros(length, dtype=np.uint8)
    for start, end, frame in found:
        out[start:end] = frame
    return out
