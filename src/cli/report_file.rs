//! Reports of earlier runs, as `--json` wrote them.

use std::path::Path;

use crate::error::{Error, Result};
use crate::paths::read_whole;
use crate::report::Report;

/// A report as it was written.
pub(super) fn read(path: &Path) -> Result<Report> {
    let refused = |problem: String| Error::NotAReport { path: path.to_owned(), problem };
    let text = read_whole(path).map_err(|error| refused(error.to_string()))?;
    serde_json::from_slice(&text).map_err(|error| {
        // Where it is no JSON at all, what the parser expected in its first line helps nobody.
        let why = if error.is_data() { error.to_string() } else { "it is not valid JSON".to_owned() };
        refused(format!("not a report of readseeker: {why}"))
    })
}
