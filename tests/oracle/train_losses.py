#!/usr/bin/env python3
"""What PyTorch says of 50 steps of training: makes testdata/train/.

    python tests/oracle/train_losses.py

The networks are second implementations (`workflows/training/*/plain.py`, `make_bert.py`), losses are those of the training
workflows, and the optimiser is PyTorch's. All reads are one batch, so that their order does not matter. What starts from random
weights is the training workflow's own network, with PyTorch's normalisation over a batch, from the numbers that the program
draws: they are drawn here once more. Needs torch.
"""

import argparse
import json
import math
import random
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "workflows/training"), str(ROOT / "tests/oracle")]

import along.plain  # noqa: E402
import along.train  # noqa: E402
import compact.frames  # noqa: E402
import compact.network  # noqa: E402
import compact.plain  # noqa: E402
import compact.tokens  # noqa: E402
import compact.train  # noqa: E402
import make_bert  # noqa: E402

FOLDER = ROOT / "testdata/train"
STEPS, READS, BASES = 50, 12, 90
FRAMES = [1, 2, 3, -1, -2, -3]
STOPS = {"TAA", "TAG", "TGA"}
COMPLEMENT = str.maketrans("ACGT", "TGCA")


def reads():
    """Sequences with a label and a frame: half of them read through in one frame, the others are random."""
    rng = random.Random(7)
    codons = [a + b + c for a in "ACGT" for b in "ACGT" for c in "ACGT" if a + b + c not in STOPS]
    made = []
    for n in range(READS):
        if n % 2:
            made.append(("".join(rng.choice("ACGT") for _ in range(BASES)), 0, None))
            continue
        frame = FRAMES[n // 2 % 6]
        text = "".join(rng.choice(codons) for _ in range(BASES // 3 + 1))
        text = text[3 - (abs(frame) - 1) :][:BASES] if abs(frame) > 1 else text[:BASES]
        made.append((text if frame > 0 else text.translate(COMPLEMENT)[::-1], 1, frame))
    return made


class Ours:
    """What training of both our families has in common."""

    peak, warm_up, betas, decay, clip = 1e-3, 0.04, (0.9, 0.98), 0.04, 2.0

    def __init__(self, plain, name):
        self.model = plain.Model(ROOT / "src/model/builtin" / name)
        self.weights = self.model.weights

    def logits(self, made):
        return torch.stack([self.model.logits(read) for read, _, _ in made])


class Compact(Ours):
    last = 0.15

    def __init__(self):
        super().__init__(compact.plain, "compact")

    def loss(self, made):
        return compact_loss(self.logits(made), made)


def compact_loss(logits, made):
    coded = torch.tensor([float(label) for _, label, _ in made])
    frames = torch.tensor([[frame == own for own in FRAMES] for _, _, frame in made])
    return compact.train.loss_of(logits, coded, frames)


class Along(Ours):
    last = 0.05

    def __init__(self):
        super().__init__(along.plain, "along")

    def loss(self, made):
        logits = self.logits(made)
        side = next(n for n in range(9) if (BASES + 2 * n) % 9 == 0)
        turned = lambda frame: 1 + (abs(frame) - 1 + side) % 3 + (0 if frame > 0 else 3)
        classes = [0 if frame is None else turned(frame) for _, _, frame in made]
        right = torch.tensor([[1 << own] * logits.shape[1] for own in classes])
        return along.train.loss_of(logits, right)


class Bert:
    peak, warm_up, betas, decay, clip = 2e-5, 0.1, (0.9, 0.999), 0.01, 1.0
    last = None  # to nothing, evenly

    def __init__(self):
        folder = ROOT / "testdata/parity/k6_tiny_zip"
        config = json.loads((folder / "config.json").read_text())
        self.args = argparse.Namespace(
            hidden=config["hidden_size"], heads=config["num_attention_heads"], layers=config["num_hidden_layers"]
        )
        self.weights = torch.load(folder / "pytorch_model.bin", map_location="cpu")
        self.weights = {name: weight for name, weight in self.weights.items() if "position_ids" not in name}
        self.vocabulary = {word: i for i, word in enumerate((folder / "vocab.txt").read_text().split())}

    def loss(self, made):
        ids = [make_bert.token_ids(read, 6, self.vocabulary) for read, _, _ in made]
        logits = torch.cat([make_bert.logits(self.args, self.weights, own, True) for own in ids])
        return F.cross_entropy(logits, torch.tensor([label for _, label, _ in made]))


class Bits:
    """splitmix64 (Steele, Lea and Flood 2014)."""

    def __init__(self, seed):
        self.state = np.uint64(seed)

    def take(self, count):
        with np.errstate(over="ignore"):
            gamma = np.uint64(0x9E3779B97F4A7C15)
            x = self.state + gamma * np.arange(1, count + 1, dtype=np.uint64)
            self.state = x[-1]
            x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            return x ^ (x >> np.uint64(31))

    def shares(self, count):
        return ((self.take(count) >> np.uint64(11)).astype(np.float64) + 1) / 2.0**53


class Scratch(Compact):
    """The network of the training workflow, from random weights: tensors by their names in the program's files."""

    peak = 3e-3

    def __init__(self):
        self.network = compact.network.Network(compact.network.Settings(dropout=0.0)).train()
        own = dict(self.network.named_parameters())
        levels = range(self.network.settings["levels"])
        layers = ["stem", *(f"coarse.{level}" for level in levels)]
        norm = lambda layer: "stem_norm.norm" if layer == "stem" else f"coarse_norms.{layer[7:]}.norm"
        head = ("frame.hidden", "frame.mix", "frame.logit", "noncoding.hidden", "noncoding.logit")
        names = [("embedding.weight", "embedding.weight")]
        names += [("embedding_norm.scale", "embedding_norm.norm.weight"), ("embedding_norm.shift", "embedding_norm.norm.bias")]
        for layer in layers:
            names += [(f"{layer}.weight", f"{layer}.weight"), (f"{layer}.bias", f"{norm(layer)}.bias")]
        for layer in head:
            names += [(f"{layer}.{part}", f"{layer.replace('.', '_')}.{part}") for part in ("weight", "bias")]
        names += [(f"{layer}.norm", f"{norm(layer)}.weight") for layer in layers]
        assert {theirs for _, theirs in names} == set(own)
        self.weights = {ours: own[theirs] for ours, theirs in names}
        self.draw()

    def draw(self, seed=0):
        """A seed for each tensor in the order of the file; then as the network draws its own, but with these numbers."""
        seeds = Bits(seed).take(len(self.weights))
        for (name, weight), seed in zip(self.weights.items(), seeds):
            bits, count = Bits(seed), weight.numel()
            if "norm" in name or name in ("stem.bias", "coarse.0.bias", "coarse.1.bias"):
                continue  # 1 and 0
            if name == "embedding.weight":
                shares = bits.shares(2 * count).reshape(count, 2)
                numbers = 0.1 * np.sqrt(-2 * np.log(shares[:, 0])) * np.cos(2 * math.pi * shares[:, 1])
                numbers[: compact.tokens.SPECIAL * weight.shape[1]] = 0
            else:
                inputs = self.weights[name.replace(".bias", ".weight")][0].numel()
                numbers = (2 * bits.shares(count) - 1) / math.sqrt(inputs)
            with torch.no_grad():
                weight.copy_(torch.from_numpy(numbers.astype(np.float32)).view(weight.shape))

    def logits(self, made):
        bases = np.stack([compact.tokens.encode(read) for read, _, _ in made])
        return self.network(compact.frames.six_frames(torch.from_numpy(bases)))


def rate(model, done):
    if done < model.warm_up:
        return model.peak * done / model.warm_up
    left = (1 - done) / (1 - model.warm_up)
    if model.last is None:
        return model.peak * left
    return model.peak * (model.last + (1 - model.last) * 0.5 * (1 + math.cos(math.pi * (1 - left))))


def losses(model, made):
    """The loss before each step."""
    weights = model.weights
    for weight in weights.values():
        weight.requires_grad_(True)
    matrices = [weight for weight in weights.values() if weight.ndim >= 2]
    vectors = [weight for weight in weights.values() if weight.ndim < 2]
    groups = [{"params": matrices, "weight_decay": model.decay}, {"params": vectors, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, betas=model.betas)
    out = []
    for step in range(STEPS):
        for group in optimiser.param_groups:
            group["lr"] = rate(model, step / STEPS)
        loss = model.loss(made)
        optimiser.zero_grad()
        loss.backward()
        if "embedding.weight" in weights:
            weights["embedding.weight"].grad[:5] = 0
        torch.nn.utils.clip_grad_norm_(weights.values(), model.clip)
        optimiser.step()
        out.append(loss.item())
    return out


def main():
    torch.set_num_threads(1)
    made = reads()
    FOLDER.mkdir(exist_ok=True)
    lines = ["sequence\tlabel\tcoded_fraction\tframe\tgroup\torigin"]
    lines += [f"{read}\t{label}\t{label}.000\t{frame or '.'}\tmade\t{n}" for n, (read, label, frame) in enumerate(made)]
    (FOLDER / "reads.tsv").write_text("\n".join(lines) + "\n")
    # Named as `--from` takes them, but for the BERT and what starts from random weights.
    models = {"compact": Compact, "builtin": Along, "bert": Bert, "scratch": Scratch}
    columns = {name: losses(model(), made) for name, model in models.items()}
    lines = ["step\t" + "\t".join(columns)]
    lines += ["\t".join([str(step), *(f"{own[step]:.6f}" for own in columns.values())]) for step in range(STEPS)]
    (FOLDER / "losses.tsv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
