"""From places in genomes to reads with labels: the bases, the coded share, the frames, and sequencing errors."""

from typing import NamedTuple

import numpy as np

from .labels import CODING, LEFT_OUT

_BITS = (np.arange(64)[:, None] >> np.arange(6)[None]) & 1  # frame bits of a label, to count bases by frame


class Reads(NamedTuple):
    """Reads of one length: base codes [B, L], share of coded bases [B], frames that are right [B, 6], left-out share [B]."""

    bases: np.ndarray
    coded: np.ndarray
    frames: np.ndarray
    left_out: np.ndarray


def _frame_tables(length):
    """For each shift a = 0 1 2: record frame bits -> read frame bits (see `cut`)."""
    labels = np.arange(64)
    tables = np.zeros((3, 64), dtype=np.uint8)
    for a in range(3):
        for k in range(3):
            tables[a] |= (((labels >> k) & 1) << (k + a) % 3).astype(np.uint8)
            tables[a] |= (((labels >> (3 + k)) & 1) << 3 + (length - 1 - k - a) % 3).astype(np.uint8)
    return tables


_TABLES = {}


def _tables(length):
    if length not in _TABLES:
        _TABLES[length] = _frame_tables(length)
    return _TABLES[length]


def _windows(data, start, length):
    """Bases and labels [B, L] of windows that lie inside their records: plain row copies."""
    view = np.lib.stride_tricks.sliding_window_view
    return view(data.bases, length)[start], view(data.labels, length)[start]


MOST_INDELS = 0.06  # a base: what the worst long reads have


def _one_indel(rng, count, length):
    """For each base of a read, its place in the genome window, one base lost or gained; and where one was gained."""
    at = rng.integers(1, length - 1, count)
    lost = rng.random(count) < 0.5
    base = np.arange(length)[None]
    place = base + (lost[:, None] & (base >= at[:, None])) - (~lost[:, None] & (base > at[:, None]))
    return place, np.flatnonzero(~lost), at[~lost]


def _several_indels(rng, count, length):
    """The same with bases lost and gained all over a read, at a rate of its own up to `MOST_INDELS`."""
    rate = rng.uniform(0, MOST_INDELS / 2, (count, 1))
    lost, gained = rng.random((count, length)) < rate, rng.random((count, length)) < rate
    gained[:, :1] = False
    # A lost base is stepped over; one that is gained takes no place of its own.
    place = np.arange(length)[None] + np.cumsum(lost, axis=1) - np.cumsum(gained, axis=1)
    return place, *np.nonzero(gained)


def cut(data, record, start, length, rng=None, indels=0.0, several=0.0):
    """Reads starting at `start` (in the concatenation) of `record`; a share `indels` of them lost or gained a base, and
    a share `several` of those any number."""
    bases, label = _windows(data, start, length)
    # A codon starting at record position p = k (mod 3) starts at read position p - start: shift by a = -start.
    shift = np.broadcast_to(((data.offsets[record] - start) % 3)[:, None], label.shape)
    if indels:
        shift, last = shift.copy(), data.offsets[record + 1] - 1
        spoiled = np.flatnonzero(rng.random(len(start)) < indels)
        # Nothing is drawn where none is asked for, so that a recipe without them gives the reads it always gave.
        many = rng.random(len(spoiled)) < several if several else np.zeros(len(spoiled), dtype=bool)
        for rows, sources in ((spoiled[~many], _one_indel), (spoiled[many], _several_indels)):
            place, gained, where = sources(rng, len(rows), length)
            at = np.minimum(start[rows, None] + place, last[rows, None])
            bases[rows], label[rows] = data.bases[at], data.labels[at]
            bases[rows[gained], where] = rng.integers(0, 4, len(gained))
            shift[rows] = (shift[rows] + np.arange(length)[None] - place) % 3
    framed = _tables(length)[shift, label & CODING]
    count = np.bincount((np.arange(len(start))[:, None] * 64 + framed).ravel(), minlength=64 * len(start)).reshape(-1, 64)
    coded = 1 - count[:, 0] / np.float32(length)
    left_out = ((label & LEFT_OUT) != 0).mean(axis=1, dtype=np.float32)
    return Reads(bases, coded.astype(np.float32), _right(count @ _BITS), left_out)


def _right(hits):
    """Frames that cover nearly as many bases as the best: overlapping genes and frameshifts have two."""
    best = hits.max(axis=1, keepdims=True)
    return (hits >= 0.75 * best) & (best > 0)


def mutate(rng, bases, substitutions, unknown=0.0):
    """Replace a share of bases (per read) by others, and put 1-3 Ns into a share `unknown` of the reads; in place."""
    length = bases.shape[1]
    rows = np.repeat(np.arange(len(bases)), rng.binomial(length, substitutions))
    columns = rng.integers(0, length, len(rows))
    old = bases[rows, columns]
    bases[rows, columns] = np.where(old < 4, (old + rng.integers(1, 4, len(rows), dtype=np.uint8)) % 4, old)
    for row in np.flatnonzero(rng.random(len(bases)) < unknown):
        bases[row, rng.integers(0, bases.shape[1], rng.integers(1, 4))] = 4
    return bases
