#!/usr/bin/env python3
"""Compares the scores in Parquet with those in a table of tabs, as pyarrow and DuckDB read them.

Usage: parquet_vs_table.py READSEEKER READS...
Needs pyarrow and duckdb.
"""

import csv
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

TYPES = {
    "name": pa.string(),
    "mate": pa.int8(),
    "length": pa.int64(),
    "probability": pa.float32(),
    "posterior": pa.float32(),
    "label": pa.string(),
    "frame": pa.int8(),
    "output": pa.string(),
    "coding_bases": pa.int64(),
    "start": pa.int64(),
    "end": pa.int64(),
    "windows": pa.int64(),
    "mean": pa.float32(),
    "max": pa.float32(),
    "fraction": pa.float32(),
}


def as_table(name: str, value: object) -> str:
    """A value as the table of tabs has it; a missing frame is `.` there, if the read was scored."""
    if value is None:
        return "NA"
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def compare(reads: list[str], binary: str, flags: list[str], folder: Path) -> int:
    """Checks one run's two files, and says how many rows they have."""
    for suffix in "tsv", "parquet":
        command = [binary, "split", *reads, *flags, "--device", "cpu", "-q", "--force", "--scores", folder / f"s.{suffix}"]
        subprocess.run([*command, "--coding", "/dev/null", "--noncoding", "/dev/null"], check=True)
    with (folder / "s.tsv").open() as file:
        header, *lines = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
    expected = [[cell.replace(".", "NA") if cell == "." else cell for cell in line] for line in lines]
    path = str(folder / "s.parquet")

    arrow = pq.read_table(path)
    assert arrow.column_names == header, arrow.column_names
    assert {field.name: field.type for field in arrow.schema} == {name: TYPES[name] for name in header}, arrow.schema
    rows = zip(*(column.to_pylist() for column in arrow.columns), strict=True)
    assert [[as_table(*cell) for cell in zip(header, row, strict=True)] for row in rows] == expected, "pyarrow"

    rows = duckdb.sql(f"select * from '{path}'").fetchall()
    assert [[as_table(*cell) for cell in zip(header, row, strict=True)] for row in rows] == expected, "DuckDB"
    column = pq.ParquetFile(path).metadata.row_group(0).column(header.index("label"))
    assert column.compression == "ZSTD" and "RLE_DICTIONARY" in column.encodings, column
    return len(expected)


def main() -> None:
    """Compares runs that say all there is to say."""
    binary, *reads = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        for flags in [], ["--windows", "100"], ["--model", "compact"], ["--min-length", "150"]:
            rows = compare(reads, binary, flags, Path(folder))
            print(f"{rows} rows with {' '.join(flags) or 'no flags'}: the same in Parquet by pyarrow and DuckDB")


if __name__ == "__main__":
    main()
