//! Random reads and numbers, the same in every run: for measuring and checking models, and for starting and running
//! trainings.

/// Random reads, all different, and the same in every run.
pub(super) fn random_reads(length: usize, count: usize) -> Vec<Vec<u8>> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut base = || {
        // Marsaglia's xorshift (2003), J. Stat. Softw. 8(14).
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        b"ACGT"[usize::from(state.to_be_bytes()[0] & 3)]
    };
    (0..count).map(|_| (0..length).map(|_| base()).collect()).collect()
}

/// An endless source of random bits: splitmix64 (Steele, Lea and Flood 2014).
#[derive(Debug)]
pub(super) struct Bits(u64);

impl Bits {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// The highest 53 bits, as a number above 0 and up to 1.
    #[cfg(feature = "train")]
    #[expect(clippy::cast_precision_loss, reason = "2^53 fit")]
    fn share(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }
}

/// Normally distributed random numbers around zero with this standard deviation.
#[cfg(feature = "train")]
#[expect(clippy::cast_possible_truncation, reason = "a weight needs no more than f32")]
pub(super) fn random_numbers(seed: u64, count: usize, deviation: f64) -> Vec<f32> {
    let mut bits = Bits::new(seed);
    // The Box-Muller transform (1958).
    let mut normal = || (-2.0 * bits.share().ln()).sqrt() * (std::f64::consts::TAU * bits.share()).cos();
    (0..count).map(|_| (deviation * normal()) as f32).collect()
}

/// Uniformly distributed random numbers from -`most` to `most`.
#[cfg(feature = "train")]
#[expect(clippy::cast_possible_truncation, reason = "a weight needs no more than f32")]
pub(super) fn even_numbers(seed: u64, count: usize, most: f64) -> Vec<f32> {
    let mut bits = Bits::new(seed);
    (0..count).map(|_| (most * (2.0 * bits.share() - 1.0)) as f32).collect()
}

#[cfg(all(test, feature = "train"))]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spread_as_asked_for() {
        for (numbers, others) in [
            (random_numbers(1, 10_000, 0.02), random_numbers(2, 10_000, 0.02)),
            // The standard deviation of even numbers is their most by the root of 3.
            (even_numbers(1, 10_000, 0.02 * 3.0_f64.sqrt()), even_numbers(2, 10_000, 0.02)),
        ] {
            let mean = |of: fn(f32) -> f32| numbers.iter().map(|&number| of(number)).sum::<f32>() / 1e4;
            assert!(mean(|x| x).abs() < 1e-3, "{}", mean(|x| x));
            assert!((mean(|x| x * x).sqrt() / 0.02 - 1.0).abs() < 0.03, "{}", mean(|x| x * x).sqrt());
            assert_ne!(numbers, others);
        }
    }
}
