//! Which records belong together, and how they come together.

pub(super) mod collate;
pub(super) mod mate_names;
pub(super) mod pairs;
pub(super) mod rule;
mod sorter;
