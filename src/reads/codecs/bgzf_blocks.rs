//! Compresses BGZF blocks with libdeflate, whose memory is reused from block to block.
//!
//! noodles' encoder is not used: for every block it has libdeflate allocate, and the kernel clear, some hundred
//! kilobytes.

use std::io;

use libdeflater::CompressionLvl;

/// The empty block that ends every BGZF file (SAM specification, 4.1.2).
pub(in crate::reads) const EOF_BLOCK: [u8; 28] = [
    0x1f, 0x8b, 0x08, 0x04, 0, 0, 0, 0, 0, 0xff, 0x06, 0, 0x42, 0x43, 0x02, 0, 0x1b, 0, 0x03, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];

/// Uncompressed bytes in a block, as in bgzip and samtools: even incompressible ones make a block of less than 64 KiB.
pub(super) const BLOCK: usize = 65_280;

/// A gzip header without time or system, with the start of an extra field for the block's length (SAM specification,
/// 4.1).
const HEADER: [u8; 16] = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 6, 0, b'B', b'C', 2, 0];

/// The length of the header and the block's length.
const PROLOGUE: usize = HEADER.len() + size_of::<u16>();

/// The length of the checksum and the number of bytes.
const EPILOGUE: usize = 2 * size_of::<u32>();

/// Compresses blocks at one level.
pub(super) struct Compressor(libdeflater::Compressor);

impl Compressor {
    /// # Panics
    /// If libdeflate has no such level: it has 0 to 12.
    pub(super) fn new(level: u8) -> Self {
        let level = CompressionLvl::new(level.into()).expect("levels are checked before a run");
        Self(libdeflater::Compressor::new(level))
    }

    /// Appends `bytes` as blocks, the last of which may be shorter, without an end-of-file marker.
    pub(super) fn compress(&mut self, bytes: &[u8], into: &mut Vec<u8>) -> io::Result<()> {
        bytes.chunks(BLOCK).try_for_each(|bytes| self.block(bytes, into))
    }

    fn block(&mut self, bytes: &[u8], into: &mut Vec<u8>) -> io::Result<()> {
        let start = into.len();
        into.resize(start + PROLOGUE + self.0.deflate_compress_bound(bytes.len()), 0);
        let block = &mut into[start..];
        let deflated = self.0.deflate_compress(bytes, &mut block[PROLOGUE..]).map_err(io::Error::other)?;
        let length = PROLOGUE + deflated + EPILOGUE;
        let stored = u16::try_from(length - 1).map_err(io::Error::other)?;
        block[..HEADER.len()].copy_from_slice(&HEADER);
        block[HEADER.len()..PROLOGUE].copy_from_slice(&stored.to_le_bytes());
        into.truncate(start + PROLOGUE + deflated);
        let count = u32::try_from(bytes.len()).expect("a block is smaller than 64 KiB");
        into.extend_from_slice(&libdeflater::crc32(bytes).to_le_bytes());
        into.extend_from_slice(&count.to_le_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use noodles::bgzf;
    use noodles::bgzf::io::writer::CompressionLevel;

    use super::*;

    /// Blocks as noodles writes them.
    fn by_noodles(bytes: &[u8], level: u8) -> Vec<u8> {
        let builder = bgzf::io::writer::Builder::default().set_compression_level(CompressionLevel::new(level).unwrap());
        let mut writer = builder.build_from_writer(Vec::new());
        for block in bytes.chunks(BLOCK) {
            writer.write_all(block).unwrap();
            writer.flush().unwrap();
        }
        writer.into_inner()
    }

    /// Three blocks' worth of numbers that hardly repeat.
    fn noise() -> Vec<u8> {
        let numbers = (0..200_000_u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(n));
        numbers.map(|n| n.to_be_bytes()[0]).collect()
    }

    #[test]
    fn blocks_are_those_of_noodles_whatever_the_level_and_what_came_before() {
        for level in 0..=12 {
            let mut compressor = Compressor::new(level);
            for bytes in [noise(), vec![b'A'; 100_000], b"one".to_vec(), Vec::new()] {
                let mut blocks = Vec::new();
                compressor.compress(&bytes, &mut blocks).unwrap();
                assert!(blocks == by_noodles(&bytes, level), "level {level}, {} bytes", bytes.len());
                let mut back = Vec::new();
                bgzf::io::Reader::new(blocks.as_slice()).read_to_end(&mut back).unwrap();
                assert!(back == bytes);
            }
        }
    }
}
