"""Training, resumable: `python -m along.train DATA.npz RUN --reads 2000000 [--set channels=48]`, or `--minutes 60`."""

import argparse
import functools
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import torch

from compact import embed, holdout, kept, tokens
from compact.data import Data
from compact.train import Average, _pairs, mean_of, optimiser, rate

from . import export, grid
from .network import CLASSES, Along, Settings
from .sampler import Recipe, Sampler

BATCH = 256 * 34  # positions
SMOOTHING = 0.01
SAVE_EVERY = 120  # seconds
SHOW_EVERY = 20
SNAPSHOTS = (0.75, 0.875, 1.0)
# From this share on, BatchNorm uses its running statistics, as the exported network does. Coarse levels have one position in a
# short read and several in a long one, so a batch's own statistics depend on its reads' length: a network trained on those to
# the end loses .05 of loss at 100 bases when it is exported.
SETTLED = 0.45
PEAK = 3e-3
EXPORTED = "exported.pt"
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


def to_tensors(made):
    return torch.from_numpy(grid.strands(made.bases)), torch.from_numpy(made.right)


@functools.lru_cache(maxsize=1)
def load_data(path, every_genus=False):
    data = Data(path)
    if every_genus:
        data.train_on_all_but(holdout.SENTINELS)
    return data


class Run:
    """One training in its folder: state, log, and how far along it is."""

    def __init__(self, arguments):
        self.folder = Path(arguments.run)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.arguments = arguments
        torch.manual_seed(arguments.seed)
        self.rng = np.random.default_rng(arguments.order or arguments.seed)
        self.data = load_data(arguments.data, arguments.every_genus)
        self.sampler = Sampler(self.data, Recipe()._replace(**arguments.recipe))
        self.network = Along(Settings(**arguments.set))
        self.optimiser = optimiser(self.network, arguments.weight_decay)
        self.spent, self.reads, self.steps, self.stopped, self.settled = 0.0, 0, 0, False, False
        if self.state.exists():
            self._resume()
        else:
            if arguments.start_from:
                self.network.load_state_dict(load(arguments.start_from).state_dict())
            else:
                self._start_embedding()
            self.average = Average(self.network)

    @property
    def state(self):
        return self.folder / "state.pt"

    def _start_embedding(self):
        genera = ".every" if self.arguments.every_genus else ""
        cache = Path(self.arguments.data).with_suffix(f".embed{self.network.settings['embedding']}{genera}.pt")
        if not kept.holds(cache, self.arguments.data):
            weight, _ = embed.start(self.data, self.network.settings["embedding"])
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
        self.average.steps = self.steps = saved["steps"]
        self.spent, self.reads = saved["spent"], saved["reads"]
        self.rng.bit_generator.state = saved["rng"]
        print(f"resumed at {self.spent / 60:.1f} min, {self.reads} reads", flush=True)

    def save(self):
        saved = {
            "network": self.network.state_dict(), "optimiser": self.optimiser.state_dict(),
            "average": self.average.network.state_dict(), "settings": dict(self.network.settings),
            "spent": self.spent, "reads": self.reads, "steps": self.steps, "rng": self.rng.bit_generator.state,
        }  # fmt: skip
        torch.save(saved, self.state.with_suffix(".new"))
        os.replace(self.state.with_suffix(".new"), self.state)

    def progress(self):
        if self.arguments.reads:
            return self.reads / self.arguments.reads
        return self.spent / (60 * self.arguments.minutes)

    def settle(self):
        """Fix BatchNorm's statistics at their running averages."""
        self.settled = True
        means = self.average.network.state_dict()
        self.network.load_state_dict({k: v for k, v in means.items() if "running" in k}, strict=False)
        for module in self.network.modules():
            if isinstance(module, torch.nn.BatchNorm1d):
                module.eval()

    def step(self):
        if not self.settled and self.progress() >= self.arguments.settle_at:
            self.settle()
        positions = self.sampler.positions(self.rng)
        ids, right = to_tensors(self.sampler.batch(self.rng, positions, BATCH // positions))
        for group in self.optimiser.param_groups:
            group["lr"] = self.arguments.peak / PEAK * rate(self.progress(), self.arguments.last)
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.network(ids)
        loss = loss_of(logits, right)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.network.embedding.weight.grad[: tokens.SPECIAL] = 0
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self.optimiser.step()
        self.average.update(self.network)
        self.reads += len(ids)
        self.steps += 1
        return float(loss.detach())

    def snapshot(self, before):
        """Keep the average's weights where the step since `before` crossed one of the shares."""
        for share in SNAPSHOTS:
            if before < share <= self.progress():
                folder = self.folder / "snapshots"
                folder.mkdir(exist_ok=True)
                torch.save(self.average.network.state_dict(), folder / f"{share:.3f}.pt")

    def train(self):
        self.network.train()
        self.settled = False
        log = open(self.folder / "log.tsv", "a")
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "stopped", True))
        last = shown = saved = time.monotonic()
        mean, begun, cpu = None, self.reads, time.process_time()
        while self.progress() < 1 and not self.stopped:
            before = self.progress()
            loss = self.step()
            mean = loss if mean is None else 0.99 * mean + 0.01 * loss
            now = time.monotonic()
            self.spent, last = self.spent + now - last, now
            self.snapshot(before)
            if now - shown > SHOW_EVERY:
                speed = (self.reads - begun) / (time.process_time() - cpu)
                line = f"{self.spent / 60:.1f}\t{self.progress():.3f}\t{self.reads}\t{mean:.4f}\t{speed:.0f} reads a CPU second"
                print(line, flush=True)
                print(line, file=log, flush=True)
                shown = now
            if now - saved > SAVE_EVERY:
                self.save()
                saved = now
        self.save()
        if self.progress() < 1:
            sys.exit(128 + signal.SIGTERM)
        self.finish()

    def finish(self):
        """Write what is exported: the mean of the snapshots, which share BatchNorm's statistics."""
        snapshots = [torch.load(path) for path in sorted((self.folder / "snapshots").glob("*.pt"))]
        torch.save(mean_of(snapshots), self.folder / EXPORTED)


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
    parser.add_argument("data")
    parser.add_argument("run")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--reads", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--order", type=int, default=0, help="seed of the reads alone")
    parser.add_argument("--set", type=_pairs, default={}, help="network settings, e.g. channels=48,levels=3")
    parser.add_argument("--recipe", type=_pairs, default={}, help="sampling settings, e.g. noisy=0.2")
    parser.add_argument("--weight-decay", type=float, default=0.04)
    parser.add_argument("--peak", type=float, default=PEAK)
    parser.add_argument("--last", type=float, default=0.05, help="learning rate at the end, as a share of the highest")
    parser.add_argument("--settle-at", type=float, default=SETTLED, help="share of the training from which on BatchNorm is fixed; 0 where it starts from a trained network")
    parser.add_argument("--start-from", help="another run, whose exported weights this one starts from")
    parser.add_argument("--every-genus", action="store_true", help="train on the held-out sets too, all but the sentinels")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    Run(arguments).train()


if __name__ == "__main__":
    main()
