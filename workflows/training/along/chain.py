"""The decoder's posteriors as something to learn through: `decode.posteriors` in torch, with gradients.

A network that is trained position by position says the same at neighbours, so the chain has to weigh them down, and a border
is smeared. One that is trained through the chain leaves to stop and start codons what they tell, and says the rest.
"""

import torch

from . import decode


def _passed(factors, emissions):
    """Sums over all paths up to each position, each scaled to a sum of one: a list of [B, 7]."""
    out = [emissions[:, 0]]
    for t in range(1, emissions.shape[1]):
        reached = torch.bmm(out[-1].unsqueeze(1), factors[:, t - 1]).squeeze(1) * emissions[:, t]
        out.append(reached / reached.sum(dim=1, keepdim=True))
    return torch.stack(out, dim=1)


def posteriors(logits, table, weight):
    """Probabilities [B, T, 7] of the states, of logits [B, T, 7] and `decode.transitions` [B, T - 1, 7, 7]."""
    emissions = (weight * logits.float().log_softmax(dim=-1)).exp()
    factors = table.exp()
    ahead = _passed(factors, emissions)
    behind = _passed(factors.flip(1).transpose(2, 3), emissions.flip(1)).flip(1)
    both = ahead * behind / emissions
    return both / both.sum(dim=-1, keepdim=True)


def factors_of(costs, found):
    """Log scores of the steps [B, T - 1, 7, 7], of the codons that `codons.of` finds."""
    return torch.from_numpy(decode.transitions(costs, found)).float()
