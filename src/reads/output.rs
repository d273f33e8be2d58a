//! Writes reads, and tables of them: FASTQ or FASTA, plain or compressed, whole or not at all.

use std::fs::{File, Permissions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use super::bam::UNKNOWN_QUALITY;
use super::encode::{self, Codec, Encoder};
use super::error::{Error, Result};
use super::record::PLUS_LINE;
use super::{Mate, Record, Score, annotation, word_len};

/// A format reads are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Sequence and quality scores, four lines a record.
    Fastq,
    /// Sequence alone.
    Fasta,
}

impl Format {
    /// The format a path's suffix asks for: FASTA for `.fa`, `.fasta` and `.fna`, compressed or not; else FASTQ.
    ///
    /// ```
    /// use readseeker::reads::output::Format;
    /// assert_eq!(Format::of("coding.fna.gz".as_ref()), Format::Fasta);
    /// assert_eq!(Format::of("coding.fq".as_ref()), Format::Fastq);
    /// ```
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let inner = if Codec::of(path) == Codec::Plain { path.to_owned() } else { path.with_extension("") };
        if has_suffix(&inner, &["fa", "fasta", "fna"]) { Self::Fasta } else { Self::Fastq }
    }
}

/// What a class's file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Reads as they were sequenced.
    Letters(Format),
    /// Records as they were stored, with alignment and tags.
    Bam,
}

impl Kind {
    /// What a path's suffix asks for: BAM for `.bam`, else a [`Format`].
    #[must_use]
    pub fn of(path: &Path) -> Self {
        if has_suffix(path, &["bam"]) { Self::Bam } else { Self::Letters(Format::of(path)) }
    }
}

/// Suffixes of what is not written here, and would mislead whoever goes by a name.
const NOT_WRITTEN: [&str; 9] = ["sam", "cram", "sra", "lz4", "lzma", "br", "zip", "7z", "z"];

/// The suffix of `path` that promises what is not written here: `.sam`, `.lz4`, or `.bam.gz` of what is BGZF already.
#[must_use]
pub fn misleading_suffix(path: &Path) -> Option<String> {
    let suffix = |path: &Path| format!(".{}", path.extension().unwrap_or_default().to_string_lossy());
    let inner = path.with_extension("");
    if Codec::of(path) != Codec::Plain && has_suffix(&inner, &["bam", "sam", "cram"]) {
        return Some(suffix(&inner) + &suffix(path));
    }
    has_suffix(path, &NOT_WRITTEN).then(|| suffix(path))
}

/// Whether names tell mates apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// Headers as they were read: mates go to a file each.
    AsRead,
    /// `/1` and `/2` after the names of mates that lack it: mates share a file.
    Numbered,
}

/// Appends a record as it is stored in a file.
pub fn write_record(record: &Record, format: Format, names: Names, into: &mut Vec<u8>) {
    write_annotated(record, None, format, names, into);
}

/// The same with what a run says of it at the end of the header line, in place of one that is there.
pub fn write_annotated(record: &Record, score: Option<&Score>, format: Format, names: Names, into: &mut Vec<u8>) {
    into.reserve(record.header().len() + record.bases().len() * 2 + 8);
    into.push(match format {
        Format::Fastq => b'@',
        Format::Fasta => b'>',
    });
    match score {
        None => write_header(record, record.header(), names, into),
        Some(score) => {
            write_header(record, annotation::without(record.header()), names, into);
            annotation::push(score, into);
        }
    }
    let header = record.header().len();
    match (format, record.as_fastq()) {
        (Format::Fasta, _) => into.extend_from_slice(&record.as_fasta()[header..]),
        (Format::Fastq, Some(text)) => into.extend_from_slice(&text[header..]),
        (Format::Fastq, None) => {
            into.extend_from_slice(&record.as_fasta()[header..]);
            into.extend_from_slice(PLUS_LINE);
            into.resize(into.len() + record.bases().len(), UNKNOWN_QUALITY);
        }
    }
    into.push(b'\n');
}

fn write_header(record: &Record, header: &[u8], names: Names, into: &mut Vec<u8>) {
    let word = word_len(header);
    let has_suffix = record.name().len() < word;
    let suffix: &[u8] = match (names, record.mate) {
        (Names::Numbered, Mate::First) if !has_suffix => b"/1",
        (Names::Numbered, Mate::Second) if !has_suffix => b"/2",
        _ => b"",
    };
    into.extend_from_slice(&header[..word]);
    into.extend_from_slice(suffix);
    into.extend_from_slice(&header[word..]);
}

/// Opens an output: `-` is stdout; a path's suffix says how it is compressed ([`Codec::of`]).
///
/// A regular file is written beside its place and gets there by [`Pending::commit`]; pipes and devices are written to
/// directly.
pub async fn create(path: &Path, config: encode::Config) -> Result<(Writer, Pending)> {
    create_as(path, Codec::of(path), config).await
}

/// The same, always written as BGZF: for BAM.
pub async fn create_bgzf(path: &Path, config: encode::Config) -> Result<(Writer, Pending)> {
    create_as(path, Codec::Bgzf, config).await
}

async fn create_as(path: &Path, codec: Codec, config: encode::Config) -> Result<(Writer, Pending)> {
    let (file, pending) = open_file(path).await.map_err(|source| failed(path, source))?;
    let encoder = Encoder::new(codec, config, file);
    Ok((Writer { path: path.to_owned(), encoder }, pending))
}

/// An output being written.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    encoder: Encoder,
}

impl Writer {
    /// Writes all of `bytes`, sooner or later.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.encoder.write(bytes).await.map_err(|source| failed(&self.path, source))
    }

    /// Writes what is still held back, and what ends a compressed file.
    ///
    /// Errors of earlier writes may show only here.
    pub async fn finish(self) -> Result<()> {
        self.encoder.finish().await.map_err(|source| failed(&self.path, source))
    }
}

/// An output that is not in its place yet. Dropped without [`commit`](Self::commit) it leaves nothing behind.
#[derive(Debug)]
#[must_use = "dropping it removes the output"]
pub struct Pending {
    /// The temporary file and where it belongs; none for pipes and devices.
    file: Option<(TempPath, PathBuf)>,
}

impl Pending {
    /// Puts the finished file in its place, over whatever is there.
    pub fn commit(self) -> Result<()> {
        match self.file {
            None => Ok(()),
            Some((file, place)) => file.persist(&place).map_err(|error| failed(&place, error.error)),
        }
    }
}

async fn open_file(path: &Path) -> io::Result<(File, Pending)> {
    let direct = Pending { file: None };
    // As a plain file, not `tokio::io::stdout`, which looks for line ends; and the very same one, not opened anew, which
    // would begin at the start of what `>>` appends to.
    match path.to_str() {
        Some("-" | "/dev/stdout") => return Ok((io::stdout().as_fd().try_clone_to_owned()?.into(), direct)),
        Some("/dev/stderr") => return Ok((io::stderr().as_fd().try_clone_to_owned()?.into(), direct)),
        _ => {}
    }
    if is_special(path) {
        let file = tokio::fs::File::options().append(true).open(path).await?;
        return Ok((file.into_std().await, direct));
    }
    // Through a symbolic link: what it points to is replaced, not the link.
    let place = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let (file, temporary) = create_beside(&place)?;
    if let Ok(replaced) = std::fs::metadata(&place) {
        file.set_permissions(replaced.permissions())?; // who may not read it must not read what replaces it
    }
    Ok((file, Pending { file: Some((temporary, place)) }))
}

/// A new file in the folder of `place`, with the permissions any new file gets.
fn create_beside(place: &Path) -> io::Result<(File, TempPath)> {
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.exists() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "its folder does not exist"));
    }
    let name = place.file_name().ok_or(io::ErrorKind::IsADirectory)?.to_string_lossy();
    let file = tempfile::Builder::new()
        .prefix(&format!(".{name}."))
        .suffix(".part")
        .permissions(Permissions::from_mode(0o666)) // the process's umask takes from these
        .tempfile_in(folder)?;
    Ok(file.into_parts())
}

/// Whether an output is written to directly: pipes and devices, and `/dev/stdout` or `/dev/fd/3` even where they lead to
/// a file, which is the shell's to replace.
#[must_use]
pub fn is_special(path: &Path) -> bool {
    let is_descriptor = path.starts_with("/dev/fd")
        || path.starts_with("/proc")
        || ["/dev/stdin", "/dev/stdout", "/dev/stderr"].iter().any(|stream| path == Path::new(stream));
    is_descriptor || path.metadata().is_ok_and(|metadata| !metadata.is_file())
}

fn has_suffix(path: &Path, suffixes: &[&str]) -> bool {
    path.extension().is_some_and(|extension| suffixes.iter().any(|suffix| extension.eq_ignore_ascii_case(suffix)))
}

/// Why an output could not be written; that the reader of stdout went away is no failure.
pub(crate) fn failed(path: &Path, source: io::Error) -> Error {
    let is_stdout = path == Path::new("-") || path == Path::new("/dev/stdout");
    if is_stdout && source.kind() == io::ErrorKind::BrokenPipe {
        return Error::OutputClosed;
    }
    Error::Output { output: path.to_owned(), source }
}
