//! Warnings of a run, each with a stable code for programs and a sentence for people.

use std::path::PathBuf;

use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::words::{counted, grouped, of_reads};

/// Something that the user should know, though it does not stop the run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Warning {
    /// Single reads that look like interleaved pairs: the two mates follow each other.
    #[error("{} begins with two mates, but its reads are judged one by one", .path.display())]
    JudgedApart {
        /// The input.
        path: PathBuf,
    },
    /// The input holds no reads, which is more often a mistake upstream than intended.
    #[error("no reads were found in the input, so the outputs are empty")]
    NoReads,
    /// A reference is given, but the input is not CRAM.
    #[error("the reference has no effect: {} is {format}, not CRAM", .path.display())]
    ReferenceUnused {
        /// The input.
        path: PathBuf,
        /// The format of the input.
        format: &'static str,
    },
    /// A BGZF file of text lacks the end-of-file marker, so a cut between two blocks would go unnoticed.
    #[error("{} has no BGZF end marker: if it was cut between two blocks, reads are missing", .path.display())]
    NoEndMarker {
        /// The input.
        path: PathBuf,
    },
    /// Records have tags of another program with our names. They stay, and ours are left out of these records.
    #[error("records of {} already have tags cp or cf of another program; these are kept, and ours are left out", .path.display())]
    TagsTaken {
        /// The input.
        path: PathBuf,
    },
    /// An attention mode is given, but the model has no attention.
    #[error("the attention mode has no effect: {model} has no attention")]
    AttentionUnused {
        /// The model's name.
        model: String,
    },
    /// The prior was estimated by a run with another model.
    #[error("the prior was estimated with {theirs}, and this run's model is {ours}")]
    PriorOfAnotherModel {
        /// The model of the report that `--prior` takes.
        theirs: String,
        /// The model of this run.
        ours: String,
    },
    /// An instruction set is asked for that the CPU does not have or the model does not use.
    #[error("READSEEKER_CPU={asked} has no effect: {instead}")]
    InstructionsUnavailable {
        /// The instruction set that was asked for.
        asked: String,
        /// What the CPU has, or what is used instead.
        instead: String,
    },
    /// A message about the model's device.
    #[error("{0}")]
    Device(String),
    /// Many reads are too short to be scored.
    #[error("{} not be scored: fewer than {min_length} known bases", of_reads(*.reads, *.of, ["could", "could"]))]
    Unscored {
        /// The number of reads that are too short.
        reads: u64,
        /// The number of all reads.
        of: u64,
        /// The number of known bases that a read needs.
        min_length: usize,
    },
    /// Most reads are so short that the model is often wrong.
    #[error("most reads ({} of {}) are shorter than {length} bases, where the model is less accurate", grouped(*.reads), grouped(*.of))]
    Short {
        /// The number of reads that are that short.
        reads: u64,
        /// The number of all reads.
        of: u64,
        /// The length in bases that these reads fall short of.
        length: usize,
    },
    /// Many reads are longer than the part of them that the model sees.
    #[error("{} longer than {bases} bases, and the model sees only the first {bases} of each", of_reads(*.reads, *.of, ["is", "are"]))]
    Truncated {
        /// The number of reads that are longer.
        reads: u64,
        /// The number of all reads.
        of: u64,
        /// The number of bases of a read that the model sees.
        bases: usize,
    },
    /// Many reads have many unknown bases.
    #[error("{} unknown bases (N) at a tenth of the positions or more", of_reads(*.reads, *.of, ["has", "have"]))]
    Unknown {
        /// The number of reads with many unknown bases.
        reads: u64,
        /// The number of all reads.
        of: u64,
    },
    /// Many reads are repeats of a few bases.
    #[error(
        "{} of low complexity (repeats of up to six bases): few such reads were in the model's training data",
        of_reads(*.reads, *.of, ["is", "are"])
    )]
    LowComplexity {
        /// The number of reads that are repeats.
        reads: u64,
        /// The number of all reads.
        of: u64,
    },
    /// Many reads have a GC content that few genomes have.
    #[error(
        "{} a GC content below 15% or above 80%: few such reads were in the model's training data",
        of_reads(*.reads, *.of, ["has", "have"])
    )]
    OddGc {
        /// The number of reads with such a GC content.
        reads: u64,
        /// The number of all reads.
        of: u64,
    },
    /// Many reads are long and rich in errors, and the model loses the reading frame at insertions and deletions.
    #[error(
        "{reads} of {of} reads are longer than {longer_than} bases and have many sequencing errors (2% or more by their \
         quality scores): this model misses genes with insertions and deletions, use the built-in model"
    )]
    ErrorRich {
        /// The number of reads that are long and rich in errors.
        reads: u64,
        /// The number of all reads.
        of: u64,
        /// The length in bases that these reads exceed.
        longer_than: usize,
    },
    /// The model is unsure of most reads.
    #[error(
        "the model is unsure of most reads ({} a probability between 0.1 and 0.9): these reads may be unlike those it was \
         trained on",
        of_reads(*.reads, *.of, ["has", "have"])
    )]
    Unsure {
        /// The number of reads that the model is unsure of.
        reads: u64,
        /// The number of all reads.
        of: u64,
    },
    /// A model made for GPUs took hours on a CPU.
    #[error(
        "{model} scored {} a second on this device, so the run took {}",
        counted(*.reads_per_second, "read"),
        counted(*.minutes, "minute")
    )]
    Slow {
        /// The model's name.
        model: String,
        /// Reads scored per second.
        reads_per_second: u64,
        /// How long the run took.
        minutes: u64,
    },
    /// A warning of an earlier run, from its report.
    #[error("{message}")]
    Reported {
        /// The code of the warning.
        code: String,
        /// The message of the warning.
        message: String,
    },
}

impl Warning {
    /// Makes the warning that instructions `asked` for have no effect, with what is used `instead`.
    #[must_use]
    pub fn instructions_unavailable((asked, instead): (String, String)) -> Self {
        Self::InstructionsUnavailable { asked, instead }
    }

    /// The code of the warning, which never changes its meaning.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Reported { code, .. } => code,
            Self::JudgedApart { .. } => "mates_judged_apart",
            Self::NoReads => "no_reads",
            Self::ReferenceUnused { .. } => "reference_unused",
            Self::NoEndMarker { .. } => "no_end_marker",
            Self::TagsTaken { .. } => "tags_taken",
            Self::AttentionUnused { .. } => "attention_unused",
            Self::PriorOfAnotherModel { .. } => "prior_of_another_model",
            Self::InstructionsUnavailable { .. } => "instructions_unavailable",
            Self::Device(_) => "device",
            Self::Unscored { .. } => "unscored_reads",
            Self::Short { .. } => "short_reads",
            Self::Truncated { .. } => "truncated_reads",
            Self::Unknown { .. } => "unknown_bases",
            Self::LowComplexity { .. } => "low_complexity",
            Self::OddGc { .. } => "odd_gc",
            Self::ErrorRich { .. } => "error_rich_reads",
            Self::Unsure { .. } => "unsure_model",
            Self::Slow { .. } => "slow_model",
        }
    }
}

/// Serializes the warning as its code and message.
impl Serialize for Warning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut warning = serializer.serialize_struct("Warning", 2)?;
        warning.serialize_field("code", self.code())?;
        warning.serialize_field("message", &self.to_string())?;
        warning.end()
    }
}

impl<'de> Deserialize<'de> for Warning {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Reported {
            code: String,
            message: String,
        }
        let Reported { code, message } = Reported::deserialize(deserializer)?;
        Ok(Self::Reported { code, message })
    }
}
