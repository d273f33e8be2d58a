"""Renders the tool's command with Cheetah, as Galaxy does, and runs it against the `readseeker` on PATH.

Galaxy itself is not run: staging, formats and collections are not tested here.
usage: python workflows/galaxy/tests/render.py     (needs lxml and ct3)
"""

import gzip
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

from Cheetah.Template import Template
from lxml import etree

HERE = Path(__file__).parent.parent
COMMAND = etree.parse(HERE / "readseeker_split.xml").findtext("command")


class Dataset(SimpleNamespace):
    """A dataset is its path where it is written, and has the members of a pair where it is a collection."""

    def __str__(self):
        return self.path


def run(folder, layout, tables=(), undecided=None, template="any", **reads):
    """Renders and runs the command; the datasets of all outputs, by name."""
    outputs = {name: Dataset(path=f"{folder}/{name}.dat") for name in ("scores", "proteins", "report", "json")}
    for name in ("coding", "noncoding", "undecided"):
        outputs[name] = Dataset(path=f"{folder}/{name}.dat")
        outputs[f"{name}_pair"] = SimpleNamespace(
            forward=f"{folder}/{name}_forward.dat", reverse=f"{folder}/{name}_reverse.dat"
        )
    low, high = undecided or ("", "")
    values = {
        "input": SimpleNamespace(layout=layout, **reads),
        "verdict": SimpleNamespace(
            threshold=0.5,
            template=template,
            min_length=60,
            undecided=SimpleNamespace(write="yes" if undecided else "no", low=low, high=high),
        ),
        "tables": ",".join(tables) or "None",
        "genetic_code": 11,
        **outputs,
    }
    command = str(Template(source=COMMAND, searchList=[values]))
    # Galaxy joins the lines of a command.
    line = " ".join(command.split())
    environment = {**os.environ, "GALAXY_SLOTS": "2"}
    done = subprocess.run(["bash", "-c", line], cwd=folder, env=environment, capture_output=True, text=True)
    return done, outputs


def reads_in(*paths):
    return sum(gzip.open(path, "rt").read().count("\n") for path in paths) // 4


def main():
    data = HERE / "test-data"
    r1, r2, bam = (str(data / name) for name in ("community_R1.fastq.gz", "community_R2.fastq.gz", "sorted.bam"))
    with tempfile.TemporaryDirectory() as folder:
        done, out = run(folder, "single", ["html"], reads=r1, mates="--single")
        assert done.returncode == 0, done.stderr
        assert reads_in(out["coding"].path, out["noncoding"].path) == 100
        assert "readseeker" in Path(out["report"].path).read_text()

    with tempfile.TemporaryDirectory() as folder:
        pair = SimpleNamespace(forward=r1, reverse=r2)
        tables = ["scores", "proteins", "json"]
        done, out = run(folder, "paired", tables, undecided=(0.4, 0.6), template="both", reads=pair)
        assert done.returncode == 0, done.stderr
        pairs = [out[f"{name}_pair"] for name in ("coding", "noncoding", "undecided")]
        assert reads_in(*(pair.forward for pair in pairs)) == reads_in(*(pair.reverse for pair in pairs)) == 100
        assert len(Path(out["scores"].path).read_text().splitlines()) == 201
        assert Path(out["proteins"].path).read_text().startswith(">")
        assert json.loads(Path(out["json"].path).read_text())["counts"]["records"] == 200

    with tempfile.TemporaryDirectory() as folder:
        done, out = run(folder, "alignment", reads=bam, collate="--collate", reference=None)
        assert done.returncode == 0, done.stderr
        assert reads_in(out["coding"].path, out["noncoding"].path) == 240

    with tempfile.TemporaryDirectory() as folder:
        done, _ = run(folder, "single", undecided=(0.6, 0.7), reads=r1, mates="--single")
        assert done.returncode == 2, done.stderr

    for limits in ((0.4, ""), ("", 0.6)):
        with tempfile.TemporaryDirectory() as folder:
            done, _ = run(folder, "single", undecided=limits, reads=r1, mates="--single")
            assert done.returncode == 2 and "one limit only" in done.stderr, done.stderr
            assert not list(Path(folder).iterdir())

    with tempfile.TemporaryDirectory() as folder:
        done, out = run(folder, "single", undecided=("", ""), reads=r1, mates="--single")
        assert done.returncode == 0, done.stderr
        assert reads_in(*(out[name].path for name in ("coding", "noncoding", "undecided"))) == 100
    print("Galaxy tool: rendered by Cheetah and run by bash, not by Galaxy")


if __name__ == "__main__":
    sys.exit(main())
