//! The codecs: one table of how each is named, recognised, read and written.

use std::fs::File;
use std::ops::RangeInclusive;
use std::path::Path;

use super::bgzf_frames::is_bgzf;
use super::decoders;
use super::encoder::{Encoder, EncoderConfig, MOST_XZ_THREADS, MOST_ZSTD_THREADS, bgzf, bzip2, plain, xz, zstd};
use super::source::Source;
use crate::reads::Problem;
use crate::reads::bytes::window::Bytes;

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// No compression.
    Plain,
    /// gzip in blocks, as bgzip and samtools write it; every gzip tool reads it.
    Bgzf,
    /// gzip of any number of members: read, never written.
    Gzip,
    /// zstd: reads any number of frames, writes one with a checksum.
    Zstd,
    /// bzip2: reads any number of streams, writes one per block, as pbzip2 does.
    Bzip2,
    /// xz: reads any number of streams, with or without padding; writes one of several blocks.
    Xz,
}

/// A codec's row in the table.
struct Row {
    codec: Codec,
    name: &'static str,
    /// Whether a file that starts with these bytes is compressed with the codec.
    magic: fn(&[u8]) -> bool,
    /// The suffixes that select the codec.
    suffixes: &'static [&'static str],
    /// The range of levels, and the default.
    levels: Option<(RangeInclusive<u8>, u8)>,
    /// How many threads its library starts for an output at most, if it compresses in a stream.
    most_threads: Option<usize>,
    read: fn(Source) -> Bytes,
    write: Option<fn(u8, EncoderConfig, File) -> Encoder>,
}

/// All codecs. The first row whose magic fits is taken, so BGZF comes before gzip.
static TABLE: [Row; 6] = [
    Row {
        codec: Codec::Bgzf,
        name: "BGZF",
        magic: is_bgzf,
        suffixes: &["gz", "bgz", "bam"],
        // Level 1: a quarter of the time of level 6 for 8 % more bytes (workflows/benchmark/README.md), for reads on
        // their way to the next step.
        levels: Some((0..=12, 1)),
        most_threads: None,
        read: decoders::bgzf,
        write: Some(bgzf),
    },
    Row {
        codec: Codec::Gzip,
        name: "gzip",
        magic: |start| matches!(start, [0x1f, 0x8b, ..]),
        suffixes: &[],
        levels: None,
        most_threads: None,
        read: decoders::gzip,
        write: None,
    },
    Row {
        codec: Codec::Zstd,
        name: "zstd",
        // A frame, or a skippable frame, with which pzstd starts.
        magic: |start| matches!(start, [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]),
        suffixes: &["zst"],
        levels: Some((1..=22, 3)),
        most_threads: Some(MOST_ZSTD_THREADS),
        read: decoders::zstd,
        write: Some(zstd),
    },
    Row {
        codec: Codec::Bzip2,
        name: "bzip2",
        // A block, or the end of an empty stream.
        magic: |start| {
            matches!(
                start,
                [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, ..]
                    | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, ..]
            )
        },
        suffixes: &["bz2"],
        levels: Some((1..=9, 9)),
        most_threads: None,
        read: decoders::bzip2,
        write: Some(bzip2),
    },
    Row {
        codec: Codec::Xz,
        name: "xz",
        magic: |start| matches!(start, [0xfd, b'7', b'z', b'X', b'Z', 0, ..]),
        suffixes: &["xz"],
        levels: Some((0..=9, 6)),
        most_threads: Some(MOST_XZ_THREADS),
        read: decoders::xz,
        write: Some(xz),
    },
    Row {
        codec: Codec::Plain,
        name: "no compression",
        magic: |_start| true,
        suffixes: &[],
        levels: None,
        most_threads: None,
        read: |source| Box::new(source.stored),
        write: Some(plain),
    },
];

/// Formats that are recognised but not read: how a file starts, the name, and the tool that decompresses to stdout.
const REFUSED: [(&[u8], &str, &str); 4] = [
    (&[0x04, 0x22, 0x4d, 0x18], "lz4", "lz4cat"),
    (&[b'P', b'K', 3, 4], "zip", "unzip -p"),
    (&[b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c], "7z", "7z x -so"),
    (&[0x1f, 0x9d], "compress (.Z)", "zcat"),
];

impl Codec {
    /// The number of bytes of a file that are enough to recognise its codec.
    pub(in crate::reads) const MAGIC: usize = 18;

    /// The codec that a path's suffix selects.
    ///
    /// ```
    /// use readseeker::reads::Codec;
    /// assert_eq!(Codec::of("coding.fq.zst".as_ref()), Codec::Zstd);
    /// assert_eq!(Codec::of("coding.fq".as_ref()), Codec::Plain);
    /// ```
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let suffix = path.extension().unwrap_or_default();
        let asked = |row: &&Row| row.suffixes.iter().any(|of| suffix.eq_ignore_ascii_case(of));
        TABLE.iter().find(asked).map_or(Self::Plain, |row| row.codec)
    }

    /// The codec of a file that starts with these bytes.
    pub(in crate::reads) fn detect(start: &[u8]) -> Result<Self, Problem> {
        if let Some(&(_, name, tool)) = REFUSED.iter().find(|(magic, ..)| start.starts_with(magic)) {
            return Err(Problem::Compression { name, tool });
        }
        Ok(TABLE.iter().find(|row| (row.magic)(start)).map_or(Self::Plain, |row| row.codec))
    }

    /// The name of the codec, as people write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The range of levels; `None` without compression.
    #[must_use]
    pub fn levels(self) -> Option<RangeInclusive<u8>> {
        self.row().levels.as_ref().map(|(levels, _)| levels.clone())
    }

    /// The default level; 0 without compression.
    #[must_use]
    pub fn default_level(self) -> u8 {
        self.row().levels.as_ref().map_or(0, |(_, default)| *default)
    }

    /// Returns a reader of the decompressed content of a file.
    pub(in crate::reads) fn decoder(self, source: Source) -> Bytes {
        (self.row().read)(source)
    }

    /// Returns an encoder that writes to `file`.
    ///
    /// # Panics
    /// If the codec is read-only; no suffix selects such a codec.
    pub(in crate::reads) fn encoder(self, config: EncoderConfig, file: File) -> Encoder {
        let level = config.level.unwrap_or(self.default_level());
        self.row().write.expect("no suffix asks for a codec that is only read")(level, config, file)
    }

    /// How many threads an output keeps until it ends: one that fills its stream, and those of its library.
    pub(crate) fn threads(self, config: EncoderConfig) -> usize {
        self.row().most_threads.map_or(0, |most| 1 + config.workers.get().min(most))
    }

    fn row(self) -> &'static Row {
        TABLE.iter().find(|row| row.codec == self).expect("every codec has a row")
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZero;

    use super::*;

    #[test]
    fn streams_keep_threads_and_blocks_do_not() {
        let threads = |codec: Codec, workers| {
            let workers = NonZero::new(workers).unwrap();
            codec.threads(EncoderConfig { workers, level: None })
        };
        assert_eq!([Codec::Zstd, Codec::Xz].map(|codec| threads(codec, 1)), [2, 2]);
        assert_eq!([Codec::Zstd, Codec::Xz].map(|codec| threads(codec, 64)), [9, 5]);
        assert_eq!([Codec::Plain, Codec::Bgzf, Codec::Bzip2].map(|codec| threads(codec, 64)), [0; 3]);
    }

    #[test]
    fn the_last_suffix_names_the_codec() {
        let codec = |path: &str| Codec::of(path.as_ref());
        assert_eq!([codec("a.fq"), codec("-"), codec("gz")], [Codec::Plain; 3]);
        assert_eq!([codec("a.fq.gz"), codec("a.BGZ"), codec("a.bam")], [Codec::Bgzf; 3]);
        assert_eq!([codec("a.zst"), codec("a.gz.bz2"), codec("a.tsv.xz")], [Codec::Zstd, Codec::Bzip2, Codec::Xz]);
    }

    #[test]
    fn every_codec_has_one_row_and_what_a_suffix_asks_for_is_written() {
        for codec in [Codec::Plain, Codec::Bgzf, Codec::Gzip, Codec::Zstd, Codec::Bzip2, Codec::Xz] {
            assert_eq!(TABLE.iter().filter(|row| row.codec == codec).count(), 1, "{codec:?}");
            let row = codec.row();
            assert!(row.suffixes.is_empty() || row.write.is_some(), "{codec:?}");
            assert!(row.levels.as_ref().is_none_or(|(levels, default)| levels.contains(default)), "{codec:?}");
        }
    }
}
