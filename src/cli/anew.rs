//! Starts the program anew in the same process, with more in its environment: some libraries read that before `main`,
//! or only once.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::paths::all_streams_are_open;

/// Whether the program can be started anew: afterwards it could no longer see that a stream was closed.
pub(super) fn is_possible() -> bool {
    all_streams_are_open()
}

/// Starts the program anew. Returns only if that fails.
pub(super) fn start<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> io::Error {
    let (program, mut arguments) = match std::env::current_exe() {
        Ok(program) => (program, std::env::args_os()),
        Err(error) => return error,
    };
    let name = arguments.next().unwrap_or_else(|| program.clone().into_os_string());
    Command::new(program).arg0(name).args(arguments).envs(variables).exec()
}
