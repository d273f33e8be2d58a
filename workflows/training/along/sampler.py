"""Training batches: reads from anywhere, around borders and within runs, with errors, and a truth for every position."""

from typing import NamedTuple

import numpy as np

from compact import recode
from compact.labels import CODING, LEFT_OUT
from compact.sampler import HUMAN_BOOST, Balance, Pool

from . import decode, grid, truth

# group: shares of reads that are drawn for a (coding, non-coding) core.
SHARES = {
    "bacteria": (0.105, 0.115),
    "silver": (0.120, 0.130),
    "archaea": (0.018, 0.021),
    "silver_archaea": (0.035, 0.040),
    "virus": (0.120, 0.085),
    "phage": (0.018, 0.018),
    "silver_phage": (0.025, 0.025),
    "mammal_mrna": (0.120, 0.040),
    "mammal": (0.040, 0.140),
    "mammal_lncrna": (0, 0.025),
    "fungi": (0.030, 0.030),
    "invertebrate": (0.018, 0.022),
    "plant": (0.026, 0.030),
    "protist": (0.015, 0.015),
    "organelle": (0.020, 0.017),
}
# What branches of a training draw from (`soup`): a mean of weights knows what each of them has seen most of.
MIXES = {
    "even": SHARES,
    "small": SHARES
    | {
        "archaea": (0.025, 0.028),
        "silver_archaea": (0.050, 0.055),
        "virus": (0.190, 0.120),
        "phage": (0.030, 0.030),
        "silver_phage": (0.045, 0.045),
        "plant": (0.032, 0.038),
        "protist": (0.020, 0.020),
        "organelle": (0.035, 0.028),
    },
}
MIXES["hard"] = MIXES["small"] | {
    "fungi": (0.055, 0.055),
    "protist": (0.040, 0.040),
    "plant": (0.042, 0.048),
    "invertebrate": (0.024, 0.028),
}
BOOST = HUMAN_BOOST | {"Orthoherpesviridae": (14.0, 8.0)}
# Viruses with large genomes have most windows, and small ones next to no gaps: by the organisms' usual weights nine in ten
# viral reads would be of large DNA viruses, and RNA viruses be taken for non-coding. So all other viruses count more.
LARGE_VIRUSES = ("Herpesviridae", "Orthoherpesviridae", "Alloherpesviridae", "Baculoviridae", "Nimaviridae", "Adenoviridae")
SMALL_VIRUS_BOOST = (9.0, 3.0)
# Positions of a batch's reads, and how often.
POSITIONS = {34: 0.37, 23: 0.10, 17: 0.23, 12: 0.11, 67: 0.19}
SHORTEST_CORE = 60
# What a recipe says of errors where it goes by length: those of Illumina's sequencers in short reads, of nanopores in longer ones.
SHORT_ERRORS = {"substituted": 0.55, "rare": 0.10, "noisy": 0.06}
LONG_ERRORS = {"substituted": 0.22, "rare": 0.18, "noisy": 0.45}
SLACK = 0.12  # of a window, for bases that are lost


class Recipe(NamedTuple):
    """How reads are spoiled."""

    shares: str = "even"  # of `MIXES`
    boost: dict = BOOST
    whole: float = 0.55  # share of reads that lie within one run, up to 300 bases
    substituted: float = 0.35  # share with substitutions alone ...
    most_substituted: float = 0.015
    rare: float = 0.15  # ... with an indel here and there ...
    most_rare: float = 0.008
    noisy: float = 0.30  # ... and with the errors of nanopores, up to this share of the bases
    most_noisy: float = 0.09
    by_length: bool = False  # whether these shares depend on a read's length (`SHORT_ERRORS`, `LONG_ERRORS`)
    recoded: float = 0.15
    tilted: int = 0  # usages that no organism has, beside those of the training organisms
    unknown: float = 0.02

    def of(self, positions):
        """The recipe for reads of so many positions."""
        if not self.by_length:
            return self
        return self._replace(**(SHORT_ERRORS if positions * grid.POSITION <= decode.SHORT else LONG_ERRORS))


class Batch(NamedTuple):
    """Padded base codes [B, 9 T], and for each position the right classes as bits [B, T]; see `truth`."""

    bases: np.ndarray
    right: np.ndarray


def rates(rng, count, recipe):
    """For each read its rates of substituted, lost and gained bases."""
    kind = rng.random(count)
    out = np.zeros((3, count), dtype=np.float32)
    one = kind < recipe.substituted
    out[0] = np.where(one, rng.random(count) * recipe.most_substituted, 0)
    kind -= recipe.substituted
    rare = ~one & (kind < recipe.rare)
    share = rng.random(count) * recipe.most_rare * rare
    out += share * np.array([[0.2], [0.4], [0.4]])
    noisy = ~one & ~rare & (kind < recipe.rare + recipe.noisy)
    share = rng.random(count) * recipe.most_noisy * noisy
    out += share * np.array([[0.4], [0.35], [0.25]])
    return out


def small_viruses(organisms):
    """The boosts of all these viruses but the large ones."""
    return {str(name): SMALL_VIRUS_BOOST for name in np.unique(organisms) if name not in LARGE_VIRUSES}


class Sampler:
    """Batches of reads of one number of positions; everything random comes from the generator given."""

    def __init__(self, data, recipe=Recipe()):
        training = data.held == ""
        self.data, self.recipe = data, recipe
        self.pools, shares = [], []
        for group, kinds in MIXES[recipe.shares].items():
            chosen = training & (data.group == group)
            runs = [data.select(one, chosen) for one in (data.coding, data.noncoding)]
            boost = recipe.boost | small_viruses(data.organism[chosen]) if group == "virus" else recipe.boost
            balance = Balance(data, *runs, boost) if all(kinds) else None
            for side, (one, share) in enumerate(zip(runs, kinds)):
                if share:
                    self.pools.append(Pool(data, one, balance, side))
                    shares.append(share)
        self.pools.append(Pool(data, data.select(data.rna, training)))
        shares.append(0.015)
        self.shares = np.array(shares) / np.sum(shares)
        usages = recode.usages(data) if recipe.recoded else ()
        if len(usages) and recipe.tilted:
            usages = np.concatenate([usages, recode.tilted(usages, recipe.tilted)])
        self.recoder = recode.Recoder(usages) if len(usages) else None

    def positions(self, rng):
        """One batch's number of positions."""
        share = np.array(list(POSITIONS.values()))
        return int(rng.choice(list(POSITIONS), p=share / share.sum()))

    def places(self, rng, length, size):
        """(record, start) of windows of `length` bases: whole in a run, or anywhere around a core that is."""
        core = min(length, 300)
        if rng.random() > self.recipe.whole:
            core = int(rng.integers(min(SHORTEST_CORE, length - 1), core))
        counts = rng.multinomial(size, self.shares)
        drawn = [pool.draw(rng, n, core) for pool, n in zip(self.pools, counts) if n]
        record, start = (np.concatenate(column) for column in zip(*drawn))
        start = start - (rng.random(len(start)) * (length - core + 1)).astype(np.int64)
        inside = (start >= self.data.offsets[record]) & (start + length <= self.data.offsets[record + 1])
        return record[inside], start[inside]

    def batch(self, rng, positions, size):
        """`size` reads; several cores a batch, so that its reads are not all of one kind."""
        window = int(positions * grid.POSITION * (1 + SLACK)) + 12
        record = start = np.zeros(0, dtype=np.int64)
        while len(record) < size:
            parts = [(record, start), *(self.places(rng, window, size // 4 + 1) for _ in range(4))]
            record, start = (np.concatenate(column) for column in zip(*parts))
        kept = rng.permutation(len(record))[:size]
        record, start = record[kept], start[kept]
        view = np.lib.stride_tricks.sliding_window_view
        bases, label = view(self.data.bases, window)[start], view(self.data.labels, window)[start]
        shift = ((start - self.data.offsets[record]) % 3).astype(np.uint8)
        if self.recoder:
            self._rewrite(rng, bases, label, shift)
        return spoiled(rng, self.recipe.of(positions), bases, label, shift, positions)

    def _rewrite(self, rng, bases, label, shift):
        """Another organism's codons for some reads, in their only frame, or in any where they have none."""
        rows = np.flatnonzero(rng.random(len(bases)) < self.recipe.recoded)
        bits = np.bitwise_or.reduce(label[rows] & CODING, axis=1)
        one = (bits & (bits - 1)) == 0
        rows, bits = rows[one], bits[one]
        record_bit = np.where(bits == 0, rng.integers(0, 6, len(rows)), np.log2(np.maximum(bits, 1)).astype(np.int64))
        place = (record_bit % 3 - shift[rows]) % 3  # window position modulo 3 of the codons' first bases
        frame = np.where(record_bit < 3, place, 3 + (bases.shape[1] - 1 - place) % 3)
        if len(rows):
            bases[rows] = self.recoder(rng, bases[rows], frame)


def spoiled(rng, recipe, bases, label, shift, positions):
    """A `Batch` of the windows `bases` [B, W], whose first base lies `shift` bases after a codon boundary of the record."""
    count, room = bases.shape
    length = positions * grid.POSITION
    substituted, lost, gained = rates(rng, count, recipe)
    side = rng.integers(0, grid.POSITION, count)[:, None]  # bases of padding on each side
    place = np.broadcast_to(np.arange(length, dtype=np.int32)[None], (count, length)).copy()
    gains = np.zeros((count, length), dtype=bool)
    several = np.flatnonzero((lost > 0) | (gained > 0))
    if len(several):
        step = rng.random((len(several), length), np.float32) < lost[several, None]
        gain = rng.random((len(several), length), np.float32) < gained[several, None]
        gain[:, :1] = False
        place[several] += np.cumsum(step, axis=1, dtype=np.int32) - np.cumsum(gain, axis=1, dtype=np.int32)
        gains[several] = gain
    place = np.clip(place, 0, room - 1)
    base = np.take_along_axis(bases, place, axis=1)
    marks = np.take_along_axis(label, place, axis=1)
    random = rng.integers(0, 4, base.shape, np.uint8)
    wrong = rng.random(base.shape, np.float32) < substituted[:, None]
    base = np.where(gains | wrong, random, base)
    for row in np.flatnonzero(rng.random(count) < recipe.unknown):
        base[row, rng.integers(0, length, rng.integers(1, 4))] = 4
    at = np.arange(length, dtype=np.int32)[None]
    base[(at < side) | (at >= length - side)] = grid.PADDING
    # A codon that starts at record position p starts at grid position p - (record position of a base) + (its grid position).
    turn = ((at - place - shift[:, None]) % 3).astype(np.uint8)
    marks = np.where(gains, marks | LEFT_OUT, marks)
    middle = grid.POSITION // 2
    right = truth.classes(marks[:, middle :: grid.POSITION], turn[:, middle :: grid.POSITION], length)
    right[base[:, middle :: grid.POSITION] == grid.PADDING] = truth.UNKNOWN
    return Batch(base, right)
