//! Formats shares: in per cent, rounded to tenths that add up to 100, or as decimals.

/// The share of each part in tenths of a per cent. Those with the largest remainders are rounded up, so that the sum is
/// 1000; all are 0 if the whole is 0.
fn tenths(parts: &[u64]) -> Vec<u64> {
    let whole: u128 = parts.iter().copied().map(u128::from).sum();
    if whole == 0 {
        return vec![0; parts.len()];
    }
    let scaled = |part: u64| u128::from(part) * 1000;
    let mut tenths: Vec<u128> = parts.iter().map(|&part| scaled(part) / whole).collect();
    let missing = 1000 - tenths.iter().sum::<u128>();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|&n| std::cmp::Reverse(scaled(parts[n]) % whole));
    for n in order.into_iter().take(usize::try_from(missing).expect("fewer than there are parts")) {
        tenths[n] += 1;
    }
    tenths.into_iter().map(|tenths| tenths.try_into().expect("at most 1000")).collect()
}

/// Formats the shares in per cent: `61.3`.
pub(super) fn per_cents<const N: usize>(parts: [u64; N]) -> [String; N] {
    let tenths = tenths(&parts);
    std::array::from_fn(|n| format!("{}.{}", tenths[n] / 10, tenths[n] % 10))
}

/// Formats a share with three decimals, or with as many as tell it from 0 and 1: `0.873`, `0.9998`.
pub(super) fn decimal(share: f64) -> String {
    const MOST: usize = 9; // as many as reports keep
    let is_end = |text: &str| ["0", "1"].contains(&text.trim_end_matches('0').trim_end_matches('.'));
    let inside = share > 0.0 && share < 1.0;
    let digits = (3..MOST).find(|&digits| !inside || !is_end(&format!("{share:.digits$}"))).unwrap_or(MOST);
    format!("{share:.digits$}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn thirds_add_up() {
        assert_eq!(per_cents([1, 1, 1]), ["33.4", "33.3", "33.3"]);
        assert_eq!(per_cents([0, 0, 0]), ["0.0"; 3]);
        assert_eq!(per_cents([u64::MAX, 0, 0]), ["100.0", "0.0", "0.0"]);
    }

    #[test]
    fn a_share_near_0_or_1_is_told_from_them() {
        assert_eq!([0.5, 0.0004, 0.000_04, 0.9998].map(decimal), ["0.500", "0.0004", "0.00004", "0.9998"]);
        assert_eq!([0.0, 1.0].map(decimal), ["0.000", "1.000"]);
    }

    proptest! {
        #[test]
        fn shares_add_up_and_each_is_within_a_tenth(parts in prop::array::uniform3(0..u64::MAX)) {
            let (shares, whole) = (tenths(&parts), parts.iter().copied().map(u128::from).sum::<u128>());
            prop_assert_eq!(shares.iter().sum::<u64>(), if whole == 0 { 0 } else { 1000 });
            for (share, part) in shares.iter().zip(parts) {
                prop_assert!((u128::from(*share) * whole).abs_diff(u128::from(part) * 1000) < whole.max(1));
            }
        }
    }
}
