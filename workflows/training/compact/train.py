"""Training the compact network, resumable and bounded by time: `python -m compact.train DATA.npz RUN --minutes 60 [--set channels=64]`.

The learning rate follows a cosine over the time budget, so a run ends when it was told to, on a busy machine as well.
With `--reads N` it is bounded by reads instead: for comparisons at equal data.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from .frames import six_frames
from .network import Network, Settings
from .sampler import MIXES, Recipe, Sampler
from .training import EXPORTED, LAST, Training, add_flags
from .variants import NETWORKS

BATCH_BASES = 256 * 300  # a batch holds so many bases: as many short reads as a core does in the time of 256 long ones
SMOOTHING = 0.02
MEASURED = 80  # batches that BatchNorm's statistics are taken from in the end


def loss_of(logits, coded, frames):
    """Cross-entropy of coding against not, and of the frame where there is one; see README, "Loss"."""
    logits = logits.float()
    total = logits.logsumexp(1)
    not_coding = total - logits[:, 0]
    any_frame = total - logits[:, 1:].logsumexp(1)
    frames = torch.where(frames.any(1, keepdim=True), frames, True)
    right_frame = total - logits[:, 1:].masked_fill(~frames, float("-inf")).logsumexp(1)
    # Half coded is half a label: between 1/3 and 2/3 the target rises with the share.
    target = (0.5 + 3 * (coded - 0.5)).clamp(0, 1)
    frame_loss = torch.where(coded >= 0.25, right_frame, any_frame)
    coding = (1 - SMOOTHING / 2) * frame_loss + SMOOTHING / 2 * not_coding
    gap = (1 - SMOOTHING / 2) * not_coding + SMOOTHING / 2 * any_frame
    return (target * coding + (1 - target) * gap).mean()


def to_tensors(made):
    """A sampler's reads as the network's input and the loss's targets."""
    ids = six_frames(torch.from_numpy(made.bases))
    return ids, torch.from_numpy(made.coded), torch.from_numpy(made.frames)


class Run(Training):
    """A training of the compact network, or of a variant."""

    def make_sampler(self):
        shares, boost = MIXES[self.arguments.mix]
        return Sampler(self.data, Recipe(shares=shares, boost=boost)._replace(**self.arguments.recipe))

    def make_network(self):
        return NETWORKS[self.arguments.network](Settings(**self.arguments.set))

    def load(self, folder):
        return load_average(folder)

    def loss(self):
        length = self.sampler.length(self.rng)
        ids, coded, frames = to_tensors(self.sampler.batch(self.rng, length, BATCH_BASES // max(length, 120)))
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.network(ids)
        return loss_of(logits, coded, frames), len(ids)

    def finish(self):
        """Write what is exported: the mean of the snapshots, with BatchNorm statistics of its own."""
        network = type(self.network)(self.network.settings)
        network.load_state_dict(self.mean_of_snapshots())
        measure_on(network, self.sampler, self.arguments.seed)
        torch.save(network.state_dict(), self.folder / EXPORTED)


def measure_on(network, sampler, seed):
    """Take BatchNorm's statistics anew on a sampler's reads."""
    rng = np.random.default_rng(seed)
    lengths = [sampler.length(rng) for _ in range(MEASURED)]
    measure(network, (to_tensors(sampler.batch(rng, length, 256))[0] for length in lengths))


def measure(network, batches):
    """Take BatchNorm's statistics anew: those of a mean of weights are not the mean of theirs."""
    norms = [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm1d)]
    network.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over the batches
        norm.train()
    with torch.no_grad():
        for ids in batches:
            network(ids)
    network.eval()


def load_average(folder):
    """What a run exports, or, of one that is not done, the average so far."""
    saved = torch.load(Path(folder) / "state.pt", weights_only=False)
    done = Path(folder) / EXPORTED
    network = Network(Settings(**saved["settings"]))
    network.load_state_dict(torch.load(done) if done.exists() else saved["average"])
    return network.eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    add_flags(parser, LAST)
    parser.add_argument("--mix", choices=MIXES, default="mammals", help="whose shares of groups")
    parser.add_argument("--network", choices=NETWORKS, default="six frames")
    torch.set_num_threads(1)
    Run(parser.parse_args()).train()


if __name__ == "__main__":
    main()
