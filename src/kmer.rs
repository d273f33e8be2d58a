//! Turns k-mers into token ids of DNABERT's vocabulary: five special tokens, then all 4^k k-mers in the order A, T, C,
//! G.
//!
//! The vocabulary is arithmetic, so no table of words is needed: a base is a digit (A 0, T 1, C 2, G 3), a k-mer is a
//! number in base 4 with its first base most significant, and its id is that number plus [`FIRST`]. Pure: knows no
//! model and no read.

pub mod words;

use std::ops::RangeInclusive;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// The token that fills a row up to the length of its batch.
pub const PAD: u16 = 0;
/// The token for a k-mer with any letter but A, C, G or T.
pub const UNK: u16 = 1;
/// The token before a read's k-mers.
pub const CLS: u16 = 2;
/// The token after a read's k-mers.
pub const SEP: u16 = 3;
/// The token that hides another one in pre-training; no read has it.
pub const MASK: u16 = 4;
/// The id of the first k-mer, `AAA…`; also the number of special tokens.
pub const FIRST: u16 = 5;

/// The special tokens as `vocab.txt` spells them, in the order of their ids.
pub const SPECIAL: [&str; FIRST as usize] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

/// The lengths of k-mers that have a vocabulary.
pub const K: RangeInclusive<usize> = 3..=6;

/// The bases in the order of their digits.
const BASES: [u8; 4] = *b"ATCG";
/// The digit of a letter that is not a base: a bit that three digits of bases never set.
const NO_BASE: u8 = 128;

/// Which letters are bases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Letters {
    /// A, C, G, T and U, in either case
    #[default]
    Lenient,
    /// Upper-case A, C, G and T only, as in the published code
    Published,
}

impl Letters {
    /// The number of letters that count towards the length of a read: N is no known base, but the published code counts
    /// it.
    #[must_use]
    pub fn known(self, bases: &[u8]) -> usize {
        match self {
            Self::Lenient => bases.len() - memchr::memchr2_iter(b'N', b'n', bases).count(),
            Self::Published => bases.len(),
        }
    }

    /// Converts a block of letters to digits.
    fn digits_of(self, letters: &[u8; LETTERS]) -> [u8; LETTERS] {
        match self {
            Self::Lenient => digits(letters, 32, *b"acgtu"), // in ASCII, lower case differs by 32
            Self::Published => digits(letters, 0, *b"ACGTT"),
        }
    }
}

/// Converts letters to digits: those that are in `bases` once the bits `set` are set, and [`NO_BASE`] for others.
///
/// `matches!` would compile to a lookup in a bit table, one letter at a time.
fn digits(letters: &[u8; LETTERS], set: u8, bases: [u8; 5]) -> [u8; LETTERS] {
    let mut digits = [0; LETTERS];
    for (digit, letter) in digits.iter_mut().zip(letters) {
        let base = letter | set;
        let hits = bases.iter().fold(0, |hits, &of| hits | u8::from(base == of));
        // Two bits of the letter tell the bases apart; those of U are those of T.
        *digit = if hits > 0 { letter & 2 | letter >> 2 & 1 } else { NO_BASE };
    }
    digits
}

/// The size of the vocabulary for k-mers of length `k`.
///
/// ```
/// assert_eq!(readseeker::kmer::vocab_size(6), 4101);
/// ```
#[must_use]
pub const fn vocab_size(k: usize) -> usize {
    FIRST as usize + (1 << (2 * k))
}

/// The length of k-mers whose vocabulary has this size, if there is one.
#[must_use]
pub fn k_of_vocab_size(size: usize) -> Option<usize> {
    K.into_iter().find(|&k| vocab_size(k) == size)
}

/// Appends the ids of a read's overlapping k-mers, at most the first `longest`. A read shorter than k has none.
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

/// [`tokenize`] with a choice of which letters are bases.
///
/// # Panics
/// If there is no vocabulary for `k`.
pub fn tokenize_letters(letters: Letters, bases: &[u8], k: usize, longest: Option<usize>, out: &mut Vec<u16>) {
    assert!(K.contains(&k), "there is no vocabulary for k = {k}");
    let count = (bases.len() + 1).saturating_sub(k).min(longest.unwrap_or(usize::MAX));
    if count == 0 {
        return;
    }
    let bases = &bases[..count + k - 1];
    match k {
        3 => tokenize_k::<3>(letters, bases, out),
        4 => tokenize_k::<4>(letters, bases, out),
        5 => tokenize_k::<5>(letters, bases, out),
        _ => tokenize_k::<6>(letters, bases, out),
    }
}

/// The number of ids made at once: all those of a read of 150 bases, half of those of 300. Each block waits once for
/// its digits.
const BLOCK: usize = 152;

/// The letters from which a block of ids is made, and a few more.
const LETTERS: usize = BLOCK + 8;

/// Appends the ids of all overlapping k-mers.
///
/// Each id is made from its own K digits, not from the previous id, so that the compiler can compute eight or more at
/// once.
fn tokenize_k<const K: usize>(letters: Letters, bases: &[u8], out: &mut Vec<u16>) {
    let (count, start) = (bases.len() + 1 - K, out.len());
    // Whole blocks are written; the excess of the last one is cut off.
    out.resize(start + count.next_multiple_of(BLOCK), PAD);
    let (blocks, _) = out[start..].as_chunks_mut::<BLOCK>();
    for (ids, first) in blocks.iter_mut().zip((0..).step_by(BLOCK)) {
        let rest = &bases[first..];
        let digits = match rest.first_chunk() {
            Some(block) => letters.digits_of(block),
            None => letters.digits_of(&padded(rest)),
        };
        block::<K>(&digits, ids);
    }
    out.truncate(start + count);
}

fn padded(letters: &[u8]) -> [u8; LETTERS] {
    let mut padded = [0; LETTERS];
    padded[..letters.len()].copy_from_slice(letters);
    padded
}

/// Computes the ids of the k-mers that start at each digit of a block, from their first three and last three digits,
/// which may overlap.
fn block<const K: usize>(digits: &[u8; LETTERS], ids: &mut [u16; BLOCK]) {
    let mut threes = [0_u8; LETTERS - 2];
    for (three, at) in threes.iter_mut().zip(digits.windows(3)) {
        *three = at[0] << 4 | at[1] << 2 | at[2] | (at[0] | at[1] | at[2]) & NO_BASE;
    }
    let more = 2 * (K - 3);
    for ((id, first), last) in ids.iter_mut().zip(&threes).zip(&threes[K - 3..]) {
        let number = u16::from(first & 63) << more | u16::from(last & ((1 << more) - 1));
        *id = if (first | last) & NO_BASE == 0 { FIRST + number } else { UNK };
    }
}

/// The text of a token: `[CLS]`, `ATTGCA`.
#[must_use]
pub fn word(id: u16, k: usize) -> String {
    if id < FIRST {
        return SPECIAL[usize::from(id)].to_owned();
    }
    let digit = |place: usize| usize::from((id - FIRST) >> (2 * place) & 3);
    (0..k).rev().map(|place| char::from(BASES[digit(place)])).collect()
}

/// The id of the reverse complement of a k-mer; a special token is its own reverse complement.
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

/// The [`reverse_complement`] of every id, in the order of ids.
#[must_use]
pub fn reverse_complements(k: usize) -> Vec<u16> {
    (0..).take(vocab_size(k)).map(|id| reverse_complement(id, k)).collect()
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
    fn k_follows_from_the_size_of_the_vocabulary() {
        assert_eq!([69, 261, 1029, 4101, 4100].map(k_of_vocab_size), [Some(3), Some(4), Some(5), Some(6), None]);
    }

    #[test]
    fn the_published_code_reads_neither_lower_case_nor_u() {
        assert_eq!(ids(Letters::Lenient, b"aCGU", 3, None), ids(Letters::Published, b"ACGT", 3, None));
        assert_eq!(ids(Letters::Published, b"aCGU", 3, None), [UNK, UNK]);
    }

    proptest! {
        #[test]
        fn arithmetic_is_looking_up(bases in "[ACGTNa-]{0,200}", k in 3_usize..=6) {
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
