"""How near a BERT comes to exact arithmetic if its linear layers multiply sums of bf16 instead of f32.

    python parts.py CHECKPOINT [--reads 8]

A number is split into its nearest bf16, the nearest to what is left, and so on. On AMX, f32 is computed from products of such
parts. This emulates them with products in f32 of numbers that are bf16, which are exact but for the sums, and prints the largest
difference of a probability from that in f64, in both attention modes, for several choices of parts.
"""

import argparse
import json
from pathlib import Path

import torch
from torch.nn import functional

# Products of (a part of the input, a part of the weights).
CHOICES = {
    "2 + 2 parts, 3 products": [(0, 0), (0, 1), (1, 0)],
    "2 + 2 parts, 4 products": [(0, 0), (0, 1), (1, 0), (1, 1)],
    "2 + 3 parts, 4 products": [(0, 0), (0, 1), (0, 2), (1, 0)],
    "3 + 2 parts, 4 products": [(0, 0), (0, 1), (1, 0), (2, 0)],
    "3 + 3 parts, 6 products": [(0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (2, 0)],
}
LENGTHS = (297, 147, 57, 97, 296, 247, 298, 17)  # k-mers
PADDED = 298  # what the published tool pads to, with token 0
K_MERS = range(5, 4101)
HEADS, LAYER_NORM = 12, 1e-12


def parts_of(x):
    """Three bf16, as f32, whose sum is x but for the last bit."""
    parts = []
    for _ in range(3):
        parts.append(x.to(torch.bfloat16).float())
        x = x - parts[-1]
    return parts


class Model:
    """The network in f64, in f32, or with linear layers of products of parts."""

    def __init__(self, folder):
        self.weights = torch.load(folder / "pytorch_model.bin", map_location="cpu", weights_only=True)
        self.layers = json.loads((folder / "config.json").read_text())["num_hidden_layers"]
        self.parts = {}

    def linear(self, x, name, choice=None):
        weight, bias = (self.weights[f"{name}.{part}"] for part in ("weight", "bias"))
        if choice is None:
            return x @ weight.to(x.dtype).T + bias.to(x.dtype)
        if name not in self.parts:
            self.parts[name] = parts_of(weight)
        left, right = parts_of(x), self.parts[name]
        return bias + sum(left[one] @ right[other].T for one, other in choice)

    def norm(self, x, name):
        weight, bias = (self.weights[f"{name}.{part}"].to(x.dtype) for part in ("weight", "bias"))
        return functional.layer_norm(x, weight.shape, weight, bias, LAYER_NORM)

    def attention(self, x, name, bias, choice):
        query, key, value = (
            self.linear(x, f"{name}.self.{part}", choice).view(len(x), HEADS, -1).transpose(0, 1)
            for part in ("query", "key", "value")
        )
        weights = torch.softmax(query @ key.transpose(1, 2) / query.shape[-1] ** 0.5 + bias, dim=-1)
        context = (weights @ value).transpose(0, 1).reshape(len(x), -1)
        return self.norm(x + self.linear(context, f"{name}.output.dense", choice), f"{name}.output.LayerNorm")

    def probability(self, ids, bias, dtype, choice=None):
        embeddings = "bert.embeddings"
        tables = (self.weights[f"{embeddings}.{table}_embeddings.weight"] for table in ("word", "position", "token_type"))
        words, positions, types = tables
        x = self.norm((words[ids] + positions[: len(ids)] + types[0]).to(dtype), f"{embeddings}.LayerNorm")
        for layer in range(self.layers):
            name = f"bert.encoder.layer.{layer}"
            x = self.attention(x, f"{name}.attention", bias.to(dtype), choice)
            hidden = functional.gelu(self.linear(x, f"{name}.intermediate.dense", choice))
            x = self.norm(x + self.linear(hidden, f"{name}.output.dense", choice), f"{name}.output.LayerNorm")
        pooled = torch.tanh(self.linear(x[:1], "bert.pooler.dense"))
        return torch.softmax(self.linear(pooled, "classifier")[0].double(), dim=0)[1].item()


def rows(count):
    """(ids, what attention adds): random reads, alone and padded as the published tool does, which adds 1 where k-mers are."""
    generator = torch.Generator().manual_seed(1)
    for length in LENGTHS[:count]:
        ids = torch.randint(K_MERS.start, K_MERS.stop, (length,), generator=generator)
        yield ids, torch.zeros(length)
        padded, bias = torch.zeros(PADDED, dtype=ids.dtype), torch.zeros(PADDED)
        padded[:length], bias[:length] = ids, float(length < PADDED)
        yield padded, bias


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--reads", type=int, default=len(LENGTHS))
    args = parser.parse_args()
    model = Model(args.checkpoint)
    worst = dict.fromkeys(["f32", *CHOICES], 0.0)
    with torch.no_grad():
        for ids, bias in rows(args.reads):
            exact = model.probability(ids, bias, torch.float64)
            for name in worst:
                found = model.probability(ids, bias, torch.float32, CHOICES.get(name))
                worst[name] = max(worst[name], abs(found - exact))
    for name, difference in worst.items():
        print(f"{name:24} {difference:.1e}")


if __name__ == "__main__":
    main()
