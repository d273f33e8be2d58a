"""Rewritten reads keep their proteins and take the codons they are told to."""

import numpy as np
import pytest

from compact import recode, reads, tokens
from compact.codons import CODE


def _protein(bases, frame):
    own = tokens.COMPLEMENT[bases][::-1] if frame >= 3 else bases
    own = own[frame % 3 :]
    codons = own[: len(own) // 3 * 3].reshape(-1, 3).astype(int)
    return ["X" if (c > 3).any() else CODE[c @ (16, 4, 1)] for c in codons]


@pytest.fixture
def counts():
    """Two usages: one likes codons that end in A or T, one those that end in C or G."""
    ends = np.arange(64) & 3
    return np.stack([np.where(np.isin(ends, (0, 3)), 900, 1), np.where(np.isin(ends, (1, 2)), 900, 1)]).astype(float)


@pytest.mark.parametrize("length", [99, 100, 101])
@pytest.mark.parametrize("frame", range(6))
def test_the_protein_stays(counts, frame, length):
    rng = np.random.default_rng(length)
    bases = rng.integers(0, 4, (30, length)).astype(np.uint8)
    bases[0, 40] = tokens.UNKNOWN_BASE
    new = recode.Recoder(counts)(rng, bases.copy(), np.full(30, frame))
    assert [_protein(b, frame) for b in new] == [_protein(b, frame) for b in bases]
    assert 0.1 < (new != bases).mean() < 0.34


def test_the_usage_shows(counts):
    rng = np.random.default_rng(0)
    alanine = np.tile(tokens.encode("GCT"), (50, 100))
    new = recode.Recoder(counts[1:])(rng, alanine, np.zeros(50, int))
    third = new[:, 2::3]
    assert 0.6 < np.isin(third, (1, 2)).mean() < 0.9  # half to all of a read's codons are drawn anew
    assert (new[:, 0::3] == 2).all() and (new[:, 1::3] == 1).all()


def test_tilted_usages_like_letters_of_their_own(counts):
    new = recode.tilted(counts, 200)
    assert new.shape == (200, 64) and (new > 0).all()
    third = new.reshape(200, 16, 4).sum(axis=1)
    share = third / third.sum(axis=1, keepdims=True)
    # Both usages given like two letters alike; of these, some like one far more than the other.
    assert (share.max(axis=1) > 0.6).any() and len(set(share.argmax(axis=1))) == 4
    bases = np.random.default_rng(3).integers(0, 4, (30, 99)).astype(np.uint8)
    assert [_protein(b, 2) for b in recode.Recoder(new)(np.random.default_rng(0), bases.copy(), np.full(30, 2))] == [_protein(b, 2) for b in bases]


def test_only_reads_with_one_frame_or_none_are_rewritten(counts):
    rng = np.random.default_rng(1)
    bases = rng.integers(0, 4, (60, 150)).astype(np.uint8)
    frames = np.zeros((60, 6), bool)
    frames[:20, 1] = True
    frames[20:40, [0, 3]] = True
    coded = np.repeat([1.0, 1.0, 0.0], 20)
    made = reads.Reads(bases.copy(), coded, frames, np.zeros(60))
    recode.some(rng, recode.Recoder(counts), made, 1.0)
    changed = (made.bases != bases).any(axis=1)
    assert changed[:20].all() and not changed[20:40].any() and changed[40:].all()
    assert all(_protein(made.bases[i], 1) == _protein(bases[i], 1) for i in range(20))
