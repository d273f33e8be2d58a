"""Where the decoder may expect a gene to end or to start: stop and start codons by frame, at the borders between positions.

A border belongs to a codon if a gene that ends, or starts, with that codon has it as the border of its positions: a position
is of the gene if its middle base is. So every codon of a frame belongs to one border, and three to each.
"""

import numpy as np

from compact import tokens

from . import grid

STOPS = ("TAA", "TAG", "TGA")
START = "ATG"
OTHER_STARTS = ("GTG", "TTG")  # as frequent between genes as at their starts
MIDDLE = grid.POSITION // 2
_LETTERS = grid.PADDING + 1


def _number(first, second, third):
    return (first.astype(np.int16) * _LETTERS + second) * _LETTERS + third


def _numbers(codons):
    return [int(_number(*tokens.encode(codon)[:, None])[0]) for codon in codons]


# Which codons, and the first base of those at the first border: the last base of a stop codon is of the gene, the base before a
# start codon is not.
_KINDS = ((_numbers(STOPS), MIDDLE - 2), (_numbers([START]), MIDDLE + 1), (_numbers(OTHER_STARTS), MIDDLE + 1))


def _strand(bases):
    """[3, B, T - 1, 3]: whether a codon of each kind and frame belongs to the border behind position t."""
    count = bases.shape[1] // grid.POSITION
    padded = np.pad(bases, ((0, 0), (0, grid.POSITION)), constant_values=grid.PADDING)
    codons = _number(padded[:, :-2], padded[:, 1:-1], padded[:, 2:])
    out = np.zeros((len(_KINDS), len(bases), count - 1, 3), dtype=bool)
    for kind, (wanted, first) in enumerate(_KINDS):
        found = np.isin(codons, wanted)
        for frame in range(3):
            start = first + (frame - first) % 3
            for codon in range(3):
                at = start + 3 * codon
                out[kind, :, :, frame] |= found[:, at :: grid.POSITION][:, : count - 1]
    return out


def of(bases):
    """(stop, start, other start), each [B, T - 1, 6], of padded base codes [B, 9 T]: the state's codon at the border behind position t."""
    plus, minus = _strand(bases), _strand(grid.COMPLEMENT[bases[:, ::-1]])[:, :, ::-1]
    return np.concatenate([plus, minus], axis=-1)
