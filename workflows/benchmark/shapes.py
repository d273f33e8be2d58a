#!/usr/bin/env python3
"""Peak resident memory of `split` for inputs of odd shapes: a table of shape, bytes, exit code, MiB and seconds.

usage: workflows/benchmark/shapes.py [READSEEKER] [FLAG...]     (the binary; default target/release/readseeker)

A file of a few kilobytes can hold a gigabyte; a name, a read or a header can be as long as a file. Each input is made here,
split once with the given flags, and removed.
"""

import bz2
import gzip
import lzma
import multiprocessing
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

MEGA = 1_000_000
LINE = 2**20


def bases(count):
    """Random bases; long reads repeat a megabase."""
    block = "".join(random.choices("ACGT", k=min(count, MEGA)))
    return (block * (count // len(block) + 1))[:count]


def fastq(names_and_bases):
    for name, letters in names_and_bases:
        yield f"@{name}\n{letters}\n+\n{'I' * len(letters)}\n".encode()


def bgzf(blocks):
    """BGZF of pieces shorter than 64 kB."""
    for block in [*blocks, b""]:
        packer = zlib.compressobj(1, zlib.DEFLATED, -15)
        packed = packer.compress(block) + packer.flush()
        size = struct.pack("<H", len(packed) + 25)
        yield b"\x1f\x8b\x08\4\0\0\0\0\0\xff\6\0BC\2\0" + size + packed
        yield struct.pack("<II", zlib.crc32(block), len(block))


def many_references():
    """A BAM of one read and 100,000 reference sequences."""
    text = "".join(f"@SQ\tSN:chr{n}\tLN:1000\n" for n in range(100_000)).encode()
    payload = bytearray(b"BAM\1" + struct.pack("<i", len(text)) + text + struct.pack("<i", 100_000))
    for n in range(100_000):
        name = f"chr{n}\0".encode()
        payload += struct.pack("<i", len(name)) + name + struct.pack("<i", 1000)
    record = struct.pack("<iiBBHHHiiii", -1, -1, 2, 0, 4680, 0, 4, 100, -1, -1, 0) + b"r\0" + b"\x12" * 50 + b"I" * 100
    payload += struct.pack("<i", len(record)) + record
    yield from bgzf(bytes(payload[at : at + 60_000]) for at in range(0, len(payload), 60_000))


def bomb(compress):
    """A gigabyte of blank lines after one read, compressed piece by piece."""
    yield compress(next(fastq([("r", bases(150))])) + b"\n" * LINE)
    piece = compress(b"\n" * LINE)
    for _ in range(1000):
        yield piece


def endless_line(compress):
    """A gigabyte without a line's end."""
    yield compress(b"@r\n")
    piece = compress(b"A" * LINE)
    for _ in range(1000):
        yield piece


def zstd(data):
    return subprocess.run(["zstd", "-qc"], input=data, stdout=subprocess.PIPE, check=True).stdout


def blocks(data):
    return b"".join(list(bgzf(data[at : at + 60_000] for at in range(0, len(data), 60_000)))[:-2])


COMPRESSORS = {"gz": gzip.compress, "bgzf": blocks, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstd}


def shapes():
    yield "1 M reads of 20 bases", "fq", fastq((f"r{n}", "ACGTACGTACGTACGTACGT") for n in range(MEGA))
    yield "100,000 reads of 150 bases", "fq", fastq((f"r{n}", bases(150)) for n in range(100_000))
    yield "20 reads of 2 Mb", "fq", fastq((f"r{n}", bases(2 * MEGA)) for n in range(20))
    yield "one read of 300 Mb", "fq", fastq(("r", bases(300 * MEGA)) for _ in range(1))
    yield "100,000 reads of N", "fq", fastq((f"r{n}", "N" * 150) for n in range(100_000))
    yield "200 names of 1 MB", "fq", fastq(("n" * MEGA + str(n), bases(150)) for n in range(200))
    yield "100,000 reference sequences", "bam", many_references()
    for suffix, compress in COMPRESSORS.items():
        yield f"1 GB of blank lines, {suffix}", suffix, bomb(compress)
    for suffix, compress in COMPRESSORS.items():
        yield f"a line of 1 GB, {suffix}", suffix, endless_line(compress)


def make(path, pieces):
    with path.open("wb") as file:
        file.writelines(pieces)


def measure(readseeker, flags, path, outputs):
    """Exit code, peak MiB and seconds of one run."""
    command = [readseeker, "split", path, "--coding", outputs[0], "--noncoding", outputs[1], "-q", *flags]
    started = time.monotonic()
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    return os.waitstatus_to_exitcode(status), usage.ru_maxrss / 1024, time.monotonic() - started


def main():
    random.seed(11)
    readseeker, *flags = sys.argv[1:] or ["target/release/readseeker"]
    readseeker = shutil.which(readseeker) or readseeker
    print("shape\tMB as stored\texit code\tpeak MiB\tseconds", flush=True)
    for shape, suffix, pieces in shapes():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"in.{suffix}")
            # In a process of its own: what it holds would count as its next child's.
            maker = multiprocessing.get_context("fork").Process(target=make, args=(path, pieces))
            maker.start()
            maker.join()
            outputs = [Path(folder, name) for name in ("c", "n")]
            suffix = ".bam" if suffix == "bam" else ".fq"
            outputs = [output.with_suffix(suffix) for output in outputs]
            code, peak, seconds = measure(readseeker, flags, path, outputs)
            print(f"{shape}\t{path.stat().st_size / 1e6:.1f}\t{code}\t{peak:.0f}\t{seconds:.0f}", flush=True)


if __name__ == "__main__":
    main()
