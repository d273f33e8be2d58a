"""What every training does, whatever its network: steps at a falling rate, an average of the weights, a state to resume from."""

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
from .data import Data

PEAK, LAST = 3e-3, 0.15
WARM_UP = 0.04
EMA = 0.998
SAVE_EVERY = 120  # seconds
SHOW_EVERY = 20
EXPORTED = "exported.pt"
# Averages are kept at these shares of the budget, and their mean is what is exported: the last ones know the training
# genera best, the early ones generalise best, and their mean ranks unseen genera better than each (RESULTS.md).
SNAPSHOTS = (0.75, 0.875, 1.0)


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


def mean_of(states):
    """The mean of state dicts of one network along its way."""
    out = dict(states[-1])
    for name, value in out.items():
        if value.is_floating_point():
            out[name] = torch.stack([state[name] for state in states]).mean(dim=0)
    return out


def runs_of(parts):
    """(runs, shares, states) of `parts` (run=share), all of them trained to their end."""
    runs, shares = zip(*((Path(run), int(share)) for run, share in (part.rsplit("=", 1) for part in parts)))
    for run in runs:
        if not (run / EXPORTED).exists():
            raise SystemExit(f"{run} is not trained to its end")
    return runs, shares, [torch.load(run / "state.pt", weights_only=False) for run in runs]


def weighted_mean(weights, shares):
    """The mean of state dicts, each counted as often as its share."""
    return mean_of([one for one, share in zip(weights, shares) for _ in range(share)])


@functools.lru_cache(maxsize=1)
def load_data(path, every_genus=False):
    """The data, kept: several runs in one process share them. `every_genus`: all but the sentinels are trained on."""
    data = Data(path)
    if every_genus:
        data.train_on_all_but(holdout.SENTINELS)
    return data


class Training:
    """One training in its folder: state, log, and how far along it is.

    A network's own training says what it starts with (`network`, `sampler`), its `loss` on a batch, what it `load`s another
    run's weights with, and what it does to `finish`."""

    def __init__(self, arguments):
        self.folder = Path(arguments.run)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.arguments = arguments
        torch.manual_seed(arguments.seed)
        self.rng = np.random.default_rng(arguments.order or arguments.seed)
        self.data = load_data(arguments.data, arguments.every_genus)
        self.sampler, self.network = self.make_sampler(), self.make_network()
        self.optimiser = optimiser(self.network, arguments.weight_decay)
        self.spent, self.reads, self.steps, self.stopped = 0.0, 0, 0, False
        if self.state.exists():
            self._resume()
        else:
            self._start()
            self.average = Average(self.network)

    @property
    def state(self):
        return self.folder / "state.pt"

    def _start(self):
        if self.arguments.start_from:
            self.network.load_state_dict(self.load(self.arguments.start_from).state_dict())
        elif not self.arguments.random_start:
            self._start_embedding()

    def _start_embedding(self):
        size, genera = self.network.settings["embedding"], ".every" if self.arguments.every_genus else ""
        cache = Path(self.arguments.data).with_suffix(f".embed{size}{genera}.pt")
        if not kept.holds(cache, self.arguments.data):
            weight, organisms = embed.start(self.data, size)
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

    def snapshot(self, before):
        """Keep the average's weights where the step since `before` crossed one of the shares."""
        for share in SNAPSHOTS:
            if before < share <= self.progress():
                folder = self.folder / "snapshots"
                folder.mkdir(exist_ok=True)
                torch.save(self.average.network.state_dict(), folder / f"{share:.3f}.pt")

    def mean_of_snapshots(self):
        return mean_of([torch.load(path) for path in sorted((self.folder / "snapshots").glob("*.pt"))])

    def step(self):
        for group in self.optimiser.param_groups:
            group["lr"] = self.arguments.peak / PEAK * rate(self.progress(), self.arguments.last)
        loss, reads = self.loss()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.network.embedding.weight.grad[: tokens.SPECIAL] = 0
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self.optimiser.step()
        self.average.update(self.network)
        self.reads += reads
        self.steps += 1
        return float(loss.detach())

    def train(self):
        self.network.train()
        log = open(self.folder / "log.tsv", "a")
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "stopped", True))  # asked to stop: save first
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
            sys.exit(128 + signal.SIGTERM)  # so that run.sh does not go on with half a network
        self.finish()
        print(f"done: {self.reads} reads, {self.steps} steps, {self.spent / 60:.1f} min, loss {mean or 0:.4f}")


def pairs(text):
    """What a flag's `a=1,b=2` says."""
    return {k: json.loads(v) for k, v in (pair.split("=") for pair in text.split(","))} if text else {}


def add_flags(parser, last):
    """The flags of every training."""
    parser.add_argument("data")
    parser.add_argument("run")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--reads", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--order", type=int, default=0, help="seed of the reads alone: other reads from the same start")
    parser.add_argument("--set", type=pairs, default={}, help="network settings, e.g. channels=64")
    parser.add_argument("--recipe", type=pairs, default={}, help="sampling settings, e.g. indels=0.03")
    parser.add_argument("--weight-decay", type=float, default=0.04)
    parser.add_argument("--peak", type=float, default=PEAK, help="highest learning rate")
    parser.add_argument("--last", type=float, default=last, help="learning rate at the end, as a share of the highest")
    parser.add_argument("--start-from", help="another run, whose exported weights this one starts from")
    parser.add_argument("--every-genus", action="store_true", help="train on the held-out sets too, all but the sentinels")
    parser.add_argument("--random-start", action="store_true", help="no dicodon start of the embedding")
