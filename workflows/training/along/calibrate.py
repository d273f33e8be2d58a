"""Calibration of a read's probability by length: `python -m along.calibrate RUN DATA.npz DECODER.json [COUNT]` adds it to DECODER.json.

As for the compact network: least Brier score on held-out reads of another seed than the evaluation's, every super-group and
both kinds weighing the same. Reads too long for an Illumina run are fitted with the errors of nanopores, which leave a gene
less certain and a gap as it is."""

import json
import sys
from pathlib import Path

import numpy as np
import torch

from compact import calibrate, evaluate as windows, kept, validation
from compact.reads import Reads

from . import decode, evaluate, train

SEED = 1234
LONG = (600, 1500)
MOST_ERRORS = 0.08


def worn(rng, codes, rate):
    """One read's base codes with errors at `rate`: 40 % substituted, 35 % lost, 25 % gained bases, as `sampler.rates` has them."""
    wrong = rng.random(len(codes)) < 0.4 * rate
    codes = np.where(wrong, rng.integers(0, 4, len(codes), np.uint8), codes)
    codes = codes[rng.random(len(codes)) >= 0.35 * rate]
    gained = np.flatnonzero(rng.random(len(codes)) < 0.25 * rate)
    return np.insert(codes, gained, rng.integers(0, 4, len(gained), np.uint8))


def long_reads(data, count, seed):
    """[(super-group, length, [codes], coding)] of held-out sets, with errors at rates up to `MOST_ERRORS`."""
    rng, out = np.random.default_rng(seed), []
    for name in sorted(set(data.held) - {""}):
        chosen = data.held == name
        supergroup = data.supergroup[chosen][0]
        if supergroup not in windows.CLEAN:
            continue
        coding, gaps, _ = validation.pools(data, chosen, name == "human")
        for length in LONG:
            for pools in (coding, gaps):
                made: Reads = validation.draw(rng, data, pools, length, count)
                spoiled = [worn(rng, one, rate) for one, rate in zip(made.bases, rng.random(len(made.bases)) * MOST_ERRORS)]
                if spoiled:
                    out.append((supergroup, length, spoiled, made.coded >= 0.5))
    return out


def statistic(network, codes, costs):
    """The logit of each read's share of coding positions."""
    out, found = np.zeros(len(codes)), evaluate.many(network, codes)
    for count in {len(one) for one in found}:
        these = [i for i, one in enumerate(found) if len(one) == count]
        out[these] = evaluate.window_scores(np.stack([found[i] for i in these]), costs)["share"]
    return out


def of(network, data, costs, count):
    """The `calibration` of config.json; `data`: path."""
    scored = {}
    samples, _ = calibrate.held_out(data, count, SEED)
    for sample in samples:
        if sample.kind == "pure" and sample.supergroup in windows.CLEAN and sample.length in calibrate.KNOTS:
            scored.setdefault(sample.length, []).append((list(sample.reads.bases), sample.reads.coded >= 0.5, sample.supergroup))
    for supergroup, length, codes, coding in kept.reads(data, f"along-long-{count}-{SEED}", lambda loaded: long_reads(loaded, count, SEED)):
        scored.setdefault(length, []).append((codes, coding, supergroup))
    fitted = []
    for length in sorted(scored):
        codes, coding, groups = zip(*scored[length])
        share = statistic(network, [one for some in codes for one in some], costs)
        groups = np.repeat(groups, [len(one) for one in coding])
        coding = np.concatenate(coding)
        fitted.append(calibrate.fit(share, coding, calibrate._weights(groups, coding)))
    return {"statistic": "share", "lengths": sorted(scored), "scale": [round(float(a), 4) for a, _ in fitted], "shift": [round(float(b), 4) for _, b in fitted]}


def main(run, data, decoder, count="100"):
    torch.set_num_threads(1)
    fitted = json.loads(Path(decoder).read_text())
    fitted["calibration"] = of(train.load(run), data, decode.Costs(**fitted["costs"]), int(count))
    Path(decoder).write_text(json.dumps(fitted) + "\n")
    print(json.dumps(fitted))


if __name__ == "__main__":
    main(*sys.argv[1:])
