"""Learns the embedding of unknown 6-mers for an exported model: `python -m compact.unknown CHECKPOINT GENOMES [--steps 4000]`.

Training reads have hardly any Ns, so an unknown 6-mer looks like sequence without stop codons: the more Ns a read has, the
surer the network is that it is coding. Here that one row of the embedding is learnt afterwards, with everything else frozen.
Reads from anywhere in GENOMES get Ns, single ones or a run at an end, and the row is adjusted until the network gives them the
same answers as without Ns. So no labels are needed, and a read without N is scored as before, bit for bit.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from . import fasta, tokens
from .frames import six_frames
from .export import NAMES
from .network import Network, Settings

LENGTHS = (75, 100, 150, 200, 300)
BATCH = 128
BASES_A_GROUP = 12_000_000


def load(directory):
    """The network of a checkpoint directory: what normalisation did is in its weights."""
    directory = Path(directory)
    config = json.loads((directory / "config.json").read_text())
    weights = load_file(directory / "model.safetensors")
    coarse = config.get("coarse", {"levels": 0, "pool": 2})
    network = Network(Settings(
        embedding=config["embedding_size"], channels=config["channels"], hidden=config["hidden"],
        blocks=len(config["blocks"]), levels=coarse["levels"], pool=coarse["pool"],
    ))
    norms = {"stem": network.stem_norm}
    norms |= {f"blocks.{i}": norm for i, norm in enumerate(network.block_norms)}
    norms |= {f"coarse.{i}": norm for i, norm in enumerate(network.coarse_norms)}
    state = {"embedding.weight": weights["embedding.weight"]}
    with torch.no_grad():
        for norm in [*norms.values(), network.embedding_norm]:
            norm.norm.running_var.fill_(1 - norm.norm.eps)
        for name, norm in norms.items():
            state[f"{name}.weight"] = weights[f"{name}.weight"]
            norm.norm.bias.copy_(weights[f"{name}.bias"])
        network.embedding_norm.norm.weight.copy_(weights["embedding_norm.scale"])
        network.embedding_norm.norm.bias.copy_(weights["embedding_norm.shift"])
    for ours, theirs in NAMES:
        state |= {f"{ours}.{part}": weights[f"{theirs}.{part}"] for part in ("weight", "bias")}
    missing, unexpected = network.load_state_dict(state, strict=False)
    assert not unexpected and all("norm" in name for name in missing), (missing, unexpected)
    return network.eval().requires_grad_(False)


def genomes(folder):
    """Base codes of each group's first records."""
    for path in sorted(Path(folder).glob("*.fa.gz")):
        parts, bases = [], 0
        for record in fasta.read(path):
            parts.append(tokens.encode(record.sequence))
            bases += len(record.sequence)
            if bases >= BASES_A_GROUP:
                break
        yield np.concatenate(parts)


def draw(rng, groups, count, length):
    """Reads of known bases alone [count, length], each group's as often as any other's."""
    reads = np.empty((count, length), np.uint8)
    for read in reads:
        read[:] = tokens.UNKNOWN_BASE
        while (read == tokens.UNKNOWN_BASE).any():
            group = groups[rng.integers(len(groups))]
            start = rng.integers(len(group) - length)
            read[:] = group[start : start + length]
    return reads


def spoil(rng, reads):
    """The same with Ns: two in three here and there (0.6 to 32 %), one in three at an end (3 to 80 %)."""
    reads = reads.copy()
    length = reads.shape[1]
    for read in reads:
        if rng.random() < 2 / 3:
            count = max(1, rng.binomial(length, 10 ** rng.uniform(-2.2, -0.5)))
            read[rng.choice(length, count, replace=False)] = tokens.UNKNOWN_BASE
        else:
            count = int(length * rng.uniform(0.03, 0.8))
            read[slice(count) if rng.random() < 0.5 else slice(length - count, None)] = tokens.UNKNOWN_BASE
    return reads


def learn(network, groups, steps, rng):
    """Moves the row of the unknown 6-mer, from the mean of all 6-mers, and returns it."""
    ids = lambda reads: six_frames(torch.from_numpy(reads))
    table = network.embedding.weight
    row = torch.nn.Parameter(table[tokens.SPECIAL :].mean(dim=0))
    optimiser = torch.optim.Adam([row], lr=5e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps, eta_min=1e-4)
    for step in range(steps):
        reads = draw(rng, groups, BATCH, LENGTHS[step % len(LENGTHS)])
        with torch.no_grad():
            intact = network(ids(reads)).softmax(dim=1)
        special = torch.cat([table[: tokens.UNK], row[None], table[tokens.UNK + 1 : tokens.SPECIAL]])
        everything = {"embedding.weight": torch.cat([special, table[tokens.SPECIAL :]])}
        logits = torch.func.functional_call(network, everything, (ids(spoil(rng, reads)),))
        loss = F.cross_entropy(logits, intact)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 500 == 499:
            print(f"step {step + 1}: {loss.item():.4f}", flush=True)
    return row.detach()


def teach(checkpoint, folder, steps=4000):
    """Learns the row of a checkpoint from the genomes of a folder, and writes it there."""
    row = learn(load(checkpoint), list(genomes(folder)), steps, np.random.default_rng(1))
    path = Path(checkpoint) / "model.safetensors"
    weights = load_file(path)
    weights["embedding.weight"][tokens.UNK] = row
    save_file(weights, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("genomes", type=Path)
    parser.add_argument("--steps", type=int, default=4000)
    args = parser.parse_args()
    torch.set_num_threads(1)
    teach(args.checkpoint, args.genomes, args.steps)


if __name__ == "__main__":
    main()
