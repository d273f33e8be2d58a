//! The report of a run: a JSON file, files for MultiQC, a page and the summary on stderr, all from the same sums.

mod account;
mod breakdown;
mod chart;
mod classes;
mod compare;
mod evaluation;
mod files;
mod fit;
mod html;
mod merge;
pub mod multiqc;
mod plan;
mod rule;
mod shares;
mod summary;

pub use account::{
    Counts, Device, Facts, Frames, Histogram, Input, Origin, PriorUsed, Report, Scope, Settings, Shard, Threshold,
    Windows,
};
pub use compare::{MOST as MOST_COMPARED, compare};
pub use evaluation::{Basis, Evaluation, LabelledReads, Predictor, Setting, Truth};
pub use files::Files;
pub use fit::warnings;
pub use merge::MergeError;
pub use plan::{Measured, Plan};
