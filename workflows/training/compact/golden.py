"""Golden sequences and the answers of the exported model: `python -m compact.golden CHECKPOINT GOLDEN.tsv`."""

import random
import sys

from . import plain

_HEAD = ["sequence", "probability", "frame", "noncoding", *plain.FRAMES]
_CODONS = "GCT GCG AAA GAA CTG CTC GAC GGC ATC ATG AAC CCG CAG CGT AGC ACC GTG GTT TTC TAT TGG CAC".split()


def _random(rng, length, alphabet="ACGT"):
    return "".join(rng.choice(alphabet) for _ in range(length))


def _gene_like(rng, length):
    """Codons of a plausible gene from a random offset, on a random strand: real-looking, but nobody's sequence."""
    text = "".join(rng.choice(_CODONS) for _ in range(length // 3 + 2))
    start = rng.randrange(3)
    text = text[start : start + length]
    return text if rng.random() < 0.5 else plain._reverse_complement(text)


def _spoil(rng, text, letters, count):
    bases = list(text)
    for at in rng.sample(range(len(bases)), count):
        bases[at] = rng.choice(letters)
    return "".join(bases)


def sequences(seed=7):
    """About 120 reads: lengths 60 to 3000, every length mod 3, and everything that is odd."""
    rng = random.Random(seed)
    lengths = [60, 61, 62, 63, 70, 83, 99, 100, 101, 102, 125, 149, 150, 151, 175, 200, 201, 202, 230, 250, 251]
    lengths += [252, 275, 299, 300, 301, 302, 350, 398, 399, 400, 401, 402, 403, 449, 450, 451, 452, 500, 599, 600]
    lengths += [601, 602, 750, 751, 752, 900, 1000, 1201, 1500, 1999, 2500, 2999, 3000]
    out = [_gene_like(rng, n) for n in lengths]
    out += [_random(rng, n) for n in lengths[::2]]
    out += [_random(rng, n, "GCGCAT") for n in (60, 150, 301, 700)] + [_random(rng, n, "ATATGC") for n in (62, 151, 300, 800)]
    out += ["A" * 60, "T" * 150, "C" * 301, "G" * 299, "AT" * 80, "CAG" * 100, "GGGTTA" * 60, "TAA" * 70, "ACGT" * 125]
    out += ["N" * 60, "N" * 100, "N" * 301, "N" * 700]
    gene = _gene_like(rng, 300)
    out += [gene.lower(), gene.replace("T", "U"), gene[:150].lower() + gene[150:], gene.replace("T", "u")]
    out += [plain._reverse_complement(gene), gene[1:], gene[2:], gene[:-1], gene[:150] + gene[151:], gene[:100] + "A" + gene[100:]]
    out += [_spoil(rng, gene, "N", n) for n in (1, 3, 20, 100)] + [_spoil(rng, gene, "RYSWKMBDHV", n) for n in (1, 5, 30)]
    out += [_spoil(rng, _gene_like(rng, n), "Nn", n // 40) for n in (61, 152, 401, 1001)]
    out += [gene + _random(rng, n) for n in (50, 150, 300, 450, 900)]
    return out


def rows(model, reads):
    """The table's rows as text."""
    for read in reads:
        probability, frame, logits = model.score(read)
        shown = ["" if logits is None else f"{value:.6f}" for value in (logits.tolist() if logits is not None else [0] * 7)]
        yield "\t".join([read, f"{probability:.9f}", frame, *shown])


def main(checkpoint, table):
    lines = ["\t".join(_HEAD), *rows(plain.Model(checkpoint), sequences())]
    with open(table, "w") as out:
        out.write("\n".join(lines) + "\n")
    print(f"{len(lines) - 1} rows -> {table}")


if __name__ == "__main__":
    main(*sys.argv[1:])
