"""The network: six frames through one stem and a pyramid, back down to positions, where the frames compete.

Channels last, convolutions as matrix products over neighbouring rows. Both strands take the same path, and they meet only
where their positions coincide, so the reverse complement gets mirrored logits by construction.
"""

import torch
import torch.nn.functional as F
from torch import nn

from compact import tokens

FRAMES = 3
CLASSES = 7


class Settings(dict):
    """The shape of a network."""

    DEFAULT = {
        "embedding": 32, "channels": 32, "levels": 4, "hidden": 32, "fine": 0, "meet": 1, "compete": 1, "shared": 1,
        "norm": 1, "activation": "silu", "dropout": 0.0, "kinship": 0,
    }  # fmt: skip

    def __init__(self, **given):
        super().__init__({**self.DEFAULT, **given})


class Normalise(nn.Module):
    """BatchNorm over all rows of a channels-last tensor, or a bias."""

    def __init__(self, channels: int, norm: bool):
        super().__init__()
        self.norm = nn.BatchNorm1d(channels) if norm else None
        self.bias = None if norm else nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        if self.norm is None:
            return x + self.bias
        return self.norm(x.reshape(-1, x.shape[-1])).view(x.shape)


def _weight(*shape):
    weight = nn.Parameter(torch.empty(*shape))
    nn.init.kaiming_uniform_(weight, a=5**0.5)
    return weight


def _neighbours(x):
    """Each row with the one before and the one after it: [..., T, C] -> [..., T, 3 C]."""
    padded = F.pad(x, (0, 0, 1, 1))
    return torch.cat([padded[..., :-2, :], x, padded[..., 2:, :]], dim=-1)


def pooled(x):
    """Means of two neighbours, with zeros beyond the end."""
    x = F.pad(x, (0, 0, 0, x.shape[-2] % 2))
    return x.view(*x.shape[:-2], -1, 2, x.shape[-1]).mean(dim=-2)


def spread(x, count):
    """Each position twice, the first `count`."""
    return x.repeat_interleave(2, dim=-2)[..., :count, :]


class Level(nn.Module):
    """A coarser level on the way up: what its positions see of their neighbours and of the strand's other frames."""

    def __init__(self, c, settings):
        super().__init__()
        self.conv = _weight(3 * c, c)
        self.meet = _weight(2 * c, c) if settings["meet"] else None
        self.norm = Normalise(c, settings["norm"])

    def forward(self, x, act):
        y = _neighbours(x) @ self.conv
        if self.meet is not None:
            y = y + torch.cat([x.mean(dim=2, keepdim=True), x.amax(dim=2, keepdim=True)], dim=-1) @ self.meet
        return x + act(self.norm(y))


class Along(nn.Module):
    """Logits [B, T, 7] (none, three frames of each strand) of token ids [B, 2, 3, T + 1, 3]."""

    def __init__(self, settings: Settings):
        super().__init__()
        self.settings = settings
        e, c, h, norm = settings["embedding"], settings["channels"], settings["hidden"], settings["norm"]
        self.embedding = nn.Embedding(tokens.VOCABULARY, e)
        nn.init.normal_(self.embedding.weight, std=0.1)
        with torch.no_grad():
            self.embedding.weight[: tokens.SPECIAL] = 0
        self.stem = _weight(3 * e, 2 * c)
        self.stem_norm = Normalise(c, norm)
        self.up = nn.ModuleList(Level(c, settings) for _ in range(settings["levels"]))
        self.down = nn.ModuleList(nn.Linear(2 * c, c, bias=False) for _ in range(settings["levels"] - 1))
        self.down_norm = nn.ModuleList(Normalise(c, norm) for _ in range(settings["levels"] - 1))
        self.fine = _weight(c * (3 if settings["fine"] else 1), h)
        self.coarse = _weight(c, h)
        self.fine_norm = Normalise(h, norm)
        self.own = _weight(h, h) if settings["compete"] else None
        self.shared = _weight(3 * h, h)
        self.mix_norm = Normalise(h, norm)
        self.frame_logit = nn.Linear(h, 1)
        self.none_hidden = nn.Linear(2 * h, h)
        self.none_logit = nn.Linear(h, 1)

    def act(self, x):
        return F.relu(x) if self.settings["activation"] == "relu" else F.silu(x)

    def features(self, ids):
        """[B, 2, 3, T, H] of each frame at each position, in its strand's direction."""
        b, s, f, t1, _ = ids.shape
        both = self.embedding(ids).view(b, s, f, t1, -1) @ self.stem
        first, second = both.chunk(2, dim=-1)
        x = self.act(self.stem_norm(first[..., :-1, :] + second[..., 1:, :]))
        levels = [x]
        for level in self.up:
            levels.append(level(pooled(levels[-1]), self.act))
        y = levels.pop()
        for i, (down, norm) in enumerate(zip(self.down, self.down_norm)):
            x = levels.pop()
            y = x + self.act(norm(down(torch.cat([x, spread(y, x.shape[-2])], dim=-1))))
        x = levels.pop()
        fine = (_neighbours(x) if self.settings["fine"] else x) @ self.fine
        return self.act(self.fine_norm(fine + spread(y @ self.coarse, x.shape[-2])))

    def head(self, h):
        """`h` with both strands in the direction of the read."""
        if self.settings["shared"]:
            mean = h.mean(dim=2, keepdim=True)
            most = h.amax(dim=(1, 2), keepdim=True).expand_as(mean)
            shared = torch.cat([mean, mean.flip(1), most], dim=-1) @ self.shared
        if self.own is not None:
            z = h @ self.own
            z = h + self.act(self.mix_norm(z + shared if self.settings["shared"] else z))
        else:
            z = h
        frames = self.frame_logit(z).squeeze(-1).flatten(1, 2).transpose(1, 2)  # [B, T, 6]
        seen = torch.cat([z.mean(dim=(1, 2)), z.amax(dim=(1, 2))], dim=-1)
        none = self.none_logit(self.act(self.none_hidden(seen)))
        return torch.cat([none, frames], dim=-1)

    def forward(self, ids):
        h = self.features(ids)
        return self.head(torch.stack([h[:, 0], h[:, 1].flip(-2)], dim=1))

    def products(self, t):
        """Multiply-adds of a read of `t` positions: (those of the stem, which a table holds, the others)."""
        s = self.settings
        e, c, h = s["embedding"], s["channels"], s["hidden"]
        stem, rest, rows = 6 * t * 6 * e * c, 0, [t]
        for _ in range(s["levels"]):
            rows.append(-(-rows[-1] // 2))
            rest += 6 * rows[-1] * 3 * c * c + (2 * rows[-1] * 2 * c * c if s["meet"] else 0)
        for own, above in zip(rows[1:-1], rows[2:]):
            rest += 6 * own * c * c + 6 * above * c * c
        rest += 6 * t * (3 if s["fine"] else 1) * c * h + 6 * rows[1] * c * h
        if s["compete"]:
            rest += 6 * t * h * h
        if s["shared"]:
            rest += (2 * t * 2 + t) * h * h
        rest += t * (6 * h + 2 * h * h + h)
        return stem, rest
