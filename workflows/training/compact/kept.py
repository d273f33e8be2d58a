"""Held-out reads, drawn once and kept beside the data: evaluating a run must not wait for gigabytes of genomes."""

import os
import pickle
from pathlib import Path

from .data import Data


def reads(data, name, draw):
    """What `draw(Data)` gives, from `DATA.NAME.pkl` where that is there."""
    path = Path(data).with_suffix(f".{name}.pkl")
    if path.exists():
        return pickle.loads(path.read_bytes())
    drawn = draw(Data(data))
    temporary = path.with_suffix(".new")
    temporary.write_bytes(pickle.dumps(drawn, protocol=5))
    os.replace(temporary, path)
    return drawn
