"""Frames are counted from the record's start and follow the read through strand and indels; borders get their share."""

from types import SimpleNamespace

import numpy as np
import pytest

from compact import reads, tokens
from compact.fasta import Part
from compact.labels import LEFT_OUT, RNA, mark_missed, mark_part, mark_rna, open_frames, possible_phases


def _genome(lead, strand):
    """Two records (the first shifts the second in the concatenation); the second has a gene of 300 bases at `lead`."""
    rng = np.random.default_rng(3)
    first, second = rng.integers(0, 4, 101).astype(np.uint8), rng.integers(0, 4, 700).astype(np.uint8)
    label = np.zeros(700, dtype=np.uint8)
    mark_part(label, Part("x", lead, lead + 300, strand, 0, "11", "curated"))
    return SimpleNamespace(
        bases=np.concatenate([first, second]),
        labels=np.concatenate([np.zeros(101, np.uint8), label]),
        offsets=np.array([0, 101, 801]),
    )


def _cut(data, start, length, **how):
    return reads.cut(data, np.array([1]), np.array([101 + start]), length, **how)


@pytest.mark.parametrize("lead", [200, 201, 202])
@pytest.mark.parametrize("offset", range(7))
@pytest.mark.parametrize("length", [100, 101, 102])
def test_a_plus_frame_is_the_offset_of_the_first_codon(lead, offset, length):
    made = _cut(_genome(lead, "+"), lead + offset, length)
    assert made.coded[0] == 1
    assert np.flatnonzero(made.frames[0]).tolist() == [-offset % 3]


@pytest.mark.parametrize("lead", [200, 201, 202])
@pytest.mark.parametrize("offset", range(7))
@pytest.mark.parametrize("length", [100, 101, 102])
def test_a_minus_frame_is_the_offset_on_the_reverse_complement(lead, offset, length):
    start = lead + 300 - length - offset  # the read's reverse complement starts `offset` bases into the gene
    made = _cut(_genome(lead, "-"), start, length)
    assert np.flatnonzero(made.frames[0]).tolist() == [3 + -offset % 3]


def test_a_part_with_a_phase_starts_its_codons_later():
    label = np.zeros(60, np.uint8)
    mark_part(label, Part("x", 10, 40, "+", 2, "1", "curated"))
    assert label[10] == 1 << (12 % 3)


def test_a_straddling_read_knows_its_share():
    assert _cut(_genome(200, "+"), 150, 100).coded[0] == pytest.approx(0.5)
    assert _cut(_genome(200, "+"), 100, 100).coded[0] == 0


@pytest.mark.parametrize("strand", "+-")
def test_after_an_indel_the_longer_side_names_the_frame(strand):
    data, rng = _genome(200, strand), np.random.default_rng(0)
    seen = set()
    for _ in range(200):
        made = _cut(data, 200, 297, rng=rng, indels=1.0)
        assert made.frames[0].any()
        seen.add(tuple(np.flatnonzero(made.frames[0])))
    assert len(seen) > 3  # before, after, and both frames, for a base lost and a base gained


def test_several_indels_are_as_many_as_the_rate_says():
    rng = np.random.default_rng(0)
    place, row, where = reads._several_indels(rng, 500, 300)
    gained = np.zeros(place.shape, dtype=int)
    gained[row, where] = 1
    lost = np.diff(place, axis=1) - 1 + gained[:, 1:]
    assert place.min() == 0 and (lost >= 0).all()
    for events in (lost, gained):
        assert events.mean() == pytest.approx(reads.MOST_INDELS / 4, rel=0.1)


def test_a_gene_with_several_indels_is_coded_in_several_frames():
    data, rng = _genome(200, "+"), np.random.default_rng(0)
    made = [_cut(data, 200, 250, rng=rng, indels=1.0, several=1.0) for _ in range(100)]
    assert all(one.coded[0] == 1 and one.frames[0].any() for one in made)
    assert all(not one.frames[0][3:].any() for one in made)
    assert len({tuple(np.flatnonzero(one.frames[0])) for one in made}) > 3


def test_an_rna_gene_is_never_coding_by_prediction():
    label = np.full(30, 1, np.uint8)
    mark_rna(label, 5, 10, silver=True)
    assert (label[5:10] == RNA).all() and label[4] == 1
    curated = np.full(30, 1, np.uint8)
    mark_rna(curated, 5, 10, silver=False)
    assert (curated[5:10] == 1 | LEFT_OUT).all()


def test_a_missed_gene_is_left_out_only_if_believed():
    label = np.zeros(200, np.uint8)
    mark_missed(label, 20, 180, 50.0)
    assert not label.any()
    mark_missed(label, 20, 180, 99.0)
    assert (label[35:165] == LEFT_OUT).all() and not label[:35].any()


def test_substitutions_change_bases_and_spare_unknown_ones():
    bases = np.zeros((4, 1000), np.uint8)
    bases[3] = tokens.UNKNOWN_BASE
    reads.mutate(np.random.default_rng(0), bases, np.array([0, 0.05, 1.0, 1.0]))
    assert (bases[0] == 0).all() and 20 < (bases[1] != 0).sum() < 80 and (bases[3] == 4).all()


def test_a_part_without_a_phase_gets_its_open_frames():
    codes = tokens.encode("C" * 9 + "ATGAAATAGCCC" * 5 + "C" * 9)
    part = Part("x", 9, 69, "+", 0, "1", "curated")
    assert possible_phases(part, codes, trusted=True) != [0]  # a stop in the frame given: not believed
    assert possible_phases(part, codes, trusted=False) == open_frames(codes[9:69], True)
    gene = tokens.encode("ATGGCTGCAGTAACTGATAAC" * 6)
    assert 0 in possible_phases(Part("x", 0, 126, "+", 0, "1", "curated"), gene, trusted=True)
