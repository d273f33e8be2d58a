//! The models: loaded once, then token ids in, predictions out. The only home of burn.
//!
//! It must not know what a record, a file of reads or a verdict is.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use self::bert::Bert;
use self::checkpoint::{Checkpoint, Settings};
use self::compact::config::{Block, Stem};
use self::compact::{Compact, windows};
pub use self::problem::Problem;
use self::runner::{Network, Runner};
use crate::batch::Tokens;
use crate::error::{Error, Result};

mod bert;
mod checkpoint;
pub mod compact;
pub mod cpu;
pub mod device;
mod problem;
mod runner;

/// Which model to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The compact model embedded in the binary.
    Builtin,
    /// A checkpoint directory: `config.json` says which family.
    Directory(PathBuf),
}

impl Source {
    /// `builtin`, or a directory; one that is called `builtin` is `./builtin`.
    #[must_use]
    pub fn from_path(path: PathBuf) -> Self {
        if path.as_os_str() == "builtin" { Self::Builtin } else { Self::Directory(path) }
    }

    /// The inverse of [`from_path`](Self::from_path), for messages.
    fn path(&self) -> PathBuf {
        match self {
            Self::Builtin => "builtin".into(),
            Self::Directory(directory) => directory.clone(),
        }
    }
}

/// A model's card in short, for people.
///
/// # Errors
/// [`Error::Model`] for a checkpoint that is missing or not one we run.
pub fn describe(source: &Source) -> Result<String> {
    checkpoint::describe(source).map_err(|problem| Error::Model { model: source.path(), problem })
}

/// How a BERT treats its padding: see "The attention mask as published" in the README.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attention {
    /// Always 298 tokens, +1 on tokens and 0 on padding, as the published evaluation ran.
    #[default]
    Published,
    /// Padding is never attended; a batch is as long as its longest read.
    Masked,
}

impl Attention {
    /// As the command line spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Masked => "masked",
        }
    }
}

/// What to load and where to run it.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which model.
    pub source: Source,
    /// The attention mode; a model that is no BERT ignores it.
    pub attention: Attention,
    /// Which device.
    pub device: device::Choice,
    /// Rows a batch at most; the model's own choice when absent.
    pub batch_size: Option<usize>,
    /// CPU threads the run may use in all.
    pub threads: usize,
}

/// What a report says of the model that ran.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Card {
    /// Its name: `readseeker-compact-1`, or the checkpoint directory's.
    pub name: String,
    /// `compact` or `bert`.
    pub kind: &'static str,
    /// SHA-256 of the weights file, in hex.
    pub sha256: String,
    /// `published` or `masked`; none for a model without attention.
    pub attention: Option<&'static str>,
    /// `f32`.
    pub precision: &'static str,
    /// How many numbers were trained.
    pub parameters: usize,
    /// The device that ran it, for people: `CPU (2 threads, AVX-512)`, `NVIDIA A40`.
    pub device: String,
    /// What drives the device: `cpu`, `flex`, `wgpu (Vulkan)`.
    pub backend: String,
}

/// What a model says of one row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// Probability of coding, 0 to 1.
    pub probability: f32,
    /// Most likely frame, if the model tells frames; meaningful where the read is coding.
    pub frame: Option<Frame>,
}

/// Strand and codon phase of a coding read: `+f`, codons start at offset f of the read as given; `-f`, at offset f of
/// its reverse complement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Frame {
    /// Which strand is coding.
    pub strand: Strand,
    /// 0, 1 or 2: where the first whole codon starts.
    pub offset: u8,
}

/// A strand relative to the read as given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Strand {
    /// The read as given.
    Plus,
    /// Its reverse complement.
    Minus,
}

impl Frame {
    /// All six, in the order the networks number them: +0 +1 +2 -0 -1 -2.
    pub const ALL: [Self; 6] = [
        Self { strand: Strand::Plus, offset: 0 },
        Self { strand: Strand::Plus, offset: 1 },
        Self { strand: Strand::Plus, offset: 2 },
        Self { strand: Strand::Minus, offset: 0 },
        Self { strand: Strand::Minus, offset: 1 },
        Self { strand: Strand::Minus, offset: 2 },
    ];
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.strand {
            Strand::Plus => '+',
            Strand::Minus => '-',
        };
        write!(f, "{sign}{}", self.offset)
    }
}

/// A loaded model, ready to run.
#[derive(Debug)]
pub struct Classifier {
    card: Card,
    family: Family,
    engine: Engine,
    threads: usize,
}

/// What a family does with rows before its network sees them, and with logits after.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is only one")]
enum Family {
    Bert { k: usize, longest_row: usize },
    Compact(compact::config::Config),
}

/// What computes logits from rows.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is only one")]
enum Engine {
    /// Our own kernels: the compact family on the CPU.
    Cpu {
        engine: cpu::Engine,
        /// The callers' working memory, kept from call to call.
        scratches: Mutex<Vec<cpu::Scratch>>,
    },
    /// burn, on the CPU or a GPU: either family.
    Burn(Runner),
}

impl Classifier {
    /// Loads the model and readies its device.
    ///
    /// # Errors
    /// [`Error::Model`] for a checkpoint that is missing or not one we run, [`Error::Device`] when no device fits.
    pub fn load(config: &Config) -> Result<Self> {
        Self::load_with(config, Kernels::Own)
    }

    /// [`load`](Self::load), with burn computing even what our own kernels would: what they are tested against.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_on_burn(config: &Config) -> Result<Self> {
        Self::load_with(config, Kernels::Burn)
    }

    fn load_with(config: &Config, kernels: Kernels) -> Result<Self> {
        let refused = |problem| Error::Model { model: config.source.path(), problem };
        let Checkpoint { name, mut weights, settings } = Checkpoint::open(&config.source).map_err(refused)?;
        let sha256 = weights.sha256().to_owned();
        let ready = device::ready(config.device)?;
        let threads = config.threads.max(1);
        let mut device = device::cpu_name(threads);
        let mut backend = "flex".to_owned();
        if let Some(adapter) = &ready.adapter {
            (device, backend) = (adapter.name.clone(), format!("wgpu ({})", adapter.interface));
        }
        let run = |network, ready| Runner::new(network, ready, threads, config.batch_size).map(Engine::Burn);
        let (kind, attention, family, engine) = match settings {
            Settings::Bert { k, config: settings } => {
                let bert = Bert::load(&settings, config.attention, &mut weights, &ready.device).map_err(refused)?;
                let family = Family::Bert { k, longest_row: bert.longest_row() };
                ("bert", Some(config.attention.name()), family, run(Network::Bert(bert), ready)?)
            }
            Settings::Compact(settings) => {
                let engine = match cpu_shape(&settings) {
                    Some(shape) if kernels == Kernels::Own && ready.adapter.is_none() => {
                        let path = cpu::Path::detect();
                        (device, backend) = (device::cpu_name_with(threads, path.name()), "cpu".to_owned());
                        let engine =
                            cpu::Engine::new(shape, path, |name, shape| compact::take(&mut weights, name, shape));
                        Engine::Cpu { engine: engine.map_err(refused)?, scratches: Mutex::default() }
                    }
                    _ => {
                        let compact = Compact::load(&settings, &mut weights, &ready.device).map_err(refused)?;
                        run(Network::Compact(compact), ready)?
                    }
                };
                ("compact", None, Family::Compact(settings), engine)
            }
        };
        let parameters = weights.finish().map_err(refused)?;
        let card = Card { name, kind, sha256, attention, precision: "f32", parameters, device, backend };
        Ok(Self { card, family, engine, threads })
    }

    /// What a report says of this model.
    #[must_use]
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// The k of its k-mers.
    #[must_use]
    pub fn k(&self) -> usize {
        match &self.family {
            Family::Bert { k, .. } => *k,
            Family::Compact(config) => config.k,
        }
    }

    /// How many k-mers of a row it reads at most, if it does not read all.
    #[must_use]
    pub fn longest_row(&self) -> Option<usize> {
        match &self.family {
            Family::Bert { longest_row, .. } => Some(*longest_row),
            Family::Compact(_) => None,
        }
    }

    /// How many bases a read must have for its prediction to mean anything.
    #[must_use]
    pub fn shortest_read(&self) -> usize {
        match &self.family {
            Family::Bert { k, .. } => *k,
            Family::Compact(_) => windows::SHORTEST,
        }
    }

    /// Whether its predictions have frames.
    #[must_use]
    pub fn tells_frames(&self) -> bool {
        matches!(self.family, Family::Compact(_))
    }

    /// How many threads should call [`classify`](Self::classify) at once.
    #[must_use]
    pub fn workers(&self) -> usize {
        match &self.engine {
            Engine::Cpu { .. } => self.threads,
            Engine::Burn(_) => 1, // it spreads a call's rows over its own threads, or over the GPU
        }
    }

    /// How many rows a chunk should hold at most, so that an interrupt or the progress bar need not wait long for one.
    #[must_use]
    pub fn rows_a_chunk(&self) -> usize {
        /// Parameters times rows that a thread gets through in a second or two.
        const A_THREADS_SHARE: usize = 300_000_000;
        match &self.engine {
            Engine::Cpu { .. } => 4096,
            // Some 16 batches, so that the last, smaller one costs little.
            Engine::Burn(runner) if let Some(rows) = runner.gpu_rows() => 16 * rows,
            Engine::Burn(_) => self.threads * (A_THREADS_SHARE / self.card.parameters.max(1)).clamp(1, 512),
        }
    }

    /// What the user should know and was not told yet, such as a batch that did not fit the device.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        match &self.engine {
            Engine::Cpu { .. } => Vec::new(),
            Engine::Burn(runner) => runner.notes(),
        }
    }

    /// One prediction a row, in row order; the same whatever else is in `tokens`.
    ///
    /// # Errors
    /// [`Error::Device`] when the device fails even with a single row.
    pub fn classify(&self, tokens: &Tokens) -> Result<Vec<Prediction>> {
        match &self.family {
            Family::Bert { longest_row, .. } => {
                let rows: Vec<&[u16]> = tokens.rows().map(|row| &row[..row.len().min(*longest_row)]).collect();
                let logits = self.logits(&rows)?;
                Ok(logits.chunks(bert::LABELS).map(|logits| bert::prediction([logits[0], logits[1]])).collect())
            }
            Family::Compact(config) => self.classify_windows(tokens, config),
        }
    }

    fn classify_windows(&self, tokens: &Tokens, config: &compact::config::Config) -> Result<Vec<Prediction>> {
        let mut windows = Vec::with_capacity(tokens.len());
        let mut counts = Vec::with_capacity(tokens.len());
        for row in tokens.rows() {
            let before = windows.len();
            let bases = row.len() + config.k - 1;
            if bases >= windows::SHORTEST {
                windows.extend(windows::windows(bases, &config.window).map(|window| &row[windows::tokens(&window)]));
            }
            counts.push((bases, windows.len() - before));
        }
        let logits = self.logits(&windows)?;
        let (mut logits, _) = logits.as_chunks::<{ compact::LOGITS }>();
        let predictions = counts.into_iter().map(|(bases, count)| {
            let (own, others) = logits.split_at(count);
            logits = others;
            windows::prediction(bases, own, config)
        });
        Ok(predictions.collect())
    }

    fn logits(&self, rows: &[&[u16]]) -> Result<Vec<f32>> {
        match &self.engine {
            Engine::Cpu { engine, scratches } => {
                let free = || scratches.lock().unwrap_or_else(PoisonError::into_inner);
                let mut scratch = free().pop().unwrap_or_default();
                let mut logits = Vec::with_capacity(rows.len() * compact::LOGITS);
                engine.each(rows.iter().copied(), &mut scratch, |of_row| logits.extend(of_row));
                free().push(scratch);
                Ok(logits)
            }
            Engine::Burn(runner) => runner.logits(rows),
        }
    }
}

/// What computes where both can.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kernels {
    Own,
    Burn,
}

/// The sizes our own kernels want, if they can run a compact model of these settings.
fn cpu_shape(config: &compact::config::Config) -> Option<cpu::Shape> {
    let &compact::config::Config { embedding_size: embedding, channels, hidden, stem, ref blocks, .. } = config;
    let fits = stem == Stem { kernel: 6, stride: 3, padding: 3 }
        && blocks.iter().all(|block| *block == Block { kernel: 3, padding: 1 });
    fits.then_some(cpu::Shape { embedding, channels, blocks: blocks.len(), hidden })
}
