"""Rewrites reads with another organism's codon usage, so that the network does not rely on the composition of the training genera.

A coding read keeps its protein and takes its synonymous codons from another organism. A non-coding read is rewritten in a
random frame. So in rewritten reads codon choice tells nothing, and the network has to learn from the protein.
"""

import numpy as np

from . import codons, tokens
from .labels import CODING

_LEAST = 3_000  # codons an organism must have
_ENOUGH = 60_000
_STEPS = 64
_PSEUDOCOUNT = 0.02  # of an amino acid's codons, so that none is impossible


def _synonyms():
    """[64, 6] codons of the same amino acid, padded with the last; a stop has itself alone."""
    out = np.zeros((64, 6), dtype=np.uint8)
    for codon, amino in enumerate(codons.CODE):
        same = [codon] if amino == "*" else [c for c in range(64) if codons.CODE[c] == amino]
        out[codon] = (same + [same[-1]] * 6)[:6]
    return out


_SYNONYMS = _synonyms()


def _count(codes, label):
    """Codons [64] of the bases labelled as coding in one frame of the plus strand."""
    total = np.zeros(64)
    for frame in range(3):
        length = (len(codes) - frame) // 3 * 3
        part = slice(frame, frame + length)
        codon, known = codons.numbers(codes[part])
        inside = (((label[part] & CODING) == 1 << frame).reshape(-1, 3)).all(axis=1)
        total += np.bincount(codon[known & inside], minlength=64)
    return total


def usages(data):
    """Codon counts [organisms, 64] of the training organisms with enough of them."""
    counts = {}
    for record in np.flatnonzero(data.held == ""):
        key = (data.group[record], data.organism[record])
        total = counts.setdefault(key, np.zeros(64))
        if total.sum() < _ENOUGH:
            part = slice(data.offsets[record], min(data.offsets[record + 1], data.offsets[record] + 3 * _ENOUGH))
            codes, label = data.bases[part], data.labels[part]
            total += _count(codes, label)
            if len(codes) >= 3:  # minus strand: bit 3 + k, first bases at positions = k (mod 3)
                flipped, turned = label[::-1], np.zeros(len(label), np.uint8)
                for k in range(3):
                    turned |= ((flipped >> (3 + k)) & 1) << np.uint8((len(codes) - 1 - k) % 3)
                total += _count(tokens.COMPLEMENT[codes][::-1], turned)
    return np.array([total for total in counts.values() if total.sum() >= _LEAST]).reshape(-1, 64)


def tilted(counts, number, seed=1):
    """`number` usages that no organism has, [number, 64]: those given, flattened, with a bias for letters of its own at the
    codon's first and third base. Organisms to come may use codons as no training organism does."""
    rng = np.random.default_rng(seed)
    codon = np.arange(64)
    own = (counts + 1)[rng.integers(0, len(counts), number)]
    bias = rng.normal(0, 0.4, (number, 4))[:, codon >> 4] + rng.normal(0, 0.9, (number, 4))[:, codon & 3]
    return own ** rng.random((number, 1)) * np.exp(bias) * 1000


class Recoder:
    """Rewrites reads with usages drawn from those given."""

    def __init__(self, counts):
        synonyms = _SYNONYMS[None].repeat(len(counts), axis=0)  # [usages, 64, 6]
        first = np.ones((64, 6), dtype=bool)
        first[:, 1:] = _SYNONYMS[:, 1:] != _SYNONYMS[:, :-1]  # the padding repeats the last
        used = np.where(first, np.take_along_axis(counts[:, None].repeat(64, axis=1), synonyms.astype(np.int64), axis=2), 0)
        share = np.where(first, used / np.maximum(used.sum(axis=2, keepdims=True), 1) + _PSEUDOCOUNT, 0)
        cumulated = np.cumsum(share / share.sum(axis=2, keepdims=True), axis=2)[..., :5]
        # For each usage and codon, _STEPS codons as often as they are used: drawing is one look-up.
        at = (np.arange(_STEPS) + 0.5) / _STEPS
        which = (at[:, None] > cumulated[:, :, None]).sum(axis=3)
        self.table = np.take_along_axis(synonyms, which, axis=2)

    def __call__(self, rng, bases, frames):
        """`bases` [B, L] rewritten in `frames` [B], 0 to 5, each row by one usage and to a share of its own."""
        minus = frames >= 3
        turned = np.where(minus[:, None], tokens.COMPLEMENT[bases][:, ::-1], bases)
        count = (bases.shape[1] - 2) // 3
        at = (frames % 3)[:, None] + np.arange(3 * count)[None]
        old = np.take_along_axis(turned, at, axis=1)
        codon, known = codons.numbers(old)
        usage = rng.integers(0, len(self.table), (len(bases), 1))
        kept = rng.random(codon.shape, np.float32) < rng.uniform(0, 0.5, (len(bases), 1))
        new = self.table[usage, np.where(known, codon, 0), rng.integers(0, _STEPS, codon.shape, np.uint8)]
        triple = np.stack([new >> 4, new >> 2 & 3, new & 3], axis=2).reshape(at.shape)
        np.put_along_axis(turned, at, np.where(np.repeat(known & ~kept, 3, axis=1), triple, old), axis=1)
        return np.where(minus[:, None], tokens.COMPLEMENT[turned][:, ::-1], turned)


def some(rng, recoder, made, share):
    """Rewrite a share of reads [`Reads`] in place: coding ones in their frame if they have one, the rest in any."""
    one = made.frames.sum(axis=1) == 1
    rows = np.flatnonzero((rng.random(len(made.coded)) < share) & (one | (made.coded == 0)))
    frame = np.where(one[rows], made.frames[rows].argmax(axis=1), rng.integers(0, 6, len(rows)))
    if len(rows):
        made.bases[rows] = recoder(rng, made.bases[rows], frame)
