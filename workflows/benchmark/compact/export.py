"""Exports the compact network to ONNX for general engines: token ids [reads, 6, tokens] in, logits [reads, 7] out.

    python export.py CHECKPOINT PEERS

It is written as is usual in PyTorch (channels first, `Conv1d`), and compared with the training code's `plain.py`.
"""

import json
import sys
from pathlib import Path

import numpy
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

TRAINING = Path(__file__).parents[2] / "training"
NEXT, AFTER, OPPOSITE = [1, 2, 0, 4, 5, 3], [2, 0, 1, 5, 3, 4], [1, 1, 1, 0, 0, 0]


class Network(nn.Module):
    def __init__(self, checkpoint):
        super().__init__()
        self.config = json.loads((checkpoint / "config.json").read_text())
        for name, tensor in load_file(checkpoint / "model.safetensors").items():
            self.register_buffer(name.replace(".", "_"), tensor)

    def linear(self, name, x):
        return F.linear(x, getattr(self, name + "_weight"), getattr(self, name + "_bias"))

    def forward(self, ids):
        reads, frames, tokens = ids.shape
        e = F.embedding(ids.reshape(-1, tokens), self.embedding_weight)
        stem = self.config["stem"]
        x = F.silu(F.conv1d(e.transpose(1, 2), self.stem_weight, self.stem_bias, stem["stride"], stem["padding"]))
        for i, block in enumerate(self.config["blocks"]):
            weight, bias = getattr(self, f"blocks_{i}_weight"), getattr(self, f"blocks_{i}_bias")
            x = x + F.silu(F.conv1d(x, weight, bias, 1, block["padding"]))
        levels = [x.mean(dim=2), x.amax(dim=2)]
        coarse = self.config.get("coarse", {"levels": 0})
        for i in range(coarse["levels"]):
            x = F.avg_pool1d(F.pad(x, (0, -x.shape[2] % coarse["pool"])), coarse["pool"])
            weight, bias = getattr(self, f"coarse_{i}_weight"), getattr(self, f"coarse_{i}_bias")
            x = x + F.silu(F.conv1d(x, weight, bias, 1, coarse["padding"]))
            levels += [x.mean(dim=2), x.amax(dim=2)]
        # Not of the transposed: OpenVINO 2026.4 then reads what is not there.
        mean = e.mean(dim=1) * self.embedding_norm_scale + self.embedding_norm_shift
        h = F.silu(self.linear("frame_hidden", torch.cat([*levels, mean], dim=1)))
        width = h.shape[1]
        h = h.view(-1, 6, width)
        opposite = h.view(-1, 2, 3, width).mean(dim=2)[:, OPPOSITE]
        best = h.amax(dim=1, keepdim=True).expand(-1, 6, -1)
        z = F.silu(self.linear("frame_mix", torch.cat([h, h[:, NEXT], h[:, AFTER], opposite, best], dim=2))) + h
        logits = self.linear("frame_logit", z).squeeze(2)
        ordered = torch.topk(logits, 6, dim=1).values
        # `logsumexp` by hand: the exporter loses its axis.
        highest = ordered[:, :1]
        logsumexp = (logits - highest).exp().sum(dim=1, keepdim=True).log() + highest
        summary = [z.mean(dim=1), z.amax(dim=1), ordered, logsumexp]
        noncoding = F.silu(self.linear("noncoding_hidden", torch.cat(summary, dim=1)))
        return torch.cat([self.linear("noncoding_logit", noncoding), logits], dim=1)


def frames(read):
    """The ids of a read's six frames, [6, tokens], and nothing shared with the program that is measured."""
    digits = {"A": 0, "T": 1, "C": 2, "G": 3}
    complement = {"A": "T", "T": "A", "C": "G", "G": "C"}
    tokens = (len(read) - 5) // 3
    rows = []
    for strand in (read, "".join(complement[base] for base in reversed(read))):
        kmers = [5 + sum(digits[base] << 2 * (5 - i) for i, base in enumerate(strand[at : at + 6])) for at in range(len(strand) - 5)]
        rows += [kmers[frame::3][:tokens] for frame in range(3)]
    return rows


def main():
    checkpoint, peers = Path(sys.argv[1]), Path(sys.argv[2])
    peers.mkdir(parents=True, exist_ok=True)
    network = Network(checkpoint).eval()
    sys.path.insert(0, str(TRAINING))
    from compact import plain

    read = "ACGTTGCAATGCCGATTAGC" * 15
    ids = torch.tensor([frames(read), frames(read[::-1])])
    with torch.no_grad():
        logits = network(ids)
        numpy.savez(peers / "golden.npz", ids=ids.numpy(), logits=logits.numpy())
        difference = (logits[0] - plain.Model(checkpoint).logits(read)).abs().max().item()
    assert difference < 1e-4, f"the exported network is another one: {difference}"
    dynamic = {"ids": {0: "reads", 2: "tokens"}, "logits": {0: "reads"}}
    path = peers / "compact.onnx"
    torch.onnx.export(
        network, (ids,), path, input_names=["ids"], output_names=["logits"], dynamic_axes=dynamic, opset_version=17, dynamo=False
    )


if __name__ == "__main__":
    main()
