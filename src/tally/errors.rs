//! Recognises reads with many errors by their quality scores. Pure.

/// Reads with more bases are long: hardly any accurate sequencer makes them, and `compact` cuts them into windows.
pub const LONG: usize = 400;

/// The least share of wrong bases in a read with many errors.
const ERROR_RICH: f64 = 0.02;

/// Whether these Phred+33 letters predict many errors; without quality scores, no.
#[expect(clippy::cast_precision_loss, reason = "no read has 2^52 bases")]
pub(super) fn are_many(quality_scores: &[u8]) -> bool {
    let mut counts = [0_u64; 256];
    for &letter in quality_scores {
        counts[usize::from(letter)] += 1;
    }
    let errors: f64 = (0_u8..)
        .zip(counts)
        .filter(|(_, count)| *count > 0)
        .map(|(letter, count)| {
            let score = f64::from(letter.saturating_sub(b'!'));
            count as f64 * 10_f64.powf(-score / 10.0)
        })
        .sum();
    !quality_scores.is_empty() && errors >= ERROR_RICH * quality_scores.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_expected_of_the_mean_and_not_of_the_mean_score() {
        assert!(!are_many(b""), "no scores say nothing");
        assert!(!are_many(&[b'I'; 500]) && are_many(&[b'+'; 500]), "Q40 and Q10");
        assert_eq!([16, 17].map(|score| are_many(&[b'!' + score; 500])), [true, false]);
        let mixed = [[b'+'; 250], [b'I'; 250]].concat();
        assert!(are_many(&mixed), "half of them at Q10 are 5 %, though the mean score is 25");
    }
}
