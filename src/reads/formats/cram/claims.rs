//! Checks what a CRAM file claims about itself before a decoder relies on it.
//!
//! noodles allocates the size that a block claims to unfold to, and follows stripes within stripes to any depth: a file
//! of a kilobyte could ask for a hundred gigabytes, or for an endless stack. So each container is read whole and its
//! blocks are checked first, including the checksums, not all of which noodles verifies. Any other damage is left to
//! the decoder to report.

use std::borrow::Cow;
use std::io::{self, Read};

use super::numbers::{itf8, split_off, u32_le, uint7};
use super::series::Series;
use super::slice::Slice;
use super::streams;
use crate::reads::Problem;

/// The length of what comes before the first container: magic number, version and file id.
const FILE_DEFINITION: usize = 26;

/// The most bytes that one container may unfold to: three times the longest read of a genome with its quality scores.
const MOST: u64 = 2 << 30;

/// Bytes that any container may unfold to, and how many more for each stored byte: similar reads take little space.
const LITTLE: u64 = 256 << 20;
const RATIO: u64 = 1000;

/// Bytes that noodles allocates for each record before it reads any.
const BYTES_PER_RECORD: u64 = 512;

/// Reads the bytes of a CRAM file, and checks them container by container.
pub(super) struct Checked<R> {
    stored: R,
    /// The bytes that have been read and checked.
    ready: Vec<u8>,
    at: usize,
    started: bool,
    /// The headers of the current container's slices; `None` for one that cannot be read.
    slices: Vec<Option<Slice>>,
    /// Which blocks of the current container hold flags, mates and lengths.
    series: Series,
}

impl<R: Read> Checked<R> {
    pub(super) fn new(stored: R) -> Self {
        Self { stored, ready: Vec::new(), at: 0, started: false, slices: Vec::new(), series: Series::default() }
    }

    /// The headers of the current container's slices; `None` for one that cannot be read.
    pub(super) fn slices(&self) -> &[Option<Slice>] {
        &self.slices
    }

    /// Which blocks of the current container hold flags, mates and lengths.
    pub(super) fn series(&self) -> &Series {
        &self.series
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
        // noodles allocates room for the whole container before it reads any of it.
        if !self.append(usize::try_from(length).unwrap_or(0))? {
            return Err(io::Error::other(Problem::Cut));
        }
        self.slices.clear();
        self.series = Series::default();
        check_blocks(&self.ready[body..], blocks, &mut self.slices, &mut self.series)
            .map_err(|what| io::Error::other(Problem::Cram(what.into())))
    }

    /// Reads the header of a container and returns how many blocks follow; `None` if the file ends.
    fn container_header(&mut self) -> io::Result<Option<u32>> {
        if !self.append(size_of::<i32>())? {
            return Ok(None);
        }
        // Reference sequence, start, span and number of records, then the record counter and the number of bases.
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

    /// Reads a number in ITF8 or LTF8, and returns its value if it is ITF8; `None` if the file ends.
    fn number(&mut self, longest: u32) -> io::Result<Option<u32>> {
        let start = self.ready.len();
        if !self.append(1)? {
            return Ok(None);
        }
        let more = self.ready[start].leading_ones().min(longest);
        let whole = self.append(usize::try_from(more).expect("at most eight"))?;
        Ok(if whole { itf8(&mut &self.ready[start..]).or(Some(0)) } else { None })
    }

    /// Reads `n` bytes; returns whether there were as many.
    fn append(&mut self, n: usize) -> io::Result<bool> {
        // Reads the bytes as they come: a length is only a claim too.
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

/// The length of a checksum.
const CHECKSUM: usize = 4;

/// Whether the last bytes are the CRC32 of the bytes before them.
fn has_checksum(bytes: &[u8]) -> bool {
    bytes.split_last_chunk().is_some_and(|(bytes, stored)| libdeflater::crc32(bytes) == u32::from_le_bytes(*stored))
}

const CORRUPT_GZIP: &str = "a block's gzip data does not match its checksum or its length";
const CORRUPT: &str = "a block does not match its checksum";
const LENGTHS: &str = "a block says two things of the length it unfolds to";
const TOO_MUCH: &str = "a container claims to unfold to far more than it can hold";

/// Checks a container's blocks. Appends the headers of its slices, and sets the blocks that hold flags, mates and
/// lengths.
fn check_blocks(
    mut body: &[u8],
    blocks: u32,
    slices: &mut Vec<Option<Slice>>,
    series: &mut Series,
) -> Result<(), &'static str> {
    const COMPRESSION_HEADER: u8 = 1;
    const SLICE_HEADER: u8 = 2;
    const STORED: u8 = 0;
    let most = MOST.min(LITTLE + RATIO * body.len() as u64);
    let mut sum = 0_u64;
    for _ in 0..blocks {
        let Some(block) = block(&mut body) else { return Ok(()) };
        let block = block?;
        sum = sum.saturating_add(block.claimed()?);
        if block.kind == COMPRESSION_HEADER {
            *series = block.unfolded().map_or(Ok(Series::default()), |header| Series::new(&header))?;
        }
        if block.kind == SLICE_HEADER {
            let slice = Slice::new(block.data).filter(|_| block.method == STORED);
            sum = sum.saturating_add(slice.as_ref().map_or(0, |slice| BYTES_PER_RECORD * u64::from(slice.records)));
            slices.push(slice);
        }
        if sum > most {
            return Err(TOO_MUCH);
        }
        if block.stated().is_some_and(|length| length != u64::from(block.raw)) {
            return Err(LENGTHS);
        }
    }
    Ok(())
}

/// A block of a container, as stored.
struct Block<'a> {
    method: u8,
    kind: u8,
    /// The length that the block claims to unfold to.
    raw: u32,
    data: &'a [u8],
}

/// Reads the next block; `None` if it is incomplete.
fn block<'a>(body: &mut &'a [u8]) -> Option<Result<Block<'a>, &'static str>> {
    let whole = *body;
    let (&[method, kind], rest) = body.split_first_chunk()?;
    *body = rest;
    itf8(body)?; // the content's id
    let (stored, raw) = (itf8(body)?, itf8(body)?);
    let data = split_off(body, stored)?;
    body.split_off(..CHECKSUM)?;
    let is_whole = has_checksum(&whole[..whole.len() - body.len()]);
    Some(if is_whole { Ok(Block { method, kind, raw, data }) } else { Err(CORRUPT) })
}

impl Block<'_> {
    /// Unfolds the block if its compression method is one of the simple ones.
    fn unfolded(&self) -> Option<Cow<'_, [u8]>> {
        match self.method {
            0 => Some(self.data.into()),
            1 => gunzip(self.data, self.raw).ok().map(Cow::Owned),
            _ => None,
        }
    }

    /// The unfolded length that the compressed data itself states, if it does.
    fn stated(&self) -> Option<u64> {
        const NO_SIZE: u8 = 0x10;
        let data = self.data;
        match self.method {
            4 => Some(u32_le(data.get(5..9)?)),
            5 | 6 if data.first()? & NO_SIZE == 0 => uint7(&mut data.get(1..)?),
            7 => uint7(&mut &*data),
            8 => Some(u32_le(data.get(..4)?)),
            _ => None,
        }
    }

    /// The number of bytes the block claims to unfold to.
    fn claimed(&self) -> Result<u64, &'static str> {
        let &Self { method, raw, data, .. } = self;
        match method {
            1 => gunzip(data, raw).map(|_| raw.into()),
            2 | 3 => Ok(raw.into()),
            4 => streams::rans_4x8(data),
            5 | 6 => streams::entropy_coded(data, raw.into(), method, false),
            7 => Ok(uint7(&mut &*data).unwrap_or(0)),
            8 => streams::names(data),
            _ => Ok(0),
        }
    }
}

/// Unfolds gzip. noodles does not verify its checksum; unfolding it here takes a small part of the time that decoding
/// does.
fn gunzip(data: &[u8], raw: u32) -> Result<Vec<u8>, &'static str> {
    const LARGEST_RATIO: usize = 1032;
    let size = usize::try_from(raw).unwrap_or(usize::MAX);
    if size > data.len().saturating_mul(LARGEST_RATIO) {
        return Err(TOO_MUCH);
    }
    let mut unfolded = vec![0; size];
    match libdeflater::Decompressor::new().gzip_decompress(data, &mut unfolded) {
        Ok(length) if length == size => Ok(unfolded),
        _ => Err(CORRUPT_GZIP),
    }
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
    fn a_block_that_claims_too_much_is_refused() {
        // rANS Nx16, external, id 1, 6 bytes that unfold to 2^32 - 1, and a checksum.
        let huge = block_of(&[5, 4, 1, 6, 0, 0x00, 0x8f, 0xff, 0xff, 0xff, 0x7f]);
        assert_eq!(checked(&huge, 1), Err(TOO_MUCH));
        let names = block_of(&[8, 4, 1, 9, 9, 9, 0, 0, 0, 0, 0, 0, 0x40, 0]);
        assert_eq!(checked(&names, 1), Err(TOO_MUCH));
        // A gigabyte: too much for a small container, but possible in a large one.
        let large = [5, 4, 1, 6, 0xf4, 0, 0, 0, 0, 0x00, 0x84, 0x80, 0x80, 0x80, 0x00];
        assert_eq!(checked(&block_of(&large), 1), Err(TOO_MUCH));
        let padded = [block_of(&large), vec![0; 1 << 20]].concat();
        assert_eq!(checked(&padded, 1), Ok(()));
        let records = |n: &[u8]| block_of(&[&[0, 2, 0, 28, 28, 1, 1, 5], n, &[13, 1, 1, 9, 9], &[1; 16]].concat());
        assert_eq!(checked(&records(&[0xe0, 0, 1, 0]), 1), Ok(()), "256 records");
        assert_eq!(checked(&records(&[0xe1, 0, 0, 0]), 1), Err(TOO_MUCH), "16 M of them");
        let small = block_of(&[5, 4, 1, 2, 9, 0x00, 0x09]);
        assert_eq!(checked(&small, 1), Ok(()));
    }

    fn checked(body: &[u8], blocks: u32) -> Result<(), &'static str> {
        check_blocks(body, blocks, &mut Vec::new(), &mut Series::default())
    }

    fn block_of(bytes: &[u8]) -> Vec<u8> {
        [bytes, &libdeflater::crc32(bytes).to_le_bytes()].concat()
    }

    #[test]
    fn a_container_that_claims_more_than_there_is_is_a_cut() {
        // A container header: a gigabyte, reference sequence 0, one record, one block, no landmarks.
        let head = [&(1_i32 << 30).to_le_bytes()[..], &[0, 0, 0, 1, 0, 0, 1, 0]].concat();
        let file = [&[0; FILE_DEFINITION][..], &block_of(&head), &[0; 100]].concat();
        let error = Checked::new(file.as_slice()).read_to_end(&mut Vec::new()).unwrap_err();
        assert!(matches!(error.downcast::<Problem>(), Ok(Problem::Cut)));
    }

    #[test]
    fn a_block_that_does_not_match_its_checksum_is_refused() {
        let block = block_of(&[0, 4, 1, 3, 3, b'A', b'C', b'G']);
        for at in 0..block.len() {
            for bit in 0..8 {
                let mut other = block.clone();
                other[at] ^= 1 << bit;
                // A changed length may lead beyond the end, which the decoder reports.
                let leads_beyond = at == 3 || (at < 5 && bit == 7);
                assert!(checked(&other, 1) == Err(CORRUPT) || leads_beyond, "bit {bit} of byte {at}");
            }
        }
        assert_eq!(checked(&block, 1), Ok(()));
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
        assert_eq!(checked(&block(&gzip[..length], 50), 1), Ok(()));
        assert_eq!(checked(&block(&gzip[..length], 49), 1), Err(CORRUPT_GZIP));
        assert_eq!(checked(&block(&gzip[..length], 51), 1), Err(CORRUPT_GZIP));
        gzip[length - 8] ^= 1;
        assert_eq!(checked(&block(&gzip[..length], 50), 1), Err(CORRUPT_GZIP));
    }

    #[test]
    fn a_block_that_says_two_lengths_is_refused() {
        for (method, data) in [
            (4, &[0, 0, 0, 0, 0, 9, 0, 0, 0][..]),
            (5, &[0x20, 9]),
            (6, &[0x00, 9]),
            (7, &[9]),
            (8, &[9, 0, 0, 0, 0, 0, 0, 0, 0]),
        ] {
            let of = |raw: u8| {
                let head = [method, 4, 1, u8::try_from(data.len()).unwrap(), raw];
                checked(&block_of(&[&head, data].concat()), 1)
            };
            assert_eq!((of(9), of(8)), (Ok(()), Err(LENGTHS)), "method {method}");
        }
        assert_eq!(checked(&block_of(&[5, 4, 1, 1, 8, 0x30]), 1), Ok(()), "it need not say any");
    }
}
