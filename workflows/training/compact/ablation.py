"""Short runs at equal reads, one change each: `python -m compact.ablation DATA.npz OUT READS [NAME...]`.

One row a run is appended to OUT/ablation.tsv; what is there already is not run again.
"""

import sys
import time
from argparse import Namespace
from pathlib import Path

import torch

from . import evaluate, train, training, validation
from .variants import NETWORKS

LENGTHS = (300, 150, 100)
# name: (network settings, recipe changes, other arguments)
TRIED = {
    "baseline": ({}, {}, {}),
    "organisms not balanced": ({}, {"balanced": False}, {}),
    "indels 3 % instead of 20 %": ({}, {"indels": 0.03}, {}),
    "no convolution (second architecture)": ({}, {}, {"network": "bag"}),
    "embedding 64": ({"embedding": 64}, {}, {}),
    "no coarser level: one block": ({"blocks": 1, "levels": 0}, {}, {}),
    "no coarser level: one block, 48 channels": ({"channels": 48, "blocks": 1, "levels": 0}, {}, {}),
    "no coarser level: two blocks": ({"blocks": 2, "levels": 0}, {}, {}),
    "a block before the levels": ({"blocks": 1}, {}, {}),
    "a block, then one level of three": ({"blocks": 1, "levels": 1, "pool": 3}, {}, {}),
    "a block, then two levels of three": ({"blocks": 1, "levels": 2, "pool": 3}, {}, {}),
    "baseline, seed 2": ({}, {}, {"seed": 2}),
    "twice the reads": ({}, {}, {"longer": 2}),
    "frames do not see each other (head)": ({}, {}, {"network": "alone"}),
    "study's group shares, not balanced": ({}, {"balanced": False}, {"mix": "study"}),
    "64 channels": ({"channels": 64}, {}, {}),
    "attention instead of maximum": ({}, {}, {"network": "attend"}),
    "random start of the embedding": ({}, {}, {"random_start": True}),
    "hidden 96": ({"hidden": 96}, {}, {}),
    "four times the reads": ({}, {}, {"longer": 4}),
}


class Short(train.Run):
    """A run that leaves nothing but its row."""

    def save(self):
        """Not resumed, so not saved."""


def one(name, data, samples, reads, folder):
    settings, recipe, other = TRIED[name]
    arguments = Namespace(
        data=data, run=folder / "run", minutes=0, reads=reads * other.get("longer", 1), seed=other.get("seed", 1), set=settings,
        recipe=recipe, mix=other.get("mix", "microbes"), network=other.get("network", "six frames"),
        random_start=other.get("random_start", False), weight_decay=0.02, peak=training.PEAK, last=training.LAST, start_from=None, every_genus=False,
    )  # fmt: skip
    begun = time.process_time()
    run = Short(arguments)
    run.train()
    seconds = time.process_time() - begun
    scored = evaluate.score(run.average.network, samples(run.data))
    clean = [s for s in scored if s.sample.supergroup in evaluate.CLEAN]
    means = evaluate.clean_means(clean)
    groups = evaluate.grouped(clean, lambda s: (s.supergroup, s.length) if s.kind == "pure" else s.kind)
    row = [name, str(run.reads), f"{seconds:.0f}"]
    row += [f"{value:.4f}" for length in LENGTHS for value in means[length]]
    for group in ("gamma", "actino_high_gc", "human"):
        row += [f"{groups[group, length]['accuracy']:.4f}" for length in (300, 150)]
    row += [f"{groups['herpes', 300]['accuracy']:.4f}", f"{groups['one indel']['accuracy']:.4f}", f"{groups['straddling']['accuracy']:.4f}"]
    return row


HEAD = ["run", "reads", "CPU s"] + [f"{what} {length}" for length in LENGTHS for what in ("acc", "AUC", "frame", "ECE")]
HEAD += ["gamma 300", "gamma 150", "actino 300", "actino 150", "human 300", "human 150", "herpes 300", "indel 300", "straddling 250"]


def main(data, out, reads, *names):
    torch.set_num_threads(1)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    table = out / "ablation.tsv"
    if not table.exists():
        table.write_text("\t".join(HEAD) + "\n")
    kept = {}
    def samples(data):
        if not kept:
            kept["all"] = validation.build(data, 150, lengths=LENGTHS)
        return kept["all"]
    for name in names or TRIED:
        if name not in {line.split("\t")[0] for line in table.read_text().splitlines()}:
            row = one(name, data, samples, int(reads), out)
            with open(table, "a") as text:
                text.write("\t".join(row) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
