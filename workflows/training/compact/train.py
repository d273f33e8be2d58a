"""Training, resumable and bounded by time: `python -m compact.train DATA.npz RUN --minutes 60 [--set channels=64]`.

The learning rate follows a cosine over the time budget, so a run ends when it was told to, on a busy machine as well.
With `--reads N` it is bounded by reads instead: for comparisons at equal data.
"""

import argparse
import copy
import functools
import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import torch

from . import embed, holdout, kept, tokens
from .frames import six_frames
from .data import Data
from .network import Network, Settings
from .sampler import MIXES, Recipe, Sampler
from .variants import NETWORKS

BATCH_BASES = 256 * 300  # a batch holds so many bases: as many short reads as a core does in the time of 256 long ones
PEAK, LAST = 3e-3, 0.15
WARM_UP = 0.04
EMA = 0.998
SMOOTHING = 0.02
SAVE_EVERY = 180  # seconds
EXPORTED = "exported.pt"
MEASURED = 80  # batches that BatchNorm's statistics are taken from in the end
# Averages are kept at these shares of the budget, and their mean is what is exported: the last ones know the training
# genera best, the early ones generalise best, and their mean ranks unseen genera better than each (RESULTS.md).
SNAPSHOTS = (0.75, 0.875, 1.0)


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


def optimiser(network, weight_decay):
    vectors = [p for p in network.parameters() if p.ndim < 2]
    matrices = [p for p in network.parameters() if p.ndim >= 2]
    groups = [{"params": matrices, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=PEAK, betas=(0.9, 0.98), fused=True)


def rate(progress, last=LAST):
    """Learning rate at a share of the budget, `last` of the peak at its end."""
    if progress < WARM_UP:
        return PEAK * max(progress / WARM_UP, 0.02)
    along = (progress - WARM_UP) / (1 - WARM_UP)
    return PEAK * (last + (1 - last) * 0.5 * (1 + np.cos(np.pi * min(along, 1))))


class Average:
    """Exponential moving average of weights and BatchNorm statistics: what is exported."""

    def __init__(self, network):
        self.network = copy.deepcopy(network).eval()
        self.steps = 0

    def update(self, network):
        self.steps += 1
        keep = min(EMA, (1 + self.steps) / (10 + self.steps))
        mine, theirs = self.network.state_dict(), network.state_dict()
        with torch.no_grad():
            floats = [k for k, v in mine.items() if v.is_floating_point()]
            torch._foreach_lerp_([mine[k] for k in floats], [theirs[k] for k in floats], 1 - keep)


@functools.lru_cache(maxsize=1)
def load_data(path, every_genus=False):
    """The data, kept: several runs in one process share them. `every_genus`: all but the sentinels are trained on."""
    data = Data(path)
    if every_genus:
        data.train_on_all_but(holdout.SENTINELS)
    return data


class Run:
    """One training run in its folder: state, log, and how far along it is."""

    def __init__(self, arguments):
        self.folder = Path(arguments.run)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.arguments = arguments
        self.settings = Settings(**arguments.set)
        torch.manual_seed(arguments.seed)
        self.rng = np.random.default_rng(arguments.order or arguments.seed)
        self.data = load_data(arguments.data, arguments.every_genus)
        shares, boost = MIXES[arguments.mix]
        self.sampler = Sampler(self.data, Recipe(shares=shares, boost=boost)._replace(**arguments.recipe))
        self.network = NETWORKS[arguments.network](self.settings)
        self.spent, self.reads, self.steps = 0.0, 0, 0
        self.stopped = False
        self.optimiser = optimiser(self.network, arguments.weight_decay)
        self.resumed = self.state.exists()
        if self.resumed:
            self._resume()
        else:
            if arguments.start_from:
                self.network.load_state_dict(load_average(arguments.start_from).state_dict())
            elif not arguments.random_start:
                self._start_embedding()
            self.average = Average(self.network)

    @property
    def state(self):
        return self.folder / "state.pt"

    def _start_embedding(self):
        genera = ".every" if self.arguments.every_genus else ""
        cache = Path(self.arguments.data).with_suffix(f".embed{self.settings['embedding']}{genera}.pt")
        if not kept.holds(cache, self.arguments.data):
            weight, organisms = embed.start(self.data, self.settings["embedding"])
            print(f"embedding from {organisms} organisms", flush=True)
            torch.save(weight, cache)
        with torch.no_grad():
            weight = torch.load(cache)
            noise = torch.randn_like(weight) * 0.02
            noise[: tokens.SPECIAL] = 0
            self.network.embedding.weight.copy_(weight + noise)

    def _resume(self):
        saved = torch.load(self.state, weights_only=False)
        self.network.load_state_dict(saved["network"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.average = Average(self.network)
        self.average.network.load_state_dict(saved["average"])
        self.average.steps = saved["steps"]
        self.spent, self.reads, self.steps = saved["spent"], saved["reads"], saved["steps"]
        self.rng.bit_generator.state = saved["rng"]
        print(f"resumed at {self.spent / 60:.1f} min, {self.reads} reads", flush=True)

    def save(self):
        saved = {
            "network": self.network.state_dict(), "optimiser": self.optimiser.state_dict(),
            "average": self.average.network.state_dict(), "settings": dict(self.settings),
            "spent": self.spent, "reads": self.reads, "steps": self.steps, "rng": self.rng.bit_generator.state,
        }  # fmt: skip
        torch.save(saved, self.state.with_suffix(".new"))
        os.replace(self.state.with_suffix(".new"), self.state)

    def snapshot(self, before):
        """Keep the average's weights where the step since `before` crossed one of the shares."""
        for share in SNAPSHOTS:
            if before < share <= self.progress():
                folder = self.folder / "snapshots"
                folder.mkdir(exist_ok=True)
                torch.save(self.average.network.state_dict(), folder / f"{share:.3f}.pt")

    def progress(self):
        if self.arguments.reads:
            return self.reads / self.arguments.reads
        return self.spent / (60 * self.arguments.minutes)

    def step(self):
        length = self.sampler.length(self.rng)
        made = self.sampler.batch(self.rng, length, BATCH_BASES // max(length, 120))
        ids, coded, frames = to_tensors(made)
        for group in self.optimiser.param_groups:
            group["lr"] = self.arguments.peak / PEAK * rate(self.progress(), self.arguments.last)
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.network(ids)
        loss = loss_of(logits, coded, frames)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.network.embedding.weight.grad[: tokens.SPECIAL] = 0
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self.optimiser.step()
        self.average.update(self.network)
        self.reads += len(ids)
        self.steps += 1
        return float(loss.detach())

    def train(self):
        self.network.train()
        log = open(self.folder / "log.tsv", "a")
        last, saved, mean, begun = time.monotonic(), time.monotonic(), None, self.reads
        shown = started = last
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "stopped", True))  # asked to stop: save first
        while self.progress() < 1 and not self.stopped:
            before = self.progress()
            loss = self.step()
            mean = loss if mean is None else 0.99 * mean + 0.01 * loss
            now = time.monotonic()
            self.spent += now - last
            last = now
            self.snapshot(before)
            if now - shown > 15:
                speed = (self.reads - begun) / (now - started)
                line = f"{self.spent / 60:.1f}\t{self.progress():.3f}\t{self.reads}\t{mean:.4f}\t{speed:.0f} reads/s"
                print(line, flush=True)
                print(line, file=log, flush=True)
                shown = now
            if now - saved > SAVE_EVERY:
                self.save()
                saved = now
        self.save()
        if self.progress() >= 1:
            self.finish()
        print(f"{'stopped' if self.stopped else 'done'}: {self.reads} reads, {self.steps} steps, {self.spent / 60:.1f} min, loss {mean or 0:.4f}")
        if self.progress() < 1:
            sys.exit(128 + signal.SIGTERM)  # so that run.sh does not go on with half a network


    def finish(self):
        """Write what is exported: the mean of the snapshots, with BatchNorm statistics of its own."""
        snapshots = sorted((self.folder / "snapshots").glob("*.pt"))
        network = type(self.network)(self.settings)
        network.load_state_dict(mean_of([torch.load(path) for path in snapshots]))
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


def mean_of(states):
    """The mean of state dicts of one network along its way."""
    out = dict(states[-1])
    for name, value in out.items():
        if value.is_floating_point():
            out[name] = torch.stack([state[name] for state in states]).mean(dim=0)
    return out


def load_average(folder):
    """What a run exports, or, of one that is not done, the average so far."""
    saved = torch.load(Path(folder) / "state.pt", weights_only=False)
    done = Path(folder) / EXPORTED
    network = Network(Settings(**saved["settings"]))
    network.load_state_dict(torch.load(done) if done.exists() else saved["average"])
    return network.eval()


def _pairs(text):
    return {k: json.loads(v) for k, v in (pair.split("=") for pair in text.split(","))} if text else {}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("run")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--reads", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--order", type=int, default=0, help="seed of the reads alone: other reads from the same start")
    parser.add_argument("--set", type=_pairs, default={}, help="network settings, e.g. channels=64,blocks=2")
    parser.add_argument("--recipe", type=_pairs, default={}, help="sampling settings, e.g. indels=0.03")
    parser.add_argument("--weight-decay", type=float, default=0.04)
    parser.add_argument("--peak", type=float, default=PEAK, help="highest learning rate")
    parser.add_argument("--last", type=float, default=LAST, help="learning rate at the end, as a share of the highest")
    parser.add_argument("--start-from", help="another run, whose exported weights this one starts from")
    parser.add_argument("--mix", choices=MIXES, default="mammals", help="whose shares of groups")
    parser.add_argument("--every-genus", action="store_true", help="train on the held-out sets too, all but the sentinels")
    parser.add_argument("--network", choices=NETWORKS, default="six frames")
    parser.add_argument("--random-start", action="store_true", help="no dicodon start of the embedding")
    torch.set_num_threads(1)
    Run(parser.parse_args()).train()


if __name__ == "__main__":
    main()
