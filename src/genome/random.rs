//! Random numbers that are the same on every machine and in every version: splitmix64. Pure.

use std::collections::HashSet;

/// A source of random numbers.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// Creates a source from a seed.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Draws a number below `bound`. All are equally likely, up to a relative error of bound / 2^64.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let product = u128::from(self.next()) * u128::from(bound);
        u64::try_from(product >> 64).expect("the high half of 128 bits has 64")
    }

    /// Returns true with this probability.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        // The highest 53 bits make a number from 0 to 1 with the full precision of a float.
        #[expect(clippy::cast_precision_loss, reason = "2^53 fit")]
        let drawn = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        drawn < probability
    }

    /// Draws a base.
    pub(super) fn base(&mut self) -> u8 {
        b"ACGT"[usize::try_from(self.below(4)).expect("below 4")]
    }

    /// Draws a base other than this one.
    pub(super) fn other_base(&mut self, base: u8) -> u8 {
        loop {
            let other = self.base();
            if other != base {
                return other;
            }
        }
    }

    /// Draws `count` different numbers below `bound`, in ascending order; all of them if there are no more (Floyd).
    pub(super) fn different(&mut self, count: u64, bound: u64) -> Vec<u64> {
        let mut taken = HashSet::new();
        for largest in bound.saturating_sub(count)..bound {
            let drawn = self.below(largest + 1);
            if !taken.insert(drawn) {
                taken.insert(largest);
            }
        }
        let mut all: Vec<u64> = taken.into_iter().collect();
        all.sort_unstable();
        all
    }

    /// Shuffles a list.
    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            let other = usize::try_from(self.below(last as u64 + 1)).expect("no more than the list is long");
            list.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_splitmix64() {
        let mut random = Random::new(1_234_567);
        // The numbers of the reference implementation, by Sebastiano Vigna.
        assert_eq!([random.next(), random.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn different_numbers_are_as_many_as_asked_for_and_each_is_as_likely() {
        let mut times = [0_u32; 10];
        for seed in 0..3000 {
            let drawn = Random::new(seed).different(3, 10);
            assert!(drawn.len() == 3 && drawn.is_sorted_by(|one, next| one < next));
            for n in drawn {
                times[usize::try_from(n).unwrap()] += 1;
            }
        }
        assert!(times.iter().all(|&times| (800..1000).contains(&times)), "{times:?}");
        assert_eq!(Random::new(1).different(20, 4), [0, 1, 2, 3]);
    }

    #[test]
    fn shuffling_keeps_all() {
        let mut list: Vec<u32> = (0..100).collect();
        Random::new(5).shuffle(&mut list);
        assert_ne!(list, (0..100).collect::<Vec<_>>());
        list.sort_unstable();
        assert_eq!(list, (0..100).collect::<Vec<_>>());
    }
}
