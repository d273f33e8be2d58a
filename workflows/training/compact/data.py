"""The labelled genomes in memory, cut into the runs from which reads are drawn."""

from typing import NamedTuple

import numpy as np

from .labels import CODING, LEFT_OUT, RNA


class Runs(NamedTuple):
    """Maximal stretches [start, end) of one kind, with the record each lies in."""

    start: np.ndarray
    end: np.ndarray
    record: np.ndarray


class Data:
    """Bases, labels and records. Positions are those of the concatenation; `offsets` leads back to the record."""

    def __init__(self, path):
        stored = np.load(path)
        self.bases, self.labels, self.offsets = stored["bases"], stored["labels"], stored["offsets"]
        fields = stored["fields"]
        self.group, self.accession, self.organism = fields[:, 0], fields[:, 1], fields[:, 2]
        self.held, self.supergroup = fields[:, 3], fields[:, 4]
        coding = (self.labels & CODING) != 0
        usable = (self.labels & LEFT_OUT) == 0
        rna = (self.labels & RNA) != 0
        self.coding = self._runs(coding & usable)
        self.noncoding = self._runs(~coding & usable)
        self.rna = self._runs(rna & ~coding & usable)
        self.border = self._borders(coding, usable)

    def train_on_all_but(self, names):
        """Hold out the sets `names` alone; what else was held out becomes training data."""
        released = ~np.isin(self.held, names)
        self.held, self.supergroup = (np.where(released, "", column) for column in (self.held, self.supergroup))

    def _runs(self, where, shortest=60):
        """Runs of `where`, cut at the records' ends."""
        flag = np.zeros(len(where) + 1, dtype=bool)
        flag[1:] = where
        change = flag[1:] != flag[:-1]
        change[self.offsets[1:-1]] |= where[self.offsets[1:-1]] | where[self.offsets[1:-1] - 1]
        edges = np.append(np.flatnonzero(change), len(where))
        start, end = edges[:-1], edges[1:]
        kept = where[start] & (end - start >= shortest)
        start, end = start[kept], end[kept]
        return Runs(start, end, self.record_of(start))

    def _borders(self, coding, usable):
        """Positions whose left neighbour is of the other kind, both usable and of one record."""
        at = np.flatnonzero((coding[1:] != coding[:-1]) & usable[1:] & usable[:-1]) + 1
        record = self.record_of(at)
        kept = self.offsets[record] < at
        return Runs(at[kept], at[kept], record[kept])

    def record_of(self, position):
        """The record a position of the concatenation lies in."""
        return np.searchsorted(self.offsets, position, side="right") - 1

    def select(self, runs, records):
        """The runs whose record is flagged in `records`."""
        kept = records[runs.record]
        return Runs(runs.start[kept], runs.end[kept], runs.record[kept])
