"""CPU milliseconds per read: readseeker and its peers in turn, on the same reads, in one table.

    python measure.py PROGRAM CHECKPOINT PEERS [--threads 1 2 --reads 16 --own-reads 32 --rounds 5 --tsv FILE]

CPU time of all threads, medians over the rounds, so that other work on the machine matters little. Loading is not
counted: our figure is what the program itself reports for its calls of the model (`device --bench --reads`).
"""

import argparse
import os
import random
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

PUBLISHED, MASKED = "published", "masked"
# What is measured: the name, the mode, bases a read, tokens a read.
SHAPES = [("published", PUBLISHED, 300, 298), ("masked, 300 bases", MASKED, 300, 297), ("masked, 150 bases", MASKED, 150, 147)]
# Ours, and beside whom.
PEERS = {"f32": "openvino f32", "bf16": "openvino bf16", "int8": "onnxruntime int8"}
STACK = "original stack"
# How much faster ours is meant to be than its peer and than the original stack, on most CPUs and where ours runs on AMX.
BARS = {
    False: {"f32": (1.0, 2.0), "bf16": (1.0, 4.0), "int8": (1.4, 6.0)},
    True: {"f32": (1.5, 2.5), "bf16": (1.5, 6.0), "int8": (3.0, 12.0)},
}
# How much faster two threads are meant to be than one.
SCALING_BAR = 1.9


def reads(count, bases):
    rng = random.Random(1)
    return ["".join(rng.choice("ACGT") for _ in range(bases)) for _ in range(count)]


class Ours:
    """`device --bench` on the reads: one run measures all precisions, so each round's first one asked runs it for the others."""

    def __init__(self, args, mode, sequences, folder):
        path = Path(folder) / f"{mode}_{len(sequences[0])}.fa"
        path.write_text("".join(f">{i}\n{read}\n" for i, read in enumerate(sequences)))
        self.command = [
            args.program, "device", "--bench", "--device", "cpu", "--reads", path, "--seconds", "0", "-t", str(args.threads),
            "--model", args.checkpoint, "--attention", mode,
        ]
        self.waiting, self.count = {}, len(sequences)

    def seconds(self, precision):
        if precision not in self.waiting:
            table = subprocess.run(self.command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
            rows = [dict(zip(table[0].split("\t"), row.split("\t"))) for row in table[1:]]
            self.waiting = {row["precision"]: float(row["CPU ms per read"]) / 1000 * self.count for row in rows}
        return self.waiting.pop(precision)


class Precision:
    def __init__(self, ours, precision):
        self.ours, self.precision = ours, precision

    def seconds(self):
        return self.ours.seconds(self.precision)


class OnnxRuntime:
    def __init__(self, args, model, count, tokens):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = args.threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = onnxruntime.InferenceSession(args.peers / f"{model}.onnx", options, providers=["CPUExecutionProvider"])
        self.inputs, self.count = inputs(tokens), count

    def seconds(self):
        started = time.process_time()
        for _ in range(self.count):
            self.session.run(None, self.inputs)
        return time.process_time() - started


class OpenVino:
    def __init__(self, args, precision, count, tokens):
        import openvino

        core = openvino.Core()
        model = core.read_model(args.peers / "plain.onnx")
        model.reshape({name: [1, tokens] for name in ("input_ids", "attention_mask")})
        settings = {"INFERENCE_NUM_THREADS": args.threads, "INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
        self.request = core.compile_model(model, "CPU", settings).create_infer_request()
        self.inputs, self.count = inputs(tokens), count

    def seconds(self):
        started = time.process_time()
        for _ in range(self.count):
            self.request.infer(self.inputs)
        return time.process_time() - started


class Stack:
    """The original: k-mers by Python, a batch of 100 padded to 298 tokens, its mask as published, PyTorch f32."""

    BATCH, TOKENS = 100, 298

    def __init__(self, args, sequences):
        import torch

        from export import load

        torch.set_num_threads(args.threads)
        self.torch, self.model = torch, load(args.checkpoint)
        words = (args.checkpoint / "vocab.txt").read_text().split()
        self.vocabulary = {word: i for i, word in enumerate(words)}
        self.sequences = [sequences[i % len(sequences)] for i in range(args.stack_reads)]
        # DNABERT's library adds the mask itself to the scores: +1 on tokens, 0 on padding.
        self.model.bert.forward = self.bert

    def bert(self, input_ids, attention_mask, **_):
        bert = self.model.bert
        x = bert.embeddings(input_ids=input_ids)
        x = bert.encoder(x, attention_mask=attention_mask[:, None, None, :].float())[0]
        return (x, bert.pooler(x))

    def tokens(self, read):
        kmers = " ".join(read[i : i + 6] for i in range(len(read) - 5))
        ids = [2, *(self.vocabulary.get(word, 1) for word in kmers.split()[: self.TOKENS - 2]), 3]
        return ids, len(ids)

    def seconds(self):
        started = time.process_time()
        for first in range(0, len(self.sequences), self.BATCH):
            rows = [self.tokens(read) for read in self.sequences[first : first + self.BATCH]]
            ids = self.torch.zeros((len(rows), self.TOKENS), dtype=self.torch.long)
            mask = self.torch.zeros((len(rows), self.TOKENS))
            for row, (tokens, length) in enumerate(rows):
                ids[row, :length] = self.torch.tensor(tokens)
                mask[row, :length] = 1
            with self.torch.no_grad():
                _, pooled = self.bert(ids, mask)
                self.model.classifier(pooled).softmax(-1)[:, 1].numpy()
        return time.process_time() - started


def inputs(tokens):
    import numpy

    rng = numpy.random.default_rng(1)
    ids = rng.integers(5, 69, (1, tokens), dtype=numpy.int64)
    return {"input_ids": ids, "attention_mask": numpy.ones((1, tokens), dtype=numpy.int64)}


def has_amx(program):
    """Whether the program runs on AMX here, which has bars of its own."""
    listed = subprocess.run([program, "device"], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[0]
    return "AMX" in listed.replace(",", " ").split() and os.environ.get("READSEEKER_CPU", "") in ("", "amx")


def beside(args, engine, medians):
    """The peers that an engine of ours is compared with, and its bars."""
    if engine not in PEERS:
        return []
    peer, stack = BARS[args.amx][engine]
    return [(PEERS[engine], peer)] + ([(STACK, stack)] if STACK in medians else [])


def tell(args, name, engine, medians):
    """Appends a row to the harness's table for each peer: reads/s of both, at so many threads."""
    if args.tsv is None:
        return
    with args.tsv.open("a") as rows:
        for other, bar in beside(args, engine, medians):
            what = f"BERT {engine}, {name}, {args.threads} thread(s): reads/s, {other}"
            ours, peer = (1000 * args.threads / medians[one] for one in (engine, other))
            rows.write(f"{what}\t{ours:.2f}\t{peer:.2f}\t{ours / peer:.2f}\tat least {bar}\n")


def scaling(args, medians):
    """Two threads beside one: the ratio of reads/s of each shape and precision, and a row for each in the harness's table."""
    print("\n| | precision | 2 threads over 1 |\n|---|---|---|")
    for name in medians[1]:
        for precision in PEERS:
            one, two = (1000 * threads / medians[threads][name][precision] for threads in (1, 2))
            print(f"| {name} | {precision} | {two / one:.2f} (bar {SCALING_BAR}) |")
            if args.tsv is not None:
                what = f"BERT {precision}, {name}: reads/s, 2 threads beside 1"
                with args.tsv.open("a") as rows:
                    rows.write(f"{what}\t{two:.2f}\t{one:.2f}\t{two / one:.2f}\tat least {SCALING_BAR}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("peers", type=Path)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="one table each")
    parser.add_argument("--reads", type=int, default=16)
    parser.add_argument("--own-reads", type=int, default=32, help="reads of ours")
    parser.add_argument("--stack-reads", type=int, default=100, help="reads of the original stack, a batch")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--shapes", type=int, nargs="*", default=range(len(SHAPES)), help="which of the shapes, from 0")
    parser.add_argument("--tsv", type=Path, help="append the rows that have a bar: what, ours, peer, ratio, bar")
    args = parser.parse_args()
    args.program = args.program.resolve()
    args.amx = has_amx(args.program)
    medians = {}
    for threads in args.threads:
        medians[threads] = table(argparse.Namespace(**vars(args) | {"threads": threads, "reads": max(args.reads, 2 * threads)}))
    if {1, 2} <= medians.keys():
        scaling(args, medians)


def table(args):
    """Measures with so many threads, prints the table, and returns the medians of each shape."""
    print("bars for CPUs with AMX" if args.amx else "bars for CPUs without AMX")
    print(f"{args.threads} thread(s), {args.reads} reads, medians of {args.rounds}, load {os.getloadavg()[0]:.1f}\n")
    print("| | engine | CPU ms a read | spread | reads/s | ours is |\n|---|---|---|---|---|---|")
    all_medians = {}
    for name, mode, bases, tokens in (SHAPES[i] for i in args.shapes):
        sequences = reads(args.own_reads, bases)
        with tempfile.TemporaryDirectory() as folder:
            ours = Ours(args, mode, sequences, folder)
            engines = {precision: (Precision(ours, precision), args.own_reads) for precision in PEERS}
            for precision in ("f32", "bf16"):
                engines[f"openvino {precision}"] = (OpenVino(args, precision, args.reads, tokens), args.reads)
            engines["onnxruntime f32"] = (OnnxRuntime(args, "fused", args.reads, tokens), args.reads)
            engines["onnxruntime int8"] = (OnnxRuntime(args, "int8", args.reads, tokens), args.reads)
            if mode == PUBLISHED:
                engines[STACK] = (Stack(args, sequences), args.stack_reads)
            times = {engine: [] for engine in engines}
            for _ in range(args.rounds):
                for engine, (run, count) in engines.items():
                    times[engine].append(run.seconds() / count * 1000)
        medians = all_medians[name] = {engine: statistics.median(values) for engine, values in times.items()}
        for engine, values in times.items():
            bars = beside(args, engine, medians)
            says = [f"{medians[other] / medians[engine]:.2f} x {other} (bar {bar})" for other, bar in bars]
            tell(args, name, engine, medians)
            spread = f"{min(values):.0f}-{max(values):.0f}"
            speed = 1000 * args.threads / medians[engine]
            print(f"| {name} | {engine} | {medians[engine]:.1f} | {spread} | {speed:.2f} | {', '.join(says)} |", flush=True)
    return all_medians


if __name__ == "__main__":
    main()
