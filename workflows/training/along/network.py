"""The network: six frames through one stem and a pyramid, back down to positions, where the frames compete.

Channels last, convolutions as matrix products over neighbouring rows. Both strands take the same path, and they meet only
where their positions coincide, so the reverse complement gets mirrored logits by construction.
"""

import torch
import torch.nn.functional as F
from torch import nn

from compact import tokens

CLASSES = 7


class Settings(dict):
    """`embedding`, `channels`, `levels`: the shape of a network; `fine`: whether positions see their neighbours at the end."""

    DEFAULT = {"embedding": 32, "channels": 32, "levels": 4, "fine": 0, "compete": 0, "meet": 1, "own": 0, "activation": "silu"}

    def __init__(self, **given):
        super().__init__({**self.DEFAULT, **given})


class Normalise(nn.Module):
    """BatchNorm over all rows of a channels-last tensor."""

    def __init__(self, channels: int):
        super().__init__()
        self.norm = nn.BatchNorm1d(channels)

    def forward(self, x):
        return self.norm(x.reshape(-1, x.shape[-1])).view(x.shape)


def _weight(*shape):
    weight = nn.Parameter(torch.empty(*shape))
    nn.init.uniform_(weight, -(shape[0] ** -0.5), shape[0] ** -0.5)
    return weight


def _neighbours(x):
    """Each row with the one before and the one after it: [..., T, C] -> [..., T, 3 C]."""
    padded = F.pad(x, (0, 0, 1, 1))
    return torch.cat([padded[..., :-2, :], x, padded[..., 2:, :]], dim=-1)


def groups(count):
    """How many positions each position of the next level stands for: two, and in the middle of an odd number one or three,
    so that they are the same from both ends."""
    pairs, odd = count // 4, count % 2
    if not odd:
        return [2] * (count // 2)
    return [2] * pairs + [1 if count % 4 == 1 else 3] + [2] * pairs


def pooled(x):
    """Means over `groups`: [..., T, C] -> [..., G, C]."""
    count = x.shape[-2]
    if count % 2 == 0:
        return x.unflatten(-2, (-1, 2)).mean(dim=-2)
    side = count // 4 * 2
    parts = [x[..., side : count - side, :].mean(dim=-2, keepdim=True)]
    if side:
        left, right = (part.unflatten(-2, (-1, 2)).mean(dim=-2) for part in (x[..., :side, :], x[..., count - side :, :]))
        parts = [left, *parts, right]
    return torch.cat(parts, dim=-2)


def spread(x, count):
    """Each group's number at each of its positions: [..., G, C] -> [..., `count`, C]."""
    if count % 2 == 0:
        return x.repeat_interleave(2, dim=-2)
    return x.repeat_interleave(torch.tensor(groups(count)), dim=-2)


class Level(nn.Module):
    """A coarser level: a position sees its neighbours, its strand's mean, the other strand's, and the greatest of the six."""

    def __init__(self, c, meet):
        super().__init__()
        self.conv = _weight(3 * c, c)
        self.meet = _weight(3 * c, c) if meet else None
        self.norm = Normalise(c)

    def forward(self, x, act):
        y = _neighbours(x) @ self.conv
        if self.meet is not None:
            y = y + summary(x) @ self.meet
        return x + act(self.norm(y))


def summary(x):
    """[B, 2, 1, T, 3 C] of [B, 2, 3, T, C], each strand in its own direction."""
    mean, most = x.mean(dim=2, keepdim=True), x.amax(dim=2, keepdim=True)
    return torch.cat([mean, mean.flip(1, 3), torch.maximum(most, most.flip(1, 3))], dim=-1)


class Along(nn.Module):
    """Logits [B, T, 7] (none, three frames of each strand) of token ids [B, 2, 3, T + 1, 3]."""

    def __init__(self, settings: Settings):
        super().__init__()
        self.settings = settings
        e, c, levels = settings["embedding"], settings["channels"], settings["levels"]
        self.embedding = nn.Embedding(tokens.VOCABULARY, e)
        nn.init.normal_(self.embedding.weight, std=0.1)
        with torch.no_grad():
            self.embedding.weight[: tokens.SPECIAL] = 0
        self.stem = _weight(3 * e, 2 * c)
        self.stem_norm = Normalise(c)
        self.up = nn.ModuleList(Level(c, settings["meet"]) for _ in range(levels))
        self.down = nn.ParameterList(_weight(c, c) for _ in range(levels))
        self.own = nn.ParameterList(_weight(c, c) for _ in range(levels - 1)) if settings["own"] else None
        self.own_norm = nn.ModuleList(Normalise(c) for _ in range(levels - 1)) if settings["own"] else None
        self.fine = _weight((3 if settings["fine"] else 1) * c, c)
        self.fine_norm = Normalise(c)
        if settings["compete"]:
            self.mix, self.mix_shared, self.mix_norm = _weight(c, c), _weight(3 * c, c), Normalise(c)
        self.frame_logit = nn.Linear(c, 1)
        self.none_hidden = nn.Linear(2 * c, c)
        self.none_logit = nn.Linear(c, 1)

    def act(self, x):
        return F.relu(x) if self.settings["activation"] == "relu" else F.silu(x)

    def features(self, ids):
        """[B, 2, 3, T, C] of each frame at each position, in its strand's direction."""
        b, s, f, t1, _ = ids.shape
        both = self.embedding(ids).view(b, s, f, t1, -1) @ self.stem
        first, second = both.chunk(2, dim=-1)
        levels = [self.act(self.stem_norm(first[..., :-1, :] + second[..., 1:, :]))]
        for level in self.up:
            levels.append(level(pooled(levels[-1]), self.act))
        y = levels.pop()
        for i in range(len(self.down) - 1):
            x = levels.pop()
            y = spread(y @ self.down[i], x.shape[-2])
            y = x + (self.act(self.own_norm[i](y + x @ self.own[i])) if self.own is not None else y)
        x = levels.pop()
        fine = (_neighbours(x) if self.settings["fine"] else x) @ self.fine
        return self.act(self.fine_norm(fine + spread(y @ self.down[-1], x.shape[-2])))

    def forward(self, ids):
        h = self.features(ids)
        if self.settings["compete"]:
            h = h + self.act(self.mix_norm(h @ self.mix + summary(h) @ self.mix_shared))
        h = torch.stack([h[:, 0], h[:, 1].flip(-2)], dim=1)  # both strands in the direction of the read
        frames = self.frame_logit(h).squeeze(-1).flatten(1, 2).transpose(1, 2)  # [B, T, 6]
        seen = torch.cat([h.mean(dim=(1, 2)), h.amax(dim=(1, 2))], dim=-1)
        none = self.none_logit(self.act(self.none_hidden(seen)))
        return torch.cat([none, frames], dim=-1)

    def products(self, t):
        """Multiply-adds of a read of `t` positions: (those of the stem, which a table holds, the others)."""
        s = self.settings
        e, c = s["embedding"], s["channels"]
        rows = [t]
        for _ in range(s["levels"]):
            rows.append(len(groups(rows[-1])))
        square = sum(6 * 3 * n + (5 * n if s["meet"] else 0) for n in rows[1:])
        square += sum(6 * n for n in rows[1:]) + (sum(6 * n for n in rows[1:-1]) if s["own"] else 0)
        square += 6 * t * (3 if s["fine"] else 1) + (11 * t if s["compete"] else 0) + 2 * t
        return 6 * t * 6 * e * c, square * c * c + 7 * t * c
