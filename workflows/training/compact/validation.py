"""The held-out reads, drawn once with a fixed seed: by set, length and kind."""

from typing import NamedTuple

import numpy as np

from . import reads
from .sampler import Pool

LENGTHS = (300, 250, 200, 150, 100)
SHORT = (80, 60)


class Sample(NamedTuple):
    """Reads of one held-out set, length and kind (`pure` or a condition), with their places."""

    name: str
    supergroup: str
    length: int
    kind: str
    reads: reads.Reads


def _spread(rng, pool, length, count):
    """At most `count` windows, and no more than one in ten bases of room: near copies of a read are not evidence."""
    room = np.maximum(pool.runs.end - pool.runs.start - length + 1, 0).sum()
    if pool.point:
        room = len(pool.runs.start) * length
    record, start = pool.draw(rng, min(count, int(room) // 10), length)
    kept = np.unique(start, return_index=True)[1]
    return record[kept], start[kept]


def _join(places):
    return [np.concatenate(column) for column in zip(*places)]


def pools(data, chosen, human):
    """(pools of coding runs, of non-coding runs, of borders). Human negatives are genomic gaps, no UTRs."""
    def pick(runs, groups=None):
        flag = chosen if groups is None else chosen & np.isin(data.group, groups)
        return Pool(data, data.select(runs, flag))
    if not human:
        return [pick(data.coding)], [pick(data.noncoding)], [pick(data.border)]
    coding = [pick(data.coding, ["mammal"]), pick(data.coding, ["mammal_mrna"])]
    return coding, [pick(data.noncoding, ["mammal"])], [pick(data.border, ["mammal_mrna"]), pick(data.border, ["mammal"])]


def draw(rng, data, pools, length, count, **spoil):
    """Reads from each of the pools, `count` in all at most."""
    record, start = _join([_spread(rng, pool, length, count // len(pools)) for pool in pools])
    indels, substitutions = spoil.get("indels", 0.0), spoil.get("substitutions", 0.0)
    if not len(start):
        return reads.cut(data, record, start, length)
    made = reads.cut(data, record, start, length, rng, indels)
    reads.mutate(rng, made.bases, np.full(len(start), substitutions))
    kept = made.left_out == 0
    return reads.Reads(*(column[kept] for column in made))


CONDITIONS = {"substitutions 1 %": {"substitutions": 0.01}, "substitutions 5 %": {"substitutions": 0.05}, "one indel": {"indels": 1.0}}


def build(data, count, conditions=True, seed=99, lengths=LENGTHS + SHORT):
    """All samples; `count` reads of each kind a set and length at most."""
    rng = np.random.default_rng(seed)
    out = []
    for name in sorted(set(data.held) - {""}):
        chosen = data.held == name
        supergroup = data.supergroup[chosen][0]
        coding, gaps, borders = pools(data, chosen, name == "human")
        for length in lengths:
            for one in (coding, gaps):
                out.append(Sample(name, supergroup, length, "pure", draw(rng, data, one, length, count)))
        if conditions:
            for kind, spoil in CONDITIONS.items():
                for one in (coding, gaps):
                    out.append(Sample(name, supergroup, 300, kind, draw(rng, data, one, 300, count // 2, **spoil)))
            out.append(Sample(name, supergroup, 250, "straddling", draw(rng, data, borders, 250, count // 2)))
        rna = Pool(data, data.select(data.rna, chosen))
        for length in (300, 150, 70):
            out.append(Sample(name, "rna genes", length, "pure", draw(rng, data, [rna], length, count // 4)))
        if name == "human":
            exons = draw(rng, data, coding[:1], 150, count), draw(rng, data, gaps, 150, count)
            out += [Sample("human genomic exons", "genomic exons", 150, "pure", one) for one in exons]
            exons = draw(rng, data, coding[:1], 300, count), draw(rng, data, gaps, 300, count)
            out += [Sample("human genomic exons", "genomic exons", 300, "pure", one) for one in exons]
    return [sample for sample in out if len(sample.reads.coded)]
