"""Calibration of a read's probability by length: `python -m along.calibrate RUN DATA.npz SIMULATED DECODER.json [COUNT]` adds it
to DECODER.json.

As for the compact network: least Brier score on held-out reads of another seed than the evaluation's, every super-group and
both kinds weighing the same. Reads too long for an Illumina run are fitted with the errors of nanopores, which leave a gene
less certain and a gap as it is. At two lengths, reads as they come from genomes are fitted too, with the log odds of coding
in their group as prior: reads across borders are in no balanced set."""

import json
import sys
from pathlib import Path

import numpy as np
import torch

from compact import calibrate, evaluate as windows, kept, validation
from compact.reads import Reads

from . import decode, evaluate, simulated, train

SEED = 1234
NATURAL = {150: "bases_150", 250: "bases_250"}
MOST_NATURAL = 2400
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


def statistic(network, codes, decoder):
    """The log odds at which each read breaks even."""
    return evaluate.window_scores(codes, evaluate.many(network, codes), decoder, ["break_even"])["break_even"]


def probabilities(evidence, length, calibration):
    """Calibrated, of log odds."""
    scale, shift = (np.interp(length, calibration["lengths"], calibration[name]) for name in ("scale", "shift"))
    return 1 / (1 + np.exp(-(scale * evidence + shift)))


def balanced(data, count):
    """{length: [(codes, coding, super-group)]} of the held-out sets; `data`: path."""
    out = {}
    samples, _ = calibrate.held_out(data, count, SEED)
    for sample in samples:
        if sample.kind == "pure" and sample.supergroup in windows.CLEAN and sample.length in calibrate.KNOTS:
            out.setdefault(sample.length, []).append((list(sample.reads.bases), sample.reads.coded >= 0.5, sample.supergroup))
    for supergroup, length, codes, coding in kept.reads(data, f"along-long-{count}-{SEED}", lambda loaded: long_reads(loaded, count, SEED)):
        out.setdefault(length, []).append((codes, coding, supergroup))
    return out


def natural(folder, length):
    """(codes, coding, prior) of simulated reads with a known truth; the prior is the log odds of coding in a read's group."""
    reads = simulated.load(folder, NATURAL[length])[:MOST_NATURAL]
    reads = [read for read in reads if (read.right != simulated.UNKNOWN).any()]
    coding = np.array([simulated.coded(read.right) >= 0.5 for read in reads])
    groups, prior = np.array([read.group for read in reads]), np.zeros(len(reads))
    for group in np.unique(groups):
        share = np.clip(coding[groups == group].mean(), 0.02, 0.98)
        prior[groups == group] = np.log(share / (1 - share))
    return [read.codes for read in reads], coding, prior


def of(network, data, folder, decoder, count):
    """The calibrations of config.json, by the costs of long reads and by those of short ones; `data` and `folder`: paths of the
    training data and of simulated reads. The first one has short lengths too: those of stretches."""
    sets = balanced(data, count)
    lengths = sorted({*sets, *NATURAL})
    short = [length for length in lengths if length <= decode.SHORT]
    return [_by_length(network, sets, folder, decode.Decoder(costs, costs), some) for costs, some in ((decoder.long, lengths), (decoder.short, short))]


def _by_length(network, sets, folder, decoder, lengths):
    fitted = []
    for length in lengths:
        parts = []
        if length in sets:
            codes, coding, groups = zip(*sets[length])
            evidence = statistic(network, [one for some in codes for one in some], decoder)
            groups, coding = np.repeat(groups, [len(one) for one in coding]), np.concatenate(coding)
            parts.append((evidence, coding, calibrate._weights(groups, coding), np.zeros(len(evidence))))
        if length in NATURAL:
            codes, coding, prior = natural(folder, length)
            parts.append((statistic(network, codes, decoder), coding, np.full(len(codes), 1 / len(codes)), prior))
        fitted.append(calibrate.fit(*(np.concatenate(column) for column in zip(*parts))))
    return {"statistic": "break_even", "lengths": lengths, "scale": [round(float(a), 4) for a, _ in fitted], "shift": [round(float(b), 4) for _, b in fitted]}


def main(run, data, folder, out, count="100"):
    torch.set_num_threads(1)
    fitted = json.loads(Path(out).read_text())
    fitted["calibration"], fitted["short_reads"]["calibration"] = of(train.load(run), data, Path(folder), decode.decoder_of(fitted), int(count))
    Path(out).write_text(json.dumps(fitted) + "\n")
    print(json.dumps(fitted))


if __name__ == "__main__":
    main(*sys.argv[1:])
