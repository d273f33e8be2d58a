//! What a run reads: the settings, and one file, pair or list of them opened as a stream of templates.

pub(super) mod lanes;
pub(super) mod open;
pub(super) mod part;
pub(super) mod settings;
pub(super) mod templates;
