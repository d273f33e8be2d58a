"""Files made from the data once and kept beside it, so that evaluating a run need not load gigabytes of genomes."""

import os
import pickle
from pathlib import Path

from .data import Data


def holds(path, data):
    """Whether `path` exists and is newer than `data`."""
    return path.exists() and path.stat().st_mtime_ns > Path(data).stat().st_mtime_ns


def reads(data, name, draw):
    """Held-out reads: what `draw(Data)` gives, from `DATA.NAME.pkl` where that holds."""
    path = Path(data).with_suffix(f".{name}.pkl")
    if holds(path, data):
        return pickle.loads(path.read_bytes())
    drawn = draw(Data(data))
    temporary = path.with_suffix(".new")
    temporary.write_bytes(pickle.dumps(drawn, protocol=5))
    os.replace(temporary, path)
    return drawn
