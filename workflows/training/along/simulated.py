"""Simulated reads with a truth for every base, and how much of it is called right."""

import csv
import gzip
from typing import NamedTuple

import numpy as np

from compact import tokens

UNKNOWN = 0


class Read(NamedTuple):
    """Base codes [L], and for each base its right classes as bits (0 none, 1 to 3, 4 to 6); no bit where unknown."""

    name: str
    group: str
    codes: np.ndarray
    right: np.ndarray


def load(folder, name):
    """The reads `name` of a folder, with their truth."""
    return read(folder / f"{name}.fa.gz", folder / f"{name}.truth.tsv.gz")


def read(fasta, truth):
    """The reads of a FASTA file with their truth, in its order."""
    rows = {row["read"]: row for row in csv.DictReader(gzip.open(truth, "rt"), delimiter="\t")}
    name, out = None, []
    for line in gzip.open(fasta, "rt"):
        if line[0] == ">":
            name = line[1:].split()[0]
            continue
        codes = tokens.encode(line.strip())
        right = np.zeros(len(codes), dtype=np.uint8)
        for run in rows[name]["runs"].split():
            place, classes = run.split(":")
            start, end = map(int, place.split("-"))
            for one in classes.split("/"):
                right[start:end] |= 0 if one == "9" else 1 << int(one)
        out.append(Read(name, rows[name]["group"], codes, right))
    return out


def coded(right):
    """The share of coding bases, of those whose right classes [L] are known; there must be some."""
    return ((right[right != UNKNOWN] & 1) == 0).mean()


def figures(truths, calls):
    """Shares of bases and reads, of right classes [L] and called classes [L] a read."""
    right, called = np.concatenate(truths), np.concatenate(calls)
    known = right != UNKNOWN
    right, called = right[known], called[known]
    coding, hit = (right & 1) == 0, (right >> called) & 1 == 1
    found = coding & (called > 0)
    whole = straddling = straddling_right = reads = 0
    for one, call in zip(truths, calls):
        here = one != UNKNOWN
        if not here.any():
            continue
        share, said = coded(one), (call[here] > 0).mean()
        reads += 1
        good = (share >= 0.5) == (said >= 0.5)
        whole += good
        if 0 < share < 1:
            straddling += 1
            straddling_right += good
    return {
        "reads": whole / reads,
        "straddling": straddling_right / max(straddling, 1),
        "seven": hit.mean(),
        "found": found.sum() / max(coding.sum(), 1),
        "precision": found.sum() / max((called > 0).sum(), 1),
        "frame": (coding & hit).sum() / max(coding.sum(), 1),
    }
