"""What is made of the data once and kept beside it: evaluating a run must not wait for gigabytes of genomes."""

import os
import pickle
from pathlib import Path

from .data import Data


def holds(path, data):
    """Whether `path` is there and was made after `data`, so that new data under an old name is not answered for by old."""
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
