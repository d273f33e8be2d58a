//! Prepares the genes that tables list: their stretches with at least one whole codon, each with the gene's
//! probability. Pure.
//!
//! Frameshifts, ends of reads and ends of windows may leave one or two bases of a codon. They form no stretch of their
//! own: nothing can be translated from them, and a phase would point beyond them.

use crate::prediction::{Stretch, Stretches};

/// Groups stretches into genes, which may continue across frameshifts.
pub(super) fn genes(stretches: &[Stretch]) -> impl Iterator<Item = &[Stretch]> {
    stretches.chunk_by(|_, next| next.continues)
}

/// The mean probability of stretches over all their bases.
#[expect(clippy::cast_possible_truncation, reason = "a probability needs no more than f32")]
pub(super) fn probability(stretches: &[Stretch]) -> f32 {
    let bases: f64 = stretches.iter().map(|stretch| f64::from(stretch.end - stretch.start)).sum();
    let sum: f64 =
        stretches.iter().map(|stretch| f64::from(stretch.end - stretch.start) * f64::from(stretch.probability)).sum();
    (sum / bases) as f32
}

/// Adds the genes of a read with `bases` bases, without stretches that hold no whole codon. A gene that is only a stop
/// codon is left out.
pub(super) fn add(found: &[Stretch], bases: usize, into: &mut Stretches) {
    for gene in genes(found) {
        let all: usize = gene.iter().map(|stretch| codons(stretch, bases)).sum();
        if all <= usize::from(gene.iter().any(|stretch| stretch.has_stop)) {
            continue;
        }
        let probability = probability(gene);
        let whole = gene.iter().filter(|stretch| codons(stretch, bases) > 0);
        for (n, &stretch) in whole.enumerate() {
            into.push(Stretch { probability, continues: n > 0, ..stretch });
        }
    }
}

/// The number of whole codons in a stretch.
fn codons(stretch: &Stretch, bases: usize) -> usize {
    ((stretch.end - stretch.start) as usize).saturating_sub(stretch.phase(bases)) / 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prediction::Frame;

    fn stretch(start: u32, end: u32, frame: usize) -> Stretch {
        let (frame, probability) = (Frame::ALL[frame], 0.5);
        Stretch { start, end, frame, probability, has_start: false, has_stop: false, continues: false }
    }

    fn on(stretch: Stretch) -> Stretch {
        Stretch { continues: true, ..stretch }
    }

    fn listed(found: &[Stretch]) -> Vec<Stretch> {
        let mut into = Stretches::default();
        add(found, 100, &mut into);
        into.end_row();
        into.rows().flatten().copied().collect()
    }

    #[test]
    fn what_holds_no_codon_is_left_out() {
        let codon = stretch(3, 6, 0);
        assert_eq!(listed(&[stretch(0, 2, 0), codon]), [codon], "two bases");
        assert_eq!(listed(&[codon, stretch(9, 12, 1)]), [codon], "three bases, but of two codons");
        assert_eq!(listed(&[stretch(9, 12, 4)]), [stretch(9, 12, 4)], "a codon of the other strand");
        let stop = |stretch| Stretch { has_stop: true, ..stretch };
        assert_eq!(listed(&[stop(codon)]), [], "nothing before the stop codon");
        assert_eq!(listed(&[stop(stretch(0, 6, 0))]), [stop(stretch(0, 6, 0))]);
    }

    #[test]
    fn a_gene_goes_on_without_the_ends_that_hold_no_codon() {
        let gene = [stretch(0, 2, 0), on(stretch(2, 11, 2)), on(stretch(11, 13, 0)), on(stretch(13, 19, 1))];
        assert_eq!(listed(&gene), [stretch(2, 11, 2), on(stretch(13, 19, 1))]);
    }

    #[test]
    fn all_stretches_of_a_gene_have_its_probability() {
        let gene = [Stretch { probability: 1.0, ..stretch(0, 30, 0) }, on(stretch(30, 40, 1)), stretch(50, 60, 0)];
        let probabilities: Vec<f32> = listed(&gene).iter().map(|stretch| stretch.probability).collect();
        assert_eq!(probabilities, [0.875, 0.875, 0.5]);
    }
}
