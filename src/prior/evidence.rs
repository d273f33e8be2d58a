//! The evidence in a read for the share of coding reads, and conversions between shares and odds.

/// The evidence in one read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// The model's probability of coding.
    pub probability: f32,
    /// The excess of CG over the expected; see [`excess_cg`].
    pub excess_cg: f32,
    /// The number of short reads that the evidence counts for: one for every 300 bases, and at least one.
    pub windows: u32,
}

/// The length of a short read in bases.
const WINDOW: usize = 300;

impl Evidence {
    /// The evidence in a read with these bases.
    #[must_use]
    pub fn new(probability: f32, bases: &[u8]) -> Self {
        let windows = u32::try_from(bases.len() / WINDOW).unwrap_or(u32::MAX).max(1);
        Self { probability, excess_cg: excess_cg(bases), windows }
    }
}

/// About a standard deviation of [`excess_cg`] over reads of 150 bases.
pub(super) const CG_SCALE: f64 = 0.03;

/// The frequency of CG in a read, minus the one expected from its share of C and G.
#[must_use]
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "counts of bases, and a share")]
pub fn excess_cg(bases: &[u8]) -> f32 {
    /// The mask that turns an ASCII letter into upper case.
    const UPPER: u8 = !0x20;
    // Written so that the compiler can vectorise it.
    let is = |base: u8, letter: u8| u32::from(base & UPPER == letter);
    let both = f64::from(bases.iter().map(|&base| is(base, b'C') + is(base, b'G')).sum::<u32>());
    let next = bases.get(1..).unwrap_or_default();
    let cg = f64::from(bases.iter().zip(next).map(|(&base, &next)| is(base, b'C') & is(next, b'G')).sum::<u32>());
    let length = bases.len().max(1) as f64;
    (cg / length - (both / length / 2.0).powi(2)) as f32
}

/// Converts a share to log odds.
pub(super) fn log_odds(share: f64) -> f64 {
    (share / (1.0 - share)).ln()
}

/// Converts odds to a share.
pub(super) fn odds_to_share(odds: f64) -> f64 {
    odds / (1.0 + odds)
}
