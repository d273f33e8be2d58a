//! Opens the input: files, pipes or stdin, whose format and compression are detected from their content.

use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::fs::File;

use super::part::Place;
use super::settings::{Alignments, Input, InputConfig};
use super::templates::{Layout, Templates};
use crate::paths::{Stream, ensure_open};
use crate::reads::bytes::in_step::{self, Side};
use crate::reads::bytes::window::{Bytes, Window};
use crate::reads::codecs::decompress::decompress;
use crate::reads::error::{Error, GivenAs, LayoutError, Result};
use crate::reads::formats::format::{Format, detect};
use crate::reads::formats::parse::Step;
use crate::reads::formats::records::{Keep, Records};
use crate::reads::formats::{bam, bam_header, cram, fasta, fastq, sam, sam_to_bam};
use crate::reads::grouping::pairs::Collated;
use crate::reads::grouping::rule::{Grouping, MateNames};
use crate::reads::grouping::{collate, mate_names, pairs};
use crate::reads::{Codec, Header, InputCounts, Problem};

/// The number of bytes that are enough to detect a format: the first columns of a SAM line must fit.
const START: usize = 4096;

/// The mark that some editors put before a text to say that it is UTF-8.
pub(in crate::reads) const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// An opened file with its format, and how its records belong together.
pub(in crate::reads) struct Opened {
    path: PathBuf,
    /// The format; `None` for an empty file.
    format: Option<Format>,
    stored_size: Option<u64>,
    /// Whether the file's first two records look like mates.
    starts_with_mates: bool,
    codec: Codec,
    content: Window<Bytes>,
    mates: MateSource,
    /// The part of the file to read, and the number of records before it; `None` for the whole file.
    part: Option<(Place, u64)>,
}

/// Where the mates of a file's records are.
enum MateSource {
    /// The mates are in the same file if the records say so; otherwise there are none.
    Record,
    /// The mates are next to their records in the same file.
    Interleaved,
    /// The mates are in another file.
    In(Box<Opened>),
}

impl Opened {
    /// Opens the one or two files of a lane.
    pub(in crate::reads) async fn lane(input: &Input, config: &InputConfig, counts: &Arc<InputCounts>) -> Result<Self> {
        match input {
            Input::Single(path) => Self::open(path, None, config, counts).await,
            Input::Interleaved(path) => {
                let opened = Self::open(path, None, config, counts).await?;
                opened.letters_only(GivenAs::Interleaved)?;
                Ok(Self { mates: MateSource::Interleaved, ..opened })
            }
            Input::Pair(first, second) => {
                let [first, second] = Self::open_two([first, second], config, counts).await?;
                first.with_mates(second)
            }
        }
    }

    /// Opens two files that may hold mates.
    pub(in crate::reads) async fn open_two(
        [first, second]: [&Path; 2],
        config: &InputConfig,
        counts: &Arc<InputCounts>,
    ) -> Result<[Self; 2]> {
        let [one, other] = in_step::pair(config.read_ahead);
        // Both files are opened at once: whoever writes two named pipes may wait for the second to be opened.
        let open = |path, side| Self::open(path, Some(side), config, counts);
        let (first, second) = tokio::try_join!(open(first, one), open(second, other))?;
        Ok([first, second])
    }

    /// Opens one file; `side` is given for one of a pair.
    async fn open(path: &Path, side: Option<Side>, config: &InputConfig, counts: &Arc<InputCounts>) -> Result<Self> {
        let opened = async {
            let opening = open_file(path);
            let opened = match &side {
                Some(side) if is_pipe(path).await => side.patiently(opening, path, counts).await,
                _ => opening.await,
            };
            let (mut stored, stored_size) = opened.map_err(Problem::Io)?;
            match side {
                Some(side) if stored_size.is_none() => {
                    stored = side.reading(stored, path.to_owned(), Arc::clone(counts));
                }
                Some(side) => side.never_waits(),
                None => {}
            }
            let (codec, mut content) = decompress(path, stored, config.workers, Arc::clone(counts)).await?;
            if content.peek(START).await?.starts_with(BYTE_ORDER_MARK) {
                content.skip(BYTE_ORDER_MARK.len());
            }
            // A file is empty only if nothing follows its blank lines.
            while content.peek(START).await?.iter().all(|&byte| fastq::is_line_end(byte))
                && !content.window().is_empty()
            {
                content.skip(content.window().len().min(START));
            }
            let format = detect(content.peek(START).await?)?;
            if format == Some(Format::Fasta) && fasta::holds_proteins(content.window()) {
                return Err(Problem::Protein);
            }
            if format == Some(Format::Bam) && codec != Codec::Bgzf {
                return Err(Problem::NotBgzf);
            }
            if format == Some(Format::Cram) {
                let (reach, meter) = content.follow_decoder();
                let bam = cram::as_bam(content, config.reference.clone(), reach)?;
                content = Window::new(Box::new(bam) as Bytes).metered(meter);
            }
            let starts_with_mates = starts_with_mates(content.window(), format);
            Ok(Self {
                path: path.to_owned(),
                format,
                stored_size,
                starts_with_mates,
                codec,
                content,
                mates: MateSource::Record,
                part: config.part.as_ref().and_then(|part| Some((part.place(path)?, part.records_before))),
            })
        };
        opened.await.map_err(|problem| error(path, problem))
    }

    /// Makes this file R1, and `second` R2.
    pub(in crate::reads) fn with_mates(mut self, mut second: Self) -> Result<Self> {
        self.letters_only(GivenAs::Pair)?;
        second.letters_only(GivenAs::Pair)?;
        if let (Some(first), Some(second)) = (self.format, second.format)
            && first != second
        {
            let problem = Problem::Formats { first: first.name(), second: second.name() };
            return Err(error(&self.path, problem));
        }
        // An empty file takes the format of its mates' file.
        self.format = self.format.or(second.format);
        second.format = self.format;
        self.mates = MateSource::In(Box::new(second));
        Ok(self)
    }

    /// Whether the records themselves say which mate they are.
    pub(in crate::reads) fn is_alignment(&self) -> bool {
        matches!(self.format, Some(Format::Bam | Format::Sam | Format::Cram))
    }

    /// The path of the file; of the first file for a pair.
    pub(in crate::reads) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the header with its text, if the file holds alignments.
    pub(in crate::reads) async fn header(mut self) -> Result<Option<Header>> {
        if self.is_alignment() { self.read_header(true).await.map(Some) } else { Ok(None) }
    }

    /// Reads the header at the start of the file.
    async fn read_header(&mut self, keeps_text: bool) -> Result<Header> {
        let header = if self.format == Some(Format::Sam) {
            sam::read_header(&mut self.content).await
        } else {
            bam_header::read(&mut self.content, keeps_text).await
        };
        let header = header.map_err(|problem| error(&self.path, problem))?;
        if keeps_text {
            header.check_text().map_err(|problem| error(&self.path, problem))?;
        }
        Ok(header)
    }

    /// Whether the records are pairs.
    pub(in crate::reads) fn layout(&self) -> Layout {
        match self.mates {
            MateSource::Record if self.is_alignment() => Layout::Mixed,
            MateSource::Record => Layout::Single,
            MateSource::Interleaved | MateSource::In(_) => Layout::Paired,
        }
    }

    /// Turns the records into templates.
    pub(in crate::reads) async fn templates(
        mut self,
        config: &InputConfig,
        counts: Arc<InputCounts>,
    ) -> Result<Templates> {
        let (path, format, layout) = (self.path.clone(), self.format, self.layout());
        let stored_size = self.stored_size;
        let looks_interleaved = layout == Layout::Single && self.starts_with_mates;
        let (header, stream) = match std::mem::replace(&mut self.mates, MateSource::Record) {
            MateSource::Record if self.is_alignment() => self.alignments(config, counts).await?,
            _ if config.collate.is_some() && format.is_some() => {
                let format = format.map_or("", Format::name);
                return Err(LayoutError::NotCollatable { input: path, format }.into());
            }
            MateSource::Record => {
                self.enter(config, &counts).await?;
                (Header::unaligned(), pairs::each(self.records(keep_letters(config), counts)))
            }
            MateSource::Interleaved => {
                let pairs = pairs::interleaved(self.records(keep_letters(config), counts), names(config));
                (Header::unaligned(), regroup(pairs, config))
            }
            MateSource::In(mut second) => {
                self.enter(config, &counts).await?;
                second.enter(config, &counts).await?;
                let [first, second] =
                    [self, *second].map(|opened| opened.records(keep_letters(config), Arc::clone(&counts)));
                (Header::unaligned(), regroup(pairs::two_files(first, second, names(config)), config))
            }
        };
        Ok(Templates { path, format, layout, stored_size, looks_interleaved, header, stream })
    }

    /// Reads the header, and groups records that themselves say which mate they are into templates.
    async fn alignments(mut self, config: &InputConfig, counts: Arc<InputCounts>) -> Result<(Header, pairs::Stream)> {
        let is_sam = self.format == Some(Format::Sam);
        let header = self.read_header(config.alignments == Alignments::Kept).await?;
        let keep = keep_alignments(config, is_sam, &header).map_err(|problem| error(&self.path, problem))?;
        self.enter(config, &counts).await?;
        let mut records = self.records(keep, counts);
        if !is_sam {
            records = records.on_references(header.references().len());
        }
        Ok(match (config.grouping, config.alignments, &config.collate) {
            (Grouping::Each, Alignments::Dropped, _) => (header, pairs::each_in_order(records)),
            (_, Alignments::OfReads, _) => (header, pairs::each_with_alignment(records)),
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

    /// Moves to the part of the file that is to be read, once the start of the file has been read.
    async fn enter(&mut self, config: &InputConfig, counts: &Arc<InputCounts>) -> Result<()> {
        if let Some((place, _)) = &self.part {
            let content = place.content(config.workers, Arc::clone(counts)).await;
            self.content = content.map_err(|problem| error(&self.path, problem))?;
        }
        Ok(())
    }

    /// All records of the file, including secondary ones, after its header.
    pub(in crate::reads) async fn whole(mut self) -> Result<(Codec, Option<Format>, Records)> {
        let (codec, format) = (self.codec, self.format);
        let mut keep = Keep::Nothing;
        if format == Some(Format::Bam) {
            let header = bam_header::read(&mut self.content, false).await;
            header.map_err(|problem| error(&self.path, problem))?;
            keep = Keep::Bam;
        }
        Ok((codec, format, self.records(keep, Arc::default())))
    }

    /// Refuses alignments, whose records themselves say which mate they are.
    fn letters_only(&self, given_as: GivenAs) -> Result<()> {
        match self.format {
            Some(format @ (Format::Bam | Format::Sam | Format::Cram)) => {
                Err(LayoutError::NotLetters { input: self.path.clone(), format: format.name(), given_as }.into())
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
        let before = self.part.map_or(0, |(_, records)| records);
        Records::new(&self.path, self.content, parse, keep, counts).after(before)
    }
}

/// Whether the start of a file has two whole FASTQ or FASTA records that look like mates.
fn starts_with_mates(start: &[u8], format: Option<Format>) -> bool {
    let parse = match format {
        Some(Format::Fastq) => fastq::parse,
        Some(Format::Fasta) => fasta::parse,
        _ => return false,
    };
    let next = |mut at: usize| {
        if let Ok(Step::Blank(len)) = parse(&start[at..], false) {
            at += len;
        }
        match parse(&start[at..], false) {
            Ok(Step::Record(record, len)) => Some((record, at + len)),
            _ => None,
        }
    };
    let two = next(0).and_then(|(first, at)| next(at).map(|(second, _)| mate_names::alike(&first, &second)));
    two.unwrap_or(false)
}

/// Whether names of mates are compared: they always are for a BAM output, which tells mates by their name alone.
fn names(config: &InputConfig) -> MateNames {
    match config.alignments {
        Alignments::Dropped | Alignments::OfReads => config.mate_names,
        Alignments::Kept => MateNames::Compared,
    }
}

/// How FASTQ and FASTA records are kept.
fn keep_letters(config: &InputConfig) -> Keep {
    match config.alignments {
        Alignments::Dropped | Alignments::OfReads => Keep::Nothing,
        Alignments::Kept => Keep::Letters,
    }
}

/// How the records of a BAM or SAM file are kept.
fn keep_alignments(config: &InputConfig, is_sam: bool, header: &Header) -> Result<Keep, Problem> {
    Ok(match (config.alignments, is_sam) {
        (Alignments::Dropped, _) => Keep::Nothing,
        (Alignments::Kept | Alignments::OfReads, true) => Keep::Sam(Box::new(sam_to_bam::Encoder::new(header)?)),
        (Alignments::Kept | Alignments::OfReads, false) => Keep::Bam,
    })
}

/// Splits pairs if each mate is judged alone. If records are kept, pairs stay whole, as the kept ones determine their
/// order.
fn regroup(pairs: pairs::Stream, config: &InputConfig) -> pairs::Stream {
    match (config.grouping, config.alignments) {
        (Grouping::Each, Alignments::Dropped) => pairs::apart(pairs),
        _ => pairs,
    }
}

pub(in crate::reads) fn error(path: &Path, problem: Problem) -> Error {
    Error::Input { input: path.to_owned(), at: None, problem }
}

/// Whether the file is a named pipe, which someone else has to open before it can be read.
async fn is_pipe(path: &Path) -> bool {
    tokio::fs::metadata(path).await.is_ok_and(|metadata| metadata.file_type().is_fifo())
}

/// Opens a file and returns its stored bytes, and their number if it is a regular file.
pub(in crate::reads) async fn open_file(path: &Path) -> io::Result<(Bytes, Option<u64>)> {
    let file = if path == Path::new("-") {
        // A plain file instead of `tokio::io::stdin`: it has no second buffer, and its size is known if it is a regular
        // file.
        File::from_std(Stream::Stdin.file()?)
    } else {
        ensure_open(path, Stream::Stdin)?;
        File::open(path).await?
    };
    let metadata = file.metadata().await?;
    let stored_size = metadata.is_file().then_some(metadata.len());
    Ok((Box::new(file), stored_size))
}
