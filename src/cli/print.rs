//! What a subcommand prints on stdout.

use std::io::Write;
use std::path::Path;

use crate::error::Result;
use crate::reads::output::failed;

/// Prints what the user asked for.
pub(super) fn print(text: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    let printed = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    printed.map_err(|source| failed(Path::new("-"), source).into())
}
