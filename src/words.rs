//! Numbers in sentences: `24,690 reads`, `1 read`, `1 of 40 reads has`.

/// Formats a number with thousands separators: `24,690`.
#[must_use]
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 read`, `24,690 reads`: for nouns whose plural takes an s.
#[must_use]
pub fn counted(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(n), if n == 1 { "" } else { "s" })
}

/// `3 of 40 reads have`, with the verb for one read and for several.
#[must_use]
pub fn of_reads(n: u64, of: u64, [one, several]: [&str; 2]) -> String {
    format!("{} of {} {}", grouped(n), counted(of, "read"), if n == 1 { one } else { several })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        for (n, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (24_690, "24,690"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(n), text);
        }
    }

    #[test]
    fn one_is_singular() {
        assert_eq!([0, 1, 2].map(|n| counted(n, "read")), ["0 reads", "1 read", "2 reads"]);
        let have = |n, of| of_reads(n, of, ["has", "have"]);
        assert_eq!(
            [have(1, 1), have(1, 40), have(3, 4000)],
            ["1 of 1 read has", "1 of 40 reads has", "3 of 4,000 reads have"]
        );
    }
}
