//! What can be wrong with an input.

use std::io;

/// What can be wrong with an input.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The operating system says so.
    #[error(transparent)]
    Io(io::Error),
    /// The input ends inside a record, a compressed block, or before the marker that ends it.
    #[error("the file is cut short")]
    Cut,
    /// Read a second time, the input has other reads.
    #[error("the file changed while it was read")]
    Changed,
    /// A file that should be an index.
    #[error("it is no index of this version of readseeker")]
    NoIndex,
    /// An index of other files.
    #[error("it is the index of other files than {}, or of another state of it", .path.display())]
    OtherIndex {
        /// The first that differs.
        path: std::path::PathBuf,
    },
    /// Records that cannot be read without all before them.
    #[error("it does not support random access (is it plain gzip, SAM or CRAM?)")]
    NoCuts,
    /// BGZF blocks, and then something that has no place there.
    #[error("after its BGZF blocks the file continues with {found}")]
    AfterBlocks {
        /// What it is.
        found: &'static str,
    },
    /// gzip members, and then something that is none.
    #[error("after its gzip data the file continues with something that is not gzip")]
    AfterEnd,
    /// Compressed data that does not decompress or fails its checksum.
    #[error("the compressed data is damaged")]
    Damaged(#[source] io::Error),
    /// Not a format we know.
    #[error("not a BAM, SAM, CRAM, FASTQ or FASTA file: it starts with {0}")]
    UnknownFormat(String),
    /// FASTA of amino acids, of which a model of nucleotides would make nonsense.
    #[error(
        "its sequences are proteins: many of their letters, such as E, F, I, L, P and Q, are in no nucleotide code"
    )]
    Protein,
    /// A compression we do not read.
    #[error("the file is compressed with {name}")]
    Compression {
        /// Its name.
        name: &'static str,
        /// The tool that decompresses to stdout.
        tool: &'static str,
    },
    /// Decompressing takes more memory than we give to it.
    #[error("to decompress it takes a window of more than {most} MiB")]
    Window {
        /// What we give.
        most: u64,
    },
    /// Compressed, and what comes out is compressed again.
    #[error("the file is compressed twice")]
    CompressedTwice,
    /// CRAM that is damaged, or made with something our decoder lacks.
    #[error("the CRAM cannot be decoded here: {0}")]
    Cram(String),
    /// CRAM whose reads are told by their differences from sequences we do not have.
    #[error("the CRAM needs the reference it was made with")]
    NoReference,
    /// A reference that is not the one a CRAM was made with.
    #[error("the reference given is not the one the CRAM was made with: {0} differs")]
    WrongReference(String),
    /// A reference that cannot be read.
    #[error("cannot read the reference {}", .path.display())]
    Reference {
        /// The FASTA file.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// BAM inside plain gzip, or not compressed at all.
    #[error("the file is BAM, but not compressed with BGZF as BAM must be")]
    NotBgzf,
    /// A compressed reference of which no part can be looked up.
    #[error("the reference {} is compressed with {codec}, not BGZF", .path.display())]
    ReferenceCodec {
        /// The FASTA file.
        path: std::path::PathBuf,
        /// How it is compressed.
        codec: &'static str,
    },
    /// A compressed reference without an index.
    #[error("the compressed reference {} has no index {}", .path.display(), .index.display())]
    ReferenceIndex {
        /// The FASTA file.
        path: std::path::PathBuf,
        /// The index that is missing.
        index: std::path::PathBuf,
    },
    /// A record that does not start as its format says.
    #[error("expected \"{expected}\" at the start of the record, found {found}")]
    Start {
        /// `@` or `>`.
        expected: char,
        /// What is there.
        found: String,
    },
    /// A FASTQ record whose third line is no `+` line.
    #[error("expected a line that starts with \"+\" after the sequence, found {0}")]
    Plus(String),
    /// Sequence and quality of different length.
    #[error("{bases} bases, but {quality_scores} quality scores")]
    Lengths {
        /// How many bases.
        bases: usize,
        /// How many quality scores.
        quality_scores: usize,
    },
    /// A blank or a control character where letters must be.
    #[error("the {line} line contains {found}")]
    Letter {
        /// `sequence` or `quality`.
        line: &'static str,
        /// What is there.
        found: String,
    },
    /// A BAM or SAM record that contradicts itself.
    #[error("not a valid {format} record: {what}")]
    Alignment {
        /// `BAM` or `SAM`.
        format: &'static str,
        /// What is wrong.
        what: &'static str,
    },
    /// A name that BAM cannot hold.
    #[error("the name is {length} bytes long, and BAM holds {longest} at most")]
    NameLength {
        /// Its length.
        length: usize,
        /// What BAM holds.
        longest: usize,
    },
    /// A header that contradicts itself.
    #[error("not a valid {format} header: {what}")]
    Header {
        /// `BAM`.
        format: &'static str,
        /// What is wrong.
        what: &'static str,
    },
    /// A line of a header that samtools refuses.
    #[error("line {number} of its header {what}")]
    HeaderLine {
        /// Counted from 1.
        number: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A tag of a SAM record that is not what it says it is.
    #[error("not a valid SAM record: its tag {name} {what}")]
    Tag {
        /// The tag's two letters.
        name: String,
        /// What is wrong.
        what: &'static str,
    },
    /// Inputs aligned to different reference sequences.
    #[error("its reference sequences differ from the first input's at number {ordinal}: {first} and {other}")]
    References {
        /// The first that differs, from 1.
        ordinal: usize,
        /// What it is in the first input.
        first: String,
        /// What it is here.
        other: String,
    },
    /// A secondary or supplementary record that is not next to its primary one.
    #[error("there is no primary record of \"{0}\" next to this secondary or supplementary one")]
    NoPrimary(String),
    /// Two files, or mates one after the other, that are out of step.
    #[error("R1 and R2 differ at pair {pair}: {first} and {second}")]
    Mates {
        /// The pair's ordinal, from 1.
        pair: u64,
        /// R1's name in quotes, or that its file ended.
        first: String,
        /// The same of R2.
        second: String,
    },
    /// Mates one after the other in one file that are out of step.
    #[error("R1 and R2 differ at pair {pair}: {first} and {second}, one after the other")]
    Alternating {
        /// The pair's ordinal, from 1.
        pair: u64,
        /// R1's name in quotes.
        first: String,
        /// R2's.
        second: String,
    },
    /// Mates of one name in lock step whose headers say otherwise.
    #[error("pair {pair}: {first} and {second} are not marked as first and second mate")]
    Numbers {
        /// The pair's ordinal, from 1.
        pair: u64,
        /// R1's header in quotes.
        first: String,
        /// R2's.
        second: String,
    },
    /// Second mates where the first ones must be.
    #[error("R1 and R2 seem to be swapped: pair {pair} is {first} and {second}")]
    Swapped {
        /// The pair's ordinal, from 1.
        pair: u64,
        /// R1's header in quotes.
        first: String,
        /// R2's.
        second: String,
    },
    /// Two files that hold the same reads.
    #[error("R1 and R2 are the same reads, from the first header to the last quality score")]
    SameReads,
    /// Interleaved mates, and the last one is alone.
    #[error("the last record has no mate: an odd number of interleaved records")]
    Odd,
    /// One file of a pair is FASTQ and the other FASTA.
    #[error("R1 and R2 are of different formats: {first} and {second}")]
    Formats {
        /// R1's.
        first: &'static str,
        /// R2's.
        second: &'static str,
    },
    /// A later input is of another format than the first.
    #[error("it is {found}, but the inputs before it are {first}")]
    Lanes {
        /// The first input's format.
        first: &'static str,
        /// This one's.
        found: &'static str,
    },
    /// A line of a table that is not what it must be.
    #[error("line {number}: {what}")]
    Line {
        /// Which line, from 1.
        number: u64,
        /// What is wrong.
        what: String,
    },
    /// Paired records in an order that keeps mates apart.
    #[error("the records are sorted by coordinate, so mates are not adjacent")]
    CoordinateSorted,
    /// A mate that turns up long after the other.
    #[error("the records of \"{0}\" are not adjacent")]
    NotAdjacent(String),
}

/// Decoders fail as `io::Error`: this sorts them.
impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        // A decoder of ours that knew better than an error of I/O can say.
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

/// A header as a message can show it: quoted, escaped, its first word and comment.
pub(super) fn shown_header(header: &[u8]) -> String {
    const LONGEST: usize = 80;
    format!("\"{}\"", header[..header.len().min(LONGEST)].escape_ascii())
}

/// A name as a message can show it: short, and readable if it is text.
pub(super) fn shown_name(name: &[u8]) -> String {
    const LONGEST: usize = 80;
    match name.get(..LONGEST).filter(|_| name.len() > LONGEST) {
        Some(start) => String::from_utf8_lossy(start).into_owned() + "...",
        None => String::from_utf8_lossy(name).into_owned(),
    }
}

/// Some bytes as a message can show them: quoted, escaped, short.
pub(super) fn shown(bytes: &[u8]) -> String {
    const LONGEST: usize = 20;
    let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    match line.len() {
        0 => "an empty line".to_owned(),
        1..=LONGEST => format!("\"{}\"", line.escape_ascii()),
        _ => format!("\"{}...\"", line[..LONGEST].escape_ascii()),
    }
}
