//! Whether two records in lock step are the mates of one pair, by their names: every style in which names tell mates apart.
//!
//! | style | R1 | R2 |
//! |---|---|---|
//! | nothing | `r` | `r` |
//! | slash, old Illumina too | `r/1`, `r#0/1` | `r/2`, `r#0/2` |
//! | Illumina since 1.8 | `r 1:N:0:ACGT` | `r 2:N:0:ACGT` |
//! | SRA, `fastq-dump -I` | `SRR1.7.1` | `SRR1.7.2` |
//! | underscore | `r_1` | `r_2` |

use crate::reads::record::word_len;
use crate::reads::{Mate, Record};

/// Why two records are not the mates of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::reads) enum Unfit {
    /// They have different names.
    Names,
    /// Their names or comments say they are not first and second mate.
    Numbers,
}

/// The two records as first and second mate, with the name they share.
pub(in crate::reads) fn join(mut first: Record, mut second: Record) -> Result<[Record; 2], Box<(Unfit, [Record; 2])>> {
    if first.name() != second.name() {
        match shared_len(&first, &second) {
            Some(len) => [&mut first, &mut second].into_iter().for_each(|record| record.shorten_name(len)),
            None => return Err(Box::new((Unfit::Names, [first, second]))),
        }
    }
    let fits = |number: fn(&Record) -> Option<u8>| match (number(&first), number(&second)) {
        (Some(one), Some(other)) => one < other,
        _ => true,
    };
    if !(fits(slashed) && fits(commented)) {
        return Err(Box::new((Unfit::Numbers, [first, second])));
    }
    Ok([first.with_mate(Mate::First), second.with_mate(Mate::Second)])
}

/// Whether two records in a row look like mates: of one name, and not numbered alike.
pub(in crate::reads) fn alike(first: &Record, second: &Record) -> bool {
    let unlike = |number: fn(&Record) -> Option<u8>| number(first).is_none() || number(first) != number(second);
    first.name() == second.name() && unlike(slashed) && unlike(commented)
}

/// How long the name is that `r.1` and `r.2`, or `r_1` and `r_2`, share. Only of two records in lock step, and not of
/// `SRR1.1` and `SRR1.2`, which are the first two spots of a run.
fn shared_len(first: &Record, second: &Record) -> Option<usize> {
    [b".", b"_"].into_iter().find_map(|mark| {
        let stem = |record: &'_ Record, number: &[u8]| {
            Some(record.name().strip_suffix(number)?.strip_suffix(mark)?.len()).filter(|&len| len > 0)
        };
        let (len, other) = (stem(first, b"1")?, stem(second, b"2")?);
        let shared = &first.name()[..len];
        let spots = mark == b"." && is_run_accession(shared);
        (shared == &second.name()[..other] && !spots).then_some(len)
    })
}

/// Whether a name is that of a run of INSDC's read archives: `SRR`, `ERR` or `DRR`, then digits
/// (<https://ena-docs.readthedocs.io/en/latest/submit/general-guide/accessions.html>).
fn is_run_accession(name: &[u8]) -> bool {
    match name {
        [b'S' | b'E' | b'D', b'R', b'R', digits @ ..] => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// The number after a name's `/`.
fn slashed(record: &Record) -> Option<u8> {
    match record.header()[record.name().len()..word_len(record.header())] {
        [b'/', number] => Some(number),
        _ => None,
    }
}

/// The number a comment like `1:N:0:ACGT` starts with.
fn commented(record: &Record) -> Option<u8> {
    match record.header()[word_len(record.header())..].trim_ascii_start() {
        [number @ b'1'..=b'9', b':', b'Y' | b'N', b':', ..] => Some(*number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("r.1", "r"),
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
            ("r 1:N:0:A", "r 1:N:0:A"),
            ("r 2:N:0:A", "r 2:N:0:A"),
            ("r 2:N:0:A", "r 1:N:0:A"),
        ] {
            assert_eq!(joined(first, second), Err(Unfit::Numbers), "{first} and {second}");
        }
    }
}
