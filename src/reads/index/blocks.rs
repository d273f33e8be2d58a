//! Finds where the blocks of a BGZF file begin, going from block to block without decompressing any.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use super::Spot;
use crate::reads::{Codec, Problem};

/// The bytes of a block's header up to its length.
const HEADER: usize = 18;
/// The bytes of the decompressed length at the end of a block.
const COUNT: usize = 4;

/// Finds places in a file, given their offsets in the decompressed content in ascending order.
pub(super) fn spots(path: &Path, positions: &[u64]) -> io::Result<Vec<Spot>> {
    let mut file = BufReader::with_capacity(1 << 18, File::open(path)?);
    let mut spots = Vec::with_capacity(positions.len());
    let (mut stored, mut before) = (0, 0);
    let mut wanted = positions.iter().copied().peekable();
    while let Some((length, bytes)) = next_block(&mut file)? {
        while let Some(position) = wanted.next_if(|&position| position < before + bytes) {
            let within = usize::try_from(position - before).map_err(io::Error::other)?;
            spots.push(Spot(stored, within, position));
        }
        (stored, before) = (stored + length, before + bytes);
    }
    // At the end of the file, nothing is left to be decompressed.
    spots.extend(wanted.map(|position| Spot(stored, 0, position)));
    Ok(spots)
}

/// The stored and the decompressed length of the next block.
fn next_block(file: &mut BufReader<File>) -> io::Result<Option<(u64, u64)>> {
    let mut header = [0; HEADER];
    let mut read = 0;
    while read < HEADER {
        match file.read(&mut header[read..])? {
            0 if read == 0 => return Ok(None),
            0 => break,
            n => read += n,
        }
    }
    check(&header).map_err(io::Error::other)?;
    let length = usize::from(u16::from_le_bytes([header[16], header[17]])) + 1;
    let rest = length.checked_sub(HEADER + COUNT).ok_or(io::ErrorKind::InvalidData)?;
    file.seek_relative(i64::try_from(rest).map_err(io::Error::other)?)?;
    let mut count = [0; COUNT];
    file.read_exact(&mut count)?;
    let length = u64::try_from(length).map_err(io::Error::other)?;
    Ok(Some((length, u32::from_le_bytes(count).into())))
}

/// Refuses anything but a block, even if it may follow blocks in a file that is read from start to end.
fn check(header: &[u8]) -> Result<(), Problem> {
    let found = match Codec::detect(header) {
        Ok(Codec::Bgzf) => return Ok(()),
        Ok(Codec::Gzip) => "gzip that is not BGZF",
        _ if header[0] == 0 => "zeros",
        _ => "something that is not compressed with gzip",
    };
    Err(Problem::AfterBlocks { found })
}
