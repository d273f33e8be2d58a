"""How MultiQC finds the reports."""

from multiqc import config

NAME = "readseeker"


def add_search_pattern() -> None:
    """Called by MultiQC once its own patterns are loaded."""
    # The report's first key; no other tool's pattern looks for it, and only the first lines are read.
    config.update_dict(config.sp, {NAME: {"fn": "*.json", "contents": '"tool": "readseeker"', "num_lines": 5}})
