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
use super::error::{Error, Result};
use super::lanes::Inputs;
use super::pairs::Collated;
use super::problem::shown;
use super::records::{Keep, Records, Step};
use super::{
    Collate, Header, InputCounts, Problem, bam, collate, cram, fasta, fastq, mate_names, pairs, sam, sam_to_bam,
};

/// How much of a file its format is told by: the first columns of a SAM line must fit.
const START: usize = 4096;

/// Where the reads of one lane come from; `-` is stdin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// One file: BAM, SAM or CRAM with or without pairs, or unpaired FASTQ or FASTA.
    Single(PathBuf),
    /// One FASTQ or FASTA file with R1 and R2 one after the other.
    Interleaved(PathBuf),
    /// Two FASTQ or FASTA files, R1 and R2.
    Pair(PathBuf, PathBuf),
}

impl Input {
    /// Its one or two files.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        let (first, second) = match self {
            Self::Single(path) | Self::Interleaved(path) => (path, None),
            Self::Pair(first, second) => (first, Some(second)),
        };
        std::iter::once(first).chain(second).map(PathBuf::as_path)
    }
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

/// Whether records are also kept as BAM stores them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Alignments {
    /// No: no output is BAM.
    #[default]
    Dropped,
    /// Yes, those that are no reads of their own with them: a BAM output wants them.
    Kept,
}

/// What to read and how.
#[derive(Clone, Debug)]
pub struct InputConfig {
    /// Where reads come from.
    pub inputs: Inputs,
    /// What forms a template.
    pub grouping: Grouping,
    /// Whether templates come with their records as BAM stores them.
    pub alignments: Alignments,
    /// How to regroup the records of BAM and SAM by name; none if mates are adjacent already.
    pub collate: Option<Collate>,
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
    /// The file it comes from; of a pair the first.
    pub path: PathBuf,
    /// Its format; none of an empty file.
    pub format: Option<Format>,
    /// Whether its records are pairs.
    pub layout: Layout,
    /// Bytes all its files take as stored, when they are regular ones: what `stored_bytes` counts up to.
    pub stored_size: Option<u64>,
    /// Whether it is read as single reads, though nobody said so, and begins with two mates.
    pub looks_interleaved: bool,
    /// The header a BAM output starts with.
    pub header: Header,
    /// Its templates, in input order. After an error it ends.
    pub stream: pairs::Stream,
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, format, layout, stored_size, looks_interleaved, header: _, stream: _ } = self;
        write!(f, "Templates({path:?}, {format:?}, {layout:?}, {stored_size:?}, {looks_interleaved:?})")
    }
}

/// A file whose format is known, and how its records belong together.
pub(super) struct Opened {
    path: PathBuf,
    /// None of an empty file.
    format: Option<Format>,
    stored_size: Option<u64>,
    /// Whether its first two records look like mates.
    starts_with_mates: bool,
    content: Buffer<Bytes>,
    mates: Mates,
}

/// Where the mates of a file's records are.
enum Mates {
    /// In the same file, if the records say so, or nowhere.
    AsTold,
    /// Next to them.
    Interleaved,
    /// In another file.
    In(Box<Opened>),
}

impl Opened {
    /// Opens the file or the two files of a lane.
    pub(super) async fn lane(input: &Input, config: &InputConfig, counts: &Arc<InputCounts>) -> Result<Self> {
        match input {
            Input::Single(path) => Self::open(path, config, counts).await,
            Input::Interleaved(path) => {
                let opened = Self::open(path, config, counts).await?;
                opened.letters_only("--interleaved is")?;
                Ok(Self { mates: Mates::Interleaved, ..opened })
            }
            Input::Pair(first, second) => {
                // Both at once: whoever writes two named pipes may wait for the second to be opened.
                let open = |path| Self::open(path, config, counts);
                let (first, second) = tokio::try_join!(open(first), open(second))?;
                first.with_mates(second)
            }
        }
    }

    /// Opens one file.
    pub(super) async fn open(path: &Path, config: &InputConfig, counts: &Arc<InputCounts>) -> Result<Self> {
        let opened = async {
            let (stored, stored_size) = open_file(path).await.map_err(Problem::Io)?;
            let (compression, mut content) = decompress(stored, config.workers, Arc::clone(counts)).await?;
            let format = detect(content.peek(START).await?)?;
            if format == Some(Format::Bam) && compression != Compression::Bgzf {
                return Err(Problem::NotBgzf);
            }
            if format == Some(Format::Cram) {
                let (reach, meter) = content.follow_decoder();
                let bam = cram::as_bam(content, config.reference.clone(), reach);
                content = Buffer::new(Box::new(bam) as Bytes).metered(meter);
            }
            let starts_with_mates = starts_with_mates(content.window(), format);
            Ok(Self { path: path.to_owned(), format, stored_size, starts_with_mates, content, mates: Mates::AsTold })
        };
        opened.await.map_err(|problem| error(path, problem))
    }

    /// The same file as R1, given the one that holds R2.
    pub(super) fn with_mates(mut self, mut second: Self) -> Result<Self> {
        self.letters_only("two files are")?;
        second.letters_only("two files are")?;
        if let (Some(first), Some(second)) = (self.format, second.format)
            && first != second
        {
            let problem = Problem::Formats { first: first.name(), second: second.name() };
            return Err(error(&self.path, problem));
        }
        // An empty file is of its mates' format.
        self.format = self.format.or(second.format);
        second.format = self.format;
        self.mates = Mates::In(Box::new(second));
        Ok(self)
    }

    /// Whether its records say themselves which mate they are.
    pub(super) fn is_alignment(&self) -> bool {
        matches!(self.format, Some(Format::Bam | Format::Sam | Format::Cram))
    }

    /// Whether its records are pairs.
    pub(super) fn layout(&self) -> Layout {
        match self.mates {
            Mates::AsTold if self.is_alignment() => Layout::Mixed,
            Mates::AsTold => Layout::Single,
            Mates::Interleaved | Mates::In(_) => Layout::Paired,
        }
    }

    /// Its records as templates.
    pub(super) async fn templates(mut self, config: &InputConfig, counts: Arc<InputCounts>) -> Result<Templates> {
        let (path, format, layout) = (self.path.clone(), self.format, self.layout());
        let stored_size = self.stored_size;
        let looks_interleaved = layout == Layout::Single && self.starts_with_mates;
        let (header, stream) = match std::mem::replace(&mut self.mates, Mates::AsTold) {
            Mates::AsTold if self.is_alignment() => self.alignments(config, counts).await?,
            _ if config.collate.is_some() && format.is_some() => {
                let (path, format) = (path.display(), format.map_or("", Format::name));
                return Err(Error::Layout(format!("--collate is for BAM, SAM and CRAM, but {path} is {format}")));
            }
            Mates::AsTold => (Header::unaligned(), pairs::each(self.records(letters(config), counts))),
            Mates::Interleaved => {
                let pairs = pairs::interleaved(self.records(letters(config), counts));
                (Header::unaligned(), regroup(pairs, config))
            }
            Mates::In(second) => {
                let [first, second] =
                    [self, *second].map(|opened| opened.records(letters(config), Arc::clone(&counts)));
                (Header::unaligned(), regroup(pairs::two_files(first, second), config))
            }
        };
        Ok(Templates { path, format, layout, stored_size, looks_interleaved, header, stream })
    }

    /// The header, and the templates of records that say themselves which mate they are.
    async fn alignments(mut self, config: &InputConfig, counts: Arc<InputCounts>) -> Result<(Header, pairs::Stream)> {
        let is_sam = self.format == Some(Format::Sam);
        let header =
            if is_sam { sam::read_header(&mut self.content).await } else { bam::read_header(&mut self.content).await };
        let header = header.map_err(|problem| error(&self.path, problem))?;
        let keep = stored(config, is_sam, &header).map_err(|problem| error(&self.path, problem))?;
        let records = self.records(keep, counts);
        Ok(match (config.grouping, config.alignments, &config.collate) {
            (Grouping::Each, Alignments::Dropped, _) => (header, pairs::each(records)),
            (_, _, Some(collate)) => {
                let framer = if is_sam { sam::frame } else { bam::frame };
                (header.grouped(), collate::regrouped(records, framer, collate)?)
            }
            (grouping, _, None) => {
                let order = header.order();
                (header, pairs::collated(records, Collated { order, grouping }))
            }
        })
    }

    /// Refuses alignments, whose records say themselves which mate they are.
    fn letters_only(&self, what: &str) -> Result<()> {
        match self.format {
            Some(format @ (Format::Bam | Format::Sam | Format::Cram)) => {
                let (path, format) = (self.path.display(), format.name());
                Err(Error::Layout(format!(
                    "{what} for FASTQ and FASTA, but {path} is {format}, whose records name their mate"
                )))
            }
            _ => Ok(()),
        }
    }

    fn records(self, keep: Keep, counts: Arc<InputCounts>) -> Records {
        let parse = match self.format {
            None | Some(Format::Fastq) => fastq::parse,
            Some(Format::Fasta) => fasta::parse,
            Some(Format::Bam | Format::Cram) => bam::parse,
            Some(Format::Sam) => sam::parse,
        };
        Records::new(&self.path, self.content, parse, keep, counts)
    }
}

/// Whether a file's start has two whole records of FASTQ or FASTA that look like mates.
fn starts_with_mates(start: &[u8], format: Option<Format>) -> bool {
    let parse = match format {
        Some(Format::Fastq) => fastq::parse,
        Some(Format::Fasta) => fasta::parse,
        _ => return false,
    };
    let next = |at: usize| match parse(&start[at..], false) {
        Ok(Step::Record(record, len)) => Some((record, at + len)),
        _ => None,
    };
    let two = next(0).and_then(|(first, at)| next(at).map(|(second, _)| mate_names::alike(&first, &second)));
    two.unwrap_or(false)
}

/// How FASTQ and FASTA records are kept, if they are.
fn letters(config: &InputConfig) -> Keep {
    match config.alignments {
        Alignments::Dropped => Keep::Nothing,
        Alignments::Kept => Keep::Letters,
    }
}

/// How the records of a BAM or SAM file are kept, if they are.
fn stored(config: &InputConfig, is_sam: bool, header: &Header) -> Result<Keep, Problem> {
    Ok(match (config.alignments, is_sam) {
        (Alignments::Dropped, _) => Keep::Nothing,
        (Alignments::Kept, true) => Keep::Sam(Box::new(sam_to_bam::Encoder::new(header)?)),
        (Alignments::Kept, false) => Keep::Bam,
    })
}

/// Pairs, or their mates apart. Where records are kept, a pair stays whole: the kept ones tell their order.
fn regroup(pairs: pairs::Stream, config: &InputConfig) -> pairs::Stream {
    match (config.grouping, config.alignments) {
        (Grouping::Each, Alignments::Dropped) => pairs::apart(pairs),
        _ => pairs,
    }
}

pub(super) fn error(path: &Path, problem: Problem) -> Error {
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
