//! `readseeker train`: trains a model on labelled reads.

use std::num::NonZero;
use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::threads;
use super::values::{count, dropout, fraction, minutes, probability};
use crate::error::Result;
use crate::model::{Attention, device};

/// The end of `--help`.
pub(super) const EXAMPLES: &str = "\
Examples:
  Adapt the built-in model to the organism that reads were drawn from:
  readseeker train --reads train.tsv.gz -o mymodel

  Fine-tune a BERT as the paper did, on a GPU:
  readseeker train --reads train.tsv.gz --from DNABERT-6 -o mybert --device gpu

  Train a model of the shape of compact from random weights:
  readseeker train --reads train.tsv.gz --from compact --scratch -o mymodel

  Measure on a genome that is not learnt from, for an hour at most:
  readseeker train --reads both.tsv.gz --hold-out-group other -o mymodel --minutes 60

  Use the model, and see how good it is on the reads that were held out:
  readseeker evaluate mymodel/held_out.tsv --model mymodel";

/// Fine-tune a model on labelled reads
///
/// Writes a directory that --model takes, and held_out.tsv in it: the reads that were kept for measuring. The model
/// that scores best on them at any checkpoint is written. The same command goes on with a training that was killed. ^C ends a
/// training, and the best model so far is written.
#[derive(Debug, ClapArgs)]
#[allow(clippy::doc_markdown, reason = "help is plain text")]
pub(super) struct Args {
    /// Labelled reads, compressed or not; - is stdin
    ///
    /// The table or FASTQ that `readseeker reads` writes and `readseeker evaluate` reads. Columns named coded_fraction and frame are used
    /// where they exist. The builtin model learns from reads that lie wholly in one class, and where they code, needs their frame.
    #[arg(long, value_name = "TSV|FASTQ")]
    reads: PathBuf,

    /// Model to start from: builtin, compact, a directory or a name
    #[arg(long, value_name = "MODEL", default_value = "builtin")]
    from: PathBuf,

    /// Start from random weights: --from says the shape of the network alone
    ///
    /// For compact and models of its shape. Learn from many reads of many genomes, or of the one genome that the model is for.
    #[arg(long)]
    scratch: bool,

    /// Directory to create
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,

    /// How often each read is seen [default: 3; 5 for a BERT; 10 with --scratch]
    #[arg(long, value_name = "N", value_parser = count)]
    epochs: Option<NonZero<usize>>,

    /// Reads per step [default: 64; 50 for a BERT]
    ///
    /// On a GPU that has no memory for so many, they are computed in parts.
    #[arg(long, value_name = "N", value_parser = count)]
    batch_size: Option<NonZero<usize>>,

    /// Highest learning rate [default: 0.001; 0.00002 for a BERT; 0.003 with --scratch]
    #[arg(long, value_name = "R", value_parser = fraction)]
    rate: Option<f64>,

    /// Share of the training in which the rate rises to that [default: 0.04; 0.1 for a BERT]
    #[arg(long, value_name = "F", value_parser = probability)]
    warm_up: Option<f32>,

    /// Share of a network's numbers that are left out at random, different ones at each step [default: 0; 0.1 for a BERT; 0.15 with
    /// --scratch]
    ///
    /// In training alone. Of a BERT: of hidden numbers and of attention, as in the published training.
    #[arg(long, value_name = "F", value_parser = dropout)]
    dropout: Option<f64>,

    /// Share of the reads that are kept for measuring
    #[arg(long, value_name = "F", default_value = "0.1", value_parser = probability, conflicts_with = "hold_out_group")]
    hold_out: f32,

    /// Keep the reads of this group for measuring instead; may be repeated
    #[arg(long, value_name = "NAME")]
    hold_out_group: Vec<String>,

    /// End after so many minutes; the rate falls in step
    #[arg(long, value_name = "N", value_parser = minutes)]
    minutes: Option<f64>,

    /// Minutes between checkpoints, from which a killed training resumes
    #[arg(long, value_name = "N", default_value = "10", value_parser = minutes)]
    save_every: f64,

    /// Seed: another seed holds out other reads and takes them in another order
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// Table of the steps: reads, learning rate and loss
    #[arg(long, value_name = "TSV")]
    log: Option<PathBuf>,

    /// Device to train on
    #[arg(long, value_name = "auto|cpu|gpu|gpu:N|cuda:N", default_value = "auto")]
    device: device::Choice,

    /// Attention of a BERT: as in the published evaluation, or with padding masked out
    #[arg(long, value_enum, default_value_t, hide_short_help = true)]
    attention: Attention,

    /// CPU threads [default: all this process may use]
    #[arg(short, long, value_name = "N", value_parser = threads::number, allow_negative_numbers = true)]
    threads: Option<NonZero<usize>>,

    /// Print only errors on stderr
    #[arg(short, long)]
    quiet: bool,
}

/// With fewer reads to learn from, or to measure on, the model or its measures are of little use.
#[cfg(feature = "train")]
const FEW: [usize; 2] = [200, 30];

#[cfg(not(feature = "train"))]
pub(super) fn run(args: Args, command: Vec<String>) -> Result<()> {
    drop((args, command));
    let what = "this build cannot train models: build it with the feature train, which is on by default";
    Err(crate::error::Error::Usage(what.to_owned()))
}

#[cfg(feature = "train")]
pub(super) fn run(args: Args, command: Vec<String>) -> Result<()> {
    use std::time::Duration;

    use super::runtime::block_on;
    use super::signals;
    use crate::error::Error;
    use crate::model::{Check, Options, Precision, store};
    use crate::train::{Changes, HoldOut, TrainConfig, train};

    let threads = threads::or_all(args.threads);
    let from = Options {
        source: store::find(args.from),
        attention: args.attention,
        precision: Precision::F32,
        device: args.device,
        batch_size: None,
        threads,
        check: Check::Skip,
    };
    let changes = Changes {
        epochs: args.epochs.map(NonZero::get),
        batch_size: args.batch_size.map(NonZero::get),
        rate: args.rate,
        warm_up: args.warm_up.map(f64::from),
        dropout: args.dropout,
    };
    let hold_out = match args.hold_out_group {
        groups if groups.is_empty() => HoldOut::Share(f64::from(args.hold_out)),
        groups => HoldOut::Groups(groups),
    };
    let config = TrainConfig {
        reads: args.reads,
        from,
        from_scratch: args.scratch,
        output: args.output,
        changes,
        hold_out,
        time: args.minutes.map(|minutes| Duration::from_secs_f64(60.0 * minutes)),
        save_every: Duration::from_secs_f64(60.0 * args.save_every),
        seed: args.seed,
        log: args.log,
        command,
        quiet: args.quiet,
    };
    let trained = block_on(threads, async { train(config, signals::interrupted()?).await })?;
    if !args.quiet {
        say_what_became(&trained);
    }
    trained.interrupted.map_or(Ok(()), |signal| Err(Error::Interrupted(signal)))
}

#[cfg(feature = "train")]
fn say_what_became(trained: &crate::train::Trained) {
    use crate::progress::{counted, grouped, say};

    let reads = |n: usize| counted(n as u64, "read");
    say(&format!("readseeker: learnt from {}, {} held out\n", reads(trained.reads), grouped(trained.held_out as u64)));
    for (reason, count) in &trained.left_out {
        say(&format!("readseeker: warning: left out: {} {reason}\n", reads(*count)));
    }
    let [to_learn, to_measure] = FEW;
    if trained.reads < to_learn {
        say(&format!("readseeker: warning: learnt from only {}\nhint: train on thousands\n", reads(trained.reads)));
    }
    if (1..to_measure).contains(&trained.held_out) {
        say(&format!(
            "readseeker: warning: measured on only {}, so the figures below are rough\n",
            reads(trained.held_out)
        ));
    }
    if let Some([before, after]) = trained.looks {
        let auc = |look: crate::train::Look| look.roc_auc.map_or_else(|| "NA".to_owned(), |auc| format!("{auc:.4}"));
        say(&format!(
            "readseeker: held-out accuracy {:.4} (before {:.4}), ROC-AUC {} ({}), Brier score {:.4} ({:.4})\n",
            after.accuracy,
            before.accuracy,
            auc(after),
            auc(before),
            after.brier,
            before.brier,
        ));
    }
    if trained.keeps_calibration {
        say("readseeker: calibration kept from the starting model\n");
    }
}
