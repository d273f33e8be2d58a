//! Checks what the streams of CRAM's entropy coders claim: how much they unfold to, and how frequent each symbol is.

use super::frequencies;
use super::numbers::{split_off, u32_le, uint7};

pub(super) const NESTED: &str = "a block has stripes within stripes";
const STORED_LENGTH: &str = "a block says two things of the length it has";
const RUNS: &str = "the runs in a block do not add up to its length";
pub(super) const FREQUENCIES: &str = "the frequencies in a block do not add up";

/// Bytes that the name tokenizer allocates for each name.
const BYTES_PER_NAME: u64 = 4096;

/// The bytes that a block of rANS 4x8 claims to unfold to.
pub(super) fn rans_4x8(data: &[u8]) -> Result<u64, &'static str> {
    const HEAD: usize = 9;
    let Some((head, table)) = data.split_at_checked(HEAD) else { return Ok(0) };
    let (stored, coded) = (u32_le(&head[1..]), u32_le(&head[5..]));
    if stored != table.len() as u64 {
        return Err(STORED_LENGTH);
    }
    let add_up = match head[0] {
        _ if coded == 0 => None,
        0 => frequencies::of_4x8(table),
        _ => frequencies::of_4x8_order_1(table),
    };
    if add_up == Some(false) { Err(FREQUENCIES) } else { Ok(coded) }
}

/// The bytes that a stream of rANS Nx16 (method 5) or of the arithmetic coder (6) claims; `raw` if it does not say.
pub(super) fn entropy_coded(mut data: &[u8], raw: u64, method: u8, within_stripe: bool) -> Result<u64, &'static str> {
    const ORDER_1: u8 = 0x01;
    const STRIPE: u8 = 0x08;
    const NO_SIZE: u8 = 0x10;
    const STORED: u8 = 0x20;
    const RLE: u8 = 0x40;
    const PACK: u8 = 0x80;
    let Some((&flags, rest)) = data.split_first() else { return Ok(0) };
    data = rest;
    let mut claimed = if flags & NO_SIZE == 0 { uint7(&mut data).unwrap_or(0) } else { raw };
    if flags & STRIPE != 0 {
        return if within_stripe { Err(NESTED) } else { Ok(claimed.saturating_add(stripes(data, claimed, method)?)) };
    }
    let mut coded = claimed;
    if flags & PACK != 0 {
        let Some((&symbols, rest)) = data.split_first() else { return Ok(claimed) };
        data = rest.get(usize::from(symbols)..).unwrap_or_default();
        coded = uint7(&mut data).unwrap_or(0);
        claimed = claimed.saturating_add(coded);
    }
    if method != 5 {
        return Ok(claimed);
    }
    if flags & RLE != 0 {
        let context = uint7(&mut data).unwrap_or(0);
        let all = coded;
        coded = uint7(&mut data).unwrap_or(0);
        claimed = claimed.saturating_add(context).saturating_add(coded);
        if skip_lengths(context, &mut data)?.is_some_and(|runs| runs.saturating_add(coded) != all) {
            return Err(RUNS);
        }
    }
    let add_up = match flags & (ORDER_1 | STORED) {
        _ if coded == 0 => None,
        0 => frequencies::of_nx16(data),
        ORDER_1 => frequencies::of_nx16_order_1(data),
        _ => None,
    };
    if add_up == Some(false) { Err(FREQUENCIES) } else { Ok(claimed) }
}

/// Skips the lengths of runs, which are stored or coded themselves. Returns their sum if they are stored.
fn skip_lengths(context: u64, data: &mut &[u8]) -> Result<Option<u64>, &'static str> {
    let is_stored = context & 1 == 1;
    let length = if is_stored { Some(context >> 1) } else { uint7(data) };
    let Some(lengths) = length.and_then(|length| split_off(data, u32::try_from(length).ok()?)) else { return Ok(None) };
    if is_stored {
        return Ok(sum_of_runs(lengths));
    }
    if frequencies::of_nx16(lengths) == Some(false) {
        return Err(FREQUENCIES);
    }
    Ok(None)
}

/// The number of symbols that runs add. The data lists how many symbols come in runs, which ones, then the lengths.
fn sum_of_runs(mut lengths: &[u8]) -> Option<u64> {
    let symbols = match lengths.split_off_first()? {
        0 => 256,
        symbols => u32::from(*symbols),
    };
    split_off(&mut lengths, symbols)?;
    let mut sum = 0_u64;
    while !lengths.is_empty() {
        sum = sum.saturating_add(uint7(&mut lengths)?);
    }
    Some(sum)
}

fn stripes(mut data: &[u8], raw: u64, method: u8) -> Result<u64, &'static str> {
    let Some((&count, rest)) = data.split_first() else { return Ok(0) };
    data = rest;
    let lengths: Vec<u64> = (0..count).map_while(|_| uint7(&mut data)).collect();
    let mut sum = 0_u64;
    for length in lengths {
        let Some(stripe) = u32::try_from(length).ok().and_then(|length| split_off(&mut data, length)) else { break };
        sum = sum.saturating_add(entropy_coded(stripe, raw.div_ceil(count.into()), method, true)?);
    }
    Ok(sum)
}

/// The bytes that a block of tokenized names claims to unfold to.
pub(super) fn names(data: &[u8]) -> Result<u64, &'static str> {
    let Some((head, mut data)) = data.split_first_chunk::<9>() else { return Ok(0) };
    let (raw, count) = (u32_le(&head[..4]), u32_le(&head[4..8]));
    let method = if head[8] == 0 { 5 } else { 6 };
    let mut claimed = raw + count * BYTES_PER_NAME;
    while let Some((&kind, rest)) = data.split_first() {
        data = rest;
        let is_copy = kind & 0x40 != 0;
        let length = if is_copy { Some(2) } else { uint7(&mut data).and_then(|length| u32::try_from(length).ok()) };
        let Some(stream) = length.and_then(|length| split_off(&mut data, length)) else { break };
        claimed = claimed.saturating_add(if is_copy { raw } else { entropy_coded(stream, 0, method, false)? });
    }
    Ok(claimed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stripes_within_stripes_are_refused() {
        let stripe = |inner: &[u8]| [&[0x08, 0x04, 1, u8::try_from(inner.len()).unwrap()], inner].concat();
        let plain = [0x20, 0x04, b'A', b'C', b'G', b'T'];
        assert_eq!(entropy_coded(&stripe(&plain), 0, 5, false), Ok(8));
        assert_eq!(entropy_coded(&stripe(&stripe(&plain)), 0, 5, false), Err(NESTED));
        assert_eq!(entropy_coded(&stripe(&stripe(&plain)), 0, 6, false), Err(NESTED));
    }

    #[test]
    fn runs_add_up_to_the_length() {
        // Nine bytes of two symbols, `A` of which comes in runs.
        let of = |run: u8| entropy_coded(&[0x60, 9, 7, 2, 1, b'A', run, b'A', b'C'], 0, 5, false).map(drop);
        assert_eq!((of(7), of(6), of(8)), (Ok(()), Err(RUNS), Err(RUNS)));
        let packed =
            |run: u8| entropy_coded(&[0xe0, 18, 2, b'A', b'C', 9, 7, 2, 1, 0, run, 0, 1], 0, 5, false).map(drop);
        assert_eq!((packed(7), packed(6)), (Ok(()), Err(RUNS)));
    }

    #[test]
    fn frequencies_are_looked_for_behind_what_comes_before_them() {
        let (good, bad) = ([b'A', 0, 0xa0, 0x00], [b'A', 0, 0xa0, 0x01]); // 4096, and one more
        for before in [&[0x00, 9][..], &[0x80, 9, 2, b'A', b'C', 9], &[0x40, 9, 0x03, 9, 7], &[0x10]] {
            let of = |table: &[u8]| entropy_coded(&[before, table].concat(), 9, 5, false).map(drop);
            assert_eq!((of(&good), of(&bad)), (Ok(()), Err(FREQUENCIES)), "{before:?}");
        }
        let lengths = |table: &[u8]| entropy_coded(&[&[0x40, 9, 0x02, 9, 4], table, &good].concat(), 9, 5, false);
        assert!(lengths(&good).is_ok());
        assert_eq!(lengths(&bad), Err(FREQUENCIES), "coded lengths of runs");
        assert!(entropy_coded(&[&[0x20, 4][..], &bad].concat(), 9, 5, false).is_ok(), "stored bytes have none");
        assert!(entropy_coded(&[&[0x00, 9][..], &bad].concat(), 9, 6, false).is_ok(), "nor does the arithmetic coder");
        let block =
            |order: u8, length: u8, table: &[u8]| rans_4x8(&[&[order, length, 0, 0, 0, 9, 0, 0, 0], table].concat());
        let rans = |table: &[u8]| block(0, 4, table);
        assert_eq!(rans(&[b'A', 0x90, 0x00, 0]), Ok(9));
        assert_eq!(rans(&[b'A', 0x90, 0x01, 0]), Err(FREQUENCIES));
        assert_eq!(block(0, 5, &[b'A', 0x90, 0x00, 0]), Err(STORED_LENGTH));
        let order_1 = |table: &[u8]| block(1, 6, table);
        assert_eq!(order_1(&[b'A', b'A', 0x90, 0x00, 0, 0]), Ok(9));
        assert_eq!(order_1(&[b'A', b'A', 0x90, 0x01, 0, 0]), Err(FREQUENCIES));
    }
}
