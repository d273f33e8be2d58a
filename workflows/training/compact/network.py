"""The network: six reading frames through one small convolutional pyramid, then a head that lets the frames compete.

Everything is channels-last and the convolutions are plain matrix products over neighbouring rows: on one CPU core this
trains faster than `Conv1d`. Reverse-complement symmetry is by construction: both strands take the same path.
"""

import torch
import torch.nn.functional as F
from torch import nn

from . import tokens

# For frame f the features of: itself, the same strand's next two frames, then (mean, max) summaries are appended.
_NEXT = [1, 2, 0, 4, 5, 3]
_AFTER = [2, 0, 1, 5, 3, 4]


class Settings(dict):
    """`embedding`, `channels`, `blocks`, `levels` and `pool`, `hidden`, `dropout`: the shape of a network."""

    DEFAULT = {"embedding": 32, "channels": 32, "blocks": 0, "levels": 2, "pool": 2, "hidden": 64, "dropout": 0.15}

    def __init__(self, **given):
        super().__init__({**self.DEFAULT, **given})


class Stem(nn.Module):
    """Convolution of kernel 6, stride 3, padding 3: [N, T, E] -> [N, T // 3 + 1, C]."""

    def __init__(self, embedding: int, channels: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels, embedding, 6))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)

    def forward(self, e):
        n, t, width = e.shape
        # Padding 3 on the left; on the right, so much that whole triples remain (what lies beyond is never read).
        outputs = t // 3 + 1
        padded = F.pad(e, (0, 0, 3, 3 * (outputs + 1) - 3 - t))
        triples = padded.view(n, outputs + 1, 3 * width)
        halves = self.weight.permute(2, 1, 0).reshape(2, 3 * width, -1)
        both = triples @ torch.cat([halves[0], halves[1]], dim=1)
        first, second = both.chunk(2, dim=2)
        return first[:, :-1] + second[:, 1:]


class Block(nn.Module):
    """Convolution of kernel 3, padding 1: [N, P, C] -> [N, P, C]."""

    def __init__(self, channels: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels, channels, 3))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)

    def forward(self, x):
        padded = F.pad(x, (0, 0, 1, 1))
        rows = torch.cat([padded[:, :-2], x, padded[:, 2:]], dim=2)
        return rows @ self.weight.permute(2, 1, 0).reshape(rows.shape[2], -1)


def pooled(x, pool):
    """Means of `pool` neighbouring positions, with zeros beyond the end: [N, P, C] -> [N, ceil(P / pool), C]."""
    x = F.pad(x, (0, 0, 0, -x.shape[1] % pool))
    return x.view(x.shape[0], -1, pool, x.shape[2]).mean(dim=2)


class Normalise(nn.Module):
    """BatchNorm over all rows of a channels-last tensor."""

    def __init__(self, channels: int):
        super().__init__()
        self.norm = nn.BatchNorm1d(channels)

    def forward(self, x):
        return self.norm(x.reshape(-1, x.shape[-1])).view(x.shape)


class Network(nn.Module):
    """Logits [B, 7] (non-coding, 1 2 3 -1 -2 -3) of token ids [B, 6, T]."""

    def __init__(self, settings: Settings):
        super().__init__()
        self.settings = settings
        e, c, h = settings["embedding"], settings["channels"], settings["hidden"]
        self.embedding = nn.Embedding(tokens.VOCABULARY, e)
        nn.init.normal_(self.embedding.weight, std=0.1)
        with torch.no_grad():
            self.embedding.weight[: tokens.SPECIAL] = 0
        self.stem = Stem(e, c)
        self.stem_norm = Normalise(c)
        self.blocks = nn.ModuleList(Block(c) for _ in range(settings["blocks"]))
        self.block_norms = nn.ModuleList(Normalise(c) for _ in range(settings["blocks"]))
        self.coarse = nn.ModuleList(Block(c) for _ in range(settings["levels"]))
        self.coarse_norms = nn.ModuleList(Normalise(c) for _ in range(settings["levels"]))
        self.embedding_norm = Normalise(e)
        self.dropout = nn.Dropout(settings["dropout"])
        self.frame_hidden = nn.Linear(2 * c * (1 + settings["levels"]) + e, h)
        self.frame_mix = nn.Linear(5 * h, h)
        self.frame_logit = nn.Linear(h, 1)
        self.noncoding_hidden = nn.Linear(2 * h + 7, h)
        self.noncoding_logit = nn.Linear(h, 1)

    def features(self, ids):
        b, frames, t = ids.shape
        e = self.embedding(ids.reshape(b * frames, t))
        x = F.silu(self.stem_norm(self.stem(e)))
        for block, norm in zip(self.blocks, self.block_norms):
            x = x + F.silu(norm(block(x)))
        levels = [x.mean(dim=1), self.pool(x)]
        for block, norm in zip(self.coarse, self.coarse_norms):
            x = pooled(x, self.settings["pool"])
            x = x + F.silu(norm(block(x)))
            levels += [x.mean(dim=1), self.pool(x)]
        return torch.cat([*levels, self.embedding_norm(e.mean(dim=1))], dim=1).view(b, frames, -1)

    def pool(self, x):
        return x.amax(dim=1)

    def head(self, features):
        h = F.silu(self.frame_hidden(self.dropout(features)))  # [B, 6, H]
        strands = h.view(-1, 2, 3, h.shape[-1]).mean(dim=2)
        opposite = strands.flip(1).repeat_interleave(3, dim=1)
        best = h.amax(dim=1, keepdim=True).expand_as(h)
        mixed = torch.cat([h, h[:, _NEXT], h[:, _AFTER], opposite, best], dim=2)
        z = F.silu(self.frame_mix(self.dropout(mixed))) + h
        frames = self.frame_logit(z).squeeze(2)
        ordered = frames.sort(dim=1, descending=True).values
        summary = [z.mean(dim=1), z.amax(dim=1), ordered, frames.logsumexp(dim=1, keepdim=True)]
        noncoding = self.noncoding_logit(F.silu(self.noncoding_hidden(torch.cat(summary, dim=1))))
        return torch.cat([noncoding, frames], dim=1)

    def forward(self, ids):
        return self.head(self.features(ids))
