//! Reads, whatever file they came from: records, the templates they form, and how both are read and written.
//!
//! | folder | what it does |
//! |---|---|
//! | `bytes` | streams of bytes between a file and a parser |
//! | `codecs` | compression, in and out |
//! | `formats` | FASTQ, FASTA, BAM, SAM, CRAM: one record after the other |
//! | `grouping` | which records form a template |
//! | `input` | what the user named, opened as a stream of templates |
//! | `output` | reads and tables into files, whole or not at all |
//!
//! Nothing outside this module knows noodles or a file format. It must not know what a model, a verdict or a flag is.

mod alignment;
mod bytes;
mod codecs;
mod counts;
mod error;
mod formats;
mod grouping;
mod index;
mod input;
mod mate;
mod name_hash;
pub mod output;
mod problem;
mod record;
mod score;
mod template;
#[cfg(test)]
mod tests;
mod text;

pub use alignment::Alignment;
pub use codecs::codec::Codec;
pub use codecs::encoder::EncoderConfig;
pub use counts::{Count, InputCounts};
pub use error::{Error, GivenAs, LayoutError, Position, Result};
pub use formats::format::Format;
pub use formats::header::Header;
pub use formats::placement::Placement;
pub use formats::strand::reverse_complement;
pub use grouping::rule::{Collate, Grouping, MateNames};
pub use index::{Index, build as build_index};
pub use input::lanes::open;
pub use input::part::{Part, Place};
pub use input::settings::{Alignments, Input, InputConfig, Inputs};
pub use input::templates::{Layout, Templates};
pub use mate::Mate;
pub use name_hash::name_hash;
pub use problem::Problem;
pub use record::Record;
pub use score::Score;

/// Whether a panic of the current thread means a damaged file, which is reported as an error: a panic hook may ignore
/// it.
#[must_use]
pub fn is_damage_reported_elsewhere() -> bool {
    std::thread::current().name() == Some(formats::cram::THREAD)
}
pub use template::{Segments, Template};
pub use text::Lines;
