//! Parses the location of a feature in a GenBank or EMBL file, in the syntax of the INSDC feature table:
//! `complement(join(1..20,31..>50))` (<https://www.insdc.org/submitting-standards/feature-table/>, section 3.4). Pure.

use std::ops::Range;

use crate::prediction::Strand;

/// A piece of a feature's location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A range and strand of this sequence.
    Here(Range<usize>, Strand),
    /// A piece on another sequence.
    Elsewhere,
}

/// Parses the pieces of a location, in the direction of the feature.
pub(super) fn parse(text: &str) -> Result<Vec<Piece>, String> {
    let refused = || format!("not a location of a feature: {text:?}");
    let letters: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    let mut rest = &letters[..];
    let pieces = location(&mut rest).ok_or_else(refused)?;
    if rest.is_empty() { Ok(pieces) } else { Err(refused()) }
}

/// Parses a location at the front of `rest` and removes it.
fn location(rest: &mut &str) -> Option<Vec<Piece>> {
    for (word, is_complement) in [("complement(", true), ("join(", false), ("order(", false)] {
        let Some(inside) = rest.strip_prefix(word) else { continue };
        *rest = inside;
        let mut pieces = location(rest)?;
        while let Some(next) = rest.strip_prefix(',') {
            *rest = next;
            pieces.extend(location(rest)?);
        }
        *rest = rest.strip_prefix(')')?;
        if is_complement {
            pieces.reverse();
            pieces.iter_mut().for_each(turn);
        }
        return Some(pieces);
    }
    let end = rest.find([',', ')']).unwrap_or(rest.len());
    let (plain, after) = rest.split_at(end);
    *rest = after;
    span(plain)
}

/// Parses a span without operators. A position between two bases has no piece.
fn span(text: &str) -> Option<Vec<Piece>> {
    if text.contains(':') {
        return Some(vec![Piece::Elsewhere]);
    }
    if text.contains('^') {
        return Some(Vec::new());
    }
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let (first, last) = (position(first)?, position(last)?);
    (first <= last).then(|| vec![Piece::Here(first - 1..last, Strand::Plus)])
}

/// Parses a position from 1 on; a mark that the feature continues beyond it is ignored.
fn position(text: &str) -> Option<usize> {
    text.trim_start_matches(['<', '>']).parse().ok().filter(|position| *position > 0)
}

fn turn(piece: &mut Piece) {
    if let Piece::Here(_, strand) = piece {
        *strand = match strand {
            Strand::Plus => Strand::Minus,
            Strand::Minus => Strand::Plus,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plus(range: Range<usize>) -> Piece {
        Piece::Here(range, Strand::Plus)
    }

    fn minus(range: Range<usize>) -> Piece {
        Piece::Here(range, Strand::Minus)
    }

    #[test]
    fn pieces_come_in_the_direction_of_the_gene() {
        for (text, pieces) in [
            ("340..565", vec![plus(339..565)]),
            ("467", vec![plus(466..467)]),
            ("<345..>500", vec![plus(344..500)]),
            ("join(12..78,134..202)", vec![plus(11..78), plus(133..202)]),
            ("complement(join(2691..4571,4918..5163))", vec![minus(4917..5163), minus(2690..4571)]),
            ("join(complement(4918..5163),complement(2691..4571))", vec![minus(4917..5163), minus(2690..4571)]),
            ("join(1..10,complement(21..30))", vec![plus(0..10), minus(20..30)]),
            ("order(J00194.1:100..202,1..245)", vec![Piece::Elsewhere, plus(0..245)]),
            ("123^124", vec![]),
            ("join(5000..5386, 1..50)", vec![plus(4999..5386), plus(0..50)]),
        ] {
            assert_eq!(parse(text), Ok(pieces), "{text}");
        }
    }

    #[test]
    fn what_is_no_location_is_refused() {
        for text in ["", "x", "0..3", "5..3", "join(1..2", "join(1..2))", "complement()", "1..2,3..4", "bond(12,63)"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
