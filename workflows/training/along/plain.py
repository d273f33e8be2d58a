"""The exported network once more, from strings and the file alone, frame by frame with `conv1d`: what goldens are made with.

It shares no code with the training network. Everything of the minus strand is kept at the read's own positions."""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

_DIGITS = {"A": 0, "T": 1, "C": 2, "G": 3}
_COMPLEMENT = {"A": "T", "T": "A", "C": "G", "G": "C", "-": "-"}


def clean(sequence):
    """Upper case, U as T, anything else as N."""
    return "".join(c if c in _DIGITS else "N" for c in sequence.upper().replace("U", "T"))


def reverse_complement(sequence):
    return "".join(_COMPLEMENT.get(c, "N") for c in reversed(sequence))


def padded(sequence):
    """The read between as many '-' on both sides as make its length a multiple of nine."""
    side = next(n for n in range(9) if (len(sequence) + 2 * n) % 9 == 0)
    return "-" * side + sequence + "-" * side


def token(kmer):
    """A 6-mer's number: 0 where it leaves the read, 1 where a base is unknown."""
    if len(kmer) < 6 or "-" in kmer:
        return 0
    if "N" in kmer:
        return 1
    number = 0
    for letter in kmer:
        number = 4 * number + _DIGITS[letter]
    return 5 + number


def group_sizes(count):
    """Positions that are one of the next level: pairs, counted from both ends."""
    left, right = [], []
    while count >= 4:
        left.append(2)
        right.append(2)
        count -= 4
    return left + ([count] if count else []) + right


class Model:
    """A checkpoint directory."""

    def __init__(self, directory):
        self.config = json.loads((Path(directory) / "config.json").read_text())
        self.weights = load_file(Path(directory) / "model.safetensors")

    def _act(self, x):
        return F.relu(x) if self.config["activation"] == "relu" else F.silu(x)

    def _stem(self, text, frame):
        """[C, T] of one frame of a padded strand."""
        count = len(text) // 9
        ids = [token(text[j : j + 6]) if j >= 0 else 0 for j in range(frame - 6, frame + 9 * count + 3, 3)]
        e = self.weights["embedding.weight"][ids].T[None]
        return self._act(F.conv1d(e, self.weights["stem.weight"], self.weights["stem.bias"], stride=3)[0][:, :count])

    def _meet(self, x, weight):
        """What each strand [C, G] hears of all six frames `x` [2, 3, C, G], both at the read's positions."""
        mean, most = x.mean(dim=1), x.amax(dim=(0, 1))
        return torch.stack([weight @ torch.cat([mean[s], mean[1 - s], most]) for s in (0, 1)])

    def _convolved(self, x, weight):
        """Of [2, 3, C, G]; the minus strand runs from right to left."""
        side = weight.shape[2] // 2
        plus, minus = F.conv1d(x[0], weight, padding=side), F.conv1d(x[1], weight.flip(2), padding=side)
        return torch.stack([plus, minus])

    def logits(self, sequence):
        """[T, 7] of a read as one window."""
        w = self.weights
        text = padded(clean(sequence))
        plus = torch.stack([self._stem(text, f) for f in range(3)])
        minus = torch.stack([self._stem(reverse_complement(text), f) for f in range(3)]).flip(2)
        x = torch.stack([plus, minus])
        levels, sizes = [x], []
        for i in range(self.config["levels"]):
            sizes.append(group_sizes(x.shape[3]))
            p = torch.stack([part.mean(dim=3) for part in x.split(sizes[-1], dim=3)], dim=3)
            heard = self._meet(p, w[f"up.{i}.meet"])[:, None] + w[f"up.{i}.bias"][:, None]
            x = p + self._act(self._convolved(p, w[f"up.{i}.weight"]) + heard)
            levels.append(x)
        y = levels[-1]
        for i in reversed(range(self.config["levels"])):
            below = (w[f"down.{i}.weight"] @ y).repeat_interleave(torch.tensor(sizes[i]), dim=3)
            y = levels[i] + below
        h = self._act(self._convolved(levels[0], w["fine.weight"]) + below + w["fine.bias"][:, None])
        if self.config["mix"]:
            heard = self._meet(h, w["mix.meet"])[:, None] + w["mix.bias"][:, None]
            h = h + self._act(w["mix.own"] @ h + heard)
        frames = (w["frame.weight"] @ h + w["frame.bias"][:, None]).reshape(6, -1)
        seen = torch.cat([h.mean(dim=(0, 1)), h.amax(dim=(0, 1))])
        hidden = self._act(w["none.hidden.weight"] @ seen + w["none.hidden.bias"][:, None])
        return torch.cat([w["none.logit.weight"] @ hidden + w["none.logit.bias"][:, None], frames]).T
