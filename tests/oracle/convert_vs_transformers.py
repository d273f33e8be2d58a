#!/usr/bin/env python3
"""Hugging Face's transformers on what `model convert` writes, against `score --attention masked`.

    python tests/oracle/convert_vs_transformers.py READSEEKER [CHECKPOINT...]

Without checkpoints, those of testdata/parity that transformers has a name for. Needs transformers and torch.
"""

import csv
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from transformers import BertForSequenceClassification

PARITY = Path(__file__).resolve().parents[2] / "testdata/parity"
CHECKPOINTS = ["k6_tiny_zip", "k6_tiny_legacy", "k6_deep_zip", "k5_tiny_zip"]
BOUND = 1e-5
LENGTHS = [60, 100, 151, 250, 300]


def reads(seed=4):
    """Random reads of several lengths."""
    rng = random.Random(seed)
    return ["".join(rng.choices("ACGT", k=length)) for length in LENGTHS for _ in range(8)]


def theirs(folder, sequence, numbers, k):
    """The probability of coding that transformers computes; the model is loaded once for each folder."""
    words = ["[CLS]", *(sequence[at : at + k] for at in range(len(sequence) - k + 1)), "[SEP]"]
    if folder not in theirs.models:
        theirs.models[folder] = BertForSequenceClassification.from_pretrained(folder).eval()
    with torch.no_grad():
        logits = theirs.models[folder](torch.tensor([[numbers[word] for word in words]])).logits
    return logits.softmax(dim=1)[0, 1].item()


theirs.models = {}


def ours(program, checkpoint, folder, sequences):
    """The probabilities that the program computes."""
    fasta, table = folder / "reads.fa", folder / "scores.tsv"
    fasta.write_text("".join(f">{n}\n{sequence}\n" for n, sequence in enumerate(sequences)))
    command = [program, "score", fasta, "-o", table, "--model", checkpoint, "--attention", "masked", "--device", "cpu", "--quiet"]
    subprocess.run(command, check=True)
    return [float(row["probability"]) for row in csv.DictReader(table.open(), delimiter="\t")]


def main(program, *checkpoints):
    sequences = reads()
    for checkpoint in map(Path, checkpoints or (PARITY / name for name in CHECKPOINTS)):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            subprocess.run([program, "model", "convert", checkpoint, folder / "converted"], check=True, capture_output=True)
            words = (folder / "converted/vocab.txt").read_text().split()
            numbers, k = {word: n for n, word in enumerate(words)}, len(words[-1])
            found = ours(program, checkpoint, folder, sequences)
            expected = [theirs(folder / "converted", sequence, numbers, k) for sequence in sequences]
        largest = max(abs(one - other) for one, other in zip(found, expected))
        print(f"{checkpoint.name}: {len(found)} reads, largest difference {largest:.1e}")
        assert len(found) == len(expected) and largest <= BOUND


if __name__ == "__main__":
    main(*sys.argv[1:])
