"""Calibration of a read's probability by length: `python -m along.calibrate RUN DATA.npz DECODER.json [COUNT]` adds it to DECODER.json.

As for the compact network: least Brier score on held-out reads of another seed than the evaluation's, every super-group and
both kinds weighing the same."""

import json
import sys
from pathlib import Path

import numpy as np
import torch

from compact import calibrate, evaluate as windows

from . import decode, evaluate, train

SEED = 1234


def of(network, data, costs, count):
    """The `calibration` of config.json; `data`: path."""
    scored = {}
    samples, _ = calibrate.held_out(data, count, SEED)
    for sample in samples:
        if sample.kind == "pure" and sample.supergroup in windows.CLEAN:
            logits = np.stack(evaluate.many(network, list(sample.reads.bases)))
            share = evaluate.window_scores(logits, costs)["share"]
            scored.setdefault(sample.length, []).append((share, sample.reads.coded >= 0.5, np.full(len(share), sample.supergroup)))
    lengths = sorted(length for length in scored if length in calibrate.KNOTS)
    fitted = []
    for length in lengths:
        share, coding, groups = (np.concatenate(column) for column in zip(*scored[length]))
        fitted.append(calibrate.fit(share, coding, calibrate._weights(groups, coding)))
    return {"statistic": "share", "lengths": lengths, "scale": [round(float(a), 4) for a, _ in fitted], "shift": [round(float(b), 4) for _, b in fitted]}


def main(run, data, decoder, count="100"):
    torch.set_num_threads(1)
    fitted = json.loads(Path(decoder).read_text())
    fitted["calibration"] = of(train.load(run), data, decode.Costs(**fitted["costs"]), int(count))
    Path(decoder).write_text(json.dumps(fitted) + "\n")
    print(json.dumps(fitted))


if __name__ == "__main__":
    main(*sys.argv[1:])
