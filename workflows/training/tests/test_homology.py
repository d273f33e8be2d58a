"""Gaps are what no CDS covers; what looks like a known protein in them is neither coding nor not."""

import gzip
import shutil

import numpy as np
import pytest
from compact import fasta, homology, labels, tokens

GENE = "ATGAAAGTTCTGGCTGATATTCGCCAGTGGCATGAACCGTTTGATCGTCTGAACTGCGGTTATACCCAGAAAGCGATTGAAGTGCCGGATTTCCGTCTGTGGAACTAA"
FILLER = "ACGGTCATTCGACCTAGATGCCATAGCTAACCGATCTGACGTACCATTAGCGGATCTTAGCAACTCGGATCATGACCTAGG"


def test_translates_with_and_without_tga():
    codes = tokens.encode("ATGTGATAANNNGC")
    assert homology.translate(codes) == "MXXX"
    assert homology.translate(codes, tga=True) == "MWXX"


def test_the_whole_code_is_right():
    codons = [a + b + c for a in "TCAG" for b in "TCAG" for c in "TCAG"]
    standard = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"  # NCBI's table 1, in its order
    assert homology.translate(tokens.encode("".join(codons))) == standard.replace("*", "X")


def test_overlapping_intervals_are_joined():
    assert homology.merged([(5, 9), (1, 3), (8, 12), (3, 4)]) == [[1, 4], [5, 12]]


@pytest.fixture
def genomes(tmp_path):
    """One genome with a gene, and another with the same gene in a gap."""
    def write(group, accession, sequence, parts):
        with gzip.open(tmp_path / f"{group}.fa.gz", "wt") as text:
            text.write(f">{accession} Testus one\n{sequence}\n")
        with gzip.open(tmp_path / f"{group}.cds.tsv.gz", "wt") as text:
            for start, end, strand in parts:
                text.write(f"{accession}\t{start}\t{end}\t{strand}\t0\t11\tcurated\n")
    for group in homology.PROTEINS:
        write(group, f"empty_{group}", FILLER, [])
    write("bacteria", "b1", FILLER + GENE + FILLER, [(len(FILLER), len(FILLER + GENE), "+")])
    reverse = GENE[::-1].translate(str.maketrans("ACGT", "TGCA"))
    write("phage", "p1", FILLER + GENE + FILLER + FILLER + reverse + FILLER, [(len(FILLER), len(FILLER + GENE), "+")])
    return tmp_path


def test_gaps_are_what_no_cds_covers(genomes):
    found = list(fasta.gaps(genomes, "phage", 60))
    assert [(start, sequence) for _, start, sequence in found][0] == (0, FILLER)
    assert [(start, len(sequence)) for _, start, sequence in found][1] == (len(FILLER + GENE), len(3 * FILLER + GENE))


@pytest.mark.skipif(shutil.which("diamond") is None, reason="DIAMOND is not installed")
def test_a_gene_in_a_gap_is_found_and_left_out(genomes):
    homology.find(genomes, genomes, "phage")
    (accession, start, end), = [line.split("\t") for line in (genomes / "phage.similar.tsv").read_text().splitlines()]
    first = 3 * len(FILLER) + len(GENE)
    assert accession == "p1" and abs(int(start) - first) <= 9 and abs(int(end) - first - len(GENE)) <= 9


def test_only_gaps_are_left_out():
    label = np.array([0, 1, labels.RNA, 0], dtype=np.uint8)
    labels.mark_similar(label, 0, 4)
    assert label.tolist() == [labels.LEFT_OUT, 1, labels.RNA, labels.LEFT_OUT]
