//! Decodes CRAM into the bytes of a BAM file, container by container, on a thread of its own.
//!
//! noodles decodes. This module does what noodles leaves to its caller: it catches panics, compares reference sequences
//! with the header's checksums, requires the end-of-file container, and refuses reads that need a missing reference.

use std::io::{self, Read};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use noodles::sam;
use noodles::sam::alignment::Record as _;
use noodles::sam::alignment::io::Write as _;
use noodles::{bam, cram, fasta};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::runtime::Handle;

use super::claims::Checked;
use super::reference::{Reference, UNKNOWN_BASE};
use super::tags;
use crate::reads::Problem;
use crate::reads::bytes::meter::Reach;
use crate::reads::bytes::relay::{CHUNK, Feed, Relay};

/// The name of the decoding thread. A panic there means a damaged file, and is caught and reported as such: whoever
/// prints panics leaves those of this thread out.
pub(in crate::reads) const THREAD: &str = "cram-decoder";

/// The stack size of the thread: noodles keeps tables of 256 x 256 numbers in frames of its decoders, several at a
/// time.
const STACK: usize = 64 << 20;

/// The body of the container that ends a file, after its header (CRAM specification, 9).
const EOF_BODY: [u8; 15] = [0, 1, 0, 6, 6, 1, 0, 1, 0, 1, 0, 0xee, 0x63, 0x01, 0x4b];

/// The offset of the mapping quality in a BAM record that starts with its block size.
const MAPPING_QUALITY: usize = 13;

/// The offset of the template length, which has four bytes.
const TEMPLATE_LENGTH: usize = 32;

/// Decodes `stored`, a CRAM file, into the bytes of a BAM file.
pub(in crate::reads) fn as_bam(
    stored: impl AsyncRead + Send + Unpin + 'static,
    reference: Option<PathBuf>,
    reach: Arc<Reach>,
) -> io::Result<Relay> {
    let stored = Blocking { stored, runtime: Handle::current() };
    Relay::on_thread(THREAD, STACK, reach, move |feed| {
        let decoded = caught(|| decode(stored, reference, feed));
        decoded.unwrap_or_else(|panic| Err(Problem::Cram(panic))).map_err(io::Error::other)
    })
}

fn decode(stored: impl Read, reference: Option<PathBuf>, feed: &Feed) -> Result<(), Problem> {
    let mut reader = cram::io::Reader::new(Checked::new(stored));
    let (text, header) = read_header(&mut reader)?;
    let mut bytes = Vec::new();
    write_header(&text, &header, &mut bytes);
    let mut decoder = Decoder {
        needs_reference: reference.is_none(),
        sequences: fasta::Repository::new(Reference::open(reference, &header)?),
        header,
        bam: bam::io::Writer::from(bytes),
    };
    let mut container = cram::io::reader::Container::default();
    while reader.read_container(&mut container).map_err(unreadable)? > 0 {
        decoder.write_records(&container, reader.get_ref())?;
        let bytes = decoder.bam.get_mut();
        if bytes.len() >= CHUNK && feed.give(std::mem::take(bytes)).is_err() {
            return Ok(());
        }
    }
    check_end(reader.get_mut())?;
    let _unread = feed.give(decoder.bam.into_inner());
    Ok(())
}

/// Reads the header: its text as it is, and as noodles parses it.
fn read_header(reader: &mut cram::io::Reader<impl Read>) -> Result<(Vec<u8>, sam::Header), Problem> {
    let mut start = reader.header_reader();
    start.read_magic_number()?;
    let version = start.read_format_version()?;
    if version.major() != 3 {
        return Err(Problem::Cram(format!("it is of version {}.{}, not 3.x", version.major(), version.minor())));
    }
    start.read_file_id()?;
    let mut container = start.container_reader()?;
    let mut text = Vec::new();
    container.raw_sam_header_reader()?.read_to_end(&mut text)?;
    container.discard_to_end()?;
    let end = text.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    text.truncate(end);
    let header = sam::io::Reader::new(text.as_slice()).read_header().map_err(|error| unfit("its header", &error))?;
    Ok((text, header))
}

/// Writes what comes before the records of a BAM file.
fn write_header(text: &[u8], header: &sam::Header, into: &mut Vec<u8>) {
    let length = |n: usize| u32::try_from(n).expect("CRAM has lengths of 31 bits").to_le_bytes();
    into.extend(b"BAM\x01");
    into.extend(length(text.len()));
    into.extend(text);
    into.extend(length(header.reference_sequences().len()));
    for (name, sequence) in header.reference_sequences() {
        into.extend(length(name.len() + 1));
        into.extend_from_slice(name);
        into.push(0);
        into.extend(length(sequence.length().get()));
    }
}

/// Checks that the file ends with the right container, whose header noodles has read, and with nothing after it.
fn check_end(stored: &mut impl Read) -> Result<(), Problem> {
    let mut rest = Vec::new();
    stored.take(EOF_BODY.len() as u64 + 1).read_to_end(&mut rest)?;
    if rest.len() < EOF_BODY.len() {
        Err(Problem::Cut)
    } else if rest.len() > EOF_BODY.len() {
        Err(Problem::Cram("there is something after its end".into()))
    } else if rest != EOF_BODY {
        Err(Problem::Cram("the container that ends it is not the one that CRAM has for that".into()))
    } else {
        Ok(())
    }
}

/// Turns containers into BAM records.
struct Decoder {
    header: sam::Header,
    sequences: fasta::Repository,
    /// Whether no reference is given, so that a base taken from it must be refused.
    needs_reference: bool,
    bam: bam::io::Writer<Vec<u8>>,
}

impl Decoder {
    /// Writes the records of a container; `claims` knows what it and its slices claim about themselves.
    fn write_records(
        &mut self,
        container: &cram::io::reader::Container,
        claims: &Checked<impl Read>,
    ) -> Result<(), Problem> {
        let damaged = |error: io::Error| unfit("a container", &error);
        let compression = container.compression_header().map_err(damaged)?;
        let mut count = 0;
        for (n, slice) in container.slices().enumerate() {
            let slice = slice.map_err(damaged)?;
            let (core, external) = slice.decode_blocks().map_err(damaged)?;
            let block = |content: i32| Some(&*external.iter().find(|(id, _)| *id == content)?.1);
            let claimed = claims.slices().get(n).and_then(Option::as_ref);
            if let Some(embedded) = claimed.and_then(|slice| slice.embedded.as_ref()) {
                embedded.check(block)?;
            }
            let extent = claimed.and_then(|slice| slice.extent.as_ref());
            let bytes = core.len() + external.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
            claims
                .series()
                .check(bytes as u64, |content| block(content.cast_signed()))
                .map_err(|what| Problem::Cram(what.into()))?;
            let records = slice.records(self.sequences.clone(), &self.header, &compression, &core, &external);
            let records = records.map_err(|error| self.problem(error))?;
            count += records.len();
            let turned = turned(&records).map_err(|error| self.problem(error))?;
            for (record, turned) in records.iter().zip(turned) {
                check_place(record, extent)?;
                self.check_bases(record)?;
                write(&mut self.bam, &self.header, record, turned).map_err(|error| self.problem(error))?;
            }
        }
        if count != container.header().record_count() {
            return Err(Problem::Cram(format!(
                "{count} records in a container of {}",
                container.header().record_count()
            )));
        }
        // In files sorted by coordinate, earlier sequences are no longer needed; in any other order, all stay in
        // memory.
        if !container.header().reference_sequence_context().is_many() && self.sequences.len() > 1 {
            self.sequences.clear();
        }
        Ok(())
    }

    /// Checks that a record has as many bases as its length says. noodles rebuilds them from the differences to the
    /// reference, and cuts them to that length.
    fn check_bases(&self, record: &cram::Record<'_>) -> Result<(), Problem> {
        if record.flags()?.is_unmapped() {
            return Ok(());
        }
        let sequence = record.sequence();
        let (mut bases, mut unknown) = (0, false);
        sequence.iter().for_each(|base| {
            bases += 1;
            unknown |= base == UNKNOWN_BASE;
        });
        if unknown && self.needs_reference {
            return Err(Problem::NoReference);
        }
        if bases == sequence.len() {
            return Ok(());
        }
        Err(Problem::Cram(format!("{bases} bases in record {:?}, whose length is {}", name_of(record), sequence.len())))
    }

    /// Turns an error of noodles, or of the reference behind it, into a problem.
    fn problem(&self, error: io::Error) -> Problem {
        match error.downcast::<Problem>() {
            Ok(problem) => problem,
            Err(error) if !error.to_string().contains("checksum mismatch") => unfit("a slice", &error),
            Err(_) if self.needs_reference => Problem::NoReference,
            Err(_) => Problem::WrongReference("a part of it".into()),
        }
    }
}

/// Checks that a record lies within the extent that its slice claims for all of its records, if it claims one: beyond
/// that, noodles takes bases from a reference that the file was not made with. A mapped record without a position is
/// refused, as in htslib.
fn check_place(record: &cram::Record<'_>, extent: Option<&Range<usize>>) -> Result<(), Problem> {
    let (start, end) = (record.alignment_start().transpose()?, record.alignment_end().transpose()?);
    if start.is_none() && !record.flags()?.is_unmapped() {
        return Err(Problem::Cram(format!(
            "record {:?} is at position 0, but not marked as unmapped",
            name_of(record)
        )));
    }
    let (Some(extent), Some(start), Some(end)) = (extent, start, end) else { return Ok(()) };
    let has_none = end < start; // all of it is clipped or inserted: no base comes from the reference
    if record.flags()?.is_unmapped() || has_none || extent.contains(&start.get()) && extent.contains(&end.get()) {
        return Ok(());
    }
    Err(Problem::Cram(format!("record {:?} lies outside of its slice's extent", name_of(record))))
}

fn name_of(record: &cram::Record<'_>) -> String {
    record.name().map_or_else(String::new, |name| name.escape_ascii().to_string())
}

/// Appends a record; its template length gets the other sign if `turned`.
fn write(
    bam: &mut bam::io::Writer<Vec<u8>>,
    header: &sam::Header,
    record: &cram::Record<'_>,
    turned: bool,
) -> io::Result<()> {
    let start = bam.get_ref().len();
    if bam.write_alignment_record(header, record).is_err() {
        write_with_any_text(bam, header, record)?;
    }
    let bytes = &mut bam.get_mut()[start..];
    if turned {
        bytes[TEMPLATE_LENGTH..][..4].copy_from_slice(&(-record.template_length()?).to_le_bytes());
    }
    // CRAM does not store the mapping quality of an unmapped read, which noodles takes for a missing one.
    if record.flags()?.is_unmapped() {
        bytes[MAPPING_QUALITY] = 0;
    }
    Ok(())
}

/// Appends a record whose tags noodles' own writer refuses.
fn write_with_any_text(
    bam: &mut bam::io::Writer<Vec<u8>>,
    header: &sam::Header,
    record: &cram::Record<'_>,
) -> io::Result<()> {
    let start = bam.get_ref().len();
    let mut untagged = sam::alignment::RecordBuf::try_from_alignment_record(header, record)?;
    untagged.data_mut().clear();
    bam.write_alignment_record(header, &untagged)?;
    let bytes = bam.get_mut();
    tags::write(&*record.data(), bytes)?;
    let size = u32::try_from(bytes.len() - start - size_of::<u32>()).map_err(io::Error::other)?;
    bytes[start..][..size_of::<u32>()].copy_from_slice(&size.to_le_bytes());
    Ok(())
}

/// Finds the records whose template length has the wrong sign.
///
/// For mates in one slice, CRAM does not store a template length. noodles makes it positive for the first mate in the
/// file, but SAM for the leftmost. Lengths that the file does store, which follow other customs, are left alone by
/// noodles and by us: these are not the span of both mates.
fn turned(records: &[cram::Record<'_>]) -> io::Result<Vec<bool>> {
    let mut turned = vec![false; records.len()];
    for (i, first) in records.iter().enumerate() {
        let length = first.template_length()?;
        if length <= 0 {
            continue;
        }
        let same_name = records[i + 1..].iter().take_while(|record| record.name() == first.name());
        for (j, second) in (i + 1..).zip(same_name) {
            let starts = (first.alignment_start().transpose()?, second.alignment_start().transpose()?);
            let (Some(start), Some(leftmost)) = starts else { continue };
            let ends = (first.alignment_end().transpose()?, second.alignment_end().transpose()?);
            let span = ends.0.max(ends.1).map_or(0, |end| (usize::from(end) + 1).saturating_sub(leftmost.into()));
            if leftmost < start && second.template_length()? == -length && usize::try_from(length) == Ok(span) {
                (turned[i], turned[j]) = (true, true);
                break;
            }
        }
    }
    Ok(turned)
}

/// The problem if the next container cannot be read. If noodles rejects what it read, the container cannot be decoded
/// here.
fn unreadable(error: io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::InvalidData => unfit("a container", &error),
        _ => error.into(),
    }
}

fn unfit(what: &str, error: &io::Error) -> Problem {
    Problem::Cram(format!("{what}: {error}"))
}

/// Reads an async source on a thread that may block.
struct Blocking<R> {
    stored: R,
    runtime: Handle,
}

impl<R: AsyncRead + Unpin> Read for Blocking<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.runtime.block_on(self.stored.read(into))
    }
}

/// Runs `work` and returns its result, or the message of its panic.
fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| match panic.downcast::<String>() {
        Ok(words) => *words,
        Err(panic) => panic.downcast_ref::<&str>().map_or("not implemented", |words| *words).to_owned(),
    })
}
