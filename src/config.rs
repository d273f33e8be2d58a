//! The settings of a run: what each stage needs, and the checks that concern more than one stage.

use std::num::NonZero;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::conflict::Conflict;
use crate::error::Result;
use crate::kmer::Letters;
use crate::outputs::OutputsConfig;
use crate::paths::{Target, is_direct};
use crate::prior;
use crate::progress::Display;
use crate::reads::output::{Content, Existing, Placing, check_place, misleading_suffix, stray_of};
use crate::reads::{Codec, EncoderConfig, InputConfig};
use crate::sample::Sample;
use crate::shard::Shard;
use crate::verdict::VerdictConfig;
use crate::windows::WindowsConfig;
use crate::{model, report};

/// The settings of a whole run.
#[derive(Debug)]
pub struct Config {
    /// What to read.
    pub input: InputConfig,
    /// Which model scores the reads, and on what device.
    pub model: model::Options,
    /// Reads shorter than this are not scored.
    pub min_length: usize,
    /// Which letters count as bases.
    pub letters: Letters,
    /// The threshold and the other rules that separate the classes.
    pub verdict: VerdictConfig,
    /// The share of coding reads that verdicts assume; the model's default if absent.
    pub prior: Option<prior::Setting>,
    /// The model that estimated the prior, if another run did.
    pub prior_of: Option<model::Card>,
    /// How whole reads are scored in windows; `None` if they are not.
    pub windows: Option<WindowsConfig>,
    /// Files the run reads beside its input, such as the list of inputs.
    pub also_read: Vec<PathBuf>,
    /// What to write.
    pub outputs: OutputsConfig,
    /// Where the reports go.
    pub reports: report::Files,
    /// A folder to create for the outputs.
    pub folder: Option<PathBuf>,
    /// How outputs are put in place.
    pub placing: Placing,
    /// Stop after this many reads.
    pub max_reads: Option<u64>,
    /// The shard whose templates are processed, if not all are.
    pub shard: Option<Shard>,
    /// The index that tells where the input can be cut into shards, if there is one.
    pub index: Option<PathBuf>,
    /// Which templates are sampled, if not all are.
    pub sample: Option<Sample>,
    /// Which templates are also scored on a plain path, to audit the fast one.
    pub audit: Option<Sample>,
    /// The number of CPU threads.
    pub threads: NonZero<usize>,
    /// The compression level of compressed outputs; each codec's default if absent.
    pub compression_level: Option<u8>,
    /// Bytes of reads in flight.
    pub memory: u64,
    /// What stderr shows during the run.
    pub display: Display,
    /// Whether the summary at the end is left out.
    pub quiet: bool,
    /// Whether stages say more on stderr.
    pub verbose: bool,
    /// The command line, for the report.
    pub command: Vec<String>,
}

impl Config {
    /// How outputs are compressed: the number of threads and the level.
    #[must_use]
    pub fn encoding(&self) -> EncoderConfig {
        EncoderConfig { workers: self.threads, level: self.compression_level }
    }

    /// The number of threads that the outputs keep while the run goes on.
    pub(crate) fn threads_of_outputs(&self) -> usize {
        let (encoding, outputs) = (self.encoding(), &self.outputs);
        let paths = outputs.read_paths().chain(outputs.table_paths().map(|(path, _)| path.to_owned()));
        paths.map(|path| outputs.codec_of(&path).threads(encoding)).sum()
    }

    /// Paths of all files the run writes.
    pub(crate) fn output_paths(&self) -> impl Iterator<Item = PathBuf> {
        let tables = self.outputs.table_paths().map(|(path, _)| path);
        self.outputs.read_paths().chain(tables.map(Path::to_owned)).chain(self.reports.paths())
    }

    /// Paths of the files that are put in place once the run has succeeded, so without pipes and devices.
    pub(crate) fn placed_paths(&self) -> Vec<PathBuf> {
        self.output_paths().filter(|path| path != Path::new("-") && !is_direct(path)).collect()
    }

    /// Paths of all files the run writes that hold no reads, and their contents.
    fn others(&self) -> impl Iterator<Item = (PathBuf, Content)> {
        let tables = self.outputs.table_paths().map(|(path, content)| (path.to_owned(), content));
        tables.chain(self.reports.contents())
    }

    /// Paths of all files the run reads.
    fn input_paths(&self) -> impl Iterator<Item = PathBuf> {
        let reference = self.input.reference.iter().flat_map(|fasta| {
            let indexes = [".fai", ".gzi"].map(|suffix| {
                let mut index = fasta.clone().into_os_string();
                index.push(suffix);
                PathBuf::from(index)
            });
            indexes.into_iter().chain([fasta.clone()])
        });
        let reads = self.input.inputs.paths().map(Path::to_owned);
        reads.chain(self.also_read.clone()).chain(self.index.clone()).chain(reference).chain(self.model.source.files())
    }

    /// Refuses settings that contradict each other or the files on disk.
    pub fn check(&self) -> Result<()> {
        self.check_paths()?;
        self.check_suffixes()?;
        self.check_level()?;
        self.check_shard()?;
        check_creatable(self.output_paths(), self.folder.as_deref())
    }

    /// Refuses outputs that would overwrite an input, each other, or an existing file unless overwriting was asked for.
    fn check_paths(&self) -> Result<()> {
        check_conflicts(self.output_paths(), self.input_paths(), self.placing.existing)
    }

    /// Refuses file names whose suffix does not fit the contents.
    fn check_suffixes(&self) -> Result<()> {
        let misleading = |path: PathBuf| misleading_suffix(&path, Content::Reads).map(|suffix| (path, suffix));
        if self.outputs.kind.is_none()
            && let Some((path, suffix)) = self.outputs.read_paths().find_map(misleading)
        {
            return Err(Conflict::ReadsSuffix { path, suffix }.into());
        }
        check_contents(self.others())
    }

    /// Refuses a shard of an input that can be read only once.
    fn check_shard(&self) -> Result<()> {
        match self.stream() {
            Some(path) if self.shard.is_some() => Err(Conflict::ReadOnce(path.to_owned()).into()),
            _ => Ok(()),
        }
    }

    /// Refuses a dry run on an input that can be read only once: the reads it takes would be missing from the real run.
    pub(crate) fn check_rereadable(&self) -> Result<()> {
        self.stream().map_or(Ok(()), |path| Err(Conflict::TakenAway(path.to_owned()).into()))
    }

    /// The first input that can be read only once, if any.
    fn stream(&self) -> Option<&Path> {
        // A path that leads nowhere is reported when it is opened, with the reason.
        let is_stream = |path: &&Path| *path == Path::new("-") || path.metadata().is_ok_and(|path| !path.is_file());
        self.input.inputs.paths().find(is_stream)
    }

    /// Refuses a compression level that an output's codec does not have, or that no output uses.
    fn check_level(&self) -> Result<()> {
        let Some(level) = self.compression_level else { return Ok(()) };
        let reads = self.outputs.read_paths().map(|path| (self.outputs.codec_of(&path), path));
        let text = self.others().filter(|(_, content)| *content != Content::Parquet);
        let text = text.map(|(path, _)| (Codec::of(&path), path));
        let compressed: Vec<_> =
            reads.chain(text).filter_map(|(codec, path)| codec.levels().map(|levels| (levels, path))).collect();
        if compressed.is_empty() {
            return Err(Conflict::NothingCompressed.into());
        }
        match compressed.into_iter().find(|(levels, _)| !levels.contains(&level)) {
            None => Ok(()),
            Some((levels, path)) => Err(Conflict::Level { level, path, levels }.into()),
        }
    }
}

/// Refuses file names whose suffix does not fit the contents.
pub(crate) fn check_contents(outputs: impl IntoIterator<Item = (PathBuf, Content)>) -> Result<()> {
    for (path, content) in outputs {
        if let Some(suffix) = misleading_suffix(&path, content) {
            let (holds, fitting) = content.described();
            return Err(Conflict::Suffix { path, suffix, holds, fitting }.into());
        }
    }
    Ok(())
}

/// Refuses outputs that would overwrite an input, each other, or an existing file unless overwriting was asked for, and those
/// that could not be created.
pub(crate) fn check_places(
    outputs: impl Iterator<Item = PathBuf>,
    inputs: impl Iterator<Item = PathBuf>,
    existing: Existing,
) -> Result<()> {
    let outputs: Vec<PathBuf> = outputs.collect();
    check_conflicts(outputs.iter().cloned(), inputs, existing)?;
    check_creatable(outputs.into_iter(), None)
}

/// Refuses outputs that could not be created. Some are created only at the end of a run, which would then be in vain. `made` is
/// a folder that will be made.
fn check_creatable(mut outputs: impl Iterator<Item = PathBuf>, made: Option<&Path>) -> Result<()> {
    outputs.try_for_each(|path| Ok(check_place(&path, made)?))
}

/// Refuses outputs that would overwrite an input, each other, or an existing file unless overwriting was asked for.
fn check_conflicts(
    outputs: impl Iterator<Item = PathBuf>,
    inputs: impl Iterator<Item = PathBuf>,
    existing: Existing,
) -> Result<()> {
    let outputs: Vec<(PathBuf, Target)> = outputs.map(|path| (path.clone(), Target::written(&path))).collect();
    let inputs: Vec<Target> = inputs.map(|path| Target::read(&path)).collect();
    for (i, (path, output)) in outputs.iter().enumerate() {
        if [&b"/"[..], b"/."].iter().any(|end| path.as_os_str().as_bytes().ends_with(end)) {
            return Err(Conflict::Folder(path.clone()).into());
        }
        if outputs[..i].iter().any(|(_, other)| other.clashes_with(output)) {
            return Err(Conflict::SameOutput(path.clone()).into());
        }
        if inputs.iter().any(|input| input.is_fed_by(output)) {
            return Err(Conflict::InputAndOutput(path.clone()).into());
        }
        if existing == Existing::Kept && path.is_file() && !is_direct(path) {
            let stray = outputs.iter().find_map(|(path, _)| stray_of(path));
            return Err(match stray {
                Some(stray) => Conflict::Remains { existing: path.clone(), stray }.into(),
                None => Conflict::Exists(path.clone()).into(),
            });
        }
    }
    Ok(())
}
