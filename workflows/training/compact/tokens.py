"""Bases to token ids: overlapping 6-mers in DNABERT's vocabulary, and the six frames' rows of them.

Two encodings of a base meet here. Genomes are kept as codes A=0 C=1 G=2 T=3, anything else 4, because the complement
is then 3 - code. The vocabulary counts A=0 T=1 C=2 G=3, as DNABERT's does.
"""

import numpy as np
import torch

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
_DIGIT = torch.tensor([0, 2, 3, 1, 0], dtype=torch.int32)  # our code -> DNABERT's digit
_FLIP = torch.tensor([3, 2, 1, 0, 4], dtype=torch.uint8)


def encode(sequence: str) -> np.ndarray:
    """Base codes [L] of a sequence as typed (case and U are folded here)."""
    return CODE[np.frombuffer(sequence.encode("ascii"), dtype=np.uint8)]


def token_count(length: int) -> int:
    """Tokens a frame has: the same for all six, so that no frame is padded."""
    return (length - 5) // 3


def six_frames(bases: torch.Tensor) -> torch.Tensor:
    """Token ids [B, 6, T] of reads [B, L] of one length; frames +0 +1 +2 -0 -1 -2."""
    both = torch.stack([bases, _FLIP[bases.flip(1).long()]], dim=1)  # [B, 2, L]
    digit = _DIGIT[both.long()]
    length = bases.shape[1]
    ids = torch.zeros(both.shape[0], 2, length - K + 1, dtype=torch.int32)
    unknown = torch.zeros_like(ids, dtype=torch.bool)
    for i in range(K):
        part = slice(i, length - K + 1 + i)
        ids = ids * 4 + digit[:, :, part]
        unknown |= both[:, :, part] == UNKNOWN_BASE
    ids = torch.where(unknown, UNK, ids + SPECIAL)
    count = token_count(length)
    frames = [ids[:, :, f : f + 3 * count : 3] for f in range(3)]
    return torch.stack(frames, dim=2).reshape(both.shape[0], 6, count)
