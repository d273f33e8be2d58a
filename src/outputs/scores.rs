//! The scores table: a row per read, in input order. Its path says how it is written.

use std::path::Path;

use super::table::Table;
use crate::reads::Codec;
use columns::Parquet;
pub(super) use joined::{Columns, Joined};
pub(super) use text::label;
use text::{Separator, Text};

mod columns;
mod joined;
mod row;
mod text;

/// The scores table for a file of this name: Parquet for `.parquet`, commas for `.csv`, compressed or not, else tabs.
/// `windows` is whether reads are scored in windows, which have columns of their own.
#[must_use]
pub fn scores(path: &Path, windows: bool) -> Box<dyn Table> {
    if is_columnar(path) {
        return Box::new(Parquet::new(windows));
    }
    let inner = if Codec::of(path) == Codec::Plain { path.to_owned() } else { path.with_extension("") };
    let separator = if has_suffix(&inner, "csv") { Separator::Comma } else { Separator::Tab };
    Box::new(Text { separator, windows })
}

/// Whether a path asks for Parquet.
pub(super) fn is_columnar(path: &Path) -> bool {
    has_suffix(path, "parquet")
}

fn has_suffix(path: &Path, suffix: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(suffix))
}
