//! The scores table: a row per read, in input order. Its path selects the format.

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

/// Creates the scores table for a path: Parquet for `.parquet`, commas for `.csv`, compressed or not, otherwise tabs.
/// `windows` says whether reads are scored in windows, which adds columns.
#[must_use]
pub fn scores(path: &Path, windows: bool) -> Box<dyn Table> {
    if is_columnar(path) {
        return Box::new(Parquet::new(windows));
    }
    let inner = if Codec::of(path) == Codec::Plain { path.to_owned() } else { path.with_extension("") };
    let separator = if has_suffix(&inner, "csv") { Separator::Comma } else { Separator::Tab };
    Box::new(Text { separator, windows })
}

/// Whether a path selects Parquet.
pub(super) fn is_columnar(path: &Path) -> bool {
    has_suffix(path, "parquet")
}

fn has_suffix(path: &Path, suffix: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(suffix))
}
