"""Bases to token ids: overlapping 6-mers in DNABERT's vocabulary.

Two encodings of a base meet here. Genomes are kept as codes A=0 C=1 G=2 T=3, anything else 4, because the complement
is then 3 - code. The vocabulary counts A=0 T=1 C=2 G=3, as DNABERT's does.
"""

import numpy as np

K = 6
SPECIAL = 5  # PAD UNK CLS SEP MASK come before the 6-mers
UNK = 1
VOCABULARY = SPECIAL + 4**K
UNKNOWN_BASE = 4

CODE = np.full(256, UNKNOWN_BASE, dtype=np.uint8)
for _letters, _code in (("Aa", 0), ("Cc", 1), ("Gg", 2), ("TtUu", 3)):
    for _letter in _letters:
        CODE[ord(_letter)] = _code

COMPLEMENT = np.array([3, 2, 1, 0, 4], dtype=np.uint8)
DIGIT = np.array([0, 2, 3, 1, 0], dtype=np.int32)  # our code -> DNABERT's digit


def encode(sequence: str) -> np.ndarray:
    """Base codes [L] of a sequence as typed (case and U are folded here)."""
    return CODE[np.frombuffer(sequence.encode("ascii"), dtype=np.uint8)]


def token_count(length: int) -> int:
    """Tokens a frame has: the same for all six, so that no frame is padded."""
    return (length - 5) // 3
