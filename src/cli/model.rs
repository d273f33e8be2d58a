//! `readseeker model`: lists, describes, downloads, verifies and converts models.

use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Subcommand};

use super::print::print;
use super::{fetch, threads};
use crate::error::{Error, Result};
use crate::model::{
    Attention, Check, Classifier, Options, Precision, Source, bench, convert, describe, device, store, summary,
};

/// List, describe, download, check or convert models
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the models that --model finds by name, and whether they can be run
    List,

    Fetch(fetch::Args),

    /// Print the directory of a model
    Path {
        /// A checkpoint directory, or the name of one that `model list` shows
        model: PathBuf,
    },

    /// Check that a model is complete and computes what it should on this machine
    Verify {
        /// builtin, compact, a checkpoint directory, or a name that `model list` shows
        #[arg(default_value = "builtin")]
        model: PathBuf,
    },

    /// Print a model's card, and measure how fast it runs here
    Info {
        /// builtin, compact, a checkpoint directory, or a name that `model list` shows
        #[arg(default_value = "builtin")]
        model: PathBuf,

        /// Do not measure
        #[arg(long)]
        no_speed: bool,

        /// CPU threads [default: all CPUs that this process may use]
        #[arg(short, long, value_name = "N", value_parser = threads::number, allow_negative_numbers = true)]
        threads: Option<NonZero<usize>>,
    },

    /// Copy a checkpoint with its weights as safetensors, as Hugging Face's transformers library loads them
    Convert {
        /// A checkpoint directory, or the name of one that `model list` shows
        model: PathBuf,

        /// The directory to create
        out: PathBuf,
    },
}

pub(super) fn run(args: Args) -> Result<()> {
    match args.command {
        Command::List => print(&list()),
        Command::Fetch(args) => fetch::run(args),
        Command::Path { model } => print(&format!("{}\n", directory(model)?.display())),
        Command::Verify { model } => print(&verify(store::find(model))?),
        Command::Info { model, no_speed, threads } => print(&info(store::find(model), no_speed, threads)?),
        Command::Convert { model, out } => Ok(convert(&directory(model)?, &out)?),
    }
}

/// Lists the models, one per line: name, description or why it cannot run, and path.
fn list() -> String {
    let folder = store::folder();
    let kept = folder.iter().flat_map(|folder| store::checkpoints(folder));
    let lines = kept.map(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        format!("{name}\t{}\t{}\n", is(&Source::Directory(path.clone())), path.display())
    });
    let inside = Source::INSIDE;
    let inside = inside.map(|source| format!("{}\t{}\tpart of the program\n", source.path().display(), is(&source)));
    inside.into_iter().chain(lines).collect()
}

/// Describes a model, or says why it cannot run.
fn is(source: &Source) -> String {
    summary(source).unwrap_or_else(|problem| format!("cannot be run: {problem}"))
}

fn directory(model: PathBuf) -> Result<PathBuf> {
    match store::find(model) {
        Source::Directory(directory) if directory.is_dir() => Ok(directory.canonicalize().unwrap_or(directory)),
        // This reports what is missing.
        source @ Source::Directory(_) => Ok(describe(&source, None).map(|_| source.path())?),
        _ => Err(Error::Usage("this model is part of the program: it has no directory".to_owned())),
    }
}

/// Loads the model on the CPU, which reads all of it and checks it on some reads.
fn verify(source: Source) -> Result<String> {
    let classifier = Classifier::load(&options(source, device::Choice::Cpu, None))?;
    if let Some(doubt) = classifier.notes().into_iter().next() {
        return Err(Error::Internal(doubt));
    }
    let card = classifier.card();
    Ok(format!("{} is whole: {} parameters, sha256 {}\n", card.name, card.parameters, card.sha256))
}

fn info(source: Source, no_speed: bool, threads: Option<NonZero<usize>>) -> Result<String> {
    if no_speed {
        return Ok(describe(&source, None)?);
    }
    let options = options(source, device::Choice::Auto, threads);
    let speed = bench::speed(&options, &bench::Reads::MadeUp(300), Duration::from_millis(500))?;
    Ok(describe(&options.source, Some(&speed))?)
}

fn options(source: Source, device: device::Choice, threads: Option<NonZero<usize>>) -> Options {
    Options {
        source,
        attention: Attention::default(),
        precision: Precision::default(),
        device,
        batch_size: None,
        threads: threads::or_all(threads),
        check: Check::Run,
    }
}
