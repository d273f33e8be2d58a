"""How near a BERT comes to exact arithmetic if its linear layers multiply sums of bf16 instead of f32.

    python parts.py CHECKPOINT [--reads 8]

A number is split into its nearest bf16, the nearest to what is left, and so on. On AMX, f32 is computed from products of such
parts. This emulates them with products in f32 of numbers that are bf16, which are exact but for the sums, and prints the largest
difference of a probability from that in f64, in both attention modes, for several choices of parts. Needs `requirements.txt`.
"""

import argparse
from functools import partial
from pathlib import Path

import torch

from export import load

# Products of (a part of the input, a part of the weights).
CHOICES = {
    "2 + 2 parts, 3 products": [(0, 0), (0, 1), (1, 0)],
    "2 + 2 parts, 4 products": [(0, 0), (0, 1), (1, 0), (1, 1)],
    "2 + 3 parts, 4 products": [(0, 0), (0, 1), (0, 2), (1, 0)],
    "3 + 2 parts, 4 products": [(0, 0), (0, 1), (1, 0), (2, 0)],
    "3 + 3 parts, 6 products": [(0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (2, 0)],
}
LENGTHS = (297, 147, 57, 97, 296, 247, 298, 17)  # tokens
PADDED = 298  # what the published tool pads to, with token 0
K_MERS = range(5, 4101)


def parts_of(x):
    """Three bf16, as f32, whose sum is x but for the last bit."""
    parts = []
    for _ in range(3):
        parts.append(x.to(torch.bfloat16).float())
        x = x - parts[-1]
    return parts


def parted(bias, weights, choice, x):
    """A linear layer by products of parts."""
    inputs = parts_of(x)
    return bias + sum(inputs[one] @ weights[other].T for one, other in choice)


def in_parts(checkpoint, choice):
    """The network with the encoder's linear layers by products of parts."""
    model = load(checkpoint)
    for layer in model.bert.encoder.modules():
        if isinstance(layer, torch.nn.Linear):
            layer.forward = partial(parted, layer.bias, parts_of(layer.weight), choice)
    return model


def rows(count):
    """(ids, what attention adds): random reads, alone and padded as the published tool does, which adds 1 where tokens are."""
    generator = torch.Generator().manual_seed(1)
    for length in LENGTHS[:count]:
        ids = torch.randint(K_MERS.start, K_MERS.stop, (1, length), generator=generator)
        yield ids, torch.zeros(1, 1, 1, length)
        padded, added = torch.zeros(1, PADDED, dtype=ids.dtype), torch.zeros(1, 1, 1, PADDED)
        padded[:, :length], added[..., :length] = ids, float(length < PADDED)
        yield padded, added


def probability(model, ids, added):
    # A mask of four dimensions is added as it is.
    logits = model(input_ids=ids, attention_mask=added.to(model.dtype)).logits
    return torch.softmax(logits[0].double(), dim=0)[1].item()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--reads", type=int, default=len(LENGTHS))
    args = parser.parse_args()
    reads = list(rows(args.reads))
    with torch.no_grad():
        exact = load(args.checkpoint).double()
        expected = [probability(exact, *row) for row in reads]
        for name in ("f32", *CHOICES):
            model = in_parts(args.checkpoint, CHOICES[name]) if name in CHOICES else load(args.checkpoint)
            largest = max(abs(probability(model, *row) - right) for row, right in zip(reads, expected))
            print(f"{name:24} {largest:.2e}", flush=True)


if __name__ == "__main__":
    main()
