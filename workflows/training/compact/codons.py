"""Codons as numbers, and the standard genetic code."""

import numpy as np

CODE = "KNKNTTTTRSRSIIMIQHQHPPPPRRRRLLLLEDEDAAAAGGGGVVVV*Y*YSSSS*CWCLFLF"  # amino acids of the codons in the order ACGT
TGA = 56


def numbers(bases):
    """Numbers [..., n] of the codons of base codes [..., 3 n], 16 a + 4 b + c, and which of them hold known bases alone."""
    triple = bases.reshape(*bases.shape[:-1], -1, 3).astype(np.int64)
    return triple[..., 0] * 16 + triple[..., 1] * 4 + triple[..., 2], (triple < 4).all(axis=-1)
