//! What a run warns of: a stable code for programs, a sentence for people.

use std::path::PathBuf;

use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::words::{counted, grouped, of_reads};

/// Something that whoever started a run should know, though it does not stop it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Warning {
    /// Single reads that look like the two mates of pairs, one after the other.
    #[error("{} begins with two mates, but its reads are judged one by one", .path.display())]
    JudgedApart {
        /// The input.
        path: PathBuf,
    },
    /// An input without a single read, which is more often a slip upstream than meant.
    #[error("no reads were found in the input, so the outputs are empty")]
    NoReads,
    /// A reference is given, and the input is not CRAM.
    #[error("the reference has no effect: {} is {format}, not CRAM", .path.display())]
    ReferenceUnused {
        /// The input.
        path: PathBuf,
        /// Its format.
        format: &'static str,
    },
    /// A file of text in BGZF that lacks the marker of its end: a cut between two blocks would not show.
    #[error("{} has no BGZF end marker: if it was cut between two blocks, reads are missing", .path.display())]
    NoEndMarker {
        /// The input.
        path: PathBuf,
    },
    /// Records have tags of another program with the names of ours, which stay; ours are left out of these records.
    #[error("records of {} already have tags cp or cf of another program; these are kept, and ours are left out", .path.display())]
    TagsTaken {
        /// The input.
        path: PathBuf,
    },
    /// An attention mode is asked for, and the model has no attention.
    #[error("the attention mode has no effect: {model} has no attention")]
    AttentionUnused {
        /// The model's name.
        model: String,
    },
    /// The prior is what a run of another model estimated.
    #[error("the prior was estimated with {theirs}, and this run's model is {ours}")]
    PriorOfAnotherModel {
        /// The model of the report that `--prior` takes.
        theirs: String,
        /// This run's.
        ours: String,
    },
    /// Instructions are asked for that the CPU does not have, or that the model does not use.
    #[error("READSEEKER_CPU={asked} has no effect: {instead}")]
    InstructionsUnavailable {
        /// What was asked for.
        asked: String,
        /// What there is, or what runs.
        instead: String,
    },
    /// What the model's device has to say.
    #[error("{0}")]
    Device(String),
    /// Many reads are too short to be scored.
    #[error("{} not be scored: fewer than {min_length} known bases", of_reads(*.reads, *.of, ["could", "could"]))]
    Unscored {
        /// How many.
        reads: u64,
        /// Of how many.
        of: u64,
        /// What it takes.
        min_length: usize,
    },
    /// Most reads are so short that the model is often wrong.
    #[error("most reads ({} of {}) are shorter than {length} bases, where the model is less accurate", grouped(*.reads), grouped(*.of))]
    Short {
        /// How many.
        reads: u64,
        /// Of how many.
        of: u64,
        /// Shorter than this.
        length: usize,
    },
    /// Many reads are longer than what the model reads of them.
    #[error("{} longer than {bases} bases, and the model sees only the first {bases} of each", of_reads(*.reads, *.of, ["is", "are"]))]
    Truncated {
        /// How many.
        reads: u64,
        /// Of how many.
        of: u64,
        /// What the model reads.
        bases: usize,
    },
    /// Many reads have many unknown bases.
    #[error("{} unknown bases (N) at a tenth of the positions or more", of_reads(*.reads, *.of, ["has", "have"]))]
    Unknown {
        /// How many.
        reads: u64,
        /// Of how many.
        of: u64,
    },
    /// Many reads are repeats of a few bases.
    #[error(
        "{} of low complexity (repeats of up to six bases): few such reads were in the model's training data",
        of_reads(*.reads, *.of, ["is", "are"])
    )]
    LowComplexity {
        /// How many.
        reads: u64,
        /// Of how many.
        of: u64,
    },
    /// Many reads have more or fewer G and C than most genomes.
    #[error(
        "{} a GC content below 15% or above 80%: few such reads were in the model's training data",
        of_reads(*.reads, *.of, ["has", "have"])
    )]
    OddGc {
        /// How many.
        reads: u64,
        /// Of how many.
        of: u64,
    },
    /// Many reads are long and full of errors, and the model loses the reading frame at insertions and deletions.
    #[error(
        "{reads} of {of} reads are longer than {longer_than} bases and have many sequencing errors (2% or more by their \
         quality scores): this model misses genes with insertions and deletions, use the built-in model"
    )]
    ErrorRich {
        /// How many.
        reads: u64,
        /// Of how many.
        of: u64,
        /// More bases than this.
        longer_than: usize,
    },
    /// The model is unsure of most reads.
    #[error(
        "the model is unsure of most reads ({} a probability between 0.1 and 0.9): these reads may be unlike those it was \
         trained on",
        of_reads(*.reads, *.of, ["has", "have"])
    )]
    Unsure {
        /// How many.
        reads: u64,
        /// Of how many.
        of: u64,
    },
    /// A model for GPUs took hours on a CPU.
    #[error(
        "{model} scored {} a second on this device, so the run took {}",
        counted(*.reads_per_second, "read"),
        counted(*.minutes, "minute")
    )]
    Slow {
        /// The model's name.
        model: String,
        /// How fast it was.
        reads_per_second: u64,
        /// How long it took.
        minutes: u64,
    },
    /// What a report says that an earlier run warned of.
    #[error("{message}")]
    Reported {
        /// Its code.
        code: String,
        /// Its words.
        message: String,
    },
}

impl Warning {
    /// Of instructions that are asked for in vain, and what there is instead.
    #[must_use]
    pub fn instructions_unavailable((asked, instead): (String, String)) -> Self {
        Self::InstructionsUnavailable { asked, instead }
    }

    /// Never changes its meaning.
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

/// As code and message.
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
