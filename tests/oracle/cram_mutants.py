#!/usr/bin/env python3
"""CRAM files with changed bytes and right checksums: what samtools refuses, readseeker must refuse.

cram_mutants.py READSEEKER FOLDER COUNT [SEED]: makes COUNT mutants of each seed in FOLDER and keeps those that only readseeker reads.

With samtools 1.16 two kinds are left. A slice that needs no reference may have a checksum of one (MD5 checksum reference mismatch):
newer versions of htslib do not look at it either. And a container may ask for a reference that no base of it needs.

By hand, since it takes minutes. Seeds are the aligned BAM files of testdata, written by samtools in several ways; in half of
them blocks are not compressed, so that a change meets the records themselves.
"""

import collections
import pathlib
import random
import subprocess
import sys
import zlib

TESTDATA = pathlib.Path(__file__).resolve().parents[2] / "testdata"
WAYS = {
    "30": "cram,version=3.0,no_ref",
    "31": "cram,version=3.1,no_ref",
    "archive": "cram,version=3.1,no_ref,archive",
    "raw30": "cram,version=3.0,no_ref,level=0",
    "raw31": "cram,version=3.1,no_ref,level=0",
    "embedded": "cram,version=3.0,embed_ref=2,level=0",
}


def itf8(data, at):
    """The number at a place, and where it ends."""
    first = data[at]
    more = 4 if first >= 0xF0 else 3 if first >= 0xE0 else 2 if first >= 0xC0 else 1 if first >= 0x80 else 0
    number = first & (0x7F >> more)
    for byte in data[at + 1 : at + 1 + min(more, 3)]:
        number = number << 8 | byte
    if more == 4:
        number = number << 4 | data[at + 4] & 0x0F
    return number, at + 1 + more


def ltf8(data, at):
    first, more = data[at], 0
    while more < 8 and first & (0x80 >> more):
        more += 1
    return at + 1 + more


def blocks(data):
    """Where blocks of slices begin, their data, and their checksums: (start, first, end), with the content type."""
    at, container = 26, 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "little")
        at += 4
        for _ in range(4):
            _, at = itf8(data, at)
        at = ltf8(data, ltf8(data, at))
        count, at = itf8(data, at)
        landmarks, at = itf8(data, at)
        for _ in range(landmarks):
            _, at = itf8(data, at)
        at += 4
        end = at + length
        while at < end and container > 0:
            start, kind = at, data[at + 1]
            _, at = itf8(data, at + 2)
            size, at = itf8(data, at)
            _, at = itf8(data, at)
            yield start, at, at + size, kind
            at += size + 4
        at, container = end, container + 1


def mutant(data, chance):
    """One with some bytes of a block changed. Returns it and what was changed."""
    data = bytearray(data)
    # The last container marks the end.
    start, first, end, kind = chance.choice([block for block in blocks(data) if block[2] > block[1]][:-1])
    what = []
    for _ in range(chance.choice([1, 1, 1, 2, 4])):
        at = chance.randrange(first, end)
        byte = chance.choice([0, 1, 0x7F, 0x80, 0xFF, data[at] ^ 1 << chance.randrange(8), chance.randrange(256)])
        what.append(f"{at - first}:{data[at]}->{byte}")
        data[at] = byte
    data[end : end + 4] = zlib.crc32(data[start:end]).to_bytes(4, "little")
    return bytes(data), f"block {start} method {data[start]} type {kind} id {data[start + 2]} {' '.join(what)}"


def main():
    readseeker, folder, count = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
    chance = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 1)
    folder.mkdir(exist_ok=True)
    tally, kept = collections.Counter(), 0
    for aligner in ["bwa", "minimap2"]:
        for way, options in WAYS.items():
            seed = folder / f"{aligner}.{way}.seed"
            small = subprocess.run(
                f"samtools view -h {TESTDATA}/aligners/{aligner}{'.sorted' if 'embed' in options else ''}.bam | head -160 | samtools view -o {seed} --output-fmt {options} -",
                shell=True,
                capture_output=True,
            )
            assert small.returncode == 0, small.stderr
            original = seed.read_bytes()
            for number in range(count):
                changed, what = mutant(original, chance)
                path = folder / "mutant.cram"
                path.write_bytes(changed)
                limit = ["timeout", "20"]
                theirs = subprocess.run(limit + ["samtools", "view", str(path)], capture_output=True)
                outputs = ["--coding", folder / "c.fq", "--noncoding", folder / "n.fq", "--force", "--quiet", "--no-fsync"]
                command = [readseeker, "split", path, "--no-model", "--mates", "each"]
                ours = subprocess.run(limit + command + outputs, capture_output=True)
                tally[way, theirs.returncode != 0, ours.returncode] += 1
                if (theirs.returncode != 0 and ours.returncode == 0) or ours.returncode not in (0, 3):
                    kept += 1
                    name = f"{aligner}.{way}.{number}.cram"
                    path.rename(folder / name)
                    last = theirs.stderr.decode(errors="replace").strip().splitlines()
                    print(name, ours.returncode, what, "|", " / ".join(last[:2]), flush=True)
    for (way, refused, code), n in sorted(tally.items()):
        print(f"{way}: samtools {'refuses' if refused else 'reads'}, readseeker {code}: {n}")
    return kept > 0


if __name__ == "__main__":
    sys.exit(main())
