//! Reads reports of earlier runs that `--json` wrote.

use std::path::Path;

use crate::error::{Error, Result};
use crate::paths::read_whole;
use crate::report::Report;

/// Reads a report.
pub(super) fn read(path: &Path) -> Result<Report> {
    let refused = |problem: String| Error::NotAReport { path: path.to_owned(), problem };
    let text = read_whole(path).map_err(|error| refused(error.to_string()))?;
    serde_json::from_slice(&text).map_err(|error| {
        // If the file is not JSON at all, the parser's expectation for its first line helps nobody.
        let why = if error.is_data() { error.to_string() } else { "it is not valid JSON".to_owned() };
        refused(format!("not a report of readseeker: {why}"))
    })
}
