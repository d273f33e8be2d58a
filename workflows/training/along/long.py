"""Long reads: windows of positions that overlap, and one row of logits for each position of the read."""

import numpy as np
import torch

from compact.plain import windows

from . import grid

WINDOW, STEP, LONGEST_SINGLE = 64, 48, 80  # positions


def logits_of(network, bases, batch=64):
    """Logits [T, 7] of one read's padded base codes [1, 9 T]: each position's from the window in whose middle it lies most."""
    count = bases.shape[1] // grid.POSITION
    parts = windows(count, WINDOW, STEP, LONGEST_SINGLE)
    sizes = {}
    for start, end in parts:
        sizes.setdefault(end - start, []).append(start)
    found = {}
    with torch.no_grad():
        for size, starts in sizes.items():
            rows = np.concatenate([bases[:, s * grid.POSITION : (s + size) * grid.POSITION] for s in starts])
            for i in range(0, len(rows), batch):
                out = network(torch.from_numpy(grid.strands(rows[i : i + batch]))).double().numpy()
                found.update(zip(starts[i : i + batch], out))
    return stitched(count, parts, found)


def stitched(count, parts, found):
    """Cut in the middle of each overlap; where that is a position, the mean of both."""
    out = np.empty((count, 7))
    for i, (start, end) in enumerate(parts):
        low = start if i == 0 else -(-(start + parts[i - 1][1]) // 2)
        high = end if i + 1 == len(parts) else -(-(parts[i + 1][0] + end) // 2)
        out[low:high] = found[start][low - start : high - start]
    for (start, end), (first, last) in zip(parts, parts[1:]):
        if (first + end) % 2:
            middle = (first + end) // 2
            out[middle] = (found[start][middle - start] + found[first][middle - first]) / 2
    return out
