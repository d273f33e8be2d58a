//! Runs items in pieces that fit the device; the size is found by halving.

use std::num::NonZero;
use std::ops::Range;

/// The outputs; and if the first size failed, the size that succeeded and the first error.
pub(in crate::model) type InHalves<T> = (Vec<T>, Option<(usize, String)>);

/// Runs `all` items through `run` in pieces of `most`, halving the size when it fails; fails if a single item does.
pub(in crate::model) fn in_halves<T>(
    most: usize,
    all: usize,
    mut run: impl FnMut(Range<usize>) -> Result<Vec<T>, String>,
) -> Result<InHalves<T>, String> {
    let mut size = NonZero::new(most).unwrap_or(NonZero::<usize>::MIN).get();
    let mut first = None;
    let mut done = 0;
    let mut outputs = Vec::new();
    while done < all {
        let end = all.min(done + size);
        match run(done..end) {
            Ok(some) => {
                outputs.extend(some);
                done = end;
            }
            Err(reason) if end - done == 1 => return Err(first.unwrap_or(reason)),
            Err(reason) => {
                size = (end - done) / 2;
                first.get_or_insert(reason);
            }
        }
    }
    Ok((outputs, first.map(|reason| (size, reason))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_device_that_takes_any_row_gets_them_all_in_order(all in 0_usize..200, most in 1_usize..64, room in 1_usize..64) {
            let run = |range: std::ops::Range<usize>| if range.len() > room { Err("full".to_owned()) } else { Ok(range.collect()) };
            let (rows, taken) = in_halves(most, all, run).unwrap();
            prop_assert_eq!(rows, (0..all).collect::<Vec<_>>());
            prop_assert_eq!(taken.is_some(), most.min(all) > room);
            prop_assert!(taken.is_none_or(|(size, reason)| size <= room && reason == "full"));
        }
    }

    #[test]
    fn a_device_that_takes_no_row_is_given_up() {
        let outcome = in_halves(8, 20, |_| Err::<Vec<()>, _>("broken".to_owned()));
        assert_eq!(outcome.unwrap_err(), "broken");
    }
}
