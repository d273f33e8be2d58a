"""Tables of a run on the held-out sets: `python -m compact.evaluate DATA.npz RUN [--count 200] [--brief] [--sentinels]`."""

import argparse
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch

from . import holdout, kept, metrics, train, validation
from .frames import six_frames

CLEAN = "gamma actino_high_gc alpha_high_gc firmicutes other_bacteria code_4 archaea phage herpes virus human mammal_other fungi".split()


def logits(network, bases, size=512):
    """Logits [B, 7] of reads of one length, f32."""
    with torch.no_grad():
        parts = [network(six_frames(torch.from_numpy(bases[i : i + size]))) for i in range(0, len(bases), size)]
    return torch.cat(parts).double().numpy()


def raw_logit(scores):
    """The logit of the probability of coding, before calibration."""
    top = scores[:, 1:].max(axis=1)
    return top + np.log(np.exp(scores[:, 1:] - top[:, None]).sum(axis=1)) - scores[:, 0]


class Scored:
    """A sample with what the network says of it."""

    def __init__(self, sample, scores, calibrate):
        self.sample = sample
        self.logit = raw_logit(scores)
        self.probability = calibrate(self.logit, sample.length)
        self.coding = sample.reads.coded >= 0.5
        frame = scores[:, 1:].argmax(axis=1)
        self.right_frame = sample.reads.frames[np.arange(len(frame)), frame].astype(float)
        self.right_frame[sample.reads.frames.sum(axis=1) != 1] = np.nan  # overlapping genes, unknown phase: no one frame
        self.gc = np.isin(sample.reads.bases, (1, 2)).mean(axis=1)


def plain_probability(logit, length):
    return 1 / (1 + np.exp(-logit))


def held_out(data, count):
    """The held-out reads of the evaluation."""
    return kept.reads(data, f"evaluation-{count}", lambda loaded: validation.build(loaded, count))


def calibration_of(run):
    """The run's calibration where it has been fitted, else none."""
    path = Path(run) / "calibration.json"
    if not path.exists():
        return plain_probability
    fitted = json.loads(path.read_text())
    return Calibration(fitted["lengths"], fitted["scale"], fitted["shift"])


class Calibration:
    """What config.json holds, as a function of (logit, length)."""

    def __init__(self, lengths, scale, shift):
        self.lengths, self.scale, self.shift = lengths, scale, shift

    def __call__(self, logit, length):
        a, b = (np.interp(length, self.lengths, values) for values in (self.scale, self.shift))
        return 1 / (1 + np.exp(-(a * logit + b)))


def score(network, samples, calibrate=plain_probability):
    network.eval()
    return [Scored(sample, logits(network, sample.reads.bases), calibrate) for sample in samples]


def summarise(scored):
    """One summary of many samples pooled."""
    columns = [np.concatenate([getattr(s, name) for s in scored]) for name in ("probability", "coding", "right_frame")]
    return metrics.summary(*columns)


def grouped(scored, key):
    out = defaultdict(list)
    for one in scored:
        if (name := key(one.sample)) is not None:
            out[name].append(one)
    return {name: summarise(ones) for name, ones in out.items()}


def clean_means(scored):
    """(accuracy, AUC, ECE) by length, each the mean over the clean super-groups."""
    rows = grouped(scored, lambda s: (s.length, s.supergroup) if s.kind == "pure" and s.supergroup in CLEAN else None)
    out = {}
    for length in sorted({length for length, _ in rows}, reverse=True):
        these = [row for (one, _), row in rows.items() if one == length]
        out[length] = [float(np.nanmean([row[column] for row in these])) for column in ("accuracy", "auc", "frame", "ece")]
    return out


def line(row):
    return (
        f"{row['coding']}+{row['noncoding']} | {row['sensitivity']:.3f} | {row['specificity']:.3f} | {row['accuracy']:.3f}"
        f" | {row['auc']:.3f} | {row['frame']:.3f} | {row['ece']:.3f}"
    )


HEAD = "| {} | n coding+non | sens | spec | bal. acc | AUC | frame | ECE |\n|---|---|---|---|---|---|---|---|"


def table(title, rows):
    print("\n" + HEAD.format(title))
    for name, row in rows.items():
        name = " · ".join(map(str, name)) if isinstance(name, tuple) else name
        print(f"| {name} | {line(row)} |")


def report(scored, brief):
    print("mean over clean groups (accuracy AUC frame ECE):")
    for length, values in clean_means(scored).items():
        print(f"  {length}: " + " ".join(f"{value:.4f}" for value in values))
    pure = [s for s in scored if s.sample.kind == "pure"]
    everything = [s for s in pure if s.sample.supergroup in CLEAN]
    table("all clean", grouped(everything, lambda s: s.length))
    table("group · length", grouped(pure, lambda s: (s.supergroup, s.length) if s.length in (300, 150, 100) or not brief else None))
    if brief:
        return
    table("set · length", grouped([s for s in pure if s.supergroup != "rna genes"], lambda s: (s.name, s.length) if s.length in (300, 150) else None))
    table("condition", grouped([s for s in scored if s.sample.supergroup in CLEAN], lambda s: (s.kind, s.length) if s.length in (300, 250) else None))
    table("condition · group", grouped([s for s in scored if s.sample.kind != "pure"], lambda s: (s.kind, s.supergroup)))
    gc_table(pure)


def gc_table(pure, lengths=(300, 150)):
    edges = [0, 0.3, 0.4, 0.5, 0.6, 0.7, 1]
    rows = {}
    for length in lengths:
        these = [s for s in pure if s.sample.length == length and s.sample.supergroup in CLEAN]
        gc, p, c, f = (np.concatenate([getattr(s, n) for s in these]) for n in ("gc", "probability", "coding", "right_frame"))
        for low, high in zip(edges, edges[1:]):
            here = (gc >= low) & (gc < high)
            rows[length, f"GC {low}-{high}"] = metrics.summary(p[here], c[here], f[here])
    table("length · GC", rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("run")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--brief", action="store_true")
    parser.add_argument("--sentinels", action="store_true", help="only the sets that the shipped weights have not seen either")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    network = train.load_average(Path(arguments.run))
    samples = held_out(arguments.data, arguments.count)
    if arguments.sentinels:
        samples = [sample for sample in samples if sample.name in holdout.SENTINELS]
    report(score(network, samples, calibration_of(arguments.run)), arguments.brief)


if __name__ == "__main__":
    main()
