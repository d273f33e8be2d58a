"""Golden reads with what an exported network says of them: `python -m along.golden CHECKPOINT GOLDEN.tsv`.

Columns: the read, what is seen of it, the state of each position of that (0 none, 1 2 3 plus, 4 5 6 minus, frames of the padded text),
the positions' seven logits, position after position; the read's probability, its stretches as START-END:FRAME, from 0, frames
as BLAST writes them, and the stretches it has instead if a sample makes it coding."""

import random
import sys

import numpy as np
import torch

from compact import golden

from . import calibrate, calls, codons, decode, grid, plain

# Reads of lower probability are not called coding in any sample.
LEAST = 0.005
_LONGEST_SHOWN = 130  # positions: of longer reads every seventh is shown


def sequences(seed=11):
    """Reads of all lengths modulo nine and of every kind that is odd; few enough for a small file."""
    rng = random.Random(seed)
    lengths = [6, 7, 13, 30, *range(60, 69), 100, 149, 150, 151, 200, 250, 251, 299, 300, 301, 450, 601, 719, 720, 721, 722, 1000, 1500, 2503]
    out = [golden._gene_like(rng, n) for n in lengths]
    out += [golden._random(rng, n) for n in lengths[::3]]
    out += ["A" * 60, "T" * 150, "AT" * 80, "TAA" * 70, "N" * 60, "N" * 301, "ACGT" * 125]
    gene = golden._gene_like(rng, 300)
    out += [gene.lower(), gene.replace("T", "U"), plain.reverse_complement(gene), gene[1:], gene[:150] + gene[151:]]
    out += [golden._spoil(rng, gene, "N", n) for n in (1, 20)] + [golden._spoil(rng, gene, "RYSWKMBDHV", 5)]
    out += ["N" * 100 + gene[:95], gene[:100] + "N" * 50, gene[:99] + "N" * 60 + gene[159:], gene[:90] + "N" * 31 + gene[122:]]
    out += ["N" * 10 + golden._random(rng, 80) + "N" * 12 + gene[:101] + "N" * 9, "ACGTN" * 20, gene[:40] + "N" * 400]
    out += [golden._random(rng, 90) + gene[:120] + golden._random(rng, 90), gene[:121] + plain.reverse_complement(gene)[:130]]
    # Long genes as they are, with a base missing here and there, and with bases missing all along.
    gene = golden._gene_like(rng, 690)
    out += [gene, gene[:200] + gene[201:], gene[:200] + gene[201:450] + gene[451:], "".join(gene[at : at + 59] for at in range(0, 690, 60))]
    return out


def codes_of(read):
    return np.array(["ACGT".find(letter) % 5 for letter in plain.clean(read)], dtype=np.uint8)


def probability(logits, text, config):
    """A read's probability: the log odds at which it breaks even, calibrated by length."""
    costs = decode.decoder_of(config).of(len(text))
    table = decode.transitions(costs, codons.of(grid.laid(codes_of(text))))
    evidence = decode.break_even(decode.emissions(logits[None], costs), table, costs.weight, halvings=50)[0][0]
    return calibrate.probabilities(evidence, len(text), (config["short_reads"] if len(text) <= decode.SHORT else config)["calibration"])


def stretches(states, costs, text, bases, length):
    """Those of what is seen, counted on a read of `length`, of whose `bases` it is made."""
    found = []
    for start, end, frame in calls.stretches(np.array(states), codes_of(text), decode.Costs(**costs)):
        ahead = bases[0] if frame < 4 else length - 1 - bases[-1]
        offset = (frame - 1 + ahead) % 3 + 1
        found.append(f"{bases[start]}-{bases[end - 1] + 1}:{offset if frame < 4 else -offset}")
    return " ".join(found)


def if_coding(logits, costs, text):
    """The states of a read where it turns from mostly none to mostly coding, by the costs that called it."""
    costs = decode.Costs(**costs)
    table = decode.transitions(costs, codons.of(grid.laid(codes_of(text))))
    return decode.break_even(decode.emissions(logits[None], costs), table, costs.weight, halvings=50)[1][0]


def is_known(text):
    """Whether a read has a 6-mer of known bases."""
    clean = plain.clean(text)
    return any(set(clean[i : i + 6]) <= set("ACGT") for i in range(len(clean) - 5))


def main(checkpoint, table):
    model = plain.Model(checkpoint)
    with open(table, "w") as out, torch.no_grad():
        out.write("sequence\tseen\tstates\tlogits\tprobability\tstretches\tif_coding\n")
        for read in sequences():
            text, bases = plain.seen(read)
            logits = model.read(text)
            states, costs = model.states(logits, text)
            shown = logits if len(logits) <= _LONGEST_SHOWN else logits[::7]
            numbers = " ".join(f"{x:.5f}" for x in shown.flatten().tolist())
            own = probability(logits.double().numpy(), text, model.config)
            turns = own >= LEAST and 2 * states.count(0) > len(states) and is_known(text)
            turned = if_coding(logits.double().numpy(), costs, text) if turns else ()
            found = [stretches(one, costs, text, bases, len(read)) if len(one) else "" for one in (states, turned)]
            out.write("\t".join([read, text, "".join(map(str, states)), numbers, f"{own:.7f}", *found]) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
