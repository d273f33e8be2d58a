"""The six reading frames of reads, as rows of token ids."""

import torch

from . import tokens

_COMPLEMENT = torch.from_numpy(tokens.COMPLEMENT)
_DIGIT = torch.from_numpy(tokens.DIGIT)


def six_frames(bases: torch.Tensor) -> torch.Tensor:
    """Token ids [B, 6, T] of reads [B, L] of one length; frames 1 2 3 -1 -2 -3."""
    both = torch.stack([bases, _COMPLEMENT[bases.flip(1).long()]], dim=1)  # [B, 2, L]
    digit = _DIGIT[both.long()]
    length = bases.shape[1]
    ids = torch.zeros(both.shape[0], 2, length - tokens.K + 1, dtype=torch.int32)
    unknown = torch.zeros_like(ids, dtype=torch.bool)
    for i in range(tokens.K):
        part = slice(i, length - tokens.K + 1 + i)
        ids = ids * 4 + digit[:, :, part]
        unknown |= both[:, :, part] == tokens.UNKNOWN_BASE
    ids = torch.where(unknown, tokens.UNK, ids + tokens.SPECIAL)
    count = tokens.token_count(length)
    rows = [ids[:, :, f : f + 3 * count : 3] for f in range(3)]
    return torch.stack(rows, dim=2).reshape(both.shape[0], 6, count)
