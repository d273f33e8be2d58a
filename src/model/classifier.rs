//! A loaded model: rows of token ids in, a prediction a row out, whatever computes it.

use std::sync::{Mutex, PoisonError};

use burn::tensor::FloatDType;

use super::bert;
use super::checkpoint::{Checkpoint, Settings, Weights};
use super::compact::{self, windows};
use super::device::Ready;
use super::form::Form;
use super::runner::{Network, Runner};
use super::{Attention, Card, Config, Error, Precision, Result, Source, cpu, device};
use crate::prediction::Prediction;
use crate::tokens::Tokens;

/// A loaded model, ready to run.
#[derive(Debug)]
pub struct Classifier {
    card: Card,
    family: Family,
    engine: Engine,
    threads: usize,
    /// What the user should know and was not told yet.
    notes: Mutex<Vec<String>>,
}

/// What a family does with rows before its network sees them, and with logits after.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is only one")]
enum Family {
    Bert {
        k: usize,
        longest_row: usize,
    },
    Compact(compact::config::Config),
    /// No model: no read is long enough for it.
    None,
}

/// What computes logits from rows.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is only one")]
enum Engine {
    /// Our own kernels for the compact family on the CPU.
    Compact { engine: cpu::compact::Engine, scratches: Scratches<cpu::compact::Scratch> },
    /// Our own kernels for BERT on the CPU; what a read is padded to.
    Bert { engine: cpu::bert::Engine, padded: usize, scratches: Scratches<cpu::bert::Scratch> },
    /// burn, on the CPU or a GPU: either family.
    Burn(Runner),
    /// Nothing, where there is no model.
    None,
}

/// The callers' working memory, kept from call to call.
#[derive(Debug, Default)]
struct Scratches<S>(Mutex<Vec<S>>);

impl<S: Default> Scratches<S> {
    fn with<R>(&self, run: impl FnOnce(&mut S) -> R) -> R {
        let free = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut scratch = free().pop().unwrap_or_default();
        let result = run(&mut scratch);
        free().push(scratch);
        result
    }
}

impl Classifier {
    /// Loads the model and readies its device.
    ///
    /// # Errors
    /// [`Error::Load`] for a checkpoint that is missing or not one we run, [`Error::Device`] when no device fits,
    /// [`Error::Precision`] when what would run it cannot multiply in that precision.
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
        if config.source == Source::None {
            return Ok(Self::none(config.threads));
        }
        let refused = |problem| Error::Load { model: config.source.path(), problem };
        let Checkpoint { name, mut weights, settings } = Checkpoint::open(&config.source).map_err(refused)?;
        let sha256 = weights.sha256().to_owned();
        let threads = config.threads.max(1);
        let ready = device::ready(&config.device)?;
        let notes = match &ready {
            Ready::Cpu { note } => note.iter().cloned().collect(),
            Ready::Gpus(_) => Vec::new(),
        };
        let Running { engine, device, backend } = match ready {
            Ready::Cpu { .. } => on_cpu(config, kernels, &settings, &mut weights)?,
            Ready::Gpus(gpus) => on_gpus(config, gpus, &settings, &mut weights)?,
        };
        let parameters = weights.finish().map_err(refused)?;
        let (kind, attention, family) = match settings {
            Settings::Bert { k, config: settings } => {
                ("bert", Some(config.attention.name()), Family::Bert { k, longest_row: settings.longest_row() })
            }
            Settings::Compact(settings) => ("compact", None, Family::Compact(settings)),
        };
        let precision = config.precision.name();
        let card = Card { name, kind, sha256, attention, precision, parameters, device, backend };
        Ok(Self { card, family, engine, threads, notes: Mutex::new(notes) })
    }

    /// No model, and a card that cannot be taken for one.
    fn none(threads: usize) -> Self {
        let card = Card {
            name: "none".to_owned(),
            kind: "none",
            sha256: String::new(),
            attention: None,
            precision: "none",
            parameters: 0,
            device: "nothing: no read was scored".to_owned(),
            backend: "none".to_owned(),
        };
        Self { card, family: Family::None, engine: Engine::None, threads: threads.max(1), notes: Mutex::default() }
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
            Family::None => *crate::kmer::K.end(),
        }
    }

    /// How many k-mers of a row it reads at most, if it does not read all.
    #[must_use]
    pub fn longest_row(&self) -> Option<usize> {
        match &self.family {
            Family::Bert { longest_row, .. } => Some(*longest_row),
            Family::Compact(_) | Family::None => None,
        }
    }

    /// Bases of the windows that long reads are scored in, where the user asks for windows: one base more must fit too.
    #[must_use]
    pub fn window_length(&self) -> usize {
        match &self.family {
            Family::Bert { k, longest_row } => (longest_row + k - 2).max(*k),
            Family::Compact(config) => config.window.length,
            Family::None => usize::MAX, // it scores no read
        }
    }

    /// How many bases a read must have for its prediction to mean anything.
    #[must_use]
    pub fn shortest_read(&self) -> usize {
        match &self.family {
            Family::Bert { k, .. } => *k,
            Family::Compact(_) => windows::SHORTEST,
            Family::None => usize::MAX,
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
            Engine::Compact { .. } | Engine::Bert { .. } => self.threads,
            Engine::Burn(runner) => runner.workers(),
            Engine::None => 1,
        }
    }

    /// How many rows a chunk should hold at most, so that an interrupt or the progress bar need not wait long for one.
    #[must_use]
    pub fn rows_a_chunk(&self) -> usize {
        /// Parameters times rows that a thread gets through in a second or two, and for our own kernels.
        const A_THREADS_SHARE: usize = 300_000_000;
        const OWN_SHARE: usize = 400_000_000;
        match &self.engine {
            // Some 15 ms of a thread: few enough that the last ones do not keep one thread busy alone, and that a chunk's
            // records are still in a core's cache from one stage to the next. Memory that lies fallow for long would go back
            // to the system and have to be cleared again.
            Engine::Compact { .. } => 512,
            Engine::None => 4096,
            Engine::Bert { .. } => (OWN_SHARE / self.card.parameters.max(1)).clamp(1, 512),
            // Some 16 batches of the first size, so that the last, smaller one costs little.
            Engine::Burn(runner) if let Some(rows) = runner.gpu_rows() => 16 * rows,
            Engine::Burn(_) => self.threads * (A_THREADS_SHARE / self.card.parameters.max(1)).clamp(1, 512),
        }
    }

    /// What the user should know and was not told yet, such as a batch that did not fit the device.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = std::mem::take(&mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner));
        if let Engine::Burn(runner) = &self.engine {
            notes.extend(runner.notes());
        }
        notes
    }

    /// One prediction a row, in row order; the same whatever else is in `tokens`.
    ///
    /// # Errors
    /// [`Error::Device`] when the device fails even with a single row.
    pub fn classify(&self, tokens: &Tokens) -> Result<Vec<Prediction>> {
        self.classify_rows(&tokens.rows().collect::<Vec<_>>())
    }

    /// [`classify`](Self::classify) for rows wherever they lie; they may overlap.
    ///
    /// # Errors
    /// As [`classify`](Self::classify).
    pub fn classify_rows(&self, rows: &[&[u16]]) -> Result<Vec<Prediction>> {
        match &self.family {
            Family::Bert { longest_row, .. } => {
                let rows: Vec<&[u16]> = rows.iter().map(|row| &row[..row.len().min(*longest_row)]).collect();
                let logits = self.logits(&rows)?;
                Ok(logits.chunks(bert::LABELS).map(|logits| bert::prediction([logits[0], logits[1]])).collect())
            }
            Family::Compact(config) => self.classify_windows(rows, config),
            Family::None => Ok(Vec::new()),
        }
    }

    fn classify_windows(&self, rows: &[&[u16]], config: &compact::config::Config) -> Result<Vec<Prediction>> {
        let mut windows = Vec::with_capacity(rows.len());
        let mut counts = Vec::with_capacity(rows.len());
        for row in rows {
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
            Engine::Compact { engine, scratches } => Ok(scratches.with(|scratch| {
                let mut logits = Vec::with_capacity(rows.len() * compact::LOGITS);
                engine.each(rows.iter().copied(), scratch, |of_row| logits.extend(of_row));
                logits
            })),
            Engine::Bert { engine, padded, scratches } => {
                Ok(scratches
                    .with(|scratch| rows.iter().flat_map(|row| engine.forward(row, *padded, scratch)).collect()))
            }
            Engine::Burn(runner) => runner.logits(rows),
            Engine::None => Ok(Vec::new()),
        }
    }
}

/// What computes where both can.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kernels {
    Own,
    Burn,
}

/// An engine, and where it runs as reports say it.
struct Running {
    engine: Engine,
    device: String,
    backend: String,
}

/// The model on the CPU, on our own kernels where they can run it.
fn on_cpu(config: &Config, kernels: Kernels, settings: &Settings, weights: &mut Weights) -> Result<Running> {
    let refused = |problem| Error::Load { model: config.source.path(), problem };
    let own = kernels == Kernels::Own;
    let precision = config.precision;
    check_precision(precision, settings, if own { Where::OwnKernels } else { Where::BurnOnCpu })?;
    let instructions = cpu::InstructionSet::detect_in(precision);
    let ours = |engine| {
        let device = device::cpu_name_with(config.threads.max(1), instructions.name());
        Running { engine, device, backend: "cpu".to_owned() }
    };
    match settings {
        Settings::Bert { config: settings, .. } if own && settings.shape().is_supported() => {
            let take = |name: &str, shape: &[usize]| weights.take(name, shape);
            let engine = cpu::bert::Engine::new(&settings.shape(), instructions, precision, take).map_err(refused)?;
            let padded = match config.attention {
                Attention::Published => settings.max_tokens(),
                Attention::Masked => 0,
            };
            return Ok(ours(Engine::Bert { engine, padded, scratches: Scratches::default() }));
        }
        Settings::Compact(settings) if let Some(shape) = settings.shape().filter(|_| own) => {
            let take = |name: &str, shape: &[usize]| compact::take(weights, name, shape);
            let engine = cpu::compact::Engine::new(shape, instructions, precision, take).map_err(refused)?;
            return Ok(ours(Engine::Compact { engine, scratches: Scratches::default() }));
        }
        _ => {}
    }
    let network = Network::load(settings, config.attention, Form::EXACT, weights, &device::cpu()).map_err(refused)?;
    let engine = Engine::Burn(Runner::on_cpu(network, config.threads)?);
    let device = device::cpu_name(config.threads.max(1));
    Ok(Running { engine, device, backend: "flex".to_owned() })
}

/// The model on each of these GPUs.
fn on_gpus(config: &Config, gpus: Vec<device::Gpu>, settings: &Settings, weights: &mut Weights) -> Result<Running> {
    let refused = |problem| Error::Load { model: config.source.path(), problem };
    check_precision(config.precision, settings, Where::Gpu)?;
    let names: Vec<&str> = gpus.iter().map(|gpu| gpu.adapter.name.as_str()).collect();
    let (device, backend) = (names.join(", "), gpus[0].adapter.backend());
    let mut networks = Vec::with_capacity(gpus.len());
    for gpu in gpus {
        let form = form(config.precision, &gpu)?;
        let network = if networks.is_empty() {
            Network::load(settings, config.attention, form, weights, &gpu.device)
        } else {
            // Tensors are taken from a checkpoint once: each further GPU reads it anew, and not all of them hold memory.
            let again = Checkpoint::open(&config.source);
            again.and_then(|mut again| Network::load(settings, config.attention, form, &mut again.weights, &gpu.device))
        };
        networks.push((network.map_err(refused)?, gpu));
    }
    let engine = Engine::Burn(Runner::on_gpus(networks, config.batch_size));
    Ok(Running { engine, device, backend })
}

/// How a network computes on a GPU.
fn form(precision: Precision, gpu: &device::Gpu) -> Result<Form, device::Problem> {
    if precision != Precision::F16 {
        return Ok(Form::EXACT);
    }
    if !gpu.device.supports_dtype(FloatDType::F16) {
        return Err(device::Problem::NoF16 { name: gpu.adapter.name.clone() });
    }
    Ok(Form { numbers: FloatDType::F16, fused: gpu.adapter.reaches_matrix_units() })
}

/// What runs a model, as far as precisions go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    OwnKernels,
    BurnOnCpu,
    Gpu,
}

/// Anything but f32 is for our own kernels on the CPU, or f16 for a GPU.
fn check_precision(precision: Precision, settings: &Settings, on: Where) -> Result<()> {
    let bert = matches!(settings, Settings::Bert { .. });
    let fits = settings.precisions_on_cpu().contains(&precision);
    let why = match precision {
        Precision::F32 => return Ok(()),
        Precision::F16 if on == Where::Gpu => return Ok(()),
        Precision::F16 => "is for a GPU: --device gpu takes the first",
        Precision::Bf16 if !bert => "is for a BERT; this model is compact",
        _ if fits && on == Where::OwnKernels => return Ok(()),
        _ if fits => "is for the CPU: give --device cpu too",
        _ if bert => "needs a hidden_size and an intermediate_size that are multiples of 16",
        _ => "needs a convolution after the stem",
    };
    Err(Error::Precision { precision, why })
}
