//! Finds where a container keeps the flags and lengths of its records, and checks them (CRAM specification, 8.4 and
//! 10).
//!
//! noodles allocates what a record claims, drops flags that BAM does not have, and follows mates wherever they lead.
//! htslib refuses such records, and so do we. A code that noodles would take for another one is refused here too.

use std::collections::HashMap;

use super::numbers::{itf8, split_off};

/// The blocks that hold flags, mates and lengths, by content id. A block shared with other data series is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Series {
    /// BAM's flags.
    flags: Option<u32>,
    /// CRAM's own flags.
    cram_flags: Option<u32>,
    /// How many records lie between a mate and the next.
    distances: Option<u32>,
    /// Lengths of reads in bases.
    lengths: Option<u32>,
    /// In how many places each read differs from the reference.
    features: Option<u32>,
}

pub(super) const HUFFMAN: &str = "a Huffman code has not one length for each symbol";
const LONG_CODE: &str = "a Huffman code is longer than its symbols need";
const FLAGS: &str = "a record has flags that there are not";
const MATES: &str = "a record is the mate of two others";
const LENGTHS: &str = "records claim far more bases than a slice can hold";

/// Bytes that noodles uses for a base with its quality, and for a place where a read differs from the reference.
const BYTES_PER_BASE: u64 = 2;
const BYTES_PER_FEATURE: u64 = 64;
/// Bytes that the records of any slice may take, and how many more for each byte that its blocks unfold to.
const LITTLE: u64 = 1 << 30;
const RATIO: u64 = 100;

/// All flags that exist.
const ALL_FLAGS: u32 = 0xfff;

impl Series {
    /// Reads a container's unfolded compression header; no blocks are found if it is incomplete.
    pub(super) fn new(header: &[u8]) -> Result<Self, &'static str> {
        let mut codes = Codes::default();
        codes.read(header).unwrap_or(Ok(()))?;
        let alone = |key: &[u8; 2]| {
            let id = *codes.blocks.get(key)?;
            (codes.uses.get(&id) == Some(&1)).then_some(id)
        };
        Ok(Self {
            flags: alone(b"BF"),
            cram_flags: alone(b"CF"),
            distances: alone(b"NF"),
            lengths: alone(b"RL"),
            features: alone(b"FN"),
        })
    }

    /// Checks the flags, mates and lengths of a slice. `block` finds its blocks by id; together they unfold to `bytes`
    /// bytes.
    pub(super) fn check<'a>(&self, bytes: u64, block: impl Fn(u32) -> Option<&'a [u8]>) -> Result<(), &'static str> {
        let numbers = |id: Option<u32>| {
            let mut bytes = id.and_then(&block)?;
            Some(std::iter::from_fn(move || itf8(&mut bytes)))
        };
        if numbers(self.flags).is_some_and(|mut flags| flags.any(|flags| flags > ALL_FLAGS)) {
            return Err(FLAGS);
        }
        let sum = |id| numbers(id).map_or(0, |numbers| numbers.map(u64::from).sum::<u64>());
        let claimed = BYTES_PER_BASE * sum(self.lengths) + BYTES_PER_FEATURE * sum(self.features);
        if claimed > LITTLE + RATIO * bytes {
            return Err(LENGTHS);
        }
        match (numbers(self.cram_flags), numbers(self.distances)) {
            (Some(flags), Some(distances)) => check_mates(flags, distances),
            _ => Ok(()),
        }
    }
}

/// Checks mates, from the flags of all records and the distance to the next mate for those that have one in their
/// slice.
fn check_mates(flags: impl Iterator<Item = u32>, mut distances: impl Iterator<Item = u32>) -> Result<(), &'static str> {
    const DETACHED: u32 = 0x2;
    const MATE_FOLLOWS: u32 = 0x4;
    let mut mates = std::collections::HashSet::new();
    for (record, flags) in (0_u64..).zip(flags) {
        if flags & (DETACHED | MATE_FOLLOWS) != MATE_FOLLOWS {
            continue;
        }
        // If too few distances are stored, the decoder reports it.
        let Some(distance) = distances.next() else { return Ok(()) };
        if !mates.insert(record + u64::from(distance) + 1) {
            return Err(MATES);
        }
    }
    Ok(())
}

/// How a container's data series and tags are coded, as far as is needed here.
#[derive(Debug, Default)]
struct Codes {
    /// The block of each series that uses just one.
    blocks: HashMap<[u8; 2], u32>,
    /// The number of codes that use each block.
    uses: HashMap<u32, u32>,
}

impl Codes {
    /// Reads the compression header; `None` if bytes are missing.
    fn read(&mut self, mut header: &[u8]) -> Option<Result<(), &'static str>> {
        let header = &mut header;
        let preserved = itf8(header)?;
        split_off(header, preserved)?;
        let series = itf8(header)?;
        let series = &mut split_off(header, series)?;
        for _ in 0..itf8(series)? {
            let key = *series.split_off(..2)?.first_chunk()?;
            match self.code(series)? {
                Ok(None) => {}
                Ok(Some(block)) => drop(self.blocks.insert(key, block)),
                Err(what) => return Some(Err(what)),
            }
        }
        let tags = itf8(header)?;
        let tags = &mut split_off(header, tags)?;
        for _ in 0..itf8(tags)? {
            itf8(tags)?; // the tag and its type
            if let Err(what) = self.code(tags)? {
                return Some(Err(what));
            }
        }
        Some(Ok(()))
    }

    /// Reads the next encoding; returns its block if it is a plain external one.
    fn code(&mut self, bytes: &mut &[u8]) -> Option<Result<Option<u32>, &'static str>> {
        const EXTERNAL: u32 = 1;
        const HUFFMAN_CODE: u32 = 3;
        const ARRAY_WITH_LENGTH: u32 = 4;
        const ARRAY_WITH_STOP: u32 = 5;
        let (kind, length) = (itf8(bytes)?, itf8(bytes)?);
        let settings = &mut split_off(bytes, length)?;
        match kind {
            EXTERNAL => {
                let block = itf8(settings)?;
                *self.uses.entry(block).or_default() += 1;
                return Some(Ok(Some(block)));
            }
            HUFFMAN_CODE => {
                let symbols = itf8(settings)?;
                for _ in 0..symbols {
                    itf8(settings)?;
                }
                if itf8(settings)? != symbols {
                    return Some(Err(HUFFMAN));
                }
                for _ in 0..symbols {
                    if itf8(settings)? >= symbols {
                        return Some(Err(LONG_CODE));
                    }
                }
            }
            ARRAY_WITH_LENGTH => {
                for _ in 0..2 {
                    if let Err(what) = self.code(settings)? {
                        return Some(Err(what));
                    }
                }
            }
            ARRAY_WITH_STOP => {
                settings.split_off_first()?;
                *self.uses.entry(itf8(settings)?).or_default() += 1;
            }
            _ => {}
        }
        Some(Ok(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A compression header without a preservation map, with these series and one tag: an array whose length is a
    /// Huffman code of one symbol, and whose bytes are in block 9.
    fn header(series: &[(&[u8; 2], &[u8])], huffman: [u8; 4]) -> Vec<u8> {
        let mut map = vec![u8::try_from(series.len()).unwrap()];
        for (key, code) in series {
            map.extend([&key[..], code].concat());
        }
        let tag = [&[1, 0xe0, b'N', b'M', b'C', 4, 9, 3, 4], &huffman[..], &[1, 1, 9]].concat();
        let length = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap();
        [&[0, length(&map)], &map[..], &[length(&tag)], &tag].concat()
    }

    const WHOLE: [u8; 4] = [1, 1, 1, 0];

    #[test]
    fn blocks_are_found_unless_they_are_shared() {
        let three: [(&[u8; 2], &[u8]); 3] = [(b"BF", &[1, 1, 15]), (b"CF", &[1, 1, 16]), (b"NF", &[1, 1, 24])];
        let whole = header(&three, WHOLE);
        let found = Series { flags: Some(15), cram_flags: Some(16), distances: Some(24), ..Series::default() };
        assert_eq!(Series::new(&whole), Ok(found));
        for cut in 0..whole.len() {
            assert!(Series::new(&whole[..cut]).is_ok(), "{cut}");
        }
        for other in [&[1, 1, 9][..], &[1, 1, 16], &[3, 4, 1, 0, 1, 0], &[6, 2, 0, 4]] {
            let shared = header(&[(b"BF", other), three[1], three[2]], WHOLE);
            assert_eq!(Series::new(&shared).unwrap().flags, None, "{other:?}");
        }
    }

    #[test]
    fn a_huffman_code_has_as_many_lengths_as_symbols() {
        assert_eq!(Series::new(&header(&[], [1, 1, 0, 0])), Err(HUFFMAN));
        assert_eq!(Series::new(&header(&[(b"BF", &[3, 4, 1, 0, 2, 0])], WHOLE)), Err(HUFFMAN));
        assert_eq!(Series::new(&header(&[], [1, 1, 1, 127])), Err(LONG_CODE));
        let two = |length: u8| Series::new(&header(&[(b"BF", &[3, 6, 2, 0, 1, 2, 1, length])], WHOLE));
        assert_eq!((two(1), two(2)), (Ok(Series::default()), Err(LONG_CODE)));
    }

    #[test]
    fn flags_are_those_of_bam_and_no_record_is_the_mate_of_two() {
        let series = Series { flags: Some(15), cram_flags: Some(16), distances: Some(24), ..Series::default() };
        let check = |flags: &[u8], cram_flags: &'static [u8], distances: &'static [u8]| {
            series.check(100, |id| {
                Some(match id {
                    15 => flags,
                    16 => cram_flags,
                    _ => distances,
                })
            })
        };
        assert_eq!(check(&[0, 0x80, 0x93, 0x8f, 0xff], b"", b""), Ok(()));
        assert_eq!(check(&[0, 0x93, 0x53], b"", b""), Err(FLAGS));
        // The first and the third record are mates, and so are the second and the third: one chain too many.
        assert_eq!(check(b"", &[4, 4, 0, 0], &[1, 0]), Err(MATES));
        assert_eq!(check(b"", &[4, 4, 0, 0], &[1, 1]), Ok(()));
        assert_eq!(check(b"", &[4, 6, 0, 0], &[1, 0]), Ok(()), "who is detached has no mate here");
        assert_eq!(check(b"", &[4, 4, 0, 0], &[1]), Ok(()));
        assert_eq!(Series::default().check(0, |_| None), Ok(()));
    }

    /// 2^28 as ITF8.
    static MANY: [u8; 5] = [0xf1, 0, 0, 0, 0];

    #[test]
    fn a_slice_holds_no_more_bases_and_features_than_it_has_bytes_for() {
        let series = Series { lengths: Some(9), features: Some(14), ..Series::default() };
        let check = |lengths: &'static [u8], features: &'static [u8]| {
            series.check(100, |id| Some(if id == 9 { lengths } else { features }))
        };
        assert_eq!(check(&[150, 0x81, 0x2c], &[3, 3]), Ok(()));
        assert_eq!(check(&MANY, &[0]), Ok(()), "a read of 268 Mb is possible");
        assert_eq!(check([MANY, MANY, MANY].concat().leak(), &[0]), Err(LENGTHS));
        assert_eq!(check(&[150], &MANY), Err(LENGTHS));
    }
}
