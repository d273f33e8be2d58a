//! Decides by their names whether two records in lock step are mates, in every style in which names tell mates apart.
//!
//! | style | R1 | R2 |
//! |---|---|---|
//! | nothing | `r` | `r` |
//! | slash, old Illumina too | `r/1`, `r#0/1` | `r/2`, `r#0/2`, `r/3` |
//! | slash, and more after it | `r/1:ACGT` | `r/2:ACGT` |
//! | Illumina since 1.8 | `r 1:N:0:ACGT` | `r 2:N:0:ACGT` |
//! | ENA | `ERR1.7 r/1` | `ERR1.7 r/2` |
//! | SRA, `fastq-dump -I` | `SRR1.7.1` | `SRR1.7.2` |
//! | underscore, colon | `r_1`, `r:0:1` | `r_2`, `r:0:2` |
//! | any of these marks and a letter | `r_R1` | `r_R2` |

use crate::reads::record::word_len;
use crate::reads::{Mate, Record};

/// Why two records are not the mates of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::reads) enum Unfit {
    /// The records have different names.
    Names,
    /// The names or comments of the records say that they are not first and second mate.
    Numbers,
}

/// Makes two records the first and second mate of a pair, with the name they share.
pub(in crate::reads) fn join(mut first: Record, mut second: Record) -> Result<[Record; 2], Box<(Unfit, [Record; 2])>> {
    if first.name() != second.name() {
        match digits([&first, &second].map(Record::first_word)) {
            Some(Digits { stem, ordered: true, .. }) => shorten([&mut first, &mut second], stem),
            Some(Digits { mark: b'/', .. }) => return Err(Box::new((Unfit::Numbers, [first, second]))),
            _ => return Err(Box::new((Unfit::Names, [first, second]))),
        }
    }
    let fits = |number: &fn(&Record) -> Option<u8>| match (number(&first), number(&second)) {
        (Some(one), Some(other)) => one < other,
        _ => true,
    };
    if !NUMBERS.iter().all(fits) {
        return Err(Box::new((Unfit::Numbers, [first, second])));
    }
    Ok([first.with_mate(Mate::First), second.with_mate(Mate::Second)])
}

/// Whether two consecutive records look like mates: they share a name, and are not both numbered alike.
pub(in crate::reads) fn alike(first: &Record, second: &Record) -> bool {
    let unlike = |number: &fn(&Record) -> Option<u8>| number(first).is_none() || number(first) != number(second);
    first.name() == second.name() && NUMBERS.iter().all(unlike)
}

/// The places of a header that may say which mate it is.
const NUMBERS: [fn(&Record) -> Option<u8>; 3] = [slashed, commented, slashed_in_comment];

/// Gives two mates the name they share, if their names differ only in the number of the mate; returns whether they do.
pub(in crate::reads) fn share_name(first: &mut Record, second: &mut Record) -> bool {
    match stem([first.first_word(), second.first_word()]) {
        Some(stem) => shorten([first, second], stem),
        None => return false,
    }
    true
}

/// The length of the name that two mates share, if their names differ only in the number of the mate.
pub(in crate::reads) fn stem(names: [&[u8]; 2]) -> Option<usize> {
    digits(names).filter(|digits| digits.ordered).map(|digits| digits.stem)
}

/// The name without a number at its end that may tell the mate, so that both mates of a pair have the same.
pub(in crate::reads) fn unnumbered(name: &[u8]) -> &[u8] {
    match name {
        [stem @ .., mark, b'1'..=b'3'] | [stem @ .., mark, b'R', b'1'..=b'3']
            if !stem.is_empty() && MARKS.contains(mark) =>
        {
            stem
        }
        _ => name,
    }
}

/// The name that a mate shares with its mate, if the number at its end says which mate it is; otherwise its own name.
pub(in crate::reads) fn shared(name: &[u8], mate: Mate) -> &[u8] {
    let [mut first, mut second] = [name.to_vec(), name.to_vec()];
    let (Some(one), Some(two)) = (first.last_mut(), second.last_mut()) else { return name };
    let own = match mate {
        Mate::First => *one,
        Mate::Second => *two,
        Mate::Unpaired => return name,
    };
    (*one, *two) = (b'1', b'2');
    if own != b'0' + mate.number() {
        return name;
    }
    stem([&first, &second]).map_or(name, |stem| &name[..stem])
}

/// The marks that may come before the number of a mate.
const MARKS: &[u8] = b"/._:";

fn shorten(records: [&mut Record; 2], stem: usize) {
    // A name does not include a final `/1` or `/2`.
    for record in records {
        record.shorten_name(stem.min(record.name().len()));
    }
}

/// The single digit in which two names differ.
struct Digits {
    /// The mark before the digit.
    mark: u8,
    /// The length of the name before the mark.
    stem: usize,
    /// Whether the digits are those of a first and a later mate, in this order.
    ordered: bool,
}

/// Finds the single digit in which two names differ: after a mark (and an `R`) at the end, or in the middle after a
/// `/`. Applies only to two records in lock step, and not to `SRR1.1` and `SRR1.2`, the first two spots of a run.
fn digits([one, other]: [&[u8]; 2]) -> Option<Digits> {
    let at = one.iter().zip(other).position(|(one, other)| one != other)?;
    if one.len() != other.len() || at < 2 || one[at + 1..] != other[at + 1..] {
        return None;
    }
    let stem = if at > 2 && one[at - 1] == b'R' { at - 2 } else { at - 1 };
    let mark = one[stem];
    let is_marked = match one.get(at + 1) {
        None => MARKS.contains(&mark),
        Some(next) => one[at - 1] == b'/' && !next.is_ascii_digit(),
    };
    let are_digits = [one[at], other[at]].iter().all(u8::is_ascii_digit);
    let are_spots = mark == b'.' && is_run_accession(&one[..stem]);
    let ordered = one[at] == b'1' && matches!(other[at], b'2' | b'3');
    (is_marked && are_digits && !are_spots).then_some(Digits { mark, stem, ordered })
}

/// Whether a name is a run accession of INSDC's read archives: `SRR`, `ERR` or `DRR`, then digits
/// (<https://ena-docs.readthedocs.io/en/latest/submit/general-guide/accessions.html>).
fn is_run_accession(name: &[u8]) -> bool {
    match name {
        [b'S' | b'E' | b'D', b'R', b'R', digits @ ..] => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// The number after the `/` of a name.
fn slashed(record: &Record) -> Option<u8> {
    match record.header()[record.name().len()..word_len(record.header())] {
        [b'/', number] => Some(number),
        _ => None,
    }
}

/// The number after the `/` in the first word of a comment, where ENA puts the submitted name.
fn slashed_in_comment(record: &Record) -> Option<u8> {
    let comment = record.header()[word_len(record.header())..].trim_ascii_start();
    match comment[..word_len(comment)] {
        [_, .., b'/', number @ b'1'..=b'9'] => Some(number),
        _ => None,
    }
}

/// The number at the start of a comment like `1:N:0:ACGT`.
fn commented(record: &Record) -> Option<u8> {
    match record.header()[word_len(record.header())..].trim_ascii_start() {
        [number @ b'1'..=b'9', b':', b'Y' | b'N', b':', ..] => Some(*number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_mate_knows_the_name_it_shares() {
        for (name, mate, shared_name) in [
            ("SRR1.7.1", Mate::First, "SRR1.7"),
            ("SRR1.7.2", Mate::Second, "SRR1.7"),
            ("SRR1.7.2", Mate::First, "SRR1.7.2"),
            ("SRR1.7.1", Mate::Unpaired, "SRR1.7.1"),
            ("SRR1.1", Mate::First, "SRR1.1"),
            ("r_R2", Mate::Second, "r"),
            ("r1", Mate::First, "r1"),
            ("", Mate::First, ""),
        ] {
            assert_eq!(shared(name.as_bytes(), mate), shared_name.as_bytes(), "{name} {mate:?}");
        }
    }

    fn joined(first: &str, second: &str) -> Result<String, Unfit> {
        let record = |header: &str| Record::new(header.as_bytes(), b"A", b"");
        let [first, second] = join(record(first), record(second)).map_err(|unfit| unfit.0)?;
        assert_eq!((first.mate, second.mate), (Mate::First, Mate::Second));
        assert_eq!(first.name(), second.name());
        Ok(String::from_utf8(first.name().to_vec()).unwrap())
    }

    #[test]
    fn each_style_of_names_is_understood() {
        for (first, second, name) in [
            ("r", "r", "r"),
            ("r/1", "r/2", "r"),
            ("r/1 x", "r y", "r"),
            ("HWI:6:73:941:1973#0/1", "HWI:6:73:941:1973#0/2", "HWI:6:73:941:1973#0"),
            ("A:1 1:N:0:ACGT", "A:1 2:N:0:ACGT", "A:1"),
            ("A:1\t1:Y:18:ATCACG", "A:1\t3:Y:18:ATCACG", "A:1"),
            ("SRR1.7.1 7 length=9", "SRR1.7.2 7 length=9", "SRR1.7"),
            ("SRR.1", "SRR.2", "SRR"),
            ("r_1", "r_2", "r"),
            ("SRR1_1", "SRR1_2", "SRR1"),
            ("r_R1", "r_R2", "r"),
            ("r/R1 x", "r/R2 y", "r"),
            ("r/1", "r/3", "r"),
            ("r/1:ACGT", "r/2:ACGT", "r"),
            ("A:7:0:1", "A:7:0:2", "A:7:0"),
            ("ERR1.7 HWI:5:1/1", "ERR1.7 HWI:5:1/2", "ERR1.7"),
            ("SRR1.1", "SRR1.1", "SRR1.1"),
            ("r 1:2:3", "r 1:2:3", "r"),
        ] {
            assert_eq!(joined(first, second).as_deref(), Ok(name), "{first} and {second}");
        }
    }

    #[test]
    fn other_names_are_no_mates() {
        for (first, second) in [
            ("r1", "r2"),
            ("r", "s"),
            ("SRR1.2", "SRR1.3"),
            ("SRR1.7.2", "SRR1.7.1"),
            ("SRR1.7.1", "SRR1.8.2"),
            ("SRR1.1", "SRR1.2"),
            ("ERR22.1 1 length=9", "ERR22.2 2 length=9"),
            ("r.1", "r_2"),
            (".1", ".2"),
            ("_R1", "_R2"),
            ("rR1", "rR2"),
            ("r_R2", "r_R3"),
            ("r_R1:A", "r_R2:A"),
            ("r.1", "r"),
            ("r:2", "r:3"),
            ("r:1", "r:4"),
            ("r:11", "r:12"),
            ("A:1:7", "A:2:7"),
            ("r/1:ACGT", "r/2:ACGA"),
        ] {
            assert_eq!(joined(first, second), Err(Unfit::Names), "{first} and {second}");
        }
    }

    #[test]
    fn the_same_mate_twice_or_the_second_first_is_refused() {
        for (first, second) in [
            ("r/1", "r/1"),
            ("r/2", "r/2"),
            ("r/2", "r/1"),
            ("r/3", "r/1"),
            ("r/2:ACGT", "r/1:ACGT"),
            ("ERR1.7 HWI:5:1/1", "ERR1.7 HWI:5:1/1"),
            ("ERR1.7 HWI:5:1/2", "ERR1.7 HWI:5:1/1"),
            ("r 1:N:0:A", "r 1:N:0:A"),
            ("r 2:N:0:A", "r 2:N:0:A"),
            ("r 2:N:0:A", "r 1:N:0:A"),
        ] {
            assert_eq!(joined(first, second), Err(Unfit::Numbers), "{first} and {second}");
        }
    }
}
