"""Long reads, scored in windows and pooled: `python -m compact.long DATA.npz RUN` prints their table.

The two numbers of the pooling were fitted on the same reads; two numbers cannot memorise them.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch

from . import calibrate, evaluate, metrics, train


def main(data, run, count="300", seed="1234"):
    torch.set_num_threads(1)
    network, calibration = train.load_average(run), evaluate.calibration_of(run)
    pool = json.loads((Path(run) / "calibration.json").read_text())["pool"]
    rows = defaultdict(list)
    for _, length, made in calibrate.held_out(data, int(count), int(seed))[1]:
        logit = calibrate.mean_of_windows(network, made.bases, calibration)
        probability = 1 / (1 + np.exp(-(pool["scale"] * logit + pool["shift"])))
        pure = (made.coded == 0) | (made.coded == 1)
        for kind, here in (("pure", pure), ("straddling", ~pure)):
            rows[length, kind].append((probability[here], made.coded[here] >= 0.5))
    joined = {key: metrics.summary(*map(np.concatenate, zip(*parts))) for key, parts in sorted(rows.items())}
    evaluate.table("length · kind", joined)


if __name__ == "__main__":
    main(*sys.argv[1:])
