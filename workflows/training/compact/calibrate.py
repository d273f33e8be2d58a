"""Calibration of window probabilities by length and of pooled long reads, fitted on held-out reads:
`python -m compact.calibrate DATA.npz RUN [COUNT]` writes RUN/calibration.json.

Two numbers a length and two for the pooling: too few to learn the held-out genomes by heart. The reads come from
another seed than those of the evaluation, every super-group counts the same, and so do coding and non-coding.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from scipy.optimize import minimize

from . import evaluate, kept, plain, train, validation

KNOTS = (60, 80, 100, 150, 200, 300)
LONG = (450, 600, 900, 1500, 2500)
_WINDOW, _STEP, _LONGEST_SINGLE = 300, 150, 400
_CLIP = 1e-6


def fit(logit, coding, weight, prior=0.0):
    """(scale, shift) of the sigmoid that makes the Brier score of `coding` least; `prior`: log odds of coding where the reads are from.

    Not the log loss: gaps hold genes that nobody annotated, of which the network is rightly sure, and a few such reads
    would move the threshold for all.
    """
    sign = np.where(coding, 1.0, -1.0)
    def loss(parameters):
        wrong = 1 / (1 + np.exp(np.clip(sign * (parameters[0] * logit + parameters[1] + prior), -500, 500)))
        slope = -2 * weight * sign * wrong**2 * (1 - wrong)
        return (weight * wrong**2).sum(), np.array([(slope * logit).sum(), slope.sum()])
    return minimize(loss, np.array([1.0, 0.0]), jac=True, method="BFGS").x


def _weights(groups, coding):
    """Each super-group's coding and non-coding reads weigh the same in all."""
    weight = np.zeros(len(groups))
    for group in np.unique(groups):
        for kind in (True, False):
            here = (groups == group) & (coding == kind)
            weight[here] = 1 / max(here.sum(), 1)
    return weight / weight.sum()


def window_parameters(scored):
    """(lengths, scales, shifts) from scored pure samples of the knots' lengths."""
    scale, shift = [], []
    for length in KNOTS:
        these = [s for s in scored if s.sample.length == length and s.sample.supergroup in evaluate.CLEAN]
        logit, coding = (np.concatenate([getattr(s, name) for s in these]) for name in ("logit", "coding"))
        groups = np.concatenate([np.full(len(s.logit), s.sample.supergroup) for s in these])
        a, b = fit(logit, coding, _weights(groups, coding))
        scale.append(round(float(a), 4))
        shift.append(round(float(b), 4))
    return list(KNOTS), scale, shift


def long_samples(data, count, seed):
    """Long held-out reads: within a CDS, within a gap, and across borders."""
    rng = np.random.default_rng(seed)
    for name in sorted(set(data.held) - {""}):
        chosen = data.held == name
        if data.supergroup[chosen][0] not in evaluate.CLEAN:
            continue
        kinds = validation.pools(data, chosen, name == "human")
        for length in LONG:
            for pools in kinds:
                made = validation.draw(rng, data, pools, length, count)
                if len(made.coded):
                    yield data.supergroup[chosen][0], length, made


def mean_of_windows(network, bases, calibration):
    """Logit of the mean calibrated probability over a long read's windows, clipped."""
    length = bases.shape[1]
    total = 0
    parts = plain.windows(length, _WINDOW, _STEP, _LONGEST_SINGLE)
    for start, end in parts:
        raw = evaluate.raw_logit(evaluate.logits(network, np.ascontiguousarray(bases[:, start:end])))
        total = total + calibration(raw, end - start)
    mean = np.clip(total / len(parts), _CLIP, 1 - _CLIP)
    return np.log(mean / (1 - mean))


def pool_parameters(network, samples, calibration):
    """(scale, shift) for long reads, label: at least half of the bases coded."""
    logit, coding, groups = [], [], []
    for group, _, made in samples:
        logit.append(mean_of_windows(network, made.bases, calibration))
        coding.append(made.coded >= 0.5)
        groups.append(np.full(len(made.coded), group))
    logit, coding, groups = map(np.concatenate, (logit, coding, groups))
    return fit(logit, coding, _weights(groups, coding))


def held_out(data, count, seed):
    """(window samples, long samples) to fit on."""
    def draw(loaded):
        windows = validation.build(loaded, count, conditions=False, seed=seed, lengths=KNOTS)
        return windows, list(long_samples(loaded, count // 10, seed))
    return kept.reads(data, f"calibration-{count}-{seed}", draw)


def of(network, data, count=300, seed=1234):
    """The `calibration` of config.json for a trained network; `data`: path."""
    windows, long = held_out(data, count, seed)
    scored = evaluate.score(network, [s for s in windows if s.kind == "pure"])
    lengths, scale, shift = window_parameters(scored)
    a, b = pool_parameters(network, long, evaluate.Calibration(lengths, scale, shift))
    pool = {"scale": round(float(a), 4), "shift": round(float(b), 4)}
    return {"lengths": lengths, "scale": scale, "shift": shift, "pool": pool}


def main(data, run, count="300"):
    torch.set_num_threads(1)
    fitted = of(train.load_average(run), data, int(count))
    (Path(run) / "calibration.json").write_text(json.dumps(fitted))
    print(json.dumps(fitted, indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
