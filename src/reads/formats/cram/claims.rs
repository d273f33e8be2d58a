//! What a CRAM file claims of itself, checked before a decoder believes it.
//!
//! noodles allocates what a block says it unfolds to, and follows stripes within stripes as deep as they go: a file of a
//! kilobyte could ask for a hundred gigabytes, or for a stack without end. So every container is read whole and its blocks
//! are looked through first, their checksums included, which noodles leaves unread in part. Whatever else is wrong with it
//! is left to the decoder to say.

use std::io::{self, Read};

use crate::reads::Problem;

/// What comes before the first container: magic number, version and file id.
const FILE_DEFINITION: usize = 26;

/// Bytes that one container may unfold to. The longest read of a genome, with its quality scores, is a third of it.
const MOST: u64 = 2 << 30;

/// Bytes that any container may unfold to, and how many more for each byte of it: reads that are nearly alike take little.
const LITTLE: u64 = 256 << 20;
const RATIO: u64 = 1000;

/// Bytes the tokenizer of names keeps for each name.
const BYTES_PER_NAME: u64 = 4096;

/// The bytes of a CRAM file, container by container.
pub(super) struct Checked<R> {
    stored: R,
    /// What is read and looked through.
    ready: Vec<u8>,
    at: usize,
    started: bool,
}

impl<R: Read> Checked<R> {
    pub(super) fn new(stored: R) -> Self {
        Self { stored, ready: Vec::new(), at: 0, started: false }
    }

    /// Reads the next container, or as much of it as there is.
    fn next(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.at = 0;
        if !self.started {
            self.started = true;
            return self.append(FILE_DEFINITION).map(drop);
        }
        let Some(blocks) = self.container_header()? else { return Ok(()) };
        let body = self.ready.len();
        let length = i32::from_le_bytes(*self.ready.first_chunk().expect("the header starts with it"));
        self.append(usize::try_from(length).unwrap_or(0))?;
        check_blocks(&self.ready[body..], blocks).map_err(|what| io::Error::other(Problem::Cram(what.into())))
    }

    /// Reads a container's header, and says how many blocks follow; none where the file ends.
    fn container_header(&mut self) -> io::Result<Option<u32>> {
        if !self.append(size_of::<i32>())? {
            return Ok(None);
        }
        // Reference sequence, start, span and number of records; then how many records and bases came before.
        for longest in [4, 4, 4, 4, 8, 8] {
            if self.number(longest)?.is_none() {
                return Ok(None);
            }
        }
        let (Some(blocks), Some(landmarks)) = (self.number(4)?, self.number(4)?) else { return Ok(None) };
        for _ in 0..landmarks {
            if self.number(4)?.is_none() {
                return Ok(None);
            }
        }
        if !self.append(CHECKSUM)? {
            return Ok(None);
        }
        if !has_checksum(&self.ready) {
            return Err(io::Error::other(Problem::Cram("a container's header does not match its checksum".into())));
        }
        Ok(Some(blocks))
    }

    /// Reads a number of ITF8 or LTF8; its value only of the former.
    fn number(&mut self, longest: u32) -> io::Result<Option<u32>> {
        let start = self.ready.len();
        if !self.append(1)? {
            return Ok(None);
        }
        let more = self.ready[start].leading_ones().min(longest);
        let whole = self.append(usize::try_from(more).expect("at most eight"))?;
        Ok(if whole { itf8(&mut &self.ready[start..]).or(Some(0)) } else { None })
    }

    /// Reads so many bytes; whether they were there.
    fn append(&mut self, n: usize) -> io::Result<bool> {
        // As they come: a length is only a claim too.
        Ok(self.stored.by_ref().take(n as u64).read_to_end(&mut self.ready)? == n)
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at == self.ready.len() {
            self.next()?;
        }
        let n = (&self.ready[self.at..]).read(into)?;
        self.at += n;
        Ok(n)
    }
}

/// Bytes of a checksum.
const CHECKSUM: usize = 4;

/// Whether the last bytes are the CRC32 of those before.
fn has_checksum(bytes: &[u8]) -> bool {
    bytes.split_last_chunk().is_some_and(|(bytes, stored)| libdeflater::crc32(bytes) == u32::from_le_bytes(*stored))
}

const CORRUPT_GZIP: &str = "a block's gzip data does not match its checksum or its length";
const CORRUPT: &str = "a block does not match its checksum";
const TOO_MUCH: &str = "a container claims to unfold to far more than it can hold";
const NESTED: &str = "a block has stripes within stripes";

fn check_blocks(mut body: &[u8], blocks: u32) -> Result<(), &'static str> {
    let most = MOST.min(LITTLE + RATIO * body.len() as u64);
    let mut sum = 0_u64;
    for _ in 0..blocks {
        let Some(claimed) = block(&mut body) else { return Ok(()) };
        sum = sum.saturating_add(claimed?);
        if sum > most {
            return Err(TOO_MUCH);
        }
    }
    Ok(())
}

/// What the next block claims to unfold to; none where it is not whole.
fn block(body: &mut &[u8]) -> Option<Result<u64, &'static str>> {
    let whole = *body;
    let (&method, rest) = body.split_first()?;
    *body = rest.get(1..)?; // the content's type
    itf8(body)?; // and id
    let (stored, raw) = (itf8(body)?, itf8(body)?);
    let data = split_off(body, stored)?;
    body.split_off(..CHECKSUM)?;
    if !has_checksum(&whole[..whole.len() - body.len()]) {
        return Some(Err(CORRUPT));
    }
    Some(match method {
        1 => gzip(data, raw),
        2 | 3 => Ok(raw.into()),
        4 => Ok(data.get(5..9).map_or(0, u32_le)),
        5 | 6 => entropy_coded(data, raw.into(), method, false),
        7 => Ok(uint7(&mut &*data).unwrap_or(0)),
        8 => names(data),
        _ => Ok(0),
    })
}

/// What gzip claims to unfold to. noodles does not ask for its checksum: here it is unfolded, which takes a small part of the
/// time that decoding does.
fn gzip(data: &[u8], raw: u32) -> Result<u64, &'static str> {
    const LARGEST_RATIO: usize = 1032;
    let size = usize::try_from(raw).unwrap_or(usize::MAX);
    if size > data.len().saturating_mul(LARGEST_RATIO) {
        return Err(TOO_MUCH);
    }
    let mut unfolded = vec![0; size];
    match libdeflater::Decompressor::new().gzip_decompress(data, &mut unfolded) {
        Ok(length) if length == size => Ok(raw.into()),
        _ => Err(CORRUPT_GZIP),
    }
}

/// What a stream of rANS Nx16 (method 5) or of the arithmetic coder (6) claims; `raw` where it does not say itself.
fn entropy_coded(mut data: &[u8], raw: u64, method: u8, within_stripe: bool) -> Result<u64, &'static str> {
    const STRIPE: u8 = 0x08;
    const NO_SIZE: u8 = 0x10;
    const RLE: u8 = 0x40;
    const PACK: u8 = 0x80;
    let Some((&flags, rest)) = data.split_first() else { return Ok(0) };
    data = rest;
    let mut claimed = if flags & NO_SIZE == 0 { uint7(&mut data).unwrap_or(0) } else { raw };
    if flags & STRIPE != 0 {
        return if within_stripe { Err(NESTED) } else { Ok(claimed.saturating_add(stripes(data, claimed, method)?)) };
    }
    if flags & PACK != 0 {
        let Some((&symbols, rest)) = data.split_first() else { return Ok(claimed) };
        data = rest.get(usize::from(symbols)..).unwrap_or_default();
        claimed = claimed.saturating_add(uint7(&mut data).unwrap_or(0));
    }
    if flags & RLE != 0 && method == 5 {
        let context = uint7(&mut data).unwrap_or(0);
        claimed = claimed.saturating_add(context).saturating_add(uint7(&mut data).unwrap_or(0));
    }
    Ok(claimed)
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

/// What a block of tokenized names claims.
fn names(data: &[u8]) -> Result<u64, &'static str> {
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

fn split_off<'a>(bytes: &mut &'a [u8], n: u32) -> Option<&'a [u8]> {
    bytes.split_off(..usize::try_from(n).ok()?)
}

fn u32_le(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes)).into()
}

/// The number whose first byte's leading ones say how many bytes follow (CRAM specification, 2.3).
fn itf8(bytes: &mut &[u8]) -> Option<u32> {
    let (&first, rest) = bytes.split_first()?;
    let more = usize::try_from(first.leading_ones().min(4)).expect("at most four");
    let (following, rest) = rest.split_at_checked(more)?;
    *bytes = rest;
    let last = |number: u32, &byte: &u8| (number << 8) | u32::from(byte);
    Some(match more {
        // Of five bytes the last has four bits.
        4 => (following[..3].iter().fold(u32::from(first & 0x0f), last) << 4) | u32::from(following[3] & 0x0f),
        _ => following.iter().fold(u32::from(first) & (0x7f >> more), last),
    })
}

/// The number of seven bits a byte, the highest first (CRAM codecs specification, 1.1).
fn uint7(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for _ in 0..5 {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number = (number << 7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_checked_is_passed_on_unchanged_and_nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut passed = Vec::new();
            if Checked::new(bytes.as_slice()).read_to_end(&mut passed).is_ok() {
                prop_assert_eq!(passed, bytes);
            }
        }
    }

    #[test]
    fn numbers_are_read_as_the_specification_has_them() {
        let number = |bytes: &[u8]| itf8(&mut &*bytes);
        assert_eq!(number(&[0x7f]), Some(0x7f));
        assert_eq!(number(&[0x80, 0x80]), Some(0x80));
        assert_eq!(number(&[0xe1, 0x02, 0x03, 0x04]), Some(0x0102_0304));
        assert_eq!(number(&[0xff, 0xff, 0xff, 0xff, 0x0f]), Some(u32::MAX));
        assert_eq!(number(&[0x80]), None);
        assert_eq!(uint7(&mut &[0x81, 0x00][..]), Some(128));
    }

    #[test]
    fn a_block_that_claims_too_much_is_refused() {
        // rANS Nx16, external, id 1, 6 bytes that unfold to 2^32 - 1, and a checksum.
        let huge = block_of(&[5, 4, 1, 6, 0, 0x00, 0x8f, 0xff, 0xff, 0xff, 0x7f]);
        assert_eq!(check_blocks(&huge, 1), Err(TOO_MUCH));
        let names = block_of(&[8, 4, 1, 9, 9, 9, 0, 0, 0, 0, 0, 0, 0x40, 0]);
        assert_eq!(check_blocks(&names, 1), Err(TOO_MUCH));
        // The same with a gigabyte, which a large container may have.
        let large = [5, 4, 1, 6, 0, 0x00, 0x84, 0x80, 0x80, 0x80, 0x00];
        assert_eq!(check_blocks(&block_of(&large), 1), Err(TOO_MUCH));
        let padded = [block_of(&large), vec![0; 1 << 20]].concat();
        assert_eq!(check_blocks(&padded, 1), Ok(()));
        let small = block_of(&[5, 4, 1, 2, 0, 0x00, 0x09]);
        assert_eq!(check_blocks(&small, 1), Ok(()));
    }

    fn block_of(bytes: &[u8]) -> Vec<u8> {
        [bytes, &libdeflater::crc32(bytes).to_le_bytes()].concat()
    }

    #[test]
    fn a_block_that_does_not_match_its_checksum_is_refused() {
        let block = block_of(&[0, 4, 1, 3, 3, b'A', b'C', b'G']);
        for at in 0..block.len() {
            for bit in 0..8 {
                let mut other = block.clone();
                other[at] ^= 1 << bit;
                // A length may lead beyond the end, which is for the decoder to say.
                let leads_beyond = at == 3 || (at < 5 && bit == 7);
                assert!(check_blocks(&other, 1) == Err(CORRUPT) || leads_beyond, "bit {bit} of byte {at}");
            }
        }
        assert_eq!(check_blocks(&block, 1), Ok(()));
    }

    #[test]
    fn gzip_that_does_not_match_its_checksum_is_refused() {
        let mut gzip = vec![0; 100];
        let text = [b'A'; 50];
        let length = libdeflater::Compressor::new(libdeflater::CompressionLvl::default())
            .gzip_compress(&text, &mut gzip)
            .unwrap();
        let block =
            |gzip: &[u8], raw: u8| block_of(&[&[1, 4, 1, u8::try_from(gzip.len()).unwrap(), raw], gzip].concat());
        assert_eq!(check_blocks(&block(&gzip[..length], 50), 1), Ok(()));
        assert_eq!(check_blocks(&block(&gzip[..length], 49), 1), Err(CORRUPT_GZIP));
        assert_eq!(check_blocks(&block(&gzip[..length], 51), 1), Err(CORRUPT_GZIP));
        gzip[length - 8] ^= 1;
        assert_eq!(check_blocks(&block(&gzip[..length], 50), 1), Err(CORRUPT_GZIP));
    }

    #[test]
    fn stripes_within_stripes_are_refused() {
        let stripe = |inner: &[u8]| [&[0x08, 0x04, 1, u8::try_from(inner.len()).unwrap()], inner].concat();
        let plain = [0x20, 0x04, b'A', b'C', b'G', b'T'];
        assert_eq!(entropy_coded(&stripe(&plain), 0, 5, false), Ok(8));
        assert_eq!(entropy_coded(&stripe(&stripe(&plain)), 0, 5, false), Err(NESTED));
        assert_eq!(entropy_coded(&stripe(&stripe(&plain)), 0, 6, false), Err(NESTED));
    }
}
