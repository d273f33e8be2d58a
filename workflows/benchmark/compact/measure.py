"""Reads per second of the bare compact network on one thread: our engine and OpenVINO on the same network, in one table.

    python measure.py PROGRAM CHECKPOINT PEERS [--rounds 5 --seconds 2]

Measured by CPU time, so that other processes on the machine affect us and the peer alike. Our figure is what
`device --bench` reports for its calls of the model. OpenVINO runs in this process, with the batch size that is best for
it. Both get reads of 300 random bases.
"""

import argparse
import os

for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"

import json
import random
import statistics
import subprocess
import time
from pathlib import Path

import numpy
import openvino

from export import frames

BASES = 300
BATCHES = (1, 4, 16, 64, 256)
READS = 512
BAR = 3.0


def multiplications(config, bases):
    """Multiply-adds of a read as the network is defined, whatever an engine makes of it."""
    tokens = (bases - 5) // 3
    outputs = tokens // 3 + 1
    e, c, h = config["embedding_size"], config["channels"], config["hidden"]
    convolutions = 6 * outputs * (6 * e * c + len(config["blocks"]) * 3 * c * c)
    coarse = config.get("coarse", {"levels": 0})
    for _ in range(coarse["levels"]):
        outputs = -(-outputs // coarse["pool"])
        convolutions += 6 * outputs * 3 * c * c
    features = 2 * c * (1 + coarse["levels"]) + e
    return convolutions + 6 * (features * h + 5 * h * h + h) + (2 * h + 7) * h + h


class Ours:
    def __init__(self, args):
        command = [args.program, "device", "--bench", "--device", "cpu", "-t", "1", "--length", BASES, "--model", args.model]
        self.command = [str(part) for part in [*command, "--seconds", args.seconds]]

    def rates(self):
        table = subprocess.run(self.command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
        rows = [dict(zip(table[0].split("\t"), row.split("\t"))) for row in table[1:]]
        return {f"readseeker {row['precision']}": 1000 / float(row["CPU ms per read"]) for row in rows}


class OpenVino:
    def __init__(self, args, ids):
        core = openvino.Core()
        self.ids = ids
        settings = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1}
        self.requests = {}
        for precision in ("f32", "bf16"):
            for batch in BATCHES:
                model = core.read_model(args.peers / "compact.onnx")
                model.reshape({"ids": [batch, *ids.shape[1:]]})
                compiled = core.compile_model(model, "CPU", {**settings, "INFERENCE_PRECISION_HINT": precision})
                self.requests[precision, batch] = compiled.create_infer_request()
        golden = numpy.load(args.peers / "golden.npz")
        logits = self.requests["f32", 1].infer({"ids": golden["ids"][:1]})["logits"]
        assert abs(logits - golden["logits"][:1]).max() < 1e-3, "the peer computes something else"

    def rates(self):
        best = {}
        for (precision, batch), request in self.requests.items():
            request.infer({"ids": self.ids[:batch]})
            started = time.process_time()
            for first in range(0, len(self.ids), batch):
                request.infer({"ids": self.ids[first : first + batch]})
            rate = len(self.ids) / (time.process_time() - started)
            name = f"openvino {precision}"
            best[name] = max(best.get(name, (0, 0)), (rate, batch))
        return best


def peak():
    """What numpy's matrix product gets out of one thread in f32, in GFLOP/s."""
    a, b = (numpy.random.default_rng(i).random((1536, 1536), dtype=numpy.float32) for i in range(2))
    a @ b
    started = time.process_time()
    for _ in range(4):
        a @ b
    return 4 * 2 * 1536**3 / (time.process_time() - started) / 1e9


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("checkpoint", type=Path, help="what the peers run")
    parser.add_argument("peers", type=Path)
    parser.add_argument("--model", default="compact", help="what the program runs: the same")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    args = parser.parse_args()
    flop = 2 * multiplications(json.loads((args.checkpoint / "config.json").read_text()), BASES)
    rng = random.Random(1)
    ids = numpy.array([frames("".join(rng.choice("ACGT") for _ in range(BASES))) for _ in range(READS)], dtype=numpy.int64)
    ours, peer = Ours(args), OpenVino(args, ids)
    rates, batches, peaks = {}, {}, []
    for _ in range(args.rounds):
        for name, rate in ours.rates().items():
            rates.setdefault(name, []).append(rate)
        for name, (rate, batch) in peer.rates().items():
            rates.setdefault(name, []).append(rate)
            batches.setdefault(name, []).append(batch)
        peaks.append(peak())
    highest = max(peaks)
    print(f"1 thread, {BASES} bases, {flop / 1e6:.2f} MFLOP a read as defined, medians of {args.rounds}, load {os.getloadavg()[0]:.1f}")
    print(f"numpy's f32 matrix product: {highest:.0f} GFLOP/s at best\n")
    print("| engine | reads/s | spread | GFLOP/s as defined | of the f32 product's | over OpenVINO f32 |\n|---|---|---|---|---|---|")
    base = statistics.median(rates["openvino f32"])
    for name, values in rates.items():
        median = statistics.median(values)
        gflops = median * flop / 1e9
        batch = f", batch {statistics.mode(batches[name])}" if name in batches else ""
        bar = f" (bar {BAR})" if name.startswith("readseeker") else ""
        spread = f"{min(values):.0f}-{max(values):.0f}"
        print(f"| {name}{batch} | {median:.0f} | {spread} | {gflops:.0f} | {gflops / highest:.0%} | {median / base:.1f}{bar} |")


if __name__ == "__main__":
    main()
