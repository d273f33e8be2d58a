"""Averages runs from the same start into one network: `python -m along.soup OUT RUN=SHARE...`.

As for the compact network (`compact.soup`), the mean of two runs is better on genera that neither has seen. BatchNorm's
statistics are fixed in such runs (`--settle-at 0`), so the mean needs no others."""

import argparse
from pathlib import Path

import torch

from compact import training


def average(out, parts):
    """Write the mean of `parts` (run=share) as a run of its own."""
    runs, shares, states = training.runs_of(parts)
    weights = [torch.load(run / training.EXPORTED) for run in runs]
    for name, value in weights[0].items():
        if "running" in name and not all(torch.equal(value, other[name]) for other in weights):
            raise SystemExit(f"{name} differs: the runs did not start from one network with statistics that stay")
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    torch.save(training.weighted_mean(weights, shares), out / training.EXPORTED)
    torch.save({"settings": states[0]["settings"], "reads": sum(state["reads"] for state in states)}, out / "state.pt")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("parts", nargs="+", metavar="RUN=SHARE")
    arguments = parser.parse_args()
    average(arguments.out, arguments.parts)


if __name__ == "__main__":
    main()
