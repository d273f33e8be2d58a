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


def _indel_sources(rng, count, length):
    """For each base of a read, its place in the genome window, one base lost or gained; and where one was gained."""
    at = rng.integers(1, length - 1, count)
    lost = rng.random(count) < 0.5
    base = np.arange(length)[None]
    place = base + (lost[:, None] & (base >= at[:, None])) - (~lost[:, None] & (base > at[:, None]))
    return place, np.flatnonzero(~lost), at[~lost]


def cut(data, record, start, length, rng=None, indels=0.0):
    """Reads starting at `start` (in the concatenation) of `record`; a share `indels` of them lost or gained a base."""
    bases, label = _windows(data, start, length)
    # A codon starting at record position p = k (mod 3) starts at read position p - start: shift by a = -start.
    shift = np.broadcast_to(((data.offsets[record] - start) % 3)[:, None], label.shape)
    rows = np.flatnonzero(rng.random(len(start)) < indels) if indels else ()
    if len(rows):
        place, gained, where = _indel_sources(rng, len(rows), length)
        last = data.offsets[record[rows] + 1][:, None] - 1
        at = np.minimum(start[rows, None] + place, last)
        bases[rows], label[rows] = data.bases[at], data.labels[at]
        bases[rows[gained], where] = rng.integers(0, 4, len(gained))
        shift = shift.copy()
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
