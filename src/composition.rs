//! Unusual composition of reads: unknown bases, short repeats, very low or very high GC content. Pure.

/// Whether at least a tenth of the bases is unknown.
#[must_use]
pub fn has_many_unknown(bases: &[u8]) -> bool {
    !bases.is_empty() && 10 * (bases.len() - known(bases)) >= bases.len()
}

/// Whether any base is unknown.
#[must_use]
pub fn has_unknown(bases: &[u8]) -> bool {
    known(bases) < bases.len()
}

/// The GC content of the known bases in per cent, rounded down; `None` if no base is known.
#[must_use]
pub fn gc_per_cent(bases: &[u8]) -> Option<u32> {
    (100 * gc(bases)).checked_div(known(bases)).and_then(|gc| gc.try_into().ok())
}

/// Whether less than 15 % or more than 80 % of the known bases are G or C. The genomes that the built-in models learnt
/// from have 14 to 78 %, and all but a hundredth of their bases lie in genomes of 20 to 75 %.
#[must_use]
pub fn has_odd_gc(bases: &[u8]) -> bool {
    let (known, gc) = (known(bases), gc(bases));
    100 * gc < 15 * known || 100 * gc > 80 * known
}

/// Whether the read repeats a unit of up to six bases: seven in ten known bases equal the base 1, 4, 5 or 6 places
/// before them. For a distance of 1, this is the measure and the limit of fastp.
#[must_use]
pub fn is_repeat(bases: &[u8]) -> bool {
    let least = 7 * known(bases);
    [1, 4, 5, 6].iter().filter_map(|&lag| Some((lag, bases.get(lag..)?))).any(|(lag, later)| {
        let alike = later.chunks(CHUNK).zip(bases.chunks(CHUNK)).map(|(later, earlier)| {
            let pairs = later.iter().zip(earlier);
            // A known base that equals the other shows that both are known.
            usize::from(pairs.map(|(a, b)| u8::from(a | CASE == b | CASE) & u8::from(is_known(*a))).sum::<u8>())
        });
        let alike: usize = alike.sum();
        // The first bases of a repeat have no bases before them to equal, but belong to it.
        alike > lag && 10 * (alike + lag) >= least
    })
}

/// The bit in which lower and upper case differ in ASCII.
const CASE: u8 = 32;

/// The largest sum that fits into a byte: compilers vectorise sums of bytes.
const CHUNK: usize = 255;

fn is_known(base: u8) -> bool {
    matches!(base | CASE, b'a' | b'c' | b'g' | b't' | b'u')
}

fn gc(bases: &[u8]) -> usize {
    count(bases, |base| matches!(base | CASE, b'g' | b'c'))
}

fn known(bases: &[u8]) -> usize {
    count(bases, is_known)
}

fn count(bases: &[u8], is: impl Fn(u8) -> bool) -> usize {
    bases.chunks(CHUNK).map(|chunk| usize::from(chunk.iter().map(|&base| u8::from(is(base))).sum::<u8>())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn units_of_up_to_six_bases_are_repeats_and_longer_ones_are_not() {
        let units = ["A", "AC", "acg", "AACT", "ACGTT", "TTAGGG"];
        for unit in units {
            assert!(is_repeat(unit.repeat(30).as_bytes()), "{unit}");
        }
        assert!(is_repeat("ACGTAA".repeat(14).as_bytes()));
        assert!(!is_repeat("ACGTTGCA".repeat(20).as_bytes()));
        assert!(!is_repeat(b"CGCTGCA") && !is_repeat(b"ACGTACGT"), "too short to tell");
        assert!(!is_repeat(b""));
        assert!(!is_repeat(&[b'N'; 100]), "unknown bases are no repeat");
        assert!(is_repeat(&[&[b'N'; 60][..], &[b'A'; 60]].concat()), "the known bases count");
    }

    #[test]
    fn the_limits_are_where_they_are_said_to_be() {
        let of = |odd: u8, odds: usize, even: u8| [vec![odd; odds], vec![even; 100 - odds]].concat();
        assert_eq!([9, 10].map(|n| has_many_unknown(&of(b'N', n, b'A'))), [false, true]);
        assert_eq!([14, 15, 80, 81].map(|gc| has_odd_gc(&of(b'g', gc, b'U'))), [true, false, false, true]);
        assert!(!has_odd_gc(b"") && !has_many_unknown(b"") && !has_odd_gc(&[b'N'; 100]));
    }

    proptest! {
        #[test]
        fn case_and_uracil_change_nothing(bases in "[ACGTN]{0,600}") {
            let other = bases.to_lowercase().replace('t', "u");
            for measure in [has_many_unknown, has_odd_gc, is_repeat] {
                prop_assert_eq!(measure(bases.as_bytes()), measure(other.as_bytes()));
            }
        }

        #[test]
        fn both_strands_are_alike(bases in "[ACGTN]{0,600}") {
            let complement = |base| match base { 'A' => 'T', 'C' => 'G', 'G' => 'C', 'T' => 'A', other => other };
            let other: String = bases.chars().rev().map(complement).collect();
            for measure in [has_many_unknown, has_odd_gc, is_repeat] {
                prop_assert_eq!(measure(bases.as_bytes()), measure(other.as_bytes()));
            }
        }

        #[test]
        fn unrelated_bases_are_no_repeat(bases in "[ACGT]{60,600}") {
            prop_assert!(!is_repeat(bases.as_bytes()));
        }
    }
}
