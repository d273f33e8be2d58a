//! Evaluates models on labelled reads: scores the reads, and computes measures.

mod alignments;
mod calls;
mod chunks;
mod judged;

use std::path::PathBuf;
use std::sync::Arc;

use futures::StreamExt;

use crate::blocking::{blocking, to_the_end};
use crate::config::{check_contents, check_places};
use crate::error::Result;
use crate::kmer::Letters;
use crate::labels;
use crate::metrics::Wanted;
use crate::model::{self, Classifier};
use crate::reads::output::{Content, Placing, commit_all};
use crate::reads::{EncoderConfig, Lines};
use crate::report::{Basis, Evaluation, Setting};
use crate::warning::Warning;
pub use alignments::Places;
use alignments::Unlabelled;
pub use calls::CallsFile;
use calls::Program;
use chunks::{Rows, predictions};
use judged::JudgedReads;

/// The settings of an evaluation.
#[derive(Debug)]
pub struct EvaluateConfig {
    /// The labelled reads: a table or, with `places`, alignments.
    pub input: PathBuf,
    /// The truth by which aligned reads are labelled.
    pub places: Option<Places>,
    /// The models and their devices; at least one.
    pub models: Vec<Model>,
    /// Genes that other programs called on the same reads.
    pub calls: Vec<CallsFile>,
    /// The least probability of a read called coding.
    pub threshold: f32,
    /// The targets for which thresholds are looked up.
    pub wanted: Vec<Wanted>,
    /// The share of coding reads for which thresholds apply; `None` for that of the evaluated reads.
    pub share: Option<f64>,
    /// The fewest known bases of a read that is scored.
    pub min_length: usize,
    /// Which letters count as bases.
    pub letters: Letters,
    /// The path of the evaluation as JSON.
    pub json: Option<PathBuf>,
    /// The path of the evaluation as a page.
    pub html: Option<PathBuf>,
    /// How the reports are put in place.
    pub placing: Placing,
    /// The command line.
    pub command: Vec<String>,
}

/// A model to evaluate.
#[derive(Debug)]
pub struct Model {
    /// The name of the model in the evaluation.
    pub name: String,
    /// Which model it is, and its device.
    pub options: model::Options,
}

/// Scores the reads, computes the measures and writes the reports. All models score the same reads: those that are long
/// enough for each of them.
///
/// # Errors
/// If a table is not one of labelled reads, an annotation or genes belong to other reads, a model cannot run, or
/// reports cannot be written; then they do not exist.
///
/// # Panics
/// If there is no model.
pub async fn evaluate(config: EvaluateConfig) -> Result<Evaluation> {
    let EvaluateConfig { input, models, calls, threshold, wanted, share, min_length, letters, .. } = config;
    let EvaluateConfig { places, json, html, placing, command, .. } = config;
    let truth = places.iter().flat_map(|places| {
        [Some(places.truth.clone()), places.unclear.clone(), places.reference.clone()].into_iter().flatten()
    });
    let read = calls.iter().map(|calls| calls.path.clone()).chain(truth).chain([input.clone()]);
    let files = models.iter().flat_map(|model| model.options.source.files()).chain(read);
    let pages = html.iter().map(|path| (path.clone(), Content::Html));
    check_contents(json.iter().map(|path| (path.clone(), Content::Json)).chain(pages))?;
    check_places(json.iter().chain(&html).cloned(), files, placing.existing)?;
    let threads = models.first().expect("at least one model").options.threads;
    let (names, models): (Vec<_>, Vec<_>) = models.into_iter().map(|model| (model.name, model.options)).unzip();
    // Before anything is read: if a GPU fails its check, the program starts anew.
    let classifiers: Arc<[Classifier]> =
        blocking(move || models.iter().map(Classifier::load).collect::<Result<_, _>>()).await?;
    let rows = Rows::of(&classifiers, min_length, letters);
    let mut programs = Vec::new();
    for file in calls {
        programs.push(Program::read(file, threads).await?);
    }

    let min_length = rows.min_length();
    let mut judged = JudgedReads::of(classifiers.len(), programs);
    let unlabelled = Arc::new(Unlabelled::default());
    let mut lines = None;
    let reads = match places {
        None => labels::reads(lines.insert(Lines::open(&input, threads, Arc::default()).await?)).boxed(),
        Some(places) => alignments::reads(input.clone(), places, threads, Arc::clone(&unlabelled)).boxed(),
    };
    let chunks = rows.chunks(reads);
    let mut chunks = std::pin::pin!(predictions(Arc::clone(&classifiers), chunks));
    while let Some(chunk) = chunks.next().await {
        let (predictions, reads) = chunk?;
        judged.add(&predictions, reads)?;
    }
    let notes =
        names.iter().zip(classifiers.iter()).flat_map(|(name, classifier)| notes_of(name, classifier)).collect();
    let setting = Setting { command, input, threads, threshold, min_length, wanted, share, notes };
    let bases = classifiers.iter().map(|classifier| Basis::Model(classifier.card().clone()));
    let (mut reads, predictors) = judged.finish(names.into_iter().zip(bases))?;
    reads.left_out = unlabelled.counts();
    let evaluation = Evaluation::new(setting, &reads, predictors);
    let pending = evaluation.write(json.as_deref(), html.as_deref(), EncoderConfig { workers: threads, level: None });
    let pending = pending.await?;
    to_the_end(move || commit_all(pending, placing)).await?;
    Ok(evaluation)
}

/// Notes on the device that ran a model.
fn notes_of(name: &str, classifier: &Classifier) -> Vec<String> {
    let idle = classifier.idle_instructions().map(Warning::instructions_unavailable);
    let idle = idle.map(|warning| warning.to_string());
    classifier.notes().into_iter().chain(idle).map(|note| format!("{name}: {note}")).collect()
}
