//! Problems of an input.

use std::io;

/// A problem of an input.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// An error of the operating system.
    #[error(transparent)]
    Io(io::Error),
    /// The input ends inside a record or a compressed block, or before its end marker.
    #[error("the file is cut short")]
    Cut,
    /// The input has other reads when read a second time.
    #[error("the file changed while it was read")]
    Changed,
    /// The file is not an index.
    #[error("it is no index of this version of readseeker")]
    NoIndex,
    /// The index is one of other files.
    #[error("it is the index of other files than {}, or of another state of it", .path.display())]
    OtherIndex {
        /// The first file that differs.
        path: std::path::PathBuf,
    },
    /// Records cannot be read without all those before them.
    #[error("it does not support random access (is it plain gzip, SAM or CRAM?)")]
    NoCuts,
    /// BGZF blocks are followed by something that is not allowed there.
    #[error("after its BGZF blocks the file continues with {found}")]
    AfterBlocks {
        /// What follows.
        found: &'static str,
    },
    /// gzip members are followed by something else.
    #[error("after its gzip data the file continues with something that is not gzip")]
    AfterEnd,
    /// Compressed data cannot be decompressed or fails its checksum.
    #[error("the compressed data is damaged")]
    Damaged(#[source] io::Error),
    /// The format is unknown.
    #[error("not a BAM, SAM, CRAM, FASTQ or FASTA file: it starts with {0}")]
    UnknownFormat(String),
    /// The file is FASTA of amino acids, for which a nucleotide model would give nonsense.
    #[error(
        "its sequences are proteins: many of their letters, such as E, F, I, L, P and Q, are in no nucleotide code"
    )]
    Protein,
    /// The compression is not supported.
    #[error("the file is compressed with {name}")]
    Compression {
        /// The name of the compression.
        name: &'static str,
        /// The tool that decompresses to stdout.
        tool: &'static str,
    },
    /// Decompression needs more memory than allowed.
    #[error("to decompress it takes a window of more than {most} MiB")]
    Window {
        /// The limit in MiB.
        most: u64,
    },
    /// The decompressed content is compressed again.
    #[error("the file is compressed twice")]
    CompressedTwice,
    /// The CRAM is damaged, or uses a feature that our decoder lacks.
    #[error("the CRAM cannot be decoded here: {0}")]
    Cram(String),
    /// The CRAM stores reads as differences from reference sequences we do not have.
    #[error("the CRAM needs the reference it was made with")]
    NoReference,
    /// The reference is not the one the CRAM was made with.
    #[error("the reference given is not the one the CRAM was made with: {0} differs")]
    WrongReference(String),
    /// The reference cannot be read.
    #[error("cannot read the reference {}", .path.display())]
    Reference {
        /// The FASTA file.
        path: std::path::PathBuf,
        /// The error of the system.
        #[source]
        source: io::Error,
    },
    /// The file is BAM inside plain gzip, or not compressed at all.
    #[error("the file is BAM, but not compressed with BGZF as BAM must be")]
    NotBgzf,
    /// The reference is compressed in a way that does not support random access.
    #[error("the reference {} is compressed with {codec}, not BGZF", .path.display())]
    ReferenceCodec {
        /// The FASTA file.
        path: std::path::PathBuf,
        /// The name of its compression.
        codec: &'static str,
    },
    /// The compressed reference has no index.
    #[error("the compressed reference {} has no index {}", .path.display(), .index.display())]
    ReferenceIndex {
        /// The FASTA file.
        path: std::path::PathBuf,
        /// The missing index.
        index: std::path::PathBuf,
    },
    /// A record does not start as its format requires.
    #[error("expected \"{expected}\" at the start of the record, found {found}")]
    Start {
        /// The character expected: `@` or `>`.
        expected: char,
        /// What was found instead.
        found: String,
    },
    /// The third line of a FASTQ record is not a `+` line.
    #[error("expected a line that starts with \"+\" after the sequence, found {0}")]
    Plus(String),
    /// Sequence and quality scores differ in length.
    #[error("{bases} bases, but {quality_scores} quality scores")]
    Lengths {
        /// The number of bases.
        bases: usize,
        /// The number of quality scores.
        quality_scores: usize,
    },
    /// A line contains a blank, a control character or a letter that it must not contain.
    #[error("the {line} line contains {found}")]
    Letter {
        /// The line: `header`, `sequence` or `quality`.
        line: &'static str,
        /// What was found.
        found: String,
    },
    /// A BAM or SAM record contradicts itself.
    #[error("not a valid {format} record: {what}")]
    Alignment {
        /// `BAM` or `SAM`.
        format: &'static str,
        /// What is wrong.
        what: &'static str,
    },
    /// A name is too long for BAM.
    #[error("the name is {length} bytes long, and BAM holds {longest} at most")]
    NameLength {
        /// The length of the name.
        length: usize,
        /// The longest name that BAM can hold.
        longest: usize,
    },
    /// A header contradicts itself.
    #[error("not a valid {format} header: {what}")]
    Header {
        /// `BAM`.
        format: &'static str,
        /// What is wrong.
        what: &'static str,
    },
    /// samtools refuses a line of the header.
    #[error("line {number} of its header {what}")]
    HeaderLine {
        /// The line, counted from 1.
        number: usize,
        /// What is wrong with the line.
        what: &'static str,
    },
    /// A tag of a SAM or CRAM record does not match its type.
    #[error("not a valid SAM record: its tag {name} {what}")]
    Tag {
        /// The two letters of the tag.
        name: String,
        /// What is wrong.
        what: &'static str,
    },
    /// The inputs are aligned to different reference sequences.
    #[error("its reference sequences differ from the first input's at number {ordinal}: {first} and {other}")]
    References {
        /// The first sequence that differs, counted from 1.
        ordinal: usize,
        /// The sequence in the first input, for people: its name and length, or `nothing`.
        first: String,
        /// The sequence in this input, for people: its name and length, or `nothing`.
        other: String,
    },
    /// A secondary or supplementary record is not next to its primary one.
    #[error("there is no primary record of \"{0}\" next to this secondary or supplementary one")]
    NoPrimary(String),
    /// R1 and R2 in two files are out of step.
    #[error("R1 and R2 differ at pair {pair}: {first} and {second}")]
    Mates {
        /// The pair's ordinal, from 1.
        pair: u64,
        /// R1's name in quotes, or that its file ended.
        first: String,
        /// R2's name in quotes, or that its file ended.
        second: String,
    },
    /// R1 and R2 in one interleaved file are out of step.
    #[error("R1 and R2 differ at pair {pair}: {first} and {second}, one after the other")]
    Alternating {
        /// The pair's ordinal, from 1.
        pair: u64,
        /// R1's name in quotes.
        first: String,
        /// R2's name in quotes.
        second: String,
    },
    /// The headers of a pair do not mark its records as first and second mate.
    #[error("pair {pair}: {first} and {second} are not marked as first and second mate")]
    Numbers {
        /// The pair's ordinal, from 1.
        pair: u64,
        /// R1's header in quotes.
        first: String,
        /// R2's header in quotes.
        second: String,
    },
    /// R1 and R2 are swapped.
    #[error("R1 and R2 seem to be swapped: pair {pair} is {first} and {second}")]
    Swapped {
        /// The pair's ordinal, from 1.
        pair: u64,
        /// R1's header in quotes.
        first: String,
        /// R2's header in quotes.
        second: String,
    },
    /// R1 and R2 are the same reads.
    #[error("R1 and R2 are the same reads, from the first header to the last quality score")]
    SameReads,
    /// The last of the interleaved records has no mate.
    #[error("the last record has no mate: an odd number of interleaved records")]
    Odd,
    /// R1 is FASTQ and R2 is FASTA, or the reverse.
    #[error("R1 and R2 are of different formats: {first} and {second}")]
    Formats {
        /// The format of R1.
        first: &'static str,
        /// The format of R2.
        second: &'static str,
    },
    /// A later input has another format than the first.
    #[error("it is {found}, but the inputs before it are {first}")]
    Lanes {
        /// The format of the first input.
        first: &'static str,
        /// The format of this input.
        found: &'static str,
    },
    /// A line of a table is not valid.
    #[error("line {number}: {what}")]
    Line {
        /// The line, counted from 1.
        number: u64,
        /// What is wrong.
        what: String,
    },
    /// Paired records are sorted in an order that separates mates.
    #[error("the records are sorted by coordinate, so mates are not adjacent")]
    CoordinateSorted,
    /// A mate comes long after the other one.
    #[error("the records of \"{0}\" are not adjacent")]
    NotAdjacent(String),
}

/// Sorts the errors of decoders, which arrive as `io::Error`.
impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        // One of our own decoders has put a more specific problem into the I/O error.
        let error = match error.downcast::<Self>() {
            Ok(problem) => return problem,
            Err(error) => error,
        };
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Cut,
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Self::Damaged(error),
            // flate2 and async-compression report a broken deflate stream or checksum as `Other`.
            io::ErrorKind::Other if error.raw_os_error().is_none() => Self::Damaged(error),
            _ => Self::Io(error),
        }
    }
}

/// Formats a header for a message: quoted, escaped and shortened.
pub(super) fn shown_header(header: &[u8]) -> String {
    const LONGEST: usize = 80;
    format!("\"{}\"", header[..header.len().min(LONGEST)].escape_ascii())
}

/// Formats a name for a message: shortened, and readable if it is text.
pub(super) fn shown_name(name: &[u8]) -> String {
    const LONGEST: usize = 80;
    match name.get(..LONGEST).filter(|_| name.len() > LONGEST) {
        Some(start) => String::from_utf8_lossy(start).into_owned() + "...",
        None => String::from_utf8_lossy(name).into_owned(),
    }
}

/// Formats bytes for a message: quoted, escaped and shortened.
pub(super) fn shown(bytes: &[u8]) -> String {
    const LONGEST: usize = 20;
    let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    match line.len() {
        0 => "an empty line".to_owned(),
        1..=LONGEST => format!("\"{}\"", line.escape_ascii()),
        _ => format!("\"{}...\"", line[..LONGEST].escape_ascii()),
    }
}
