//! k-mers as words: the text that the original scripts write for a read and read back. Pure.

use super::{BASES, FIRST, SPECIAL, UNK};

/// Appends the overlapping k-mers of a read, separated by blanks, with letters unchanged. A read shorter than k has
/// none.
///
/// ```
/// let mut words = Vec::new();
/// readseeker::kmer::words::push(b"ACGTn", 4, &mut words);
/// assert_eq!(words, b"ACGT CGTn");
/// ```
///
/// # Panics
/// If `k` is 0.
pub fn push(bases: &[u8], k: usize, out: &mut Vec<u8>) {
    out.reserve((bases.len() + 1).saturating_sub(k) * (k + 1));
    for (n, word) in bases.windows(k).enumerate() {
        if n > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
}

/// Appends the ids of words, at most the first `longest`, as the original's tokenizer does: lower-case letters are not
/// bases, each punctuation mark is a token of its own, and special tokens may be spelt out.
///
/// ```
/// use readseeker::kmer::{UNK, words::tokenize};
/// let mut ids = Vec::new();
/// tokenize(b"AAA AAT aat A-A [CLS]", 3, None, &mut ids);
/// assert_eq!(ids, [5, 6, UNK, UNK, UNK, UNK, 2]);
/// ```
pub fn tokenize(text: &[u8], k: usize, longest: Option<usize>, out: &mut Vec<u16>) {
    let words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let ids = words.flat_map(|word| {
        let is_special = special(word).is_some();
        let parts =
            word.chunk_by(move |one, next| is_special || !one.is_ascii_punctuation() && !next.is_ascii_punctuation());
        parts.map(|part| special(part).or_else(|| kmer(part, k)).unwrap_or(UNK))
    });
    out.extend(ids.take(longest.unwrap_or(usize::MAX)));
}

/// The bases from which a text of overlapping k-mers was made; `None` if neighbours do not overlap.
///
/// ```
/// use readseeker::kmer::words::joined;
/// assert_eq!(joined(b"ACGT CGTT GTTA"), Some(b"ACGTTA".to_vec()));
/// assert_eq!(joined(b"ACGT GTTA"), None);
/// ```
#[must_use]
pub fn joined(text: &[u8]) -> Option<Vec<u8>> {
    let mut words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let mut bases = words.next().unwrap_or_default().to_vec();
    let k = bases.len();
    for word in words {
        let (overlap, last) = (word.get(..k - 1)?, word.get(k - 1..)?);
        if last.len() != 1 || !bases.ends_with(overlap) {
            return None;
        }
        bases.extend_from_slice(last);
    }
    Some(bases)
}

fn special(word: &[u8]) -> Option<u16> {
    let is_it = |(_, special): &(u16, &str)| special.as_bytes() == word;
    (0..).zip(SPECIAL).find(is_it).map(|(id, _)| id)
}

fn kmer(word: &[u8], k: usize) -> Option<u16> {
    let digit = |letter: &u8| BASES.iter().position(|base| base == letter).and_then(|digit| u16::try_from(digit).ok());
    let number = |word: &[u8]| word.iter().try_fold(0, |number, letter| Some(number << 2 | digit(letter)?));
    (word.len() == k).then(|| number(word)).flatten().map(|number: u16| FIRST + number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kmer::{Letters, tokenize_letters};

    #[test]
    fn words_that_do_not_overlap_are_not_joined() {
        assert_eq!(joined(b""), Some(Vec::new()));
        for other in ["ACGT CGT", "ACGT CGTAA", "ACGT TTTA", "AC GT"] {
            assert_eq!(joined(other.as_bytes()), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn reading_the_words_of_a_read_is_reading_the_read(bases in "[ACGTNacgt]{0,60}", k in 3_usize..=6, longest in 0_usize..70) {
            let (mut text, mut from_words, mut from_bases) = (Vec::new(), Vec::new(), Vec::new());
            push(bases.as_bytes(), k, &mut text);
            tokenize(&text, k, Some(longest), &mut from_words);
            tokenize_letters(Letters::Published, bases.as_bytes(), k, Some(longest), &mut from_bases);
            prop_assert_eq!(from_words, from_bases);
            let back = if bases.len() < k { Vec::new() } else { bases.into_bytes() };
            prop_assert_eq!(joined(&text), Some(back));
        }
    }
}
