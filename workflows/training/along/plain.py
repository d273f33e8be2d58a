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


def seen(sequence):
    """What the network sees of a read, and of which of the read's bases that is made.

    An unknown base is one that is in no 6-mer without N. Those at the ends are not seen, and of a run of more than eight inside
    the read 6 to 8 are, as many fewer as are a multiple of three. If there is no 6-mer without N, all of the read is seen."""
    text = clean(sequence)
    whole = {base for at in range(len(text) - 5) if "N" not in text[at : at + 6] for base in range(at, at + 6)}
    if not whole:
        return text, list(range(len(text)))
    bases, run = [], []
    for base in range(min(whole), max(whole) + 1):
        if base not in whole:
            run.append(base)
            continue
        bases += run if len(run) <= 8 else run[-6 - len(run) % 3 :]
        bases.append(base)
        run = []
    return "".join(text[base] if base in whole else "N" for base in bases), bases


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


def at_border(text, t, frame, codons, first):
    """Whether a codon of a frame that starts `first`, ..., `first` + 8 bases behind the start of position t is one of these."""
    places = range(9 * t + first, 9 * t + first + 9)
    return any(text[at : at + 3] in codons for at in places if at % 3 == frame)


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
        return self._window(padded(clean(sequence)))

    def _window(self, text):
        """[T, 7] of a text of 9 T letters."""
        w = self.weights
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

    def read(self, sequence):
        """[T, 7] of a read of any length: windows of positions, each position's logits from the one that reaches further."""
        text, shape = padded(clean(sequence)), self.config["window"]
        count = len(text) // 9
        if count <= shape["longest_single"]:
            return self.logits(sequence)
        spare = count - shape["positions"]
        several = -(-spare // shape["step"]) + 1
        starts = [i * spare // (several - 1) for i in range(several)]
        windows = [(start, count - starts[several - 1 - i]) for i, start in enumerate(starts)]
        rows = [self._window(text[9 * start : 9 * end]) for start, end in windows]
        out = []
        for t in range(count):
            here = [i for i, (start, end) in enumerate(windows) if start <= t < end]
            reach = [self._reach(t, i, windows) for i in here]
            chosen = [rows[i][t - windows[i][0]] for i, own in zip(here, reach) if own == max(reach)]
            out.append(torch.stack(chosen).mean(dim=0))
        return torch.stack(out)

    @staticmethod
    def _reach(t, i, windows):
        """How far window i goes beyond position t towards its neighbours: an end of the read is no end."""
        start, end = windows[i]
        left = t - start if i else float("inf")
        right = end - 1 - t if i + 1 < len(windows) else float("inf")
        return min(left, right)

    def states(self, logits, sequence, prior=None):
        """The most likely states [T], 0 to 6, by the decoder of the file, and the costs that they are due to."""
        short, long = self.config["short_reads"], self.config["decoder"]
        if len(sequence) <= short["bases"]:
            return self._best(logits, sequence, short["decoder"], prior)[1], short["decoder"]
        score, path = self._best(logits, sequence, long, prior)
        without, _ = self._best(logits, sequence, long | {"shift": float("inf")}, prior)
        # One in which genes hardly gain by shifts of the frame has no insertions and deletions, as short reads have none.
        coding = sum(state > 0 for state in path)
        if (score - without) / max(coding, 20) < short["unshifted_below"]:
            return self._best(logits, sequence, short["decoder"], prior)[1], short["decoder"]
        return path, long

    @staticmethod
    def _best(logits, sequence, d, prior):
        """The best path at these costs, and its score."""
        text = padded(clean(sequence))
        turned = reverse_complement(text)
        prior = d["prior"] if prior is None else prior
        scores = torch.log_softmax(logits.double(), dim=1)
        scores[:, 0] -= prior
        scores *= d["weight"]
        stops = ("TAA", "TAG", "TGA")
        strand = lambda s: (s + 2) // 3  # noqa: E731 - 0 none, 1 plus, 2 minus

        def codon(t, state, codons, first):
            """At the border behind position t; of the minus strand, seen from its own start."""
            strand_text, border = (text, t) if state < 4 else (turned, len(logits) - 2 - t)
            return at_border(strand_text, border, (state - 1) % 3, codons, first)

        def cost(a, b, t):
            if a == b:
                return d["through"] if a and codon(t, a, stops, 2) else 0.0
            if strand(a) == strand(b):  # the gene that ends is the left one on the plus strand, the right one on the minus strand
                return d["shift_at_stop"] if codon(t, a if strand(a) == 1 else b, stops, 2) else d["shift"]
            if 0 not in (a, b):
                return d["other"]
            if strand(a) == 1 or strand(b) == 2:
                return d["stop_codon"] if codon(t, a + b, stops, 2) else d["stop"]
            if codon(t, a + b, ("ATG",), 5):
                return d["start_codon"]
            return d["other_start_codon"] if codon(t, a + b, ("GTG", "TTG"), 5) else d["start"]

        best, back = scores[0].tolist(), []
        for t, row in enumerate(scores[1:].tolist()):
            moves = [[best[a] - cost(a, b, t) for a in range(7)] for b in range(7)]
            back.append([move.index(max(move)) for move in moves])
            best = [max(move) + own for move, own in zip(moves, row)]
        state = best.index(max(best))
        path = [state]
        for step in reversed(back):
            state = step[state]
            path.append(state)
        return max(best), path[::-1]
