"""Reads a second of a BERT in PyTorch on CUDA, in f16 with flash attention: random weights and tokens, the shape of a checkpoint.

    python peer.py CHECKPOINT [--seconds 5 --tokens 298 --batches 64 256 1024]
"""

import argparse
import json
import time
from pathlib import Path


def encoder(torch, config):
    """BERT's layers and its classifier."""
    import torch.nn.functional as F
    from torch import nn

    hidden, heads, inner = (config[key] for key in ("hidden_size", "num_attention_heads", "intermediate_size"))

    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.queries_keys_values, self.output = nn.Linear(hidden, 3 * hidden), nn.Linear(hidden, hidden)
            self.up, self.down = nn.Linear(hidden, inner), nn.Linear(inner, hidden)
            self.norms = nn.ModuleList([nn.LayerNorm(hidden), nn.LayerNorm(hidden)])

        def forward(self, x):
            rows, tokens, _ = x.shape
            parts = self.queries_keys_values(x).view(rows, tokens, 3, heads, hidden // heads).permute(2, 0, 3, 1, 4)
            attended = F.scaled_dot_product_attention(*parts)
            x = self.norms[0](x + self.output(attended.transpose(1, 2).reshape(rows, tokens, hidden)))
            return self.norms[1](x + self.down(F.gelu(self.up(x))))

    class Bert(nn.Module):
        def __init__(self):
            super().__init__()
            self.words = nn.Embedding(config["vocab_size"], hidden)
            self.positions = nn.Embedding(config["max_position_embeddings"], hidden)
            self.norm = nn.LayerNorm(hidden)
            self.layers = nn.ModuleList([Layer() for _ in range(config["num_hidden_layers"])])
            self.pooler, self.classifier = nn.Linear(hidden, hidden), nn.Linear(hidden, 2)

        def forward(self, ids):
            x = self.norm(self.words(ids) + self.positions.weight[: ids.shape[1]])
            for layer in self.layers:
                x = layer(x)
            return self.classifier(torch.tanh(self.pooler(x[:, 0])))

    return Bert()


def reads_per_second(torch, model, ids, seconds):
    """After two batches that are not counted."""
    for _ in range(2):
        model(ids)
    torch.cuda.synchronize()
    started, batches = time.perf_counter(), 0
    while batches == 0 or time.perf_counter() - started < seconds:
        model(ids)
        torch.cuda.synchronize()
        batches += 1
    return batches * len(ids) / (time.perf_counter() - started)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--tokens", type=int, default=298)
    parser.add_argument("--batches", type=int, nargs="+", default=[64, 256, 1024])
    args = parser.parse_args()
    try:
        import torch
    except ImportError:
        print("skipped: PyTorch: it is not installed")
        return
    if not torch.cuda.is_available():
        print("skipped: PyTorch: it finds no CUDA device")
        return
    from torch.nn.attention import SDPBackend, sdpa_kernel

    config = json.loads((args.checkpoint / "config.json").read_text())
    tokens = min(args.tokens, config["max_position_embeddings"])
    model = encoder(torch, config).half().cuda().eval()
    print(f"PyTorch {torch.__version__}, {torch.cuda.get_device_name()}, {tokens} tokens, no padding\n")
    print("| batch | reads/s |\n|---|---|")
    # Where there is no flash attention for this GPU, that is an error, and not another attention under its name.
    with torch.inference_mode(), sdpa_kernel(SDPBackend.FLASH_ATTENTION):
        for batch in args.batches:
            ids = torch.randint(5, config["vocab_size"], (batch, tokens), device="cuda")
            try:
                print(f"| {batch} | {reads_per_second(torch, model, ids, args.seconds):.1f} |", flush=True)
            except torch.cuda.OutOfMemoryError:
                print(f"| {batch} | out of memory |", flush=True)


if __name__ == "__main__":
    main()
