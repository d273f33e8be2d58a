//! One run: opens the input, readies the model, sends the reads through the pipeline, checks the counts and only then
//! puts the outputs in place.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use futures::stream::{BoxStream, StreamExt};

use crate::blocking::blocking;
use crate::config::Config;
use crate::conflict::Conflict;
use crate::error::{Error, Result, Signal};
use crate::model::{self, Attention, Classifier};
use crate::outputs::{Judge, Outputs, OutputsConfig};
use crate::pipeline::decode::DecodeConfig;
use crate::pipeline::tokenize::TokenizeConfig;
use crate::pipeline::{self, PipelineConfig};
use crate::prediction::{Prediction, Predictions};
use crate::prior::{self, Prior};
use crate::progress::{Pacer, Painter, Progress, Waiting, say};
use crate::reads::output::{MadeFolder, commit_all};
use crate::reads::{self, Format, Index, InputConfig, InputCounts, Layout, Part, Templates};
use crate::report::{self, Facts, Report, Scope};
use crate::sample::Sample;
use crate::shard::Slice;
use crate::tally::Tally;
use crate::tokens::Tokens;
use crate::verdict::Mates;
use crate::warning::Warning;
use crate::windows::Windows;

mod dry;

pub use dry::dry_run;

/// A stream of templates.
type Stream = BoxStream<'static, reads::Result<reads::Template>>;

/// Runs to the end or to the first error. `interrupt` completes when the user wants the run to stop; `warn` gets the
/// warnings for the user.
///
/// # Errors
/// Whatever stops the run; then none of its outputs exists.
pub async fn run(config: Config, interrupt: impl Future<Output = Signal>, warn: impl Fn(&Warning)) -> Result<Report> {
    let files = config.placed_paths();
    to_the_end(config, interrupt, warn).await.map_err(|error| error.with_files(files))
}

async fn to_the_end(
    mut config: Config,
    interrupt: impl Future<Output = Signal>,
    warn: impl Fn(&Warning),
) -> Result<Report> {
    let started = Instant::now();
    config.check()?;
    let progress = Arc::new(Progress::default());
    let _waiting = (!config.quiet).then(|| Waiting::start(&progress));
    let mut interrupt = std::pin::pin!(interrupt);
    // A pipe nobody writes to yet, or a large model, can take long: an interrupt must not wait for either.
    let whole = config.input.clone();
    let indexed = indexed(&mut config)?;
    let (templates, classifier, plain) = or_interrupted(prepare(&config, &progress), &mut interrupt).await?;
    let counted = or_interrupted(counted(&config), &mut interrupt).await?;
    let slice = indexed.clone().or(counted.clone());
    let mut warnings = early_warnings(&config, &templates, &classifier);
    warnings.iter().for_each(&warn);

    let windows = config.windows.map(|config| Windows { length: classifier.window_length(), config });
    let classify = classify_on(Arc::clone(&classifier), plain, windows);
    let (mut stages, mut judge) = settings(&config, &classifier, windows);
    if slice.is_some() && stages.estimate_from.is_some() {
        // All shards assume the share that a single run would.
        let unaudited = (stages.without_audit(), Judge { audit: None, ..judge });
        judge.prior = whole_prior(&config, whole, &unaudited, classify.clone(), &mut interrupt).await?;
        stages.estimate_from = None;
    }
    let facts = facts(&config, &templates, &stages, &judge, slice.clone());
    let (sums, encoding) = (Sums::of(&config), config.encoding());
    let _folder = config.folder.as_deref().map(MadeFolder::make).transpose()?;
    // BAM outputs start with the input's header, and a line that names this run.
    let command = config.command.join(" ");
    let header = Arc::new(templates.header.with_program("readseeker", env!("CARGO_PKG_VERSION"), &command));
    // An interrupt must not wait for the reader of an output that is a pipe either.
    let creating = Outputs::create(config.outputs, &header, judge, encoding, Arc::clone(&progress));
    let (outputs, mut pending) = or_interrupted(creating, &mut interrupt).await?;
    drop(header);
    let painter = Painter::start(config.display, Arc::clone(&progress), facts.stored_size);
    let (stream, seen) = taken(templates.stream, counted.as_ref(), &progress);
    let stream = sampled(config.sample, stream, &seen);
    let pacer = Pacer::start(&progress);
    let outcome = pipeline::run(stages, stream, classify, outputs, &mut interrupt).await;
    painter.stop().await;
    let tally = outcome?;
    sums.check(&tally, &seen)?;

    let said = warnings.len();
    warnings.extend(progress.input.warnings());
    warnings.extend(classifier.notes().into_iter().map(Warning::Device));
    let mut report = Report::new(facts, warnings, classifier.card(), &seen, &tally, started.elapsed());
    report.warnings.extend(report::warnings(&report));
    report.warnings[said..].iter().for_each(&warn);
    report.pace = pacer.pace();
    pending.extend(or_interrupted(config.reports.write(&report, encoding), &mut interrupt).await?);
    blocking(move || commit_all(pending, config.placing)).await?;
    if !config.quiet {
        say(&report.summary());
    }
    Ok(report)
}

/// Returns a function that classifies rows, and the audited ones on the plain path too.
fn classify_on(
    model: Arc<Classifier>,
    plain: Option<Arc<Classifier>>,
    windows: Option<Windows>,
) -> impl Fn(&Tokens) -> Result<Predictions> + Clone + Send + 'static {
    move |tokens| {
        let mut predictions = ask(&model, windows, tokens)?;
        if let Some(plain) = plain.as_ref().filter(|_| !tokens.audited.is_empty()) {
            predictions.plain = ask(plain, windows, &tokens.audited())?.each;
        }
        Ok(predictions)
    }
}

/// Classifies each row, or each of its windows.
fn ask(model: &Classifier, windows: Option<Windows>, tokens: &Tokens) -> Result<Predictions> {
    Ok(match windows {
        None => model.classify(tokens)?,
        Some(windows) => windows.classify(tokens, model.k(), |rows| model.classify_rows(rows))?,
    })
}

/// The result of `work`, unless the run is interrupted before.
async fn or_interrupted<T>(
    work: impl Future<Output = Result<T>>,
    interrupt: impl Future<Output = Signal>,
) -> Result<T> {
    tokio::select! {
        done = work => done,
        signal = interrupt => Err(Error::Interrupted(signal)),
    }
}

/// Opens the input and loads the model, and checks that both fit the settings; for an audit, also loads the model on
/// the plain path.
async fn prepare(
    config: &Config,
    progress: &Progress,
) -> Result<(Templates, Arc<Classifier>, Option<Arc<Classifier>>)> {
    let open = async { Ok(reads::open(&config.input, Arc::clone(&progress.input)).await?) };
    let (templates, (classifier, plain)) = if config.check_rereadable().is_ok() {
        tokio::try_join!(open, load(config))?
    } else {
        // If a GPU fails its check, the program starts anew: what had been read of a stream would be lost.
        let loaded = load(config).await?;
        (open.await?, loaded)
    };
    if config.outputs.parts_mates() && templates.layout == Layout::Single {
        return Err(Conflict::NoMates.into());
    }
    if config.verbose {
        say(&format!("readseeker: {} on {}\n", classifier.card().name, classifier.card().device));
    }
    if config.outputs.needs_frames() && !classifier.tells_frames() {
        return Err(Conflict::NoFrames { model: classifier.card().name.clone() }.into());
    }
    Ok((templates, Arc::new(classifier), plain.map(Arc::new)))
}

/// Loads the model, for an audit also on the plain path. This reads hundreds of megabytes or compiles shaders.
async fn load(config: &Config) -> Result<(Classifier, Option<Classifier>)> {
    let (model, is_audited) = (config.model.clone(), config.audit.is_some());
    let loaded = blocking(move || {
        let plain = is_audited.then(|| Classifier::load_plain(&model)).transpose()?;
        Ok::<_, model::Error>((Classifier::load(&model)?, plain))
    });
    Ok(loaded.await?)
}

/// The slice of a shard according to its index, if it has one: nothing else will be read.
fn indexed(config: &mut Config) -> Result<Option<Slice>> {
    let (Some(shard), Some(index)) = (config.shard, &config.index) else { return Ok(None) };
    let index = Index::open(index, &config.input.inputs)?;
    let (templates, part) = index.part(&shard.range(index.templates()), &config.input.inputs);
    config.input.part = Some(part);
    let input = config.input.inputs.paths().next().map_or_else(Default::default, Path::to_owned);
    Ok(Some(Slice { shard, templates, of: index.templates(), input }))
}

/// The slice of a shard whose input has no index, so that its templates are counted.
async fn counted(config: &Config) -> Result<Option<Slice>> {
    match config.shard {
        Some(shard) if config.input.part.is_none() => Ok(Some(shard.slice(&config.input).await?)),
        _ => Ok(None),
    }
}

/// The templates of the input that this run takes, and the counters for them.
fn taken(all: Stream, slice: Option<&Slice>, progress: &Progress) -> (Stream, Arc<InputCounts>) {
    let counts = Arc::clone(&progress.input);
    match slice {
        None => (all, counts),
        Some(slice) => {
            let own = Arc::default();
            (slice.of(all, counts, Arc::clone(&own)), own)
        }
    }
}

/// The templates that the sample takes, or all if there is no sample.
fn sampled(sample: Option<Sample>, templates: Stream, seen: &Arc<InputCounts>) -> Stream {
    match sample {
        None => templates,
        Some(sample) => sample.of(templates, Arc::clone(seen)),
    }
}

/// The share of coding reads that a run on the whole input would assume.
async fn whole_prior<M>(
    config: &Config,
    whole: InputConfig,
    &(stages, judge): &(PipelineConfig, Judge),
    classify: M,
    interrupt: impl Future<Output = Signal>,
) -> Result<Prior>
where
    M: Fn(&Tokens) -> Result<Predictions> + Clone + Send + 'static,
{
    let progress = Arc::new(Progress::default());
    let templates = reads::open(&whole, Arc::clone(&progress.input)).await?;
    let first = sampled(config.sample, templates.stream, &progress.input).take(prior::TEMPLATES).boxed();
    let nothing = OutputsConfig::default();
    let header = Arc::new(templates.header);
    let (outputs, _) = Outputs::create(nothing, &header, judge, config.encoding(), progress).await?;
    Ok(pipeline::run(stages, first, classify, outputs, interrupt).await?.prior)
}

/// The settings of the stages, and of the judge at their end.
fn settings(config: &Config, classifier: &Classifier, windows: Option<Windows>) -> (PipelineConfig, Judge) {
    let tokenize = TokenizeConfig {
        k: classifier.k(),
        longest: classifier.longest_row().filter(|_| windows.is_none()),
        min_length: config.min_length.max(classifier.shortest_read()),
        letters: config.letters,
        windows,
        audit: config.audit,
    };
    let reads_at_most = tokenize.longest.map(|longest| longest + tokenize.k - 1);
    let (prior, estimate_from) = prior(config, classifier);
    let stages = PipelineConfig {
        estimate_from,
        model_error: classifier.model_error(),
        decode: DecodeConfig { segments_per_chunk: classifier.rows_per_chunk(), max_reads: config.max_reads },
        tokenize,
        workers: classifier.workers(),
        memory: config.memory,
        bytes_per_base: config.windows.map_or(0, |windows| size_of::<Prediction>().div_ceil(windows.step.get())),
    };
    (stages, Judge { prior, verdict: config.verdict, windows, reads_at_most, audit: config.audit })
}

/// The prior that verdicts assume at first, and the number of templates from which it is to be estimated, if it is.
fn prior(config: &Config, classifier: &Classifier) -> (Prior, Option<usize>) {
    // The published evaluation of the BERT models assumed a half.
    let default = match &*classifier.card().kind {
        "compact" | "along" => prior::Setting::Auto,
        _ => prior::Setting::Assumed(Prior::given(0.5)),
    };
    match (config.prior.unwrap_or(default), config.windows) {
        (prior::Setting::Assumed(prior), _) => (prior, None),
        (prior::Setting::Auto, Some(_)) => (Prior::not_estimated(prior::Reason::Windows), None),
        (prior::Setting::Auto, None) => (Prior::default(), Some(prior::TEMPLATES)),
    }
}

/// The facts about the settings and the input for the report.
fn facts(
    config: &Config,
    templates: &Templates,
    stages: &PipelineConfig,
    judge: &Judge,
    slice: Option<Slice>,
) -> Facts {
    Facts {
        command: config.command.clone(),
        threads: config.threads,
        files: config.input.inputs.paths().map(Path::to_owned).collect(),
        format: templates.format.unwrap_or(Format::Fastq),
        stored_size: config.input.part.as_ref().map(Part::stored_size).or(templates.stored_size),
        verdict: config.verdict,
        min_length: stages.tokenize.min_length,
        letters: config.letters,
        windows: config.windows,
        reads_at_most: judge.reads_at_most,
        audit: config.audit.map(|sample| sample.fraction),
        scope: Scope {
            max_reads: config.max_reads,
            sample: config.sample,
            slice,
            all_stored_bytes: stored_bytes(config.input.inputs.paths()),
        },
    }
}

/// The stored bytes of all files; `None` if one of them is not a regular file.
fn stored_bytes<'a>(mut paths: impl Iterator<Item = &'a Path>) -> Option<u64> {
    paths.try_fold(0, |sum, path| {
        let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
        Some(sum + metadata.len())
    })
}

/// Warnings before the first read: mates that will be judged apart though nobody asked for it, and settings that have
/// no effect on this input or with this model.
fn early_warnings(config: &Config, templates: &Templates, classifier: &Classifier) -> Vec<Warning> {
    let (mut warnings, path, card) = (Vec::new(), &templates.path, classifier.card());
    if templates.looks_interleaved && config.verdict.mates != Mates::Each {
        warnings.push(Warning::JudgedApart { path: path.clone() });
    }
    let Some(format) = templates.format else { return warnings };
    if config.input.reference.is_some() && format != Format::Cram {
        warnings.push(Warning::ReferenceUnused { path: path.clone(), format: format.name() });
    }
    if config.model.attention != Attention::default() && card.attention.is_none() {
        warnings.push(Warning::AttentionUnused { model: card.name.clone() });
    }
    if let Some(other) = config.prior_of.as_ref().filter(|other| other.sha256 != card.sha256) {
        warnings.push(Warning::PriorOfAnotherModel { theirs: other.name.clone(), ours: card.name.clone() });
    }
    warnings.extend(classifier.idle_instructions().map(Warning::instructions_unavailable));
    warnings
}

/// Which sums must add up at the end.
#[derive(Clone, Copy, Debug)]
struct Sums {
    /// Whether the input is read to its end; a run that stops early may have read ahead.
    reads_all: bool,
    /// Whether every template is taken.
    takes_all: bool,
    /// Whether every record is written.
    keeps_all: bool,
}

impl Sums {
    fn of(config: &Config) -> Self {
        Self {
            reads_all: config.max_reads.is_none() && config.shard.is_none(),
            takes_all: config.sample.is_none(),
            keeps_all: config.outputs.keeps_all(),
        }
    }

    /// Checks that nothing was lost: in = coding + noncoding + undecided + left out.
    fn check(self, tally: &Tally, input: &InputCounts) -> Result<()> {
        let out = tally.written() + input.left_out();
        let read = input.records.get();
        if self.reads_all && out != read {
            return Err(Error::Internal(format!("{read} records were read, but {out} are accounted for")));
        }
        let (followers, all) = (tally.followers, input.left_out());
        if self.reads_all && self.takes_all && self.keeps_all && followers != all {
            return Err(Error::Internal(format!("{all} records had a read to follow, but {followers} did")));
        }
        Ok(())
    }
}
