//! `readseeker man` and `readseeker completions`: files that packagers install beside the program.

use clap::{Args as ClapArgs, Command};
use clap_complete::Shell;

use super::print::print;
use crate::error::{Error, Result};

/// Print a man page
#[derive(Debug, ClapArgs)]
pub(super) struct Man {
    /// Subcommand to document, such as split or model fetch [default: the program as a whole]
    command: Vec<String>,
}

/// Print the completions of a shell
#[derive(Debug, ClapArgs)]
pub(super) struct Completions {
    /// Shell to complete in
    shell: Shell,
}

/// Prints a man page. `program` is the definition of the whole command line.
pub(super) fn man(Man { command }: &Man, program: Command) -> Result<()> {
    let mut program = program.disable_help_subcommand(true);
    program.build();
    let mut page = &program;
    for name in command {
        let own = page.find_subcommand(name).filter(|own| !own.is_hide_set());
        page = own.ok_or_else(|| Error::Usage(format!("no such subcommand: {}", command.join(" "))))?;
    }
    let mut text = Vec::new();
    // What `-h` leaves out belongs in a man page.
    let page = page.clone().mut_args(|arg| arg.hide_short_help(false));
    let page = clap_mangen::Man::new(page).source(concat!("readseeker ", env!("CARGO_PKG_VERSION")));
    page.render(&mut text).expect("writing to a vector cannot fail");
    print(&String::from_utf8_lossy(&text))
}

/// Prints the completions of a shell. `program` is the definition of the whole command line.
pub(super) fn completions(Completions { shell }: &Completions, mut program: Command) -> Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(*shell, &mut program, "readseeker", &mut text);
    print(&String::from_utf8_lossy(&text))
}
