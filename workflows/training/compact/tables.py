"""Tables of places in records, written by one step and read by another: `accession start end ...`, tab-separated, no header."""

import os
from collections import defaultdict


def write(path, rows):
    """Write a table, whole or not at all: a run that is resumed skips steps whose table exists."""
    temporary = path.with_suffix(".new")
    temporary.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
    os.replace(temporary, path)


def read(path):
    """{accession: rows without it}; none where there is no such table."""
    rows = defaultdict(list)
    if path.exists():
        for line in path.read_text().splitlines():
            accession, *rest = line.split("\t")
            rows[accession].append(rest)
    return rows
