//! The table of genes in GFF3: a `CDS` line for each coding stretch.

use std::io::Write;

use super::judged::Judged;
use super::read_name;
use super::table::Table;
use crate::prediction::{Strand, Stretch};
use crate::reads::Record;
use crate::reads::output::Content;

/// The table of genes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gff3 {
    /// The number of genes of the current read begun so far: a gene with frameshifts has several lines.
    genes: usize,
}

impl Table for Gff3 {
    fn holds(&self) -> Content {
        Content::Gff
    }

    fn start(&self, text: &mut Vec<u8>) {
        text.extend_from_slice(b"##gff-version 3\n");
    }

    fn entries(&self, read: &Judged<'_>) -> usize {
        read.stretches.len()
    }

    fn push(&mut self, read: &Judged<'_>, n: usize, text: &mut Vec<u8>) {
        let stretch = &read.stretches[n];
        if n == 0 {
            self.genes = 0;
        }
        self.genes += usize::from(!stretch.continues);
        let goes_on = read.stretches.get(n + 1).is_some_and(|next| next.continues);
        push_line(text, read.segment, stretch, self.genes, goes_on);
    }

    fn needs_frames(&self) -> bool {
        true
    }
}

/// Appends the line of a stretch in gene number `gene` of its read. `goes_on`: whether the gene continues in another
/// frame.
fn push_line(text: &mut Vec<u8>, segment: &Record, stretch: &Stretch, gene: usize, goes_on: bool) {
    read_name::push_escaped(segment, text);
    let strand = if stretch.frame.strand == Strand::Plus { '+' } else { '-' };
    let (first, last, probability) = (stretch.start + 1, stretch.end, stretch.probability);
    let phase = stretch.phase(segment.bases().len());
    write!(text, "\treadseeker\tCDS\t{first}\t{last}\t{probability:.4}\t{strand}\t{phase}\tID=")
        .expect("writing to a vector cannot fail");
    read_name::push_gene(segment, gene, text);
    // As in Prodigal: left end, then right end; 1 if the gene has no start or stop codon there.
    let [left, right] = stretch.ends();
    let partial = [!(left || stretch.continues), !(right || goes_on)].map(u8::from);
    let frameshift = if stretch.continues || goes_on { ";frameshift=1" } else { "" };
    writeln!(text, ";partial={}{}{frameshift}", partial[0], partial[1]).expect("writing to a vector cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outputs::table::written;
    use crate::prediction::Frame;
    use crate::reads::Mate;

    fn lines(name: &[u8], mate: Mate, stretches: &[Stretch]) -> String {
        written(Gff3::default(), &Record::new(name, &[b'A'; 100], b"").with_mate(mate), stretches)
    }

    fn stretch(start: u32, end: u32, frame: usize) -> Stretch {
        let (frame, probability) = (Frame::ALL[frame], 0.875);
        Stretch { start, end, frame, probability, has_start: false, has_stop: false, continues: false }
    }

    #[test]
    fn a_line_has_nine_columns_and_counts_from_one() {
        let gene = Stretch { has_stop: true, ..stretch(0, 96, 1) };
        assert_eq!(
            lines(b"r1 x", Mate::Unpaired, &[gene]),
            "r1\treadseeker\tCDS\t1\t96\t0.8750\t+\t1\tID=r1_1;partial=10\n"
        );
        assert!(lines(b"r1/1", Mate::Unpaired, &[gene]).starts_with("r1%2F1\t"), "an unpaired read's own name");
        let gene = Stretch { has_start: true, ..stretch(10, 96, 3) };
        assert_eq!(
            lines(b"r1/2", Mate::Second, &[gene]),
            "r1%2F2\treadseeker\tCDS\t11\t96\t0.8750\t-\t2\tID=r1%2F2_1;partial=10\n"
        );
    }

    #[test]
    fn a_frameshift_makes_two_lines_of_one_gene() {
        let genes = [stretch(0, 30, 0), Stretch { continues: true, ..stretch(30, 60, 1) }, stretch(70, 100, 3)];
        let text = lines(b"a;b=c,d&e%f", Mate::Unpaired, &genes);
        let attributes: Vec<_> = text.lines().map(|line| line.rsplit('\t').next().unwrap()).collect();
        let name = "a%3Bb%3Dc%2Cd%26e%25f";
        assert_eq!(
            attributes,
            [
                format!("ID={name}_1;partial=10;frameshift=1"),
                format!("ID={name}_1;partial=01;frameshift=1"),
                format!("ID={name}_2;partial=11")
            ]
        );
        assert!(text.lines().all(|line| line.starts_with(name) && line.split('\t').count() == 9));
    }
}
