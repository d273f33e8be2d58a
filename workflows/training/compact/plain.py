"""A second implementation of the exported model, written for clarity: goldens and evaluation are made with it.

It needs the exported file alone and shares no code with the training network: a string goes in, a probability and a frame
come out. It uses `torch.conv1d` on a channels-first layout; the training network uses matrix products on channels-last.
"""

import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

_DIGITS = {"A": 0, "T": 1, "C": 2, "G": 3}
_COMPLEMENT = {"A": "T", "T": "A", "C": "G", "G": "C"}
FRAMES = ["1", "2", "3", "-1", "-2", "-3"]


def _clean(sequence):
    return sequence.upper().replace("U", "T")


def _reverse_complement(sequence):
    return "".join(_COMPLEMENT.get(base, "N") for base in reversed(sequence))


def _token(kmer):
    token = 0
    for base in kmer:
        if base not in _DIGITS:
            return 1
        token = token * 4 + _DIGITS[base]
    return token + 5


def windows(length, window, step, longest_single):
    """(start, end) of the windows of a read; symmetric under reversal."""
    if length <= longest_single:
        return [(0, length)]
    spare = length - window
    count = math.ceil(spare / step) + 1
    starts = [i * spare // (count - 1) for i in range(count)]
    return [(starts[i], length - starts[count - 1 - i]) for i in range(count)]


class Model:
    """A checkpoint directory, ready to score strings."""

    def __init__(self, directory):
        self.config = json.loads((Path(directory) / "config.json").read_text())
        self.weights = load_file(Path(directory) / "model.safetensors")

    def _linear(self, name, x):
        return F.linear(x, self.weights[name + ".weight"], self.weights[name + ".bias"])

    def _frame_features(self, sequence, frame, count):
        ids = [_token(sequence[3 * t + frame : 3 * t + frame + 6]) for t in range(count)]
        e = self.weights["embedding.weight"][ids].T[None]  # [1, E, T]
        stem = self.config["stem"]
        x = F.conv1d(e, self.weights["stem.weight"], self.weights["stem.bias"], stem["stride"], stem["padding"])
        x = F.silu(x)
        for i, block in enumerate(self.config["blocks"]):
            weight, bias = self.weights[f"blocks.{i}.weight"], self.weights[f"blocks.{i}.bias"]
            x = x + F.silu(F.conv1d(x, weight, bias, 1, block["padding"]))
        levels = [x.mean(dim=2), x.amax(dim=2)]
        coarse = self.config.get("coarse", {"levels": 0})
        for i in range(coarse["levels"]):
            weight, bias = self.weights[f"coarse.{i}.weight"], self.weights[f"coarse.{i}.bias"]
            x = F.pad(x, (0, -x.shape[2] % coarse["pool"]))
            x = F.avg_pool1d(x, coarse["pool"])
            x = x + F.silu(F.conv1d(x, weight, bias, 1, coarse["padding"]))
            levels += [x.mean(dim=2), x.amax(dim=2)]
        mean = e.mean(dim=2) * self.weights["embedding_norm.scale"] + self.weights["embedding_norm.shift"]
        return torch.cat([*levels, mean], dim=1)[0]

    def logits(self, sequence):
        """The seven logits of one window."""
        forward = _clean(sequence)
        count = (len(forward) - 5) // 3
        strands = [forward, _reverse_complement(forward)]
        features = [self._frame_features(s, f, count) for s in strands for f in range(3)]
        h = F.silu(self._linear("frame.hidden", torch.stack(features)))
        rows = []
        for strand in range(2):
            for f in range(3):
                other = h[3 * (1 - strand) : 3 * (1 - strand) + 3].mean(dim=0)
                near = [h[3 * strand + (f + step) % 3] for step in range(3)]
                rows.append(torch.cat([*near, other, h.amax(dim=0)]))
        z = F.silu(self._linear("frame.mix", torch.stack(rows))) + h
        frames = self._linear("frame.logit", z)[:, 0]
        ordered = frames.sort(descending=True).values
        summary = torch.cat([z.mean(dim=0), z.amax(dim=0), ordered, frames.logsumexp(dim=0)[None]])
        noncoding = self._linear("noncoding.logit", F.silu(self._linear("noncoding.hidden", summary)))
        return torch.cat([noncoding, frames])

    def calibrated(self, logits, length):
        """Probability of coding of one window."""
        calibration = self.config["calibration"]
        scale = _interpolate(length, calibration["lengths"], calibration["scale"])
        shift = _interpolate(length, calibration["lengths"], calibration["shift"])
        logits = logits.double()
        logit = float(logits[1:].logsumexp(0) - logits[0])
        return _sigmoid(scale * logit + shift)

    def score(self, sequence):
        """(probability, frame, logits) of a read; the logits are the whole read's where it is one window, else None."""
        with torch.no_grad():
            length = len(sequence)
            parts = self._windows(length)
            if len(parts) == 1:
                logits = self.logits(sequence)
                return self.calibrated(logits, length), FRAMES[int(logits[1:].argmax())], logits
            return (*self._pooled(sequence, parts), None)

    def _windows(self, length):
        window = self.config["window"]
        return windows(length, window["length"], window["step"], window["longest_single"])

    def _pooled(self, sequence, parts):
        length = len(sequence)
        votes, probabilities = [0.0] * 6, []
        for start, end in parts:
            logits = self.logits(sequence[start:end])
            probabilities.append(self.calibrated(logits, end - start))
            shares = logits.double().softmax(0)[1:].tolist()
            for f in range(3):
                votes[(start + f) % 3] += shares[f]
                votes[3 + (length - end + f) % 3] += shares[3 + f]
        mean = min(max(sum(probabilities) / len(probabilities), 1e-6), 1 - 1e-6)
        pool = self.config["calibration"].get("pool", {"scale": 1.0, "shift": 0.0})
        probability = _sigmoid(pool["scale"] * math.log(mean / (1 - mean)) + pool["shift"])
        return probability, FRAMES[votes.index(max(votes))]


def _sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def _interpolate(x, knots, values):
    if x <= knots[0]:
        return values[0]
    for left, right, low, high in zip(knots, knots[1:], values, values[1:]):
        if x <= right:
            return low + (high - low) * (x - left) / (right - left)
    return values[-1]
