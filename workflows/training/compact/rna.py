"""Where rRNA and tRNA genes lie: `python -m compact.rna GENOMES OUT GROUP...` runs barrnap and ARAGORN.

These genes must be non-coding, but gene predictors often call open reading frames in them, and annotations rarely say
where they are. Writes one table for each group, `accession start end kind`, 0-based and half-open.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from . import fasta, tables

_KINGDOM = {"archaea": "arc", "silver_archaea": "arc", "fungi": "euk", "plant": "euk", "protist": "euk", "organelle": "mito"}
_ARAGORN = re.compile(r"^\d+\s+(tRNA|tmRNA)\S*\s+c?\[(-?\d+),(\d+)\]")
_TRUNCATED = 0.5  # shorter hits are fragments, which barrnap calls with little evidence


def rrna(path, kingdom):
    """(accession, start, end, name) of barrnap's hits."""
    command = ["barrnap", "--quiet", "--threads", "1", "--reject", str(_TRUNCATED), "--kingdom", kingdom, str(path)]
    for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines():
        if not line.startswith("#"):
            column = line.split("\t")
            name = re.search(r"Name=([^;]+)", column[8]).group(1)
            yield column[0], int(column[3]) - 1, int(column[4]), name


def trna(path):
    """(accession, start, end, name) of ARAGORN's hits."""
    name = None
    for line in subprocess.run(["aragorn", "-w", "-l", str(path)], check=True, capture_output=True, text=True).stdout.splitlines():
        if line.startswith(">"):
            name = line[1:].split()[0]
        elif hit := _ARAGORN.match(line):
            yield name, max(int(hit[2]) - 1, 0), int(hit[3]), hit[1]


def find(genomes, out, group):
    """Write one group's table, unless it is there."""
    table = Path(out) / f"{group}.rna.tsv"
    if table.exists():
        return
    with tempfile.NamedTemporaryFile("w", suffix=".fa") as plain_text:
        for record in fasta.read(Path(genomes) / f"{group}.fa.gz"):
            plain_text.write(f">{record.accession}\n{record.sequence}\n")
        plain_text.flush()
        hits = sorted([*rrna(plain_text.name, _KINGDOM.get(group, "bac")), *trna(plain_text.name)])
    tables.write(table, hits)
    print(f"{group}: {len(hits)} RNA genes", flush=True)


if __name__ == "__main__":
    for one in sys.argv[3:]:
        find(sys.argv[1], sys.argv[2], one)
