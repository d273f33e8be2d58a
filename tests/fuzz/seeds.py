#!/usr/bin/env python3
"""Makes the seeds in corpus/ anew from a few lines and from testdata/. Needs samtools and zstd."""

import bz2
import gzip
import lzma
import struct
import subprocess
import tempfile
import zlib
from pathlib import Path

HERE = Path(__file__).parent
TESTDATA = HERE.parents[1] / "testdata"
FASTQ = b"@r1 1:N:0:A\nACGTN\n+\nIIII!\n@r2\nacgu\n+r2\n!~#5\n"
SAM = (
    b"@HD\tVN:1.6\n@SQ\tSN:c\tLN:900\n@CO\tx\n"
    b"r\t99\tc\t7\t60\t2S2M\t=\t9\t6\tACGT\tIIII\tNM:i:1\tMM:Z:C+m,0;\tML:B:C,5\tXA:A:c\tXF:f:1.5\n"
    b"r\t147\tc\t9\t60\t4M\t=\t7\t-6\tACGT\t*\nu\t4\t*\t0\t0\t*\t*\t0\t0\tACG\tIII\n"
)


def piped(data, *command):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def bgzf(data):
    file = b""
    for block in (data, b""):
        packer = zlib.compressobj(6, zlib.DEFLATED, -15)
        packed = packer.compress(block) + packer.flush()
        file += b"\x1f\x8b\x08\4\0\0\0\0\0\xff\6\0BC\2\0" + struct.pack("<H", len(packed) + 25) + packed
        file += struct.pack("<II", zlib.crc32(block), len(block))
    return file


def pair(first, second):
    """Two files of one read each, apart by a NUL."""
    return b"@" + first + b"\nAC\n+\nII\n\0@" + second + b"\nGT\n+\nII\n"


def write(target, seeds):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in seeds.items():
        (folder / name).write_bytes(content)


def main():
    bam = piped(SAM, "samtools", "view", "-b", "--no-PG")
    payload = gzip.decompress(bam)
    write(
        "text",
        {
            "four_lines": FASTQ,
            "wrapped": b"\xef\xbb\xbf@r\nAC\nGT\n+\nII\nII\n\n",
            "fasta": b">r x\nACGT\nAC\n>s\nNN\n",
            "sam": SAM,
            "gz": gzip.compress(FASTQ, mtime=0),
            "bz2": bz2.compress(FASTQ),
            "xz": lzma.compress(FASTQ),
            "zst": piped(FASTQ, "zstd", "-qc"),
            "bgzf": bgzf(FASTQ),
            "bam": bam,
        },
    )
    header = payload[4 : 8 + struct.unpack("<i", payload[4:8])[0]]
    write("bam", {"three": payload[4:], "none": header + b"\0\0\0\0"})
    lines = b"@HD\tVN:1.6\tSO:unsorted\tGO:query\n@SQ\tSN:c\tLN:900\tM5:0\n@RG\tID:a\tSM:s\n@CO\tx\n"
    programs = b"@PG\tID:bwa\tPN:bwa\n@PG\tID:sort\tPP:bwa\n@PG\tID:readseeker\tPP:sort\n"
    sequence = struct.pack("<ii", 1, 2) + b"c\0" + struct.pack("<i", 900)
    write(
        "headers",
        {"lines": lines + b"\0" + sequence, "programs": lines + programs + b"\0" + sequence, "none": b"\0\0\0\0\0"},
    )
    write(
        "mates",
        {
            "slash": pair(b"r/1", b"r/2"),
            "illumina": pair(b"r 1:N:0:A", b"r 2:N:0:A"),
            "sra": pair(b"SRR1.7.1", b"SRR1.7.2"),
            "umi": pair(b"r/1:AC", b"r/2:AC"),
            "ena": pair(b"E.7 r/1", b"E.7 r/2"),
        },
    )
    for name, version, more in (("3.0", "3.0", []), ("3.1", "3.1", []), ("archive", "3.1", ["archive"])):
        options = [f"version={version}", "no_ref", *more]
        flags = [word for option in options for word in ("--output-fmt-option", option)]
        write("cram", {name: piped(SAM, "samtools", "view", "-C", "--no-PG", *flags)})
    fasta = (TESTDATA / "odd/reference.fa").read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "ref.fa")
        copy.write_bytes(fasta)
        subprocess.run(["samtools", "faidx", copy], check=True)
        index = Path(folder, "ref.fa.fai").read_bytes()
    write("reference", {"indexed": fasta + b"\0" + index, "plain": fasta})
    models = ("parity/k5_tiny_zip", "parity/k6_tiny_legacy", "compact/tiny1")
    weights = (TESTDATA / "compact/tiny1/model.safetensors").read_bytes()
    head = 8 + struct.unpack("<q", weights[:8])[0]
    seeds = {f"config{n}": bytes([n, 0]) + (TESTDATA / model / "config.json").read_bytes() for n, model in enumerate(models)}
    seeds |= {f"edits{n}": bytes([n, 130 if n < 2 else 129, 0, 0, 9, 255, 0, 1, 0, 3]) for n in range(3)}
    write("checkpoint", seeds | {"head": bytes([2, 1]) + weights[:head]})


if __name__ == "__main__":
    main()
