//! Parsers for values on the command line: numbers with a range, sizes.

use std::num::NonZero;
use std::path::{Path, PathBuf};

use crate::outputs::GeneticCode;
use crate::words::counted;

/// `auto` or a number. This is a separate type because clap treats `Option` specially.
#[derive(Clone, Copy, Debug)]
pub(super) struct BatchSize(pub(super) Option<NonZero<usize>>);

/// Parses a number from 0 to 1.
pub(super) fn probability(text: &str) -> Result<f32, String> {
    let number: f32 = text.parse().map_err(|_| format!("{text:?} is not a number"))?;
    if (0.0..=1.0).contains(&number) { Ok(number) } else { Err("a probability lies between 0 and 1".into()) }
}

/// The share of coding reads to assume.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum PriorAsked {
    /// Estimate it.
    Auto,
    Share(f64),
    /// Take it from a report.
    OfReport(PathBuf),
}

/// Parses `auto`, a share between 0 and 1, or the path of a report.
pub(super) fn prior(text: &str) -> Result<PriorAsked, String> {
    if text == "auto" {
        return Ok(PriorAsked::Auto);
    }
    if Path::new(text).extension().is_some_and(|suffix| suffix == "json") {
        return Ok(PriorAsked::OfReport(text.into()));
    }
    let expected = "expected auto, a number between 0 and 1, or a report (*.json)";
    inside(text.parse().map_err(|_| expected.to_owned())?).map(PriorAsked::Share)
}

/// Parses a share between 0 and 1.
pub(super) fn share(text: &str) -> Result<f64, String> {
    inside(text.parse().map_err(|_| format!("{text:?} is not a number"))?)
}

fn inside(share: f64) -> Result<f64, String> {
    if share > 0.0 && share < 1.0 { Ok(share) } else { Err("must be greater than 0 and less than 1".into()) }
}

/// Parses a number above 0 and up to 1.
pub(super) fn fraction(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| format!("{text:?} is not a number"))?;
    if number > 0.0 && number <= 1.0 { Ok(number) } else { Err("a fraction is above 0 and at most 1".into()) }
}

/// Parses a share from 0 to below 1.
pub(super) fn dropout(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| format!("{text:?} is not a number"))?;
    if (0.0..1.0).contains(&number) { Ok(number) } else { Err("expected a share from 0 on, below 1".into()) }
}

/// Parses minutes, which may have a fraction.
pub(super) fn minutes(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| format!("{text:?} is not a number"))?;
    if (0.0..1e6).contains(&number) { Ok(number) } else { Err("expected minutes: a number from 0 on".into()) }
}

pub(super) fn batch_size(text: &str) -> Result<BatchSize, String> {
    match text {
        "auto" => Ok(BatchSize(None)),
        _ => match text.parse() {
            Ok(rows) => Ok(BatchSize(Some(rows))),
            Err(_) => Err("expected auto or a number above 0".into()),
        },
    }
}

/// Parses a whole number above 0.
pub(super) fn count(text: &str) -> Result<NonZero<usize>, String> {
    text.parse().map_err(|_| "expected a whole number above 0".to_owned())
}

/// Parses bytes such as `64M`, `2G` or `500000`, with powers of 1024. Refuses numbers so small that a unit must be
/// missing.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let upper = text.trim().to_ascii_uppercase();
    let number = upper.trim_end_matches("IB").trim_end_matches('B');
    let (number, unit) = match number.strip_suffix(['K', 'M', 'G', 'T']) {
        None => (number, 1),
        Some(rest) => (rest, 1_u64 << (10 * (1 + "KMGT".find(&number[rest.len()..]).unwrap_or(0)))),
    };
    let bytes = number.parse::<u64>().ok().and_then(|n| n.checked_mul(unit));
    match bytes {
        Some(bytes) if bytes >= 1024 => Ok(bytes),
        Some(bytes) => Err(format!("{} is too little; add a unit, as in {text}M or {text}G", counted(bytes, "byte"))),
        None => Err(format!("{text:?} is not a size; expected a number with suffix K, M or G")),
    }
}

/// Parses `LO,HI`: two probabilities in ascending order.
pub(super) fn band(text: &str) -> Result<(f32, f32), String> {
    let (low, high) = text.split_once(',').ok_or("expected two probabilities, LO,HI")?;
    let (low, high) = (probability(low)?, probability(high)?);
    if low < high { Ok((low, high)) } else { Err("LO must be below HI".into()) }
}

/// Parses the number of a genetic code.
pub(super) fn genetic_code(text: &str) -> Result<GeneticCode, String> {
    text.parse().ok().and_then(GeneticCode::from_number).ok_or_else(|| {
        let numbers: Vec<String> = GeneticCode::numbers().map(|number| number.to_string()).collect();
        format!("expected one of {}", numbers.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_in_powers_of_1024() {
        assert_eq!(size("5000"), Ok(5000));
        assert_eq!(size("64k"), Ok(64 << 10));
        assert_eq!(size("3M"), Ok(3 << 20));
        assert_eq!(size("2GiB"), Ok(2 << 30));
        assert_eq!(size("4").unwrap_err(), "4 bytes is too little; add a unit, as in 4M or 4G");
        assert!(size("1").unwrap_err().starts_with("1 byte is"));
        assert!(size("0").is_err() && size("G").is_err() && size("-1").is_err() && size("99999999999T").is_err());
    }

    #[test]
    fn fractions_lie_above_0_and_up_to_1() {
        assert_eq!((fraction("1"), fraction("0.01")), (Ok(1.0), Ok(0.01)));
        assert!(fraction("0").is_err() && fraction("1.01").is_err() && fraction("NaN").is_err());
    }

    #[test]
    fn probabilities_lie_between_0_and_1() {
        assert_eq!(probability("0.25"), Ok(0.25));
        assert!(probability("1.5").is_err() && probability("NaN").is_err() && probability("half").is_err());
    }

    #[test]
    fn a_prior_is_auto_or_a_share_that_leaves_room_for_both_classes() {
        assert_eq!((prior("auto"), prior("0.9")), (Ok(PriorAsked::Auto), Ok(PriorAsked::Share(0.9))));
        assert_eq!(prior("a/b.json"), Ok(PriorAsked::OfReport("a/b.json".into())));
        assert!(prior("0").is_err() && prior("1").is_err() && prior("half").is_err() && prior("NaN").is_err());
    }

    #[test]
    fn a_band_is_two_rising_probabilities() {
        assert_eq!(band("0.3,0.7"), Ok((0.3, 0.7)));
        assert!(band("0.7,0.3").is_err() && band("0.3").is_err() && band("0.3,2").is_err());
    }
}
