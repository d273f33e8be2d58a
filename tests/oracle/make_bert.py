"""A BERT checkpoint of any size with random weights, as DNABERT stores them, and what PyTorch says of a few reads.

    python tests/oracle/make_bert.py DIRECTORY [--layers 12 --hidden 768 --heads 12 --intermediate 3072 --k 6 --reads 8]
    READSEEKER_TEST_BERT=DIRECTORY cargo test --release --test integration named_bert -- --nocapture

The default is ReadSeeker's own size (some 360 MB): for benchmarks, and to prove the loader and the arithmetic at that
size. The network below is written from the paper and shares no code with the program. Needs torch.
"""

import argparse
import itertools
import json
import math
import random
from pathlib import Path

import torch
import torch.nn.functional as F

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
MAX_TOKENS = 298


def shapes(args, vocabulary):
    """The state dict's names and shapes, in its order."""
    h, i = args.hidden, args.intermediate

    def dense(name, rows, columns):
        yield f"{name}.weight", (rows, columns)
        yield f"{name}.bias", (rows,)

    def norm(name):
        yield f"{name}.weight", (h,)
        yield f"{name}.bias", (h,)

    yield "bert.embeddings.word_embeddings.weight", (vocabulary, h)
    yield "bert.embeddings.position_embeddings.weight", (args.positions, h)
    yield "bert.embeddings.token_type_embeddings.weight", (2, h)
    yield from norm("bert.embeddings.LayerNorm")
    for n in range(args.layers):
        layer = f"bert.encoder.layer.{n}"
        for part in ("query", "key", "value"):
            yield from dense(f"{layer}.attention.self.{part}", h, h)
        yield from dense(f"{layer}.attention.output.dense", h, h)
        yield from norm(f"{layer}.attention.output.LayerNorm")
        yield from dense(f"{layer}.intermediate.dense", i, h)
        yield from dense(f"{layer}.output.dense", h, i)
        yield from norm(f"{layer}.output.LayerNorm")
    yield from dense("bert.pooler.dense", h, h)
    yield from dense("classifier", 2, h)


def random_weights(args, vocabulary):
    torch.manual_seed(1)
    weights = {}
    for name, shape in shapes(args, vocabulary):
        spread = 0.1 if "LayerNorm" in name else 0.02 if "embeddings" in name else 1.2 / math.sqrt(args.hidden)
        weights[name] = torch.randn(shape) * spread + (1 if name.endswith("LayerNorm.weight") else 0)
    return weights


def token_ids(read, k, vocabulary):
    kmers = [read[i : i + k] for i in range(len(read) - k + 1)][: MAX_TOKENS - 2]
    return [2, *(vocabulary.get(kmer, 1) for kmer in kmers), 3]


def logits(args, weights, ids, published):
    """[1, 2]: with the mask added as it is (+1 on tokens, 0 on padding), or with padding left out."""
    real = len(ids)
    ids = torch.tensor(ids + [0] * (MAX_TOKENS - real)) if published else torch.tensor(ids)
    bias = (torch.arange(len(ids)) < real).float() if published else torch.zeros(len(ids))

    def dense(name, x):
        return F.linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])

    def norm(name, x):
        return F.layer_norm(x, (args.hidden,), weights[f"{name}.weight"], weights[f"{name}.bias"], 1e-12)

    def heads(x):
        return x.view(len(ids), args.heads, -1).transpose(0, 1)

    embeddings = "bert.embeddings"
    x = weights[f"{embeddings}.word_embeddings.weight"][ids]
    x = x + weights[f"{embeddings}.position_embeddings.weight"][: len(ids)]
    x = norm(f"{embeddings}.LayerNorm", x + weights[f"{embeddings}.token_type_embeddings.weight"][0])
    for n in range(args.layers):
        layer = f"bert.encoder.layer.{n}"
        q, k, v = (heads(dense(f"{layer}.attention.self.{part}", x)) for part in ("query", "key", "value"))
        scores = q @ k.transpose(1, 2) / math.sqrt(args.hidden // args.heads) + bias
        context = (scores.softmax(-1) @ v).transpose(0, 1).reshape(len(ids), args.hidden)
        x = norm(f"{layer}.attention.output.LayerNorm", dense(f"{layer}.attention.output.dense", context) + x)
        inner = F.gelu(dense(f"{layer}.intermediate.dense", x))
        x = norm(f"{layer}.output.LayerNorm", dense(f"{layer}.output.dense", inner) + x)
    pooled = torch.tanh(dense("bert.pooler.dense", x[:1]))
    return dense("classifier", pooled)


def probability(args, weights, ids, published):
    """Of label 1."""
    return logits(args, weights, ids, published).softmax(-1)[0, 1].item()


def settings(args, vocabulary):
    return {
        "architectures": ["BertForSequenceClassification"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": args.hidden,
        "intermediate_size": args.intermediate,
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": args.positions,
        "num_attention_heads": args.heads,
        "num_hidden_layers": args.layers,
        "num_labels": 2,
        "type_vocab_size": 2,
        "vocab_size": vocabulary,
    }


def save(args, weights):
    """As PyTorch does; with --odd as old checkpoints from a GPU are: other names, a buffer, tensors tagged `cuda:0`."""
    if args.odd:
        renamed = ((".LayerNorm.weight", ".LayerNorm.gamma"), (".LayerNorm.bias", ".LayerNorm.beta"))
        odd = {"bert.embeddings.position_ids": torch.arange(args.positions)[None]}
        for name, tensor in weights.items():
            for ours, theirs in renamed:
                name = name.replace(ours, theirs)
            odd[name] = tensor
        weights = odd
        torch.serialization.location_tag = lambda storage: "cuda:0"
    torch.save(weights, args.directory / "pytorch_model.bin")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    sizes = {"layers": 12, "hidden": 768, "heads": 12, "intermediate": 3072, "k": 6, "positions": 512, "reads": 8}
    for flag, default in sizes.items():
        parser.add_argument(f"--{flag}", type=int, default=default)
    parser.add_argument("--odd", action="store_true", help="old names, position_ids, tensors tagged cuda:0")
    args = parser.parse_args()
    words = SPECIAL + ["".join(kmer) for kmer in itertools.product("ATCG", repeat=args.k)]
    vocabulary = {word: i for i, word in enumerate(words)}
    args.directory.mkdir(parents=True, exist_ok=True)
    (args.directory / "config.json").write_text(json.dumps(settings(args, len(words)), indent=1) + "\n")
    (args.directory / "vocab.txt").write_text("\n".join(words) + "\n")
    weights = random_weights(args, len(words))
    save(args, weights)

    rng = random.Random(1)
    rows = ["sequence\tpublished\tmasked\ttoken_ids"]
    lengths = [300, 150, 301, 60, 250, 1000, 100, 299]
    for length in itertools.islice(itertools.cycle(lengths), args.reads):
        read = "".join(rng.choice("ACGT") for _ in range(length))
        ids = token_ids(read, args.k, vocabulary)
        with torch.no_grad():
            both = [f"{probability(args, weights, ids, mode):.8f}" for mode in (True, False)]
        rows.append("\t".join([read, *both, ",".join(map(str, ids))]))
    (args.directory / "golden.tsv").write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
