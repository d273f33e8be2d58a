//! The command line: its flags, their help, and how they become settings. Only this module uses clap.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use self::limits::Limits;
use crate::error::{Error, Result};
use crate::paths;
use crate::progress::say;

mod anew;
mod common;
mod compare;
mod device;
mod evaluate;
mod fetch;
mod hints;
mod index;
mod inputs;
mod kmers;
mod limits;
mod long_reads;
mod man;
mod merge;
mod model;
mod model_flags;
mod patterns;
mod print;
mod reads;
mod reference;
mod report_file;
mod runtime;
mod score;
mod selftest;
mod signals;
mod split;
mod standard;
mod threads;
mod train;
mod translation;
mod values;

/// The end of `--help`.
const EXAMPLES: &str = "\
Environment:
  READSEEKER_CACHE  Its folder models/ has what --model finds by name [default: ~/.cache/readseeker]
  READSEEKER_CPU    CPU instructions to use: amx, avx512, avx2, neon or plain [default: the fastest]

Examples:
  Split paired reads into four files, mates kept together:
  readseeker split R1.fq.gz R2.fq.gz --coding coding_#.fq.gz --noncoding noncoding_#.fq.gz

  Split a BAM that is sorted by coordinate, and write scores and reports too:
  readseeker split sorted.bam --collate --out-prefix results/soil

  Find the genes in nanopore reads:
  readseeker split nanopore.fq.gz --out-prefix results/soil --genes genes.gff3.gz --proteins proteins.faa.gz";

/// Split sequencing reads into coding (CDS) and non-coding, de novo, with a neural model
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, max_term_width = 110, arg_required_else_help = true)]
#[command(after_long_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(after_long_help = EXAMPLES)]
    Split(Box<split::Args>),
    #[command(after_long_help = EXAMPLES)]
    Score(Box<score::Args>),
    #[command(after_long_help = kmers::EXAMPLES)]
    Kmers(Box<kmers::Args>),
    #[command(after_long_help = reads::EXAMPLES)]
    Reads(Box<reads::Args>),
    #[command(after_long_help = evaluate::EXAMPLES)]
    Evaluate(Box<evaluate::Args>),
    #[command(after_long_help = train::EXAMPLES)]
    Train(Box<train::Args>),
    Index(index::Args),
    Merge(merge::Args),
    Compare(compare::Args),
    Device(device::Args),
    Model(model::Args),
    Selftest(selftest::Args),
    #[command(hide = true)]
    Man(man::Man),
    #[command(hide = true)]
    Completions(man::Completions),
    /// Print docs/cli.md
    #[command(hide = true)]
    Reference,
}

impl Command {
    /// The command with stdin as its input, for advice.
    fn reading_stdin(&self) -> &'static str {
        match self {
            Self::Split(_) => "readseeker split - ...",
            Self::Score(_) => "readseeker score - ...",
            Self::Kmers(_) => "readseeker kmers - ...",
            Self::Evaluate(_) => "readseeker evaluate - ...",
            Self::Train(_) => "readseeker train --reads - ...",
            _ => "readseeker device --bench --reads - ...",
        }
    }

    fn run(self, typed: Vec<String>) -> Result<()> {
        match self {
            Self::Split(args) => split::run(*args, typed),
            Self::Score(args) => score::run(*args, typed),
            Self::Kmers(args) => kmers::run(*args),
            Self::Reads(args) => reads::run(*args),
            Self::Evaluate(args) => evaluate::run(*args, typed),
            Self::Train(args) => train::run(*args, typed),
            Self::Index(args) => index::run(args),
            Self::Merge(args) => merge::run(args),
            Self::Compare(args) => compare::run(args),
            Self::Device(args) => device::run(&args),
            Self::Model(args) => model::run(args),
            Self::Selftest(args) => selftest::run(&args),
            Self::Man(args) => man::man(&args, Cli::command()),
            Self::Completions(args) => man::completions(&args, Cli::command()),
            Self::Reference => reference::run(Cli::command()),
        }
    }
}

/// Parses the command line, runs the command, and prints errors.
#[must_use]
pub fn main() -> ExitCode {
    report_panics();
    Limits::read().with_enough_stack(run)
}

fn run(limits: &Limits) -> ExitCode {
    let typed: Vec<String> = std::env::args_os().map(|arg| paths::text(arg.as_ref())).collect();
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(error) => return answer(&error),
    };
    let from_stdin = command.reading_stdin();
    match limits.fit().and_then(|()| signals::outlive_file_size_limit()).and_then(|()| command.run(typed)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            try_again(&error);
            if !matches!(error, Error::Reads(crate::reads::Error::OutputClosed)) {
                hints::print_error(&error, from_stdin);
            }
            ExitCode::from(error.exit_code())
        }
    }
}

/// Starts the program anew if a GPU gave wrong answers and there is a simpler path on it. Returns if that is not so, or
/// fails.
fn try_again(error: &Error) {
    if let Error::Model(crate::model::Error::Again { next, problem }) = error {
        let reason = problem.to_string();
        // The error says what is wrong with the GPU; it would not help to say that this failed too.
        let _failed = anew::start(next.environment(&reason));
    }
}

/// Prints the help that was asked for, or what clap finds wrong with the flags, in the style of all our messages.
fn answer(error: &clap::Error) -> ExitCode {
    let text = error.to_string();
    let Some(problem) = text.strip_prefix("error: ") else { error.exit() };
    let hint = hints::on_flags(error).map_or_else(String::new, |hint| format!("hint: {hint}\n"));
    say(&format!("readseeker: {problem}{hint}"));
    ExitCode::from(2)
}

/// Makes panics start like all our messages. If a decoder panics over a damaged file, that is reported as an error of
/// the file instead.
fn report_panics() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !crate::reads::is_damage_reported_elsewhere() {
            say("readseeker: internal error, please report it:");
            print(panic);
        }
    }));
}
