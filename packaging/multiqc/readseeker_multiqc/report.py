"""What one report says, in the terms of a MultiQC page."""

import json
from typing import Any, Dict, NamedTuple, Optional


class Report(NamedTuple):
    """One run of `readseeker split`."""

    version: str
    # Runs of different models, or of one model in different ways, are never shown as one.
    model: str
    threshold: float
    # The share of coding reads that was assumed.
    prior: float
    # The probability from which reads of average composition were called coding.
    cutoff: float
    # Percentage of coding reads, corrected for wrong calls; none where it was not estimated.
    estimate: Optional[float]
    device: str
    coding: int
    noncoding: int
    undecided: int
    # Percentage of the scored reads by the middle of each interval of probabilities.
    probabilities: Dict[float, float]

    @property
    def reads(self) -> int:
        return self.coding + self.noncoding + self.undecided

    def percent(self, count: int) -> float:
        return 100 * count / self.reads if self.reads else 0.0


def parse(text: str) -> Optional[Report]:
    """None for JSON that is not a report; a report that lacks something raises `KeyError`."""
    data = json.loads(text)
    if not isinstance(data, dict) or data.get("tool") != "readseeker" or "counts" not in data:
        return None
    counts, prior = data["counts"], data["settings"]["prior"]
    return Report(
        version=data["version"],
        model=_label(data["model"]),
        threshold=data["settings"]["threshold"],
        prior=prior["share"],
        cutoff=prior["threshold_on_probability"],
        estimate=100 * prior["coding_share"] if "coding_share" in prior else None,
        device=data["device"]["name"],
        coding=counts["coding"],
        noncoding=counts["noncoding"],
        undecided=counts["undecided"],
        probabilities=_shares(data["histogram"]),
    )


def _label(model: Dict[str, Any]) -> str:
    """`readseeker-compact-5`, `ReadSeeker (published attention, int8)`, as in the program's own MultiQC files."""
    attention, precision = model.get("attention"), model.get("precision")
    how = [f"{attention} attention"] if attention else []
    how += [precision] if precision and precision != "f32" else []
    return f"{model['name']} ({', '.join(how)})" if how else model["name"]


def _shares(histogram: Dict[str, Any]) -> Dict[float, float]:
    counts, width = histogram["counts"], histogram["bin_width"]
    total = sum(counts) or 1
    return {round((bin + 0.5) * width, 6): 100 * count / total for bin, count in enumerate(counts)}
