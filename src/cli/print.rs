//! Prints the output of a subcommand on stdout.

use std::io::{IsTerminal, Write};
use std::path::Path;

use crate::error::Result;
use crate::paths::{Stream, escaped};
use crate::reads::output::failed;

/// Prints what the user asked for.
pub(super) fn print(text: &str) -> Result<()> {
    // Not with `std::io::stdout`, which ignores errors of a closed stdout.
    let printed = Stream::Stdout.file().and_then(|mut stdout| {
        let shown = if stdout.is_terminal() { escaped(text).into_bytes() } else { text.as_bytes().to_vec() };
        stdout.write_all(&shown)
    });
    printed.map_err(|source| failed(Path::new("-"), source).into())
}
