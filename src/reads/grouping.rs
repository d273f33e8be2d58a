//! Groups records into templates: which records belong together, and how they are brought together.

pub(super) mod collate;
pub(super) mod mate_names;
pub(super) mod pairs;
pub(super) mod rule;
mod sorter;
