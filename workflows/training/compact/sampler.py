"""Training batches: fresh reads each time, from shares of groups, kinds and lengths that are chosen, not found."""

from typing import NamedTuple

import numpy as np

from . import reads, recode
from .data import Data

# group: (coding, non-coding, straddling) shares; within a group organisms count by the square root of their windows.
# Non-coding slightly above coding in each kingdom: straddling reads of compact genomes are mostly coding.
SHARES = {
    "bacteria": (0.085, 0.095, 0.027),
    "silver": (0.108, 0.118, 0.039),
    "archaea": (0.014, 0.017, 0.005),
    "silver_archaea": (0.030, 0.034, 0.010),
    "virus": (0.066, 0.056, 0.014),
    "phage": (0.012, 0.011, 0.004),
    "silver_phage": (0.018, 0.019, 0.005),
    "mammal_mrna": (0.150, 0.040, 0.022),
    "mammal": (0.045, 0.165, 0.009),
    "mammal_lncrna": (0, 0.025, 0),
    "fungi": (0.020, 0.022, 0.004),
    "invertebrate": (0.018, 0.022, 0.003),
    "plant": (0.020, 0.024, 0.003),
    "protist": (0.006, 0.006, 0.001),
    "organelle": (0.012, 0.012, 0.002),
}
# The other branch's: more bacteria, fewer mammals.
MICROBE_SHARES = SHARES | {
    "bacteria": (0.095, 0.110, 0.030),
    "silver": (0.125, 0.135, 0.045),
    "archaea": (0.012, 0.015, 0.004),
    "virus": (0.055, 0.045, 0.012),
    "mammal_mrna": (0.085, 0.025, 0.018),
    "mammal": (0.022, 0.078, 0.005),
    "mammal_lncrna": (0, 0.012, 0),
}
# Most of it spliced genes against introns and intergenic stretches of mammals: a mean with the others loses those first.
HUMAN_SHARES = SHARES | {
    "bacteria": (0.055, 0.060, 0.016),
    "silver": (0.070, 0.078, 0.022),
    "mammal_mrna": (0.260, 0.040, 0.026),
    "mammal": (0.055, 0.285, 0.010),
    "mammal_lncrna": (0, 0.035, 0),
}
STUDY_SHARES = {  # the feasibility study's, for the ablation
    "bacteria": (0.30, 0.23, 0.02), "silver": (0.22, 0.17, 0.02), "archaea": (0.02, 0.02, 0), "silver_archaea": (0.04, 0.02, 0),
    "virus": (0.08, 0.05, 0.01), "phage": (0.02, 0.005, 0), "silver_phage": (0.03, 0.005, 0), "mammal_mrna": (0.17, 0.07, 0.02),
    "mammal": (0.02, 0.20, 0.01), "mammal_lncrna": (0, 0.08, 0), "fungi": (0.03, 0.03, 0.01), "invertebrate": (0.02, 0.04, 0),
    "plant": (0.03, 0.05, 0), "protist": (0.01, 0.01, 0), "organelle": (0.01, 0.02, 0),
}  # fmt: skip
# Few genomes stand for many that people sequence: large DNA viruses of vertebrates, and high-GC bacteria, whose gaps
# are the hardest to tell from genes.
# (coding, non-coding): at equal numbers a held-out herpesvirus kept all its gaps and lost a fifth of its genes, and held-out
# high-GC actinobacteria the other way round.
BOOST = {"Herpesviridae": (14.0, 6.0), "Alloherpesviridae": (14.0, 6.0), "Adenoviridae": (9.0, 4.0), "herpes": (7.0, 3.0)}
HUMAN_BOOST = BOOST | {"Homo sapiens": (2.0, 2.5)}
MIXES = {"mammals": (SHARES, HUMAN_BOOST), "humans": (HUMAN_SHARES, HUMAN_BOOST), "microbes": (MICROBE_SHARES, BOOST), "study": (STUDY_SHARES, BOOST)}
RNA_SHARE = 0.015
LENGTHS = {300: 0.34, 250: 0.12, 200: 0.10, 150: 0.17, 100: 0.10}
_OTHER_LENGTHS = ((60, 100, 0.05), (101, 300, 0.10), (301, 400, 0.02))
_GRID = 10  # run weights are kept for every tenth length, rounded up


class Recipe(NamedTuple):
    """How reads are spoiled, and whose shares count."""

    shares: dict = SHARES
    boost: dict = HUMAN_BOOST  # how much more often some organisms are drawn: (as coding, as not)
    rna: float = RNA_SHARE
    indels: float = 0.3
    several: float = 0.0  # of those, the share with more than one: for long reads with errors (RESULTS.md)
    errors: float = 0.5  # share of reads with substitutions ...
    most_errors: float = 0.015  # ... of up to this rate
    unknown: float = 0.02
    recoded: float = 0.15  # share of reads rewritten with another organism's codon usage
    balanced: bool = True  # each organism as often coding as not


def _room(runs, length):
    """Windows of a length in each run."""
    return np.maximum(runs.end - runs.start - length + 1, 0).astype(np.float64)


_HIGH_GC, _HIGH_GC_BOOST = 0.62, (1.7, 2.1)
_GC_SAMPLE = 30_000  # bases of an organism that its GC is taken from


def _gc(data, runs, index, count):
    """Each organism's GC content, from its first runs."""
    out, order = np.zeros(count), np.argsort(index, kind="stable")
    for organism, first in zip(*np.unique(index[order], return_index=True)):
        start = runs.start[order[first]]
        bases = data.bases[start : min(start + _GC_SAMPLE, data.offsets[runs.record[order[first]] + 1])]
        out[organism] = np.isin(bases, (1, 2)).mean()
    return out


class Balance:
    """How often each organism of a group is drawn, as coding and as not: the same, or the network learns that some
    compositions (compact high-GC genomes with few gaps) are coding as such. The fourth root of both kinds' windows."""

    def __init__(self, data, coding, noncoding, boost=BOOST):
        self.names = np.unique(data.organism[np.concatenate([coding.record, noncoding.record])])
        self.sides = [(runs, np.searchsorted(self.names, data.organism[runs.record])) for runs in (coding, noncoding)]
        self.tables = {}
        boost = np.array([boost.get(name, (1.0, 1.0)) for name in self.names]).reshape(-1, 2)
        high = _gc(data, *self.sides[0], len(self.names)) > _HIGH_GC
        self.boost = np.where(high[:, None], np.maximum(boost, _HIGH_GC_BOOST), boost)

    def of(self, length):
        """Weights [organisms, 2] (as coding, as non-coding) at a read length."""
        if length not in self.tables:
            counts = [np.bincount(index, _room(runs, length), len(self.names)) for runs, index in self.sides]
            self.tables[length] = self.boost * ((np.maximum(counts[0], 1) * np.maximum(counts[1], 1)) ** 0.25)[:, None]
        return self.tables[length]


class Pool:
    """Runs of one group and kind; `draw` gives windows of a length, organisms weighted by the root of their size or,
    given a `balance`, as that says."""

    def __init__(self, data, runs, balance=None, side=0):
        self.data, self.runs, self.balance, self.side = data, runs, balance, side
        self.names, self.organism = np.unique(data.organism[runs.record], return_inverse=True)
        self.point = bool(len(runs.start)) and bool((runs.start == runs.end).all())
        self.tables = {}

    def _wanted(self, total, grid):
        if self.balance is None:
            return np.sqrt(total)
        return self.balance.of(grid)[np.searchsorted(self.balance.names, self.names), self.side]

    def _table(self, length):
        grid = -(-length // _GRID) * _GRID
        if grid not in self.tables:
            room = np.ones(len(self.runs.start)) if self.point else _room(self.runs, grid)
            total = np.bincount(self.organism, room, len(self.names))
            share = self._wanted(total, grid) / np.maximum(total, 1)
            self.tables[grid] = np.cumsum(room * share[self.organism])
        return self.tables[grid]

    def draw(self, rng, count, length):
        """(record, start) of `count` windows."""
        table = self._table(length)
        if not len(table) or table[-1] == 0:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        which = np.minimum(np.searchsorted(table, rng.random(count) * table[-1], side="right"), len(table) - 1)
        record, start = self.runs.record[which], self.runs.start[which]
        if self.point:
            start = start - rng.integers(1, length, count)
            inside = (start >= self.data.offsets[record]) & (start + length <= self.data.offsets[record + 1])
            return record[inside], start[inside]
        room = self.runs.end[which] - start - length + 1
        return record, start + (rng.random(count) * room).astype(np.int64)


class Sampler:
    """Batches of one length each; everything that is random comes from the generator given."""

    def __init__(self, data: Data, recipe: Recipe = Recipe()):
        training = data.held == ""
        self.data, self.recipe = data, recipe
        self.pools, shares = [], []
        for group, kinds in recipe.shares.items():
            chosen = training & (data.group == group)
            coding, noncoding, border = (data.select(runs, chosen) for runs in (data.coding, data.noncoding, data.border))
            balance = Balance(data, coding, noncoding, recipe.boost) if recipe.balanced and all(kinds[:2]) else None
            for side, (runs, share) in enumerate(zip((coding, noncoding), kinds)):
                if share:
                    self.pools.append(Pool(data, runs, balance, side))
                    shares.append(share)
            if kinds[2]:
                self.pools.append(Pool(data, border))
                shares.append(kinds[2])
        self.pools.append(Pool(data, data.select(data.rna, training)))
        shares.append(recipe.rna)
        self.shares = np.array(shares) / np.sum(shares)
        usages = recode.usages(data) if recipe.recoded else ()
        self.recoder = recode.Recoder(usages) if len(usages) else None  # no organism may have enough genes

    def length(self, rng):
        """One batch's read length."""
        lengths, weights = list(LENGTHS), list(LENGTHS.values())
        lengths += [int(rng.integers(low, high + 1)) for low, high, _ in _OTHER_LENGTHS]
        weights += [weight for *_, weight in _OTHER_LENGTHS]
        return int(rng.choice(lengths, p=np.array(weights) / sum(weights)))

    def batch(self, rng, length, size):
        """Reads of one length, spoiled as the recipe says."""
        counts = rng.multinomial(size, self.shares)
        places = [pool.draw(rng, n, length) for pool, n in zip(self.pools, counts) if n]
        record, start = (np.concatenate(column) for column in zip(*places))
        made = reads.cut(self.data, record, start, length, rng, self.recipe.indels, self.recipe.several)
        if self.recoder:
            recode.some(rng, self.recoder, made, self.recipe.recoded)
        rates = np.where(rng.random(len(start)) < self.recipe.errors, rng.random(len(start)) * self.recipe.most_errors, 0)
        reads.mutate(rng, made.bases, rates, self.recipe.unknown)
        kept = made.left_out < 0.1
        return reads.Reads(*(column[kept] for column in made))
