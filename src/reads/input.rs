//! The input of a run: its settings, and how a file, a pair or a list of them is opened as a stream of templates.

pub(super) mod lanes;
pub(super) mod open;
pub(super) mod part;
pub(super) mod settings;
pub(super) mod templates;
