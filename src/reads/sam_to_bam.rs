//! SAM lines as BAM records, for a BAM output of SAM input: noodles reads the line and encodes it.

use std::num::NonZero;

use noodles::sam::alignment::io::Write;
use noodles::sam::header::record::value::Map;
use noodles::sam::header::record::value::map::ReferenceSequence;
use noodles::{bam, sam};

use super::Problem;
use super::header::Header;

/// Knows the numbers of the reference sequences' names.
pub(super) struct Encoder {
    header: sam::Header,
}

impl Encoder {
    /// # Errors
    /// [`Problem::Alignment`] where two reference sequences have one name: numbers would be wrong.
    pub(super) fn new(header: &Header) -> Result<Self, Problem> {
        let references = header.references().iter().map(|reference| {
            let length = usize::try_from(reference.length).ok().and_then(NonZero::new).unwrap_or(NonZero::<usize>::MIN);
            (reference.name.as_slice().into(), Map::<ReferenceSequence>::new(length))
        });
        let encoder = Self { header: sam::Header::builder().set_reference_sequences(references.collect()).build() };
        if encoder.header.reference_sequences().len() < header.references().len() {
            return Err(Problem::Alignment {
                format: "SAM",
                what: "a reference sequence is named twice in the header",
            });
        }
        Ok(encoder)
    }

    /// The fields of a line's record, without the size before them.
    pub(super) fn encode(&self, line: &[u8]) -> Result<Vec<u8>, Problem> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let encode = || {
            let record = sam::Record::try_from(line)?;
            let mut writer = bam::io::Writer::from(Vec::new());
            writer.write_alignment_record(&self.header, &record)?;
            Ok(writer.into_inner().split_off(size_of::<u32>()))
        };
        encode().map_err(Problem::NotBam)
    }
}
