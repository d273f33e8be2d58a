//! Coding stretches as proteins, so that a protein search covers one frame instead of six, or as their codons.

use std::ops::Range;

use clap::ValueEnum;

use super::genetic_code::GeneticCode;
use super::judged::Judged;
use super::read_name;
use super::table::Table;
use crate::prediction::{Frame, Strand, Stretch};
use crate::reads::output::Content;
use crate::reads::{self, Record};

/// The table of genes in FASTA, translated or as codons.
#[derive(Clone, Copy, Debug)]
pub struct Translated {
    /// Whether proteins or codons are written.
    pub letters: Letters,
    /// How genes are translated.
    pub translation: Translation,
    /// The number of genes of the current read so far, including those without a protein.
    genes: usize,
}

impl Translated {
    /// Creates a table that has seen no read.
    #[must_use]
    pub fn new(letters: Letters, translation: Translation) -> Self {
        Self { letters, translation, genes: 0 }
    }
}

/// The letters in which a gene is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letters {
    /// Amino acids.
    Proteins,
    /// The codons that are translated.
    Codons,
}

/// How genes are translated.
#[derive(Clone, Copy, Debug)]
pub struct Translation {
    /// The genetic code.
    pub code: GeneticCode,
    /// The fewest known amino acids of a protein that is written.
    pub least: usize,
    /// How stop codons are handled.
    pub stops: Stops,
}

/// What becomes of stop codons inside a gene.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Stops {
    /// A protein ends before a stop, and the next one starts after it
    #[default]
    Split,
    /// Stops are written as *
    Keep,
}

impl Table for Translated {
    fn holds(&self) -> Content {
        Content::Fasta
    }

    fn entries(&self, read: &Judged<'_>) -> usize {
        read.stretches.len()
    }

    /// Writes a whole gene at its first stretch.
    fn push(&mut self, read: &Judged<'_>, n: usize, text: &mut Vec<u8>) {
        let rest = &read.stretches[n..];
        if n == 0 {
            self.genes = 0;
        } else if rest[0].continues {
            return;
        }
        self.genes += 1;
        let parts = 1 + rest[1..].iter().take_while(|stretch| stretch.continues).count();
        let gene = Gene::new(read.segment.bases(), &rest[..parts], self.translation.code);
        for piece in gene.pieces(self.translation) {
            push_fasta(text, read.segment, (&gene, self.genes), piece, self.letters);
        }
    }

    fn needs_frames(&self) -> bool {
        true
    }
}

/// The number of bases of the read between two stretches.
fn between(one: &Stretch, other: &Stretch) -> usize {
    let (first, last) = if one.start < other.start { (one, other) } else { (other, one) };
    last.start.saturating_sub(first.end) as usize
}

/// The codons of a gene in its own direction, joined across frameshifts.
struct Gene {
    /// The letters of the codons, three each: upper-case DNA.
    codons: Vec<u8>,
    amino_acids: Vec<u8>,
    /// Where each codon starts, in the gene's direction; `None` for a codon broken by a frameshift.
    starts: Vec<Option<usize>>,
    strand: Strand,
    /// The length of the whole read.
    bases: usize,
}

impl Gene {
    fn new(read: &[u8], parts: &[Stretch], code: GeneticCode) -> Self {
        let strand = parts[0].frame.strand;
        let mut gene =
            Self { codons: Vec::new(), amino_acids: Vec::new(), starts: Vec::new(), strand, bases: read.len() };
        let in_order = |n: usize| if strand == Strand::Plus { &parts[n] } else { &parts[parts.len() - 1 - n] };
        let mut left_over = 0;
        for n in 0..parts.len() {
            let part = in_order(n);
            let phase = part.phase(read.len()).min((part.end - part.start) as usize);
            if n > 0 {
                // If a codon lost a base, or lies next to an inserted one, two bases or more are left over: one amino
                // acid is missing. A single base left over is the inserted one.
                for _ in 0..(left_over + between(in_order(n - 1), part) + phase + 1) / 3 {
                    gene.codons.extend_from_slice(b"NNN");
                    gene.starts.push(None);
                }
            }
            left_over = gene.add(read, part, phase);
        }
        gene.amino_acids.extend(gene.codons.chunks_exact(3).map(|codon| code.amino_acid(codon)));
        gene
    }

    /// Adds the whole codons of a part; returns how many bases are left over at its end.
    fn add(&mut self, read: &[u8], part: &Stretch, phase: usize) -> usize {
        let mut bases = read[part.start as usize..part.end as usize].to_ascii_uppercase();
        bases.iter_mut().filter(|base| **base == b'U').for_each(|base| *base = b'T');
        let start = match self.strand {
            Strand::Plus => part.start as usize,
            Strand::Minus => {
                reads::reverse_complement(&mut bases);
                read.len() - part.end as usize
            }
        };
        let whole = (bases.len() - phase) / 3 * 3;
        self.codons.extend_from_slice(&bases[phase..phase + whole]);
        self.starts.extend((start + phase..start + phase + whole).step_by(3).map(Some));
        bases.len() - phase - whole
    }

    /// The range of codons of each protein.
    fn pieces(&self, translation: Translation) -> impl Iterator<Item = Range<usize>> {
        let Translation { least, stops, .. } = translation;
        let is_stop = move |amino_acid: &u8| *amino_acid == b'*' && stops == Stops::Split;
        let mut next = 0;
        let pieces = self.amino_acids.split(is_stop).map(move |piece| {
            let start = next;
            next += piece.len() + 1;
            start..start + piece.len()
        });
        let enough = move |piece: &Range<usize>| {
            let known = self.amino_acids[piece.clone()].iter().filter(|amino_acid| !b"*X".contains(amino_acid));
            known.count() >= least.max(1)
        };
        pieces.map(|piece| self.known(piece)).filter(enough)
    }

    /// Trims a piece by codons at its ends that could be any amino acid: their bases are unknown, or lost at a
    /// frameshift.
    fn known(&self, Range { start, end }: Range<usize>) -> Range<usize> {
        let is_known = |amino_acid: &u8| *amino_acid != b'X';
        let own = &self.amino_acids[start..end];
        let last = own.iter().rposition(is_known);
        last.map_or(start..start, |last| {
            let first = own.iter().position(is_known).unwrap_or(last);
            start + first..start + last + 1
        })
    }

    /// The range of bases on the read that some codons cover, and their frame.
    fn place(&self, piece: &Range<usize>) -> (Range<usize>, Frame) {
        let mut starts = self.starts[piece.clone()].iter().flatten();
        let first = *starts.next().expect("pieces have codons of the read");
        let last = starts.next_back().map_or(first, |&last| last);
        let frame = Frame { strand: self.strand, offset: u8::try_from(first % 3).expect("below 3") };
        match self.strand {
            Strand::Plus => (first..last + 3, frame),
            Strand::Minus => (self.bases - last - 3..self.bases - first, frame),
        }
    }
}

/// Appends a protein of gene number `n` of its read, or its codons, as FASTA: `>name/1_7-306_frame=-1 gene=name%2F1_1`.
fn push_fasta(text: &mut Vec<u8>, segment: &Record, (gene, n): (&Gene, usize), piece: Range<usize>, letters: Letters) {
    let (Range { start, end }, frame) = gene.place(&piece);
    text.push(b'>');
    read_name::push(segment, text);
    text.extend_from_slice(format!("_{}-{end}_frame={frame} gene=", start + 1).as_bytes());
    read_name::push_gene(segment, n, text);
    text.push(b'\n');
    match letters {
        Letters::Proteins => text.extend_from_slice(&gene.amino_acids[piece]),
        Letters::Codons => text.extend_from_slice(&gene.codons[3 * piece.start..3 * piece.end]),
    }
    text.push(b'\n');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::outputs::table;
    use crate::reads::Mate;

    fn written(bases: &str, stretches: &[Stretch], letters: Letters, least: usize, stops: Stops) -> String {
        let translation = Translation { code: GeneticCode::from_number(11).unwrap(), least, stops };
        let segment = Record::new(b"r", bases.as_bytes(), b"").with_mate(Mate::First);
        table::written(Translated::new(letters, translation), &segment, stretches)
    }

    fn kept(bases: &str, stretches: &[Stretch]) -> String {
        written(bases, stretches, Letters::Proteins, 1, Stops::Keep)
    }

    fn stretch(start: u32, end: u32, frame: i8) -> Stretch {
        let frame = Frame::ALL.into_iter().find(|one| one.number() == frame).unwrap();
        Stretch { start, end, frame, probability: 1.0, has_start: false, has_stop: false, continues: false }
    }

    fn on(stretch: Stretch) -> Stretch {
        Stretch { continues: true, ..stretch }
    }

    #[test]
    fn frames_count_from_either_end() {
        assert_eq!(kept("ATGgccTGA", &[stretch(0, 9, 1)]), ">r/1_1-9_frame=1 gene=r%2F1_1\nMA*\n");
        assert_eq!(kept("CATGGCCTGAC", &[stretch(0, 11, 2)]), ">r/1_2-10_frame=2 gene=r%2F1_1\nMA*\n");
        assert_eq!(kept("TCAGGCCAT", &[stretch(0, 9, -1)]), ">r/1_1-9_frame=-1 gene=r%2F1_1\nMA*\n");
        assert_eq!(kept("CTCAGGCCATGG", &[stretch(0, 12, -3)]), ">r/1_2-10_frame=-3 gene=r%2F1_1\nMA*\n");
    }

    #[test]
    fn rna_has_the_proteins_and_the_codons_of_its_dna() {
        let genes = [stretch(0, 9, 1), stretch(9, 18, -1)];
        let both =
            |bases| [Letters::Proteins, Letters::Codons].map(|letters| written(bases, &genes, letters, 1, Stops::Keep));
        assert_eq!(both("AUGgcuUUUaucGGUcau"), both("ATGGCTTTTATCGGTCAT"));
        assert!(
            kept("AUGgcuUUUaucGGUcau", &genes).contains("\nMAF\n")
                && kept("AUGgcuUUUaucGGUcau", &genes).contains("\nMTD\n")
        );
    }

    #[test]
    fn each_gene_of_a_read_is_a_protein() {
        let genes = [stretch(0, 6, 1), stretch(9, 15, -1)];
        assert_eq!(
            kept("ATGGCCTTTGGCCAT", &genes),
            ">r/1_1-6_frame=1 gene=r%2F1_1\nMA\n>r/1_10-15_frame=-1 gene=r%2F1_2\nMA\n"
        );
        assert_eq!(kept("AC", &[stretch(0, 2, 1)]), "", "no whole codon");
        assert_eq!(kept("ACG", &[stretch(0, 3, 3)]), "");
    }

    #[test]
    fn frameshifts_are_bridged() {
        // ATG GCC, an inserted T, AAA CCC.
        let inserted = [stretch(0, 6, 1), on(stretch(6, 13, 2))];
        assert_eq!(kept("ATGGCCTAAACCC", &inserted), ">r/1_1-13_frame=1 gene=r%2F1_1\nMAKP\n");
        // ATG GCC, A(A)A without its middle base, CCC: the border is in the codon.
        let deleted = [stretch(0, 7, 1), on(stretch(7, 11, 3))];
        assert_eq!(kept("ATGGCCAACCC", &deleted), ">r/1_1-11_frame=1 gene=r%2F1_1\nMAXP\n");
        // ATG, five bases outside any stretch, AAA CCC: two codons, one of which lost a base.
        let apart = [stretch(0, 3, 1), on(stretch(8, 14, 3))];
        assert_eq!(kept("ATGGCCAAAAACCC", &apart), ">r/1_1-14_frame=1 gene=r%2F1_1\nMXXKP\n");
        let turned = [stretch(0, 6, -3), on(stretch(8, 14, -1))];
        assert_eq!(kept("GGGTTTAAGGCCAT", &turned), ">r/1_1-14_frame=-1 gene=r%2F1_1\nMAXKP\n");
        let turned = [stretch(0, 7, -2), on(stretch(7, 13, -1))];
        assert_eq!(kept("GGGTTTAGGCCAT", &turned), ">r/1_1-13_frame=-1 gene=r%2F1_1\nMAKP\n");
    }

    #[test]
    fn a_protein_ends_at_a_stop_unless_stops_are_kept() {
        let (bases, gene) = ("ATGGCCTAAAAACCCGGGTGA", [stretch(0, 21, 1)]);
        let split = |letters, least| written(bases, &gene, letters, least, Stops::Split);
        assert_eq!(
            split(Letters::Proteins, 1),
            ">r/1_1-6_frame=1 gene=r%2F1_1\nMA\n>r/1_10-18_frame=1 gene=r%2F1_1\nKPG\n"
        );
        assert_eq!(split(Letters::Proteins, 3), ">r/1_10-18_frame=1 gene=r%2F1_1\nKPG\n");
        assert_eq!(split(Letters::Codons, 3), ">r/1_10-18_frame=1 gene=r%2F1_1\nAAACCCGGG\n");
        assert_eq!(kept(bases, &gene), ">r/1_1-21_frame=1 gene=r%2F1_1\nMA*KPG*\n");
        assert_eq!(written(bases, &gene, Letters::Proteins, 6, Stops::Keep), "", "stops are no amino acids");
    }

    #[test]
    fn unknown_amino_acids_at_the_ends_are_no_part_of_a_protein() {
        let of = |least| {
            written("NNNATGNNNGCCAANTAAAACNNGNCCN", &[stretch(0, 28, 1)], Letters::Proteins, least, Stops::Split)
        };
        let first = ">r/1_4-12_frame=1 gene=r%2F1_1\nMXA\n";
        let second = ">r/1_19-21_frame=1 gene=r%2F1_1\nN\n";
        assert_eq!(of(1), format!("{first}{second}"));
        assert_eq!(of(2), first);
        assert_eq!(of(3), "", "X is no known amino acid");
        assert_eq!(kept("NNNNNNNNN", &[stretch(0, 9, 1)]), "");
        assert_eq!(kept("NNCATGGCNNN", &[stretch(0, 11, -1)]), ">r/1_3-8_frame=-1 gene=r%2F1_1\nAM\n");
        // A codon broken by a frameshift, with no codon before it.
        assert_eq!(kept("AGGCCATG", &[stretch(0, 2, 1), on(stretch(2, 8, 3))]), ">r/1_3-8_frame=3 gene=r%2F1_1\nAM\n");
    }

    proptest! {
        #[test]
        fn codons_translate_to_the_proteins(
            bases in "[ACGTN]{1,120}", cut in 0_u32..120, frames in (0_usize..6, 0_usize..3), shifts: bool, split: bool
        ) {
            let length = u32::try_from(bases.len()).unwrap();
            let cut = cut.min(length);
            let first = Frame::ALL[frames.0].number();
            let second = Frame::ALL[frames.0 / 3 * 3 + frames.1].number();
            let mut genes = vec![stretch(0, cut, first), Stretch { continues: shifts, ..stretch(cut, length, second) }];
            genes.retain(|gene| gene.start < gene.end);
            genes[0].continues = false;
            let stops = if split { Stops::Split } else { Stops::Keep };
            let proteins = written(&bases, &genes, Letters::Proteins, 1, stops);
            let codons = written(&bases, &genes, Letters::Codons, 1, stops);
            let code = GeneticCode::from_number(11).unwrap();
            let translated = codons.lines().map(|line| match line.strip_prefix('>') {
                Some(_) => line.to_owned(),
                None => line.as_bytes().chunks(3).map(|codon| char::from(code.amino_acid(codon))).collect(),
            });
            prop_assert_eq!(translated.collect::<Vec<_>>(), proteins.lines().collect::<Vec<_>>());
        }
    }
}
