"""A gene that the annotation of a genome lacks is found in its gap, at its place in the record."""

import gzip
import random

import numpy as np
import pytest
from compact import labels

pytest.importorskip("pyrodigal_gv")
from compact import predict  # noqa: E402

COMMON = "AAA GAA GAT CTG GCG GGC ATT ACC AAC CCG CAG CGT AGC GTG TTT TAT CAT GCC GGT CTG".split()


@pytest.fixture
def genomes(tmp_path):
    """A record with an annotated gene, then a gap with another one on the minus strand."""
    draw = random.Random(1)
    filler = "".join(draw.choice("ACGT") for _ in range(200))
    gene = "ATG" + "".join(draw.choice(COMMON) for _ in range(400)) + "TAA"
    reverse = gene[::-1].translate(str.maketrans("ACGT", "TGCA"))
    with gzip.open(tmp_path / "bacteria.fa.gz", "wt") as text:
        text.write(f">b1 Testus one\n{filler}{gene}{filler}{reverse}{filler}\n")
    with gzip.open(tmp_path / "bacteria.cds.tsv.gz", "wt") as text:
        text.write(f"b1\t200\t{200 + len(gene)}\t+\t0\t11\tcurated\n")
    return tmp_path, 400 + len(gene), 400 + 2 * len(gene)


def test_a_gene_in_a_gap_is_found_where_it_lies(genomes):
    folder, start, end = genomes
    predict.find(folder, folder / "bacteria.gap_genes.tsv", "bacteria", predict.in_gaps)
    rows = [line.split("\t") for line in (folder / "bacteria.gap_genes.tsv").read_text().splitlines()]
    believed = [row for row in rows if float(row[4]) >= labels.ALONE]
    assert [(row[0], row[3]) for row in believed] == [("b1", "-")]
    assert abs(int(believed[0][1]) - start) <= 3 and abs(int(believed[0][2]) - end) <= 60


def test_a_table_that_is_there_stays(genomes):
    folder, *_ = genomes
    table = folder / "bacteria.genes.tsv"
    table.write_text("kept\n")
    predict.find(folder, table, "bacteria", predict.in_records)
    assert table.read_text() == "kept\n"


def test_what_was_found_in_a_gap_alone_needs_more_confidence():
    label = np.zeros(300, dtype=np.uint8)
    labels.mark_missed(label, 0, 300, labels.CONFIDENCE, labels.ALONE)
    assert not label.any()
    labels.mark_missed(label, 0, 300, labels.ALONE, labels.ALONE)
    assert (label[15:285] == labels.LEFT_OUT).all() and not label[:15].any() and not label[285:].any()
