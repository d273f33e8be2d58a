"""The grid of positions that a read is laid on, and the tokens each position sees.

A position is nine bases. The read is padded with the same number of unknown bases at both ends, so that its length becomes
a multiple of nine: then the positions of a strand are those of the other, and the reverse complement gets mirrored calls.
"""

import numpy as np

from compact import tokens

POSITION = 9  # bases
LEFT, RIGHT = 6, 3  # tokens' bases that the first and the last position see beyond the grid
PADDING = 5  # base code of what lies outside the read
COMPLEMENT = np.append(tokens.COMPLEMENT, PADDING).astype(np.uint8)  # of padded base codes


def margin(length: int) -> int:
    """Bases of padding on each side of a read."""
    both = -length % POSITION
    return (both + POSITION * (both % 2)) // 2


def positions(length: int) -> int:
    """Positions of a read."""
    return (length + 2 * margin(length)) // POSITION


def _tokens(bases):
    """Token ids [B, 9 T + 9] of padded base codes [B, 9 T]: the token that starts at each base, from six before the first."""
    padded = np.pad(bases, ((0, 0), (LEFT, RIGHT + tokens.K - 1)), constant_values=PADDING)
    count = padded.shape[1] - tokens.K + 1
    digit = np.append(tokens.DIGIT, 0).astype(np.int32)[padded]
    ids = np.zeros((len(bases), count), dtype=np.int32)
    for i in range(tokens.K):
        ids = ids * 4 + digit[:, i : count + i]
    worst = np.lib.stride_tricks.sliding_window_view(padded, tokens.K, axis=1).max(axis=2)
    ids += tokens.SPECIAL
    ids[worst == tokens.UNKNOWN_BASE] = tokens.UNK
    ids[worst == PADDING] = 0
    return ids


def strands(bases):
    """Token ids [B, 2, 3, T + 1, 3] (strand, frame, block, codon) of padded base codes [B, 9 T].

    The position t of frame f sees the tokens of the blocks t and t + 1: those that start at 9 t + f - 6, -3, 0, 3, 6, 9."""
    both = np.stack([_tokens(bases), _tokens(COMPLEMENT[bases[:, ::-1]])], axis=1)
    return np.ascontiguousarray(both.reshape(len(bases), 2, -1, 3, 3).transpose(0, 1, 4, 2, 3))


def laid(codes):
    """One read's base codes [L] on its grid, [1, 9 T]."""
    side = margin(len(codes))
    return np.pad(codes, side, constant_values=PADDING)[None]
