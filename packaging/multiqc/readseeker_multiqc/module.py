"""The section of a MultiQC page."""

import json
import logging
import re
from pathlib import Path
from typing import Dict, List

from multiqc import config
from multiqc.base_module import BaseMultiqcModule, ModuleNoSamplesFound
from multiqc.plots import bargraph, linegraph

from .report import Report, parse
from .search import NAME

log = logging.getLogger(__name__)

CLASSES = {
    "coding": {"name": "coding", "color": "#2f9e44"},
    "noncoding": {"name": "non-coding", "color": "#868e96"},
    "undecided": {"name": "undecided", "color": "#f08c00"},
}


class MultiqcModule(BaseMultiqcModule):
    """Reads by class, their probabilities, and general statistics, of the JSON reports of `readseeker split`."""

    def __init__(self):
        super().__init__(
            name="readseeker",
            anchor=NAME,
            info="splits sequencing reads into coding and non-coding with a neural model.",
            doi="10.1371/journal.pone.0335732",
        )
        self.reports: Dict[str, Report] = self.ignore_samples(self._find())
        if not self.reports:
            raise ModuleNoSamplesFound
        log.info(f"Found {len(self.reports)} reports")
        for sample, report in self.reports.items():
            self.add_software_version(report.version, sample=sample)

        self._add_general_statistics()
        self._add_classes()
        self._add_probabilities()
        self.write_data_file(
            {sample: _row(report) for sample, report in self.reports.items()}, f"multiqc_{NAME}"
        )

    def _find(self) -> Dict[str, Report]:
        reports = {}
        for file in self.find_log_files(NAME):
            try:
                report = parse(file["f"])
            except (json.JSONDecodeError, KeyError) as error:
                log.warning(f"{file['fn']} is not a whole report of readseeker: {error!r}")
                continue
            if report is None:
                continue
            sample = self.clean_s_name(_sample(file["fn"], file["root"]), file)
            if sample in reports:
                log.debug(f"Two reports of sample {sample}: {file['fn']} replaces the earlier one")
            reports[sample] = report
            self.add_data_source(file, s_name=sample)
        return reports

    def _add_general_statistics(self) -> None:
        models = {report.model for report in self.reports.values()}
        headers = {
            "coding": {
                "title": "% Coding",
                "description": "Reads that the model calls coding",
                "min": 0,
                "max": 100,
                "suffix": "%",
                "scale": "Greens",
            },
            "estimate": {
                "title": "% Coding (est.)",
                "description": "Estimated share of coding reads, corrected for wrong calls",
                "min": 0,
                "max": 100,
                "suffix": "%",
                "scale": "Greens",
                "hidden": all(report.estimate is None for report in self.reports.values()),
            },
            "undecided": {
                "title": "% Undecided",
                "description": "Reads that were not scored or fell into the undecided band",
                "min": 0,
                "max": 100,
                "suffix": "%",
                "scale": "Oranges",
                "hidden": not any(report.undecided for report in self.reports.values()),
            },
            "reads": {
                "title": f"Reads ({config.read_count_prefix})",
                "description": f"Reads that were split ({config.read_count_desc})",
                "min": 0,
                "modify": lambda reads: reads * config.read_count_multiplier,
                "shared_key": "read_count",
                "scale": "Blues",
            },
            "prior": {
                "title": "Prior",
                "description": "Share of coding reads that was assumed",
                "min": 0,
                "max": 1,
                "format": "{:,.3f}",
                "scale": "Greys",
                "hidden": True,
            },
            "cutoff": {
                "title": "Cut-off",
                "description": "Probability from which a read of average composition was called coding",
                "min": 0,
                "max": 1,
                "format": "{:,.3f}",
                "scale": "Greys",
                "hidden": True,
            },
            # Shares of different models are not to be compared: the column shows that there are several.
            "model": {
                "title": "Model",
                "description": "Model that scored the reads",
                "scale": False,
                "hidden": len(models) == 1,
            },
        }
        rows = {
            sample: {
                "coding": report.percent(report.coding),
                "estimate": report.estimate,
                "undecided": report.percent(report.undecided),
                "reads": report.reads,
                "prior": report.prior,
                "cutoff": report.cutoff,
                "model": report.model,
            }
            for sample, report in self.reports.items()
        }
        self.general_stats_addcols(rows, headers)

    def _by_model(self) -> Dict[str, Dict[str, Report]]:
        groups: Dict[str, Dict[str, Report]] = {}
        for sample, report in self.reports.items():
            groups.setdefault(report.model, {})[sample] = report
        return dict(sorted(groups.items()))

    def _add_classes(self) -> None:
        groups = self._by_model()
        data = [
            {sample: {name: getattr(report, name) for name in CLASSES} for sample, report in reports.items()}
            for reports in groups.values()
        ]
        self.add_section(
            name="Reads by class",
            anchor=f"{NAME}-classes",
            description=f"Reads by the class that they were written to. {_models(groups)}",
            plot=bargraph.plot(
                data,
                [CLASSES] * len(data),
                {
                    "id": f"{NAME}_classes_plot",
                    "title": "readseeker: Reads by class",
                    "ylab": "Reads",
                    "data_labels": [{"name": model, "ylab": "Reads"} for model in groups],
                },
            ),
        )

    def _add_probabilities(self) -> None:
        groups = self._by_model()
        labels: List[Dict[str, str]] = [{"name": model, "ylab": "% of scored reads"} for model in groups]
        self.add_section(
            name="Probabilities",
            anchor=f"{NAME}-probabilities",
            description=f"How sure the model was: the share of reads at each probability of coding. {_models(groups)}",
            helptext="Two peaks at the ends are what to expect. Many reads in between are short, have errors, or are "
            "unlike what the model was trained on.",
            plot=linegraph.plot(
                [{sample: report.probabilities for sample, report in reports.items()} for reports in groups.values()],
                {
                    "id": f"{NAME}_probabilities_plot",
                    "title": "readseeker: Probabilities of coding",
                    "xlab": "Probability of coding",
                    "ylab": "% of scored reads",
                    "xmin": 0,
                    "xmax": 1,
                    "ymin": 0,
                    "data_labels": labels,
                },
            ),
        )


def _sample(name: str, folder: str) -> str:
    """The sample that a report is of; that of `--out-prefix FOLDER/` is called report.json."""
    sample = re.sub(r"(\.readseeker)?\.json$", "", name)
    return Path(folder).name if sample == "report" and Path(folder).name else sample


def _models(groups: Dict[str, Dict[str, Report]]) -> str:
    return f"Model: {next(iter(groups))}." if len(groups) == 1 else "One plot for each model."


def _row(report: Report) -> Dict[str, object]:
    """A sample in `multiqc_readseeker.txt`."""
    row = report._asdict()
    del row["probabilities"]
    return {"reads": report.reads, **row}
