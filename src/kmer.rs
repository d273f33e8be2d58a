//! k-mers as token ids, in DNABERT's vocabulary: five special tokens, then all 4^k k-mers in the order A, T, C, G.
//!
//! The vocabulary is arithmetic, so there is no table of words: a base is a digit (A 0, T 1, C 2, G 3), a k-mer a number to
//! base 4 with its first base most significant, an id that number plus [`FIRST`]. Pure: knows no model and no read.

use std::ops::RangeInclusive;

/// Fills a row up to the length of its batch.
pub const PAD: u16 = 0;
/// A k-mer that holds anything but A, C, G, T.
pub const UNK: u16 = 1;
/// Stands before a read's k-mers.
pub const CLS: u16 = 2;
/// Stands after a read's k-mers.
pub const SEP: u16 = 3;
/// Hides a token in pre-training; no read has it.
pub const MASK: u16 = 4;
/// The id of the first k-mer, `AAA…`; also how many special tokens there are.
pub const FIRST: u16 = 5;

/// The special tokens as `vocab.txt` spells them, in the order of their ids.
pub const SPECIAL: [&str; FIRST as usize] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

/// The k there are vocabularies for.
pub const K: RangeInclusive<usize> = 3..=6;

/// The bases in the order of their digits.
const BASES: [u8; 4] = *b"ATCG";
/// The digit of a letter that is no base.
const NO_BASE: u8 = 4;

/// Which letters are bases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Letters {
    /// A, C, G, T and U, in either case.
    #[default]
    Lenient,
    /// Upper-case A, C, G, T alone, as the published code has it; all else is `[UNK]`.
    Published,
}

impl Letters {
    /// What digit each of the 256 letters is.
    fn digits(self) -> &'static [u8; 256] {
        const LENIENT: [u8; 256] = digits(true);
        const PUBLISHED: [u8; 256] = digits(false);
        match self {
            Self::Lenient => &LENIENT,
            Self::Published => &PUBLISHED,
        }
    }
}

/// How many token ids there are for a k.
///
/// ```
/// assert_eq!(readseeker::kmer::vocab_size(6), 4101);
/// ```
#[must_use]
pub const fn vocab_size(k: usize) -> usize {
    FIRST as usize + (1 << (2 * k))
}

/// The k whose vocabulary has this size, if any has.
#[must_use]
pub fn k_of_vocab_size(size: usize) -> Option<usize> {
    K.into_iter().find(|&k| vocab_size(k) == size)
}

/// Appends the ids of all overlapping k-mers of a read, the first `longest` of them at most. Nothing for a read shorter than k.
///
/// ```
/// use readseeker::kmer::{UNK, tokenize};
/// let mut ids = Vec::new();
/// tokenize(b"aaaTTNG", 3, None, &mut ids);
/// assert_eq!(ids, [5, 6, 10, UNK, UNK]);
/// ```
pub fn tokenize(bases: &[u8], k: usize, longest: Option<usize>, out: &mut Vec<u16>) {
    tokenize_letters(Letters::Lenient, bases, k, longest, out);
}

/// [`tokenize`] with a say in which letters are bases.
///
/// # Panics
/// If there is no vocabulary for `k`.
pub fn tokenize_letters(letters: Letters, bases: &[u8], k: usize, longest: Option<usize>, out: &mut Vec<u16>) {
    assert!(K.contains(&k), "there is no vocabulary for k = {k}");
    let count = (bases.len() + 1).saturating_sub(k).min(longest.unwrap_or(usize::MAX));
    if count == 0 {
        return;
    }
    let digits = letters.digits();
    let keep = (1_u16 << (2 * k)) - 1; // at most 4095
    let mut number = 0_u16; // the last k digits
    let mut good = 0; // how many bases in a row came before here
    let mut shift = |base: u8| {
        let digit = digits[usize::from(base)];
        good = if digit == NO_BASE { 0 } else { good + 1 };
        number = ((number << 2) | u16::from(digit & 3)) & keep;
        if good >= k { FIRST + number } else { UNK }
    };
    let (first, rest) = bases[..count + k - 1].split_at(k - 1);
    for &base in first {
        shift(base);
    }
    out.extend(rest.iter().map(|&base| shift(base)));
}

/// The letters of a token: `[CLS]`, `ATTGCA`.
#[must_use]
pub fn word(id: u16, k: usize) -> String {
    if id < FIRST {
        return SPECIAL[usize::from(id)].to_owned();
    }
    let digit = |place: usize| usize::from((id - FIRST) >> (2 * place) & 3);
    (0..k).rev().map(|place| char::from(BASES[digit(place)])).collect()
}

/// The id of the reverse complement of a k-mer; a special token is its own.
///
/// ```
/// use readseeker::kmer::{reverse_complement, word};
/// let id = (0..4101).find(|&id| word(id, 6) == "AATTCG").unwrap();
/// assert_eq!(word(reverse_complement(id, 6), 6), "CGAATT");
/// ```
#[must_use]
pub fn reverse_complement(id: u16, k: usize) -> u16 {
    if id < FIRST {
        return id;
    }
    let number = id - FIRST;
    // A0 T1 and C2 G3: a base and its complement differ in the lowest bit.
    FIRST + (0..k).fold(0, |reversed, place| reversed << 2 | ((number >> (2 * place) & 3) ^ 1))
}

/// [`reverse_complement`] of every id, in the order of ids.
#[must_use]
pub fn reverse_complements(k: usize) -> Vec<u16> {
    (0..).take(vocab_size(k)).map(|id| reverse_complement(id, k)).collect()
}

const fn digits(lenient: bool) -> [u8; 256] {
    let mut digits = [NO_BASE; 256];
    let mut digit = 0;
    while digit < 4 {
        let base = BASES[digit as usize];
        digits[base as usize] = digit;
        if lenient {
            digits[base.to_ascii_lowercase() as usize] = digit;
        }
        digit += 1;
    }
    if lenient {
        digits[b'U' as usize] = digits[b'T' as usize];
        digits[b'u' as usize] = digits[b'T' as usize];
    }
    digits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ids(letters: Letters, bases: &[u8], k: usize, longest: Option<usize>) -> Vec<u16> {
        let mut out = Vec::new();
        tokenize_letters(letters, bases, k, longest, &mut out);
        out
    }

    /// The plain definition: each k-mer looked up in the list of words.
    fn looked_up(bases: &[u8], k: usize) -> Vec<u16> {
        let find = |kmer: &[u8]| (FIRST..).take(1 << (2 * k)).find(|&id| word(id, k).as_bytes() == kmer).unwrap_or(UNK);
        bases.windows(k).map(find).collect()
    }

    #[test]
    fn the_vocabulary_is_in_dnaberts_order() {
        let all: Vec<_> = (0..).take(vocab_size(6)).map(|id| word(id, 6)).collect();
        assert_eq!(all[..9], ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "AAAAAA", "AAAAAT", "AAAAAC", "AAAAAG"]);
        assert_eq!(all[4100], "GGGGGG");
        for (id, word) in (FIRST..).zip(&all[5..]) {
            assert_eq!(ids(Letters::Published, word.as_bytes(), 6, None), [id]);
        }
    }

    #[test]
    fn k_follows_from_the_vocabularys_size() {
        assert_eq!([69, 261, 1029, 4101, 4100].map(k_of_vocab_size), [Some(3), Some(4), Some(5), Some(6), None]);
    }

    #[test]
    fn the_published_code_reads_neither_lower_case_nor_u() {
        assert_eq!(ids(Letters::Lenient, b"aCGU", 3, None), ids(Letters::Published, b"ACGT", 3, None));
        assert_eq!(ids(Letters::Published, b"aCGU", 3, None), [UNK, UNK]);
    }

    proptest! {
        #[test]
        fn rolling_is_looking_up(bases in "[ACGTNa-]{0,40}", k in 3_usize..=6) {
            prop_assert_eq!(ids(Letters::Published, bases.as_bytes(), k, None), looked_up(bases.as_bytes(), k));
        }

        #[test]
        fn a_limit_keeps_the_first(bases in "[ACGTN]{0,40}", k in 3_usize..=6, longest in 0_usize..50) {
            let all = ids(Letters::Lenient, bases.as_bytes(), k, None);
            let some = ids(Letters::Lenient, bases.as_bytes(), k, Some(longest));
            prop_assert_eq!(&some[..], &all[..longest.min(all.len())]);
        }

        #[test]
        fn reverse_complementing_ids_is_reverse_complementing_bases(bases in "[ACGTN]{6,40}", k in 3_usize..=6) {
            let complement = |base| match base { b'A' => b'T', b'T' => b'A', b'C' => b'G', b'G' => b'C', other => other };
            let back: Vec<u8> = bases.bytes().rev().map(complement).collect();
            let table = reverse_complements(k);
            let mut turned = ids(Letters::Lenient, bases.as_bytes(), k, None);
            turned.reverse();
            for id in &mut turned {
                prop_assert_eq!(table[usize::from(table[usize::from(*id)])], *id);
                *id = table[usize::from(*id)];
            }
            prop_assert_eq!(turned, ids(Letters::Lenient, &back, k, None));
        }
    }
}
