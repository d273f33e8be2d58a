//! The tables of rANS streams: how frequent each symbol is, out of a fixed total.
//!
//! noodles decodes with whatever the tables say. htslib requires that they add up, and so do we: a wrong sum would
//! yield other bases than were stored. For a compressed first-order table, the table it is compressed with is checked.
//! Every function returns whether the frequencies add up, or `None` if the bytes end before that.

use super::numbers::uint7;

/// The total of all frequencies of order 0.
const TOTAL: u64 = 1 << 12;

/// Checks a table of rANS 4x8.
pub(super) fn of_4x8(mut table: &[u8]) -> Option<bool> {
    row_4x8(&mut table)
}

/// Checks a table of rANS 4x8, order 1, which has a row for each preceding symbol.
pub(super) fn of_4x8_order_1(mut table: &[u8]) -> Option<bool> {
    let mut add_up = true;
    each_of_4x8(&mut table, |table| {
        add_up &= row_4x8(table)?;
        Some(())
    })?;
    Some(add_up)
}

fn row_4x8(table: &mut &[u8]) -> Option<bool> {
    let mut sum = 0;
    each_of_4x8(table, |table| {
        sum += frequency_4x8(table)?;
        Some(())
    })?;
    // The first writers were off by one.
    Some(sum == TOTAL || sum == TOTAL - 1)
}

/// Calls `read` for each symbol. Symbols are listed singly or as runs of neighbours, and end with a zero.
fn each_of_4x8(table: &mut &[u8], mut read: impl FnMut(&mut &[u8]) -> Option<()>) -> Option<()> {
    let mut symbol = byte(table)?;
    loop {
        let previous = symbol;
        read(table)?;
        symbol = byte(table)?;
        if symbol == 0 {
            return Some(());
        }
        if previous.checked_add(1) == Some(symbol) {
            let run = byte(table)?;
            (0..run).try_for_each(|_| read(table).ok_or(())).ok()?;
            symbol = symbol.checked_add(run)?;
        }
    }
}

/// Reads a frequency of seven or fifteen bits.
fn frequency_4x8(table: &mut &[u8]) -> Option<u64> {
    let first = u64::from(byte(table)?);
    Some(if first & 0x80 == 0 { first } else { (first & 0x7f) << 8 | u64::from(byte(table)?) })
}

/// Checks a table of rANS Nx16, order 0.
pub(super) fn of_nx16(mut table: &[u8]) -> Option<bool> {
    let mut sum = 0_u64;
    for _ in 0..alphabet(&mut table)? {
        sum += uint7(&mut table)?;
    }
    Some(adds_up(sum, TOTAL))
}

/// Checks a table of rANS Nx16, order 1, which has a row for each preceding symbol.
pub(super) fn of_nx16_order_1(mut table: &[u8]) -> Option<bool> {
    let head = byte(&mut table)?;
    if head & 1 == 1 {
        let (_unfolded, _stored) = (uint7(&mut table)?, uint7(&mut table)?);
        return of_nx16(table);
    }
    let total = 1 << (head >> 4);
    let symbols = alphabet(&mut table)?;
    for _ in 0..symbols {
        let (mut sum, mut column) = (0_u64, 0);
        while column < symbols {
            let frequency = uint7(&mut table)?;
            sum += frequency;
            column += 1 + if frequency == 0 { usize::from(byte(&mut table)?) } else { 0 };
        }
        // The sum is 0 for a symbol that no other follows.
        if sum > 0 && !adds_up(sum, total) {
            return Some(false);
        }
    }
    Some(true)
}

/// Whether a sum adds up to `total`, possibly after scaling by doubling.
fn adds_up(sum: u64, total: u64) -> bool {
    sum.is_power_of_two() && sum <= total
}

/// Reads the alphabet and returns its size. Symbols are listed singly or as runs of neighbours, and end with a zero.
fn alphabet(table: &mut &[u8]) -> Option<usize> {
    let mut count = 0;
    let mut symbol = byte(table)?;
    loop {
        let previous = symbol;
        count += 1;
        symbol = byte(table)?;
        if symbol == 0 {
            return Some(count);
        }
        if previous.checked_add(1) == Some(symbol) {
            let run = byte(table)?;
            count += usize::from(run);
            symbol = symbol.checked_add(run)?;
        }
    }
}

fn byte(bytes: &mut &[u8]) -> Option<u8> {
    let (&byte, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_specification() {
        // Examples of noodles' tests, which are the specification's.
        let noodles = [0x64, 0x65, 0x00, 0x6c, 0x6e, 0x6f, 0x00, 0x73, 0x00, 1, 1, 1, 1, 3, 1];
        assert_eq!(of_nx16(&noodles), Some(true));
        let order_1 = [
            0xa0, 0x00, 0x64, 0x65, 0x00, 0x6c, 0x6e, 0x6f, 0x00, 0x73, 0x00, 0x00, 0x00, 0x01, 0x01, 0x00, 0x00, 0x01,
            0x01, 0x00, 0x00, 0x00, 0x00, 0x0f, 0x00, 0x00, 0x01, 0x00, 0x02, 0x00, 0x01, 0x0f, 0x00, 0x02, 0x01, 0x00,
            0x01, 0x01, 0x0f, 0x00, 0x02, 0x00, 0x03, 0x0f, 0x01, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x02, 0x0f, 0x00,
            0x00, 0x00, 0x05, 0x10,
        ];
        assert_eq!(of_nx16_order_1(&order_1), Some(true));
        let mut other = order_1;
        other[13] = 2; // of a row of four ones
        assert_eq!(of_nx16_order_1(&other), Some(false));
    }

    #[test]
    fn a_table_that_ends_too_early_is_not_judged() {
        for table in [&b""[..], b"A", b"AB\t", b"AB"] {
            let judged = [of_4x8(table), of_4x8_order_1(table), of_nx16(table), of_nx16_order_1(table)];
            assert_eq!(judged, [None; 4], "{table:?}");
        }
    }
}
