"""The right classes of a base: bits of a byte. Bit 0 none, bits 1 2 3 the frames of the read, 4 5 6 those of its reverse complement."""

import numpy as np

from compact.labels import CODING, LEFT_OUT

UNKNOWN = 0  # no class is right: nothing is learnt
NONE = 1


def _table(length):
    """[3, 64] record frame bits -> classes, for a read of `length` bases whose codons start `turn` bases later than the record's."""
    labels = np.arange(64)
    out = np.zeros((3, 64), dtype=np.uint8)
    for turn in range(3):
        for k in range(3):
            out[turn] |= (((labels >> k) & 1) << 1 + (k + turn) % 3).astype(np.uint8)
            out[turn] |= (((labels >> (3 + k)) & 1) << 4 + (length - 1 - k - turn) % 3).astype(np.uint8)
    out[:, 0] = NONE
    return out


def classes(marks, turn, length):
    """Classes of bases with the labels `marks` of `compact.labels`; see `_table`."""
    right = _table(length)[turn, marks & CODING]
    right[(marks & LEFT_OUT) != 0] = UNKNOWN
    return right
