"""Other networks that were tried: a second architecture and other heads, with the main one's interface."""

import torch
import torch.nn.functional as F
from torch import nn

from .network import Network


class Bag(Network):
    """Second architecture: no convolution; a frame is the mean and the extremes of its 6-mers' embeddings."""

    def __init__(self, settings):
        super().__init__(settings | {"levels": 0})
        self.lift = nn.Linear(settings["embedding"], settings["channels"])

    def features(self, ids):
        b, frames, t = ids.shape
        e = self.embedding(ids.reshape(b * frames, t))
        x = F.silu(self.stem_norm(self.lift(e)))
        mean = self.embedding_norm(e.mean(dim=1))
        return torch.cat([x.mean(dim=1), x.amax(dim=1), mean], dim=1).view(b, frames, -1)


class Attend(Network):
    """Another pooling: the maximum replaced by a learnt weighted mean."""

    def __init__(self, settings):
        super().__init__(settings)
        self.weigh = nn.Linear(settings["channels"], settings["channels"])

    def pool(self, x):
        return (x * self.weigh(x).float().softmax(dim=1)).sum(dim=1)


class Alone(Network):
    """Another head: the frames do not see each other; non-coding is judged from their summary alone."""

    def head(self, features):
        h = F.silu(self.frame_hidden(self.dropout(features)))
        frames = self.frame_logit(h).squeeze(2)
        ordered = frames.sort(dim=1, descending=True).values
        summary = [h.mean(dim=1), h.amax(dim=1), ordered, frames.logsumexp(dim=1, keepdim=True)]
        noncoding = self.noncoding_logit(F.silu(self.noncoding_hidden(torch.cat(summary, dim=1))))
        return torch.cat([noncoding, frames], dim=1)


NETWORKS = {"six frames": Network, "bag": Bag, "attend": Attend, "alone": Alone}
