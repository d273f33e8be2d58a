//! A dry run, which writes nothing: it opens the input, checks the outputs, loads the model, and measures for some
//! seconds.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{ask, early_warnings, or_interrupted, prepare, sampled, settings};
use crate::config::Config;
use crate::error::{Error, Result, Signal};
use crate::outputs::{Judge, Outputs, OutputsConfig};
use crate::pipeline::{self, PipelineConfig};
use crate::progress::Progress;
use crate::reads::{Format, Index};
use crate::report::{Measured, Plan};
use crate::tokens::Tokens;
use crate::warning::Warning;
use crate::windows::Windows;

/// How long the dry run measures.
const TIME: Duration = Duration::from_secs(2);

/// How often it checks whether the first reads are done.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Finds out what a run would do.
///
/// # Errors
/// Any that a run could have before its first output is put in place.
pub async fn dry_run(config: Config, interrupt: impl Future<Output = Signal>, warn: impl Fn(&Warning)) -> Result<Plan> {
    config.check()?;
    config.check_rereadable()?;
    if let (Some(_), Some(index)) = (config.shard, &config.index) {
        Index::open(index, &config.input.inputs)?;
    }
    let outputs: Vec<_> = config.output_paths().collect();
    let progress = Arc::new(Progress::default());
    let mut interrupt = std::pin::pin!(interrupt);
    let (templates, classifier, _) = or_interrupted(prepare(&config, &progress), &mut interrupt).await?;
    early_warnings(&config, &templates, &classifier).iter().for_each(warn);

    let windows = config.windows.map(|config| Windows { length: classifier.window_length(), config });
    let (stages, judge) = settings(&config, &classifier, windows);
    let model = Arc::clone(&classifier);
    let classify = move |tokens: &Tokens| ask(&model, windows, tokens);
    // The share of coding reads need not be estimated, since no read is judged here.
    let stages = PipelineConfig { estimate_from: None, ..stages.without_audit() };
    let judge = Judge { audit: None, ..judge };
    let (format, stored_size) = (templates.format.unwrap_or(Format::Fastq), templates.stored_size.unwrap_or(0));
    let header = Arc::new(templates.header);
    let stream = sampled(config.sample, templates.stream, &progress.input);
    let nothing = OutputsConfig::default();
    let (sinks, _) = Outputs::create(nothing, &header, judge, config.encoding(), Arc::clone(&progress)).await?;
    let started = Instant::now();
    let run = pipeline::run(stages, stream, classify, sinks, std::future::pending());
    let (reads, time, is_all) = tokio::select! {
        tally = run => (tally?.written(), started.elapsed(), config.max_reads.is_none()),
        (reads, time) = measured(&progress, started) => (reads, time, false),
        signal = &mut interrupt => return Err(Error::Interrupted(signal)),
    };
    let input = &progress.input;
    let seen = input.records.get().saturating_sub(input.left_out());
    let measured = Measured { reads, time, seen, stored_bytes: input.stored_bytes.get(), is_all };
    Ok(Plan {
        files: config.input.inputs.paths().map(Into::into).collect(),
        format: format.name(),
        stored_size,
        card: classifier.card().clone(),
        measured,
        shards: config.shard.map_or(1, |shard| shard.of.get()),
        max_reads: config.max_reads,
        outputs: outputs.into_iter().map(|path| (path.clone(), path.is_file())).collect(),
    })
}

/// Counts the reads done in a time, after the first ones: a GPU compiles kernels during its first batch.
async fn measured(progress: &Progress, started: Instant) -> (u64, Duration) {
    while progress.done.get() == 0 {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let (first, since) = (progress.done.get(), Instant::now());
    tokio::time::sleep(TIME).await;
    match progress.done.get() - first {
        // A chunk took longer than that time.
        0 => (first, started.elapsed()),
        more => (more, since.elapsed()),
    }
}
