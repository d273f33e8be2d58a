"""A calibration carried over to other weights and costs: `python -m along.carry CHECKPOINT RUN SIMULATED DECODER.json`.

Weights that have seen all genera have no held-out reads to be calibrated on. So the calibration of short reads in DECODER.json
is fitted to the probabilities that CHECKPOINT, an exported model calibrated by a twin, gives the same reads: least cross-entropy,
one length at a time."""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from scipy.optimize import minimize

from . import calibrate, decode, evaluate, export, simulated, train

LENGTHS = (60, 80, 100, 150, 200, 250, 300)
MOST = 2500  # reads of each length
SEED = 5


def pieces(rng, sequences, length):
    """A piece of each of the base codes `sequences` that are long enough, `MOST` of them."""
    some = [codes for codes in sequences if len(codes) >= length][:MOST]
    starts = [int(rng.integers(len(codes) - length + 1)) for codes in some]
    return [codes[start : start + length] for codes, start in zip(some, starts)]


def fitted(evidence, right):
    """(scale, shift) that bring log odds nearest to the probabilities `right`."""

    def loss(line):
        x = line[0] * evidence + line[1]
        return (np.logaddexp(0, -x) * right + np.logaddexp(0, x) * (1 - right)).mean()

    return minimize(loss, (1.0, 0.0)).x


def carried(old, config, new, decoder, sequences):
    """The calibration of short reads by `decoder` on the network `new`, from the network `old` and its config.json."""
    rng, lines, known = np.random.default_rng(SEED), [], decode.decoder_of(config)
    for length in LENGTHS:
        codes = pieces(rng, sequences, length)
        right = calibrate.probabilities(calibrate.statistic(old, codes, known), length, config["short_reads"]["calibration"])
        lines.append(fitted(calibrate.statistic(new, codes, decoder), right))
    return {"statistic": "break_even", "lengths": LENGTHS, "scale": [round(float(a), 4) for a, _ in lines], "shift": [round(float(b), 4) for _, b in lines]}


def main(checkpoint, run, folder, out):
    torch.set_num_threads(1)
    sequences = []
    for kind in evaluate.KINDS[:3]:  # without errors, but for a few substitutions
        for read in simulated.load(Path(folder), kind):
            sequences += np.array_split(read.codes, max(1, len(read.codes) // 330))
    sequences = [sequences[i] for i in np.random.default_rng(SEED).permutation(len(sequences))]
    config, settings = (json.loads(Path(path).read_text()) for path in (Path(checkpoint) / "config.json", out))
    new = carried(export.restored(checkpoint), config, train.load(run), decode.decoder_of(settings), sequences)
    settings["calibration"], settings["short_reads"]["calibration"] = config["calibration"], new
    Path(out).write_text(json.dumps(settings) + "\n")
    print(json.dumps(new))


if __name__ == "__main__":
    main(*sys.argv[1:])
