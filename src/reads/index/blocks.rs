//! Where the blocks of a BGZF file begin: found from block to block, none is decompressed.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use super::Spot;
use crate::reads::{Codec, Problem};

/// A block's header, as far as its length.
const HEADER: usize = 18;
/// The number of its bytes, decompressed, comes last.
const COUNT: usize = 4;

/// The places of a file, given rising numbers of decompressed bytes before them.
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
    // At the end of the file there is nothing to be decompressed.
    spots.extend(wanted.map(|position| Spot(stored, 0, position)));
    Ok(spots)
}

/// The length of the next block, and its bytes when decompressed.
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

/// Refuses what is no block, though it may follow blocks where a file is read from start to end.
fn check(header: &[u8]) -> Result<(), Problem> {
    let found = match Codec::detect(header) {
        Ok(Codec::Bgzf) => return Ok(()),
        Ok(Codec::Gzip) => "gzip that is not BGZF",
        _ if header[0] == 0 => "zeros",
        _ => "something that is not compressed with gzip",
    };
    Err(Problem::AfterBlocks { found })
}
