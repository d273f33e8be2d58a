"""Training, resumable: `python -m along.train DATA.npz RUN --reads 2000000 [--set channels=48]`, or `--minutes 60`."""

import argparse
from pathlib import Path

import torch

from compact.training import EXPORTED, Training, add_flags

from . import chain, codons, decode, export, grid, turn
from .network import CLASSES, Along, Settings
from .sampler import Recipe, Sampler

BATCH = 256 * 34  # positions
SMOOTHING = 0.01
# From this share on, BatchNorm uses its running statistics, as the exported network does. Coarse levels have one position in a
# short read and several in a long one, so a batch's own statistics depend on its reads' length: a network trained on those to
# the end loses .05 of loss at 100 bases when it is exported.
SETTLED = 0.45
LAST = 0.05
# The loss of reads takes their log odds times this, which is about what calibration gives short reads. Reads that are about
# half coding, or that are not known in more places than this, are left to the chain's loss.
READ_SCALE = 1.8
UNCLEAR = 0.04
KNOWN = 0.8
FARTHEST = 12.0
_BITS = torch.tensor([1 << i for i in range(CLASSES)])


def loss_of(logits, right):
    """Minus the log of what the right classes have together, at positions that have any; a little for all the others."""
    logits = logits.float()
    right = (right.long().unsqueeze(-1) & _BITS) != 0
    total = logits.logsumexp(-1)
    known = right.any(-1)
    among = torch.where(right | ~known.unsqueeze(-1), logits, float("-inf")).logsumexp(-1)
    smooth = total - logits.mean(-1)
    return (((total - among) * (1 - SMOOTHING) + SMOOTHING * smooth) * known).sum() / known.sum()


def chain_loss(logits, bases, right, costs):
    """Minus the log of the posterior probability that the chain gives the right classes, at positions that have any."""
    right = (right.long().unsqueeze(-1) & _BITS) != 0
    known = right.any(-1)
    posterior = chain.posteriors(logits, chain.factors_of(costs, codons.of(bases)), costs.weight)
    hit = (posterior * right).sum(-1)
    return -((hit * (1 - SMOOTHING) + SMOOTHING / CLASSES).log() * known).sum() / known.sum()


def read_loss(logits, bases, right, costs):
    """Cross-entropy of whether most of a read codes, by where it breaks even."""
    inside = torch.from_numpy(bases[:, grid.POSITION // 2 :: grid.POSITION] != grid.PADDING)
    known = (right != 0) & inside
    coding = (((right & 1) == 0) & known).sum(dim=1) / known.sum(dim=1).clamp(min=1)
    clear = ((coding - 0.5).abs() > UNCLEAR) & (known.sum(dim=1) >= KNOWN * inside.sum(dim=1))
    said = READ_SCALE * turn.log_odds(logits, costs, codons.of(bases))
    sign = torch.where(coding >= 0.5, 1.0, -1.0)
    loss = torch.nn.functional.softplus(-(sign * said).clamp(-FARTHEST, FARTHEST))
    return (loss * clear).sum() / clear.sum().clamp(min=1)


def to_tensors(made):
    return torch.from_numpy(grid.strands(made.bases)), torch.from_numpy(made.right)


class Run(Training):
    """A training of the network along the read."""

    settled = False

    def make_sampler(self):
        return Sampler(self.data, Recipe()._replace(**self.arguments.recipe))

    def make_network(self):
        return Along(Settings(**self.arguments.set))

    def load(self, folder):
        return load(folder)

    def settle(self):
        """Fix BatchNorm's statistics at their running averages."""
        self.settled = True
        means = self.average.network.state_dict()
        self.network.load_state_dict({k: v for k, v in means.items() if "running" in k}, strict=False)
        for module in self.network.modules():
            if isinstance(module, torch.nn.BatchNorm1d):
                module.eval()

    def loss(self):
        if not self.settled and self.progress() >= self.arguments.settle_at:
            self.settle()
        positions = self.sampler.positions(self.rng)
        made = self.sampler.batch(self.rng, positions, BATCH // positions)
        ids, right = to_tensors(made)
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.network(ids)
        loss = loss_of(logits, right)
        if self.arguments.chain:
            share, costs = self.arguments.chain_share, self.arguments.chain.of(positions * grid.POSITION)
            loss = (1 - share) * loss + share * chain_loss(logits, made.bases, right, costs)
            share = self.arguments.read_share
            if share and costs is self.arguments.chain.short:
                loss = (1 - share) * loss + share * read_loss(logits, made.bases, right, costs)
        return loss, len(ids)

    def train(self):
        self.settled = False
        super().train()

    def finish(self):
        """Write what is exported: the mean of the snapshots, which share BatchNorm's statistics."""
        torch.save(self.mean_of_snapshots(), self.folder / EXPORTED)


def load(folder):
    """What a run exports, or, of one that is not done, the average so far; or an exported checkpoint."""
    if (Path(folder) / "model.safetensors").exists():
        return export.restored(folder)
    saved = torch.load(Path(folder) / "state.pt", weights_only=False)
    done = Path(folder) / EXPORTED
    network = Along(Settings(**saved["settings"]))
    network.load_state_dict(torch.load(done) if done.exists() else saved["average"])
    return network.eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    add_flags(parser, LAST)
    parser.add_argument("--settle-at", type=float, default=SETTLED, help="share of the training from which on BatchNorm is fixed; 0 where it starts from a trained network")
    parser.add_argument("--chain", type=decode.read_decoder, help="a checkpoint or a file of `fit` whose chain the loss goes through")
    parser.add_argument("--chain-share", type=float, default=0.8, help="what that loss counts; the rest is the loss at each position by itself")
    parser.add_argument("--read-share", type=float, default=0.0, help="with --chain: what the loss of short reads as a whole counts; the rest is that of their positions")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    Run(arguments).train()


if __name__ == "__main__":
    main()
