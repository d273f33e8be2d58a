#!/usr/bin/env python3
"""`readseeker evaluate BAM --truth GFF3` against a count of positions: tests/oracle/labels_vs_samtools.py READSEEKER BAM GFF3

Alignments are those that `samtools view` prints; positions, labels and frames are found here one by one, with nothing of
readseeker's. Its probabilities and frames are those of `readseeker score`. Labels, and so all counts, must agree, by both rules
and with the same ranges as BED.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

LEAST = 60


def annotation(path):
    """The coding positions of each sequence, the frames of each of its CDS parts, and what is unclear."""
    sequences = {}
    for line in Path(path).read_text().splitlines():
        if line.startswith("##sequence-region"):
            sequences.setdefault(line.split()[1], (set(), [], set()))
        if line.startswith("#"):
            continue
        name, _, kind, start, end, _, strand, phase, _ = line.split("\t")
        coding, parts, unclear = sequences.setdefault(name, (set(), [], set()))
        if kind == "pseudogene":
            unclear.update(range(int(start) - 1, int(end)))
        elif kind == "CDS":
            coding.update(range(int(start) - 1, int(end)))
            parts.append((int(start) - 1, int(end), strand, None if phase == "." else int(phase)))
    return {name: (coding - unclear, parts, unclear) for name, (coding, parts, unclear) in sequences.items()}


def codon_frame(start, end, is_reverse, parts, rule):
    """The frame of a read as sequenced; None where it has none or several."""
    frames = Counter()
    for first, last, strand, phase in parts:
        shared = min(end, last) - max(start, first)
        if shared <= 0 or (rule == "whole" and not (first <= start and end <= last)):
            continue
        # How far the next codon of the gene is from the read's first base in the gene's direction.
        frame = None
        if phase is not None:
            skip = (first + phase - start) % 3 if strand == "+" else (end - last + phase) % 3
            frame = (1 + skip) * (1 if (strand == "-") == is_reverse else -1)
        frames[frame] += shared
    if rule == "whole":
        return next(iter(frames)) if len(frames) == 1 else None
    best = [frame for frame, count in frames.items() if count == max(frames.values())]
    return best[0] if len(best) == 1 else None


def label(positions, coding, unclear, rule):
    inside = sum(position in coding for position in positions)
    if not positions or any(position in unclear for position in positions):
        return None
    if rule == "whole":
        return {0: False, len(positions): True}.get(inside)
    return inside > 0 and inside / len(positions) >= rule


def expected(bam, sequences, scores, rule):
    left_out, confusion, frames = Counter(), Counter(), Counter()
    for line in subprocess.run(["samtools", "view", bam], capture_output=True, text=True, check=True).stdout.splitlines():
        name, flag, sequence, start, _, cigar, _, _, _, bases = line.split("\t")[:10]
        flag, start = int(flag), int(start) - 1
        reason = next((why for bit, why in [(0x100, "secondary"), (0x800, "supplementary")] if flag & bit), None)
        if reason is None and (flag & 4 or cigar == "*"):
            reason = "unmapped"
        if reason is None and sequence not in sequences:
            reason = "on_other_sequences"
        if reason is None:
            at, positions = start, []
            for length, kind in re.findall(r"(\d+)([MIDNSHP=X])", cigar):
                if kind in "M=XD":
                    positions += range(at, at + int(length))
                if kind in "M=XDN":
                    at += int(length)
            coding, parts, unclear = sequences[sequence]
            is_coding = label(positions, coding, unclear, rule)
            reason = "unclear" if is_coding is None else None
        if reason:
            left_out[reason] += 1
            continue
        if sum(base in "ACGT" for base in bases) < LEAST:
            left_out["short"] += 1
            continue
        probability, said = scores[name, (flag & 0xC0) >> 6 if flag & 1 else 0]
        confusion[is_coding, probability >= 0.5] += 1
        if is_coding and re.fullmatch(r"(\d+[M=X])+", cigar):
            right = codon_frame(start, at, bool(flag & 0x10), parts, rule)
            if right is not None and said is not None:
                frames[right == said] += 1
    return left_out, confusion, frames


def main(program, bam, gff):
    sequences = annotation(gff)
    with tempfile.TemporaryDirectory() as folder:
        table, report, bed = (Path(folder) / name for name in ("scores.tsv", "e.json", "genes.bed"))
        run = lambda *args: subprocess.run([program, *map(str, args), "--device", "cpu"], check=True, capture_output=True)
        run("score", bam, "-o", table, "-q")
        mates = {"1": 1, "2": 2}
        rows = [line.split("\t") for line in table.read_text().splitlines()]
        column = rows[0].index
        scores = {
            (row[column("name")], mates.get(row[column("mate")], 0)): (
                float(row[column("probability")]),
                int(row[column("frame")]) if row[column("frame")].lstrip("-").isdigit() else None,
            )
            for row in rows[1:]
            if row[column("probability")] != "NA"
        }
        lines = [line.split("\t") for line in Path(gff).read_text().splitlines() if not line.startswith("#")]
        bed.write_text("".join(f"{line[0]}\t{int(line[3]) - 1}\t{line[4]}\n" for line in lines if line[2] == "CDS"))
        for truth, rule, flags in [(gff, "whole", []), (gff, 0.5, ["--coding-from", "0.5"]), (bed, "whole", [])]:
            run("evaluate", bam, "--truth", truth, *flags, "--json", report, "--force")
            found = json.loads(report.read_text())
            named = sequences if truth == gff else {name: (coding, [], set()) for name, (coding, _, _) in sequences.items() if coding}
            left_out, confusion, frames = expected(bam, named, scores, rule)
            ours = found["predictors"][0]["all"]["confusion"]
            theirs = {
                "true_coding": confusion[True, True],
                "false_coding": confusion[False, True],
                "true_noncoding": confusion[False, False],
                "false_noncoding": confusion[True, False],
            }
            assert ours == theirs, f"{rule}: {ours} {theirs}"
            assert found["unscored"] == left_out.pop("short", 0), found["unscored"]
            assert found["left_out"] == dict(left_out), f"{found['left_out']} {left_out}"
            accuracy = found["predictors"][0]["all"]["frame_accuracy"]
            assert accuracy == (frames[True] / frames.total() if frames else None), f"{rule}: {accuracy} {frames}"
            print(f"{Path(truth).suffix} {rule}: {sum(theirs.values())} reads agree, {frames.total()} with frames; left out: {dict(left_out)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
