//! One run: opens the input, readies the model, sends the reads through the pipeline, checks the counts and only then
//! puts the outputs in place.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use crate::blocking::blocking;
use crate::config::Config;
use crate::error::{Error, Result, Signal};
use crate::model::{Attention, Classifier, cpu};
use crate::outputs::{self, Judge, Outputs};
use crate::pipeline::{self, decode, tokenize};
use crate::prediction::Prediction;
use crate::progress::{Painter, Progress, say};
use crate::reads::output::Pending;
use crate::reads::{self, Format, InputCounts, Layout, Templates};
use crate::report::{self, Report};
use crate::tally::Tally;
use crate::tokens::Tokens;
use crate::verdict::Mates;
use crate::windows::Windows;

/// Runs to the end, or to the first error; `interrupt` completes when the user wants it to stop.
///
/// # Errors
/// Whatever stops the run; then none of its outputs exists.
pub async fn run(config: Config, interrupt: impl Future<Output = Signal>) -> Result<Report> {
    let started = Instant::now();
    config.check_paths()?;
    config.check_level()?;
    let progress = Arc::new(Progress::default());
    let mut interrupt = std::pin::pin!(interrupt);
    // A pipe nobody writes to yet, or a large model, can take its time: the user need not wait for either.
    let (templates, classifier) = tokio::select! {
        ready = prepare(&config, &progress) => ready?,
        signal = &mut interrupt => return Err(Error::Interrupted(signal)),
    };

    if !config.quiet {
        warn_of_mates(&config, &templates);
        warn_of_idle_flags(&config, &templates, &classifier);
    }
    let (pipeline, judge) = settings(&config, &classifier);
    let (outputs, mut pending) =
        Outputs::create(outputs_of(&config, &templates), judge, config.encoding(), Arc::clone(&progress)).await?;
    let format = templates.format.unwrap_or(Format::Fastq);
    let painter = Painter::start(config.display, Arc::clone(&progress), templates.stored_size);
    let model = Arc::clone(&classifier);
    let stream = match config.sample {
        None => templates.stream,
        Some(sample) => sample.of(templates.stream, Arc::clone(&progress.input)),
    };
    let classify = move |tokens: &Tokens| match judge.windows {
        None => Ok(model.classify(tokens)?),
        Some(windows) => Ok(windows.classify(tokens, model.k(), |rows| model.classify_rows(rows))?),
    };
    let outcome = pipeline::run(pipeline, stream, classify, outputs, interrupt).await;
    painter.stop().await;
    let tally = outcome?;
    if !config.quiet {
        classifier.notes().iter().for_each(|note| say(&format!("readseeker: {note}\n")));
    }

    check_sums(&config, &tally, &progress.input)?;
    let read = report::Read { format, stored_size: templates.stored_size, counts: &progress.input };
    let report = Report::new(&config, classifier.card(), &read, &tally, started.elapsed());
    pending.extend(config.reports.write(&report, config.encoding()).await?);
    pending.into_iter().try_for_each(Pending::commit)?;
    if !config.quiet {
        say(&report.summary());
    }
    Ok(report)
}

/// The opened input and the loaded model, found to go with the settings.
async fn prepare(config: &Config, progress: &Progress) -> Result<(Templates, Arc<Classifier>)> {
    let templates = reads::open(&config.input, Arc::clone(&progress.input)).await?;
    check_pairs(config, &templates)?;
    // Loading reads hundreds of megabytes or compiles shaders.
    let model = config.model.clone();
    let classifier = blocking(move || Classifier::load(&model)).await?;
    if config.verbose {
        say(&format!("readseeker: {} on {}\n", classifier.card().name, classifier.card().device));
    }
    check_frames(config, &classifier)?;
    Ok((templates, Arc::new(classifier)))
}

/// What to write, with the header BAM outputs start with: the input's, and a line that names this run.
fn outputs_of(config: &Config, templates: &Templates) -> outputs::Config {
    let header = templates.header.clone();
    let header = header.with_program("readseeker", env!("CARGO_PKG_VERSION"), &config.command.join(" "));
    outputs::Config { header, ..config.outputs.clone() }
}

fn settings(config: &Config, classifier: &Classifier) -> (pipeline::Config, Judge) {
    let windows = config.windows.map(|config| Windows { length: classifier.window_length(), config });
    let tokenize = tokenize::Config {
        k: classifier.k(),
        longest: classifier.longest_row().filter(|_| windows.is_none()),
        min_length: config.min_length.max(classifier.shortest_read()),
        letters: config.letters,
    };
    let decode = decode::Config { segments_a_chunk: classifier.rows_per_chunk(), max_reads: config.max_reads };
    let bytes_a_base = config.windows.map_or(0, |windows| size_of::<Prediction>().div_ceil(windows.step.get()));
    let pipeline =
        pipeline::Config { decode, tokenize, workers: classifier.workers(), memory: config.memory, bytes_a_base };
    (pipeline, Judge { scored: tokenize, verdict: config.verdict, windows })
}

/// Says so where mates are about to be judged apart without anybody having asked for it.
fn warn_of_mates(config: &Config, templates: &Templates) {
    if templates.looks_interleaved && config.verdict.mates != Mates::Each {
        let path = templates.path.display();
        say(&format!(
            "readseeker: {path} begins with two mates, but its reads are judged one by one: --interleaved judges mates \
             together, --single says that this is meant\n"
        ));
    }
}

/// Says which flags this input or this model has no use for: whoever gave one expected something of it.
fn warn_of_idle_flags(config: &Config, templates: &Templates, classifier: &Classifier) {
    let Some(format) = templates.format else { return };
    if config.input.reference.is_some() && format != Format::Cram {
        say(&format!(
            "readseeker: --reference has no effect: {} is {}, not CRAM\n",
            templates.path.display(),
            format.name()
        ));
    }
    let card = classifier.card();
    if config.model.attention != Attention::default() && card.attention.is_none() {
        say(&format!("readseeker: --attention has no effect: {} has none\n", card.name));
    }
    if let Some(word) = cpu::InstructionSet::wanted_in_vain() {
        say(&format!(
            "readseeker: READSEEKER_CPU={word} has no effect: this CPU runs {}\n",
            cpu::InstructionSet::words()
        ));
    }
}

/// Two files for a class need reads that have mates.
fn check_pairs(config: &Config, templates: &Templates) -> Result<()> {
    if config.outputs.parts_mates() && templates.layout == Layout::Single {
        return Err(Error::Usage(
            "two outputs a class, but the input holds single reads: give both mates' files, or \
                                 --interleaved"
                .into(),
        ));
    }
    Ok(())
}

/// Proteins need a model that tells frames.
fn check_frames(config: &Config, classifier: &Classifier) -> Result<()> {
    if config.outputs.proteins.is_some() && !classifier.tells_frames() {
        let name = &classifier.card().name;
        return Err(Error::Usage(format!("--proteins needs a model that tells frames; {name} does not")));
    }
    Ok(())
}

/// Nothing is ever lost: in = coding + noncoding + undecided + left out. A run cut short by `--max-reads` may have read
/// ahead.
fn check_sums(config: &Config, tally: &Tally, input: &InputCounts) -> Result<()> {
    let out = tally.written() + input.left_out();
    let read = input.records.get();
    if config.max_reads.is_none() && out != read {
        return Err(Error::Internal(format!("{read} records were read, but {out} are accounted for")));
    }
    let (followers, all) = (tally.followers, input.left_out());
    let is_whole = config.max_reads.is_none() && config.sample.is_none();
    if is_whole && config.outputs.keeps_all() && followers != all {
        return Err(Error::Internal(format!("{all} records had a read to follow, but {followers} did")));
    }
    Ok(())
}

/// Prints one error: its chain of causes in a line, then what to do about it.
pub fn print_error(error: &Error) {
    let mut line = format!("readseeker: {error}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        source = cause.source();
    }
    if let Some(hint) = error.hint() {
        line.push_str("\nhint: ");
        line.push_str(&hint);
    }
    line.push('\n');
    say(&line);
}
