//! Opens what the user named: files, pipes or stdin, of whatever format and compression their content shows.

use std::fmt;
use std::io;
use std::num::NonZero;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::fs::File;

use super::buffer::Buffer;
use super::compression::{Bytes, Compression, decompress};
use super::problem::shown;
use super::records::Records;
use super::{InputCounts, Problem, bam, cram, fasta, fastq, pairs, sam};
use crate::error::{Error, Result};

/// How much of a file its format is told by: the first columns of a SAM line must fit.
const START: usize = 4096;

/// Where reads come from; `-` is stdin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// One file: BAM, SAM or CRAM with or without pairs, or unpaired FASTQ or FASTA.
    Single(PathBuf),
    /// One FASTQ or FASTA file with R1 and R2 one after the other.
    Interleaved(PathBuf),
    /// Two FASTQ or FASTA files, R1 and R2.
    Pair(PathBuf, PathBuf),
}

/// What forms a template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grouping {
    /// All segments of one name.
    #[default]
    Templates,
    /// Every record alone: mates need not be adjacent, but two files must still match.
    Each,
}

/// What to read and how.
#[derive(Clone, Debug)]
pub struct InputConfig {
    /// Where reads come from.
    pub input: Input,
    /// What forms a template.
    pub grouping: Grouping,
    /// The FASTA file with the sequences a CRAM was made with.
    pub reference: Option<PathBuf>,
    /// How many BGZF blocks are inflated at once.
    pub workers: NonZero<usize>,
}

/// A format of reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Sequence and quality scores, four lines a record.
    Fastq,
    /// Sequence alone.
    Fasta,
    /// Binary alignments.
    Bam,
    /// Alignments as text.
    Sam,
    /// Alignments as differences from a reference.
    Cram,
}

impl Format {
    /// Its name as people write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fastq => "FASTQ",
            Self::Fasta => "FASTA",
            Self::Bam => "BAM",
            Self::Sam => "SAM",
            Self::Cram => "CRAM",
        }
    }
}

/// Whether an input's records are pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// No record has a mate.
    Single,
    /// Every record has a mate.
    Paired,
    /// Each record says for itself: BAM, SAM and CRAM.
    Mixed,
}

/// An opened input.
pub struct Templates {
    /// Its format; of an empty file FASTQ.
    pub format: Format,
    /// Whether its records are pairs.
    pub layout: Layout,
    /// Bytes it takes as stored, when it is regular files: what `stored_bytes` counts up to.
    pub stored_size: Option<u64>,
    /// Its templates, in input order. After an error it ends.
    pub stream: pairs::Stream,
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { format, layout, stored_size, stream: _ } = self;
        write!(f, "Templates({format:?}, {layout:?}, {stored_size:?})")
    }
}

/// Opens an input and reads as far as its format shows.
///
/// # Errors
/// [`Error::Input`] for a file that cannot be read or is of no format we know; [`Error::Usage`] where the format does
/// not go with the way it was given, such as two BAM files as a pair.
pub async fn open(config: &InputConfig, counts: Arc<InputCounts>) -> Result<Templates> {
    match &config.input {
        Input::Single(path) => {
            let opened = Opened::open(path, config, &counts).await?;
            opened.single(config.grouping, counts).await
        }
        Input::Interleaved(path) => {
            let opened = Opened::open(path, config, &counts).await?;
            opened.interleaved(config.grouping, counts)
        }
        Input::Pair(first, second) => {
            // Both at once: whoever writes two named pipes may wait for the second to be opened.
            let (first, second) =
                tokio::try_join!(Opened::open(first, config, &counts), Opened::open(second, config, &counts))?;
            Opened::pair(first, second, config.grouping, &counts)
        }
    }
}

/// A file whose format is known.
struct Opened {
    path: PathBuf,
    /// None of an empty file.
    format: Option<Format>,
    stored_size: Option<u64>,
    content: Buffer<Bytes>,
}

impl Opened {
    async fn open(path: &Path, config: &InputConfig, counts: &Arc<InputCounts>) -> Result<Self> {
        let opened = async {
            let (stored, stored_size) = open_file(path).await.map_err(Problem::Io)?;
            let (compression, mut content) = decompress(stored, config.workers, Arc::clone(counts)).await?;
            let format = detect(content.peek(START).await?)?;
            if format == Some(Format::Bam) && compression != Compression::Bgzf {
                return Err(Problem::NotBgzf);
            }
            if format == Some(Format::Cram) {
                content = Buffer::new(Box::new(cram::as_bam(content, config.reference.clone())));
            }
            Ok(Self { path: path.to_owned(), format, stored_size, content })
        };
        opened.await.map_err(|problem| error(path, problem))
    }

    async fn single(mut self, grouping: Grouping, counts: Arc<InputCounts>) -> Result<Templates> {
        let format = self.format.unwrap_or(Format::Fastq);
        let stored_size = self.stored_size;
        let header = match format {
            Format::Bam | Format::Cram => bam::read_header(&mut self.content).await,
            Format::Sam => sam::read_header(&mut self.content).await,
            Format::Fastq | Format::Fasta => {
                let stream = pairs::each(self.records(counts));
                return Ok(Templates { format, layout: Layout::Single, stored_size, stream });
            }
        };
        let order = header.map_err(|problem| error(&self.path, problem))?;
        let stream = match grouping {
            Grouping::Templates => pairs::collated(self.records(counts), order),
            Grouping::Each => pairs::each(self.records(counts)),
        };
        Ok(Templates { format, layout: Layout::Mixed, stored_size, stream })
    }

    fn interleaved(self, grouping: Grouping, counts: Arc<InputCounts>) -> Result<Templates> {
        let format = self.letters_only("--interleaved is")?.unwrap_or(Format::Fastq);
        let stored_size = self.stored_size;
        let stream = pairs::interleaved(self.records(counts));
        Ok(Templates { format, layout: Layout::Paired, stored_size, stream: regroup(stream, grouping) })
    }

    fn pair(first: Self, second: Self, grouping: Grouping, counts: &Arc<InputCounts>) -> Result<Templates> {
        let formats = (first.letters_only("two files are")?, second.letters_only("two files are")?);
        let format = match formats {
            (Some(first_format), Some(second_format)) if first_format != second_format => {
                let problem = Problem::Formats { first: first_format.name(), second: second_format.name() };
                return Err(error(&first.path, problem));
            }
            (first, second) => first.or(second).unwrap_or(Format::Fastq),
        };
        let stored_size = first.stored_size.zip(second.stored_size).map(|(first, second)| first + second);
        let stream = pairs::two_files(first.records(Arc::clone(counts)), second.records(Arc::clone(counts)));
        Ok(Templates { format, layout: Layout::Paired, stored_size, stream: regroup(stream, grouping) })
    }

    /// Refuses alignments, whose records say themselves which mate they are.
    fn letters_only(&self, what: &str) -> Result<Option<Format>> {
        match self.format {
            Some(format @ (Format::Bam | Format::Sam | Format::Cram)) => {
                let (path, format) = (self.path.display(), format.name());
                Err(Error::Usage(format!(
                    "{what} for FASTQ and FASTA, but {path} is {format}, whose records name their mate"
                )))
            }
            format => Ok(format),
        }
    }

    fn records(self, counts: Arc<InputCounts>) -> Records {
        let parse = match self.format {
            None | Some(Format::Fastq) => fastq::parse,
            Some(Format::Fasta) => fasta::parse,
            Some(Format::Bam | Format::Cram) => bam::parse,
            Some(Format::Sam) => sam::parse,
        };
        Records::new(&self.path, self.content, parse, counts)
    }
}

/// Pairs, or their mates apart.
fn regroup(pairs: pairs::Stream, grouping: Grouping) -> pairs::Stream {
    match grouping {
        Grouping::Templates => pairs,
        Grouping::Each => pairs::apart(pairs),
    }
}

fn error(path: &Path, problem: Problem) -> Error {
    Error::Input { input: path.to_owned(), at: None, problem }
}

/// The bytes of a file as stored, and their number if it is a regular file.
async fn open_file(path: &Path) -> io::Result<(Bytes, Option<u64>)> {
    let file = if path == Path::new("-") {
        // As a plain file, not `tokio::io::stdin`: no second buffer, and its size is known if it is a file.
        File::from_std(io::stdin().as_fd().try_clone_to_owned()?.into())
    } else {
        File::open(path).await?
    };
    let metadata = file.metadata().await?;
    let stored_size = metadata.is_file().then_some(metadata.len());
    Ok((Box::new(file), stored_size))
}

/// The format of a decompressed file, by how it starts; none if it is empty.
fn detect(start: &[u8]) -> Result<Option<Format>, Problem> {
    match start.trim_ascii_start() {
        [] if start.is_empty() || start.contains(&b'\n') => Ok(None),
        [b'B', b'A', b'M', 1, ..] => Ok(Some(Format::Bam)),
        [b'C', b'R', b'A', b'M', 1..=4, ..] => Ok(Some(Format::Cram)),
        start if sam::is_sam(start) => Ok(Some(Format::Sam)),
        [b'@', ..] => Ok(Some(Format::Fastq)),
        [b'>', ..] => Ok(Some(Format::Fasta)),
        _ => Err(Problem::UnknownFormat(shown(start))),
    }
}
