//! Simulates the errors of sequencers. Pure.

use super::random::Random;

/// A kind of sequencer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
#[allow(clippy::doc_markdown, reason = "help is plain text")]
pub enum Sequencer {
    /// No errors
    #[default]
    Exact,
    /// 0.5 % substitutions, more at the read's end
    Illumina,
    /// PacBio's: 0.2 % errors, mostly deletions and insertions in homopolymers
    Hifi,
    /// 2 % errors, 40 % of them substitutions, 35 % deletions and 25 % insertions
    Nanopore,
}

/// Adds the errors of a sequencer to reads.
#[derive(Clone, Debug)]
pub struct Errors {
    sequencer: Sequencer,
    rate: f64,
    random: Random,
}

/// The shares of substitutions and deletions among all errors.
struct Shares {
    substituted: f64,
    lost: f64,
}

impl Errors {
    /// The errors of a sequencer at its usual rate or another one, from 0 to 1. The seed determines where they occur.
    #[must_use]
    pub fn of(sequencer: Sequencer, rate: Option<f64>, seed: u64) -> Self {
        let usual = match sequencer {
            Sequencer::Exact => 0.0,
            Sequencer::Illumina => 0.005,
            Sequencer::Hifi => 0.002,
            Sequencer::Nanopore => 0.02,
        };
        // The seed is inverted, so that the numbers differ from those that places are drawn with.
        Self { sequencer, rate: rate.unwrap_or(usual), random: Random::new(!seed) }
    }

    /// The quality that the error rate corresponds to, as a letter of FASTQ; at most 40.
    #[must_use]
    pub fn quality(&self) -> u8 {
        let quality = (-10.0 * self.rate.max(1e-4).log10()).round().clamp(2.0, 40.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 2 and 40")]
        let quality = quality as u8;
        b'!' + quality
    }

    /// Returns the read with errors, and whether it has no insertions or deletions.
    pub fn make(&mut self, read: &[u8]) -> (Vec<u8>, bool) {
        let Self { sequencer, rate, ref mut random } = *self;
        if rate <= 0.0 {
            return (read.to_vec(), true);
        }
        let mut is_gapless = true;
        let Shares { substituted, lost } = sequencer.shares();
        let mut made = Vec::with_capacity(read.len() + read.len() / 8);
        for (at, &base) in read.iter().enumerate() {
            if !random.chance((rate * sequencer.weight(read, at)).min(1.0)) {
                made.push(base);
            } else if random.chance(substituted) {
                made.push(random.other_base(base));
            } else {
                is_gapless = false;
                if !random.chance(lost / (1.0 - substituted)) {
                    // In a homopolymer, an insertion repeats the base.
                    made.extend([base, if sequencer == Sequencer::Hifi { base } else { random.base() }]);
                }
            }
        }
        (made, is_gapless)
    }
}

impl Sequencer {
    fn shares(self) -> Shares {
        match self {
            Self::Exact | Self::Illumina => Shares { substituted: 1.0, lost: 0.0 },
            Self::Hifi => Shares { substituted: 0.1, lost: 0.45 },
            Self::Nanopore => Shares { substituted: 0.4, lost: 0.35 },
        }
    }

    /// How much more likely an error is at this base than on average.
    fn weight(self, read: &[u8], at: usize) -> f64 {
        let place = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
        match self {
            // From half to one and a half times as likely.
            Self::Illumina => 0.5 + place(at) / place(read.len().max(2) - 1),
            // About a quarter of all bases equal the one before them.
            Self::Hifi => {
                if at > 0 && read[at] == read[at - 1] {
                    2.5
                } else {
                    0.5
                }
            }
            Self::Exact | Self::Nanopore => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(length: usize) -> Vec<u8> {
        let mut random = Random::new(7);
        (0..length).map(|_| random.base()).collect()
    }

    #[test]
    fn errors_are_as_many_as_asked_for() {
        let read = read(100_000);
        let made = |sequencer, rate| Errors::of(sequencer, rate, 1).make(&read).0;
        assert_eq!(made(Sequencer::Exact, None), read);
        let illumina = made(Sequencer::Illumina, None);
        let differ: Vec<usize> = (0..read.len()).filter(|&at| read[at] != illumina[at]).collect();
        assert!(illumina.len() == read.len() && (400..600).contains(&differ.len()), "{}", differ.len());
        assert!(differ.iter().filter(|&&at| at < read.len() / 2).count() * 3 < differ.len() * 2);
        // Of the 8 % errors, 35 % are deletions and 25 % insertions.
        let nanopore = made(Sequencer::Nanopore, Some(0.08)).len();
        assert!((98_800..99_600).contains(&nanopore), "{nanopore}");
        let hifi = made(Sequencer::Hifi, None);
        assert!(hifi != read && hifi.len().abs_diff(read.len()) < 60, "{}", hifi.len());
        let is_gapless = |sequencer| Errors::of(sequencer, None, 1).make(&read).1;
        assert_eq!([Sequencer::Exact, Sequencer::Illumina, Sequencer::Hifi].map(is_gapless), [true, true, false]);
    }

    #[test]
    fn qualities_follow_the_rate() {
        let quality = |sequencer, rate| Errors::of(sequencer, rate, 1).quality() - b'!';
        assert_eq!(quality(Sequencer::Exact, None), 40);
        assert_eq!(quality(Sequencer::Nanopore, Some(0.01)), 20);
        assert_eq!(quality(Sequencer::Illumina, Some(1.0)), 2);
    }
}
