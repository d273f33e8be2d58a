//! `readseeker device`: shows the devices of this machine that can run a model, and how fast they are.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args as ClapArgs;
use futures::StreamExt;

use super::print::print;
use super::values::{BatchSize, batch_size};
use super::{runtime, threads};
use crate::error::Result;
use crate::model::bench::{self, Reads, Speed};
use crate::model::device::{self, Choice};
use crate::model::{self, Attention};
use crate::reads::{self, InputConfig};

/// List CPU features and GPUs, or measure how fast a model runs on them
///
/// Without --bench, it also says which device --device auto takes.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Measure reads per second on each device and in each precision
    #[arg(long)]
    bench: bool,

    /// Model to measure: builtin, compact, or a checkpoint directory
    #[arg(long, value_name = "MODEL", default_value = "builtin", requires = "bench")]
    model: PathBuf,

    /// Measure this device only [default: the CPU and every real GPU]
    #[arg(long, value_name = "cpu|gpu|gpu:N|cuda:N", requires = "bench")]
    device: Option<Choice>,

    /// Attention of a BERT: as in the published evaluation, or with padding masked out
    #[arg(long, value_enum, default_value_t, requires = "bench")]
    attention: Attention,

    /// Rows per batch on a GPU
    #[arg(long, value_name = "auto|N", default_value = "auto", value_parser = batch_size, requires = "bench")]
    batch_size: BatchSize,

    /// Bases per read
    #[arg(long, value_name = "N", default_value_t = 300, requires = "bench")]
    length: usize,

    /// Measure on the reads of this file instead of random ones; all of them are scored at least once
    #[arg(long, value_name = "FILE", requires = "bench", conflicts_with = "length")]
    reads: Option<PathBuf>,

    /// Shortest time of a measurement, in seconds
    #[arg(long, value_name = "N", default_value_t = 3, requires = "bench")]
    seconds: u64,

    /// CPU threads [default: all CPUs that this process may use]
    #[arg(short, long, value_name = "N", requires = "bench", value_parser = threads::number, allow_negative_numbers = true)]
    threads: Option<NonZero<usize>>,
}

pub(super) fn run(args: &Args) -> Result<()> {
    if args.bench {
        return measure(args);
    }
    print(&describe())
}

/// Describes the CPU features and GPU adapters of this machine, and what `auto` takes.
fn describe() -> String {
    let mut lines = vec![format!("CPU     {}", device::cpu_features().join(", "))];
    let (interfaces, adapters) = (device::interfaces(), device::adapters());
    lines.extend(adapters.iter().chain(&device::cuda_devices()).map(ToString::to_string));
    if interfaces.is_empty() {
        lines.push("no GPUs: this build runs on the CPU only".to_owned());
    } else if adapters.is_empty() {
        lines.push(format!("no GPUs (looked for {})", interfaces.join(", ")));
    }
    lines.push(format!("--device auto takes {}", device::automatic(&adapters)));
    lines.join("\n") + "\n"
}

fn measure(args: &Args) -> Result<()> {
    let source = model::store::find(args.model.clone());
    let threads = threads::or_all(args.threads);
    let reads = match &args.reads {
        None => Reads::MadeUp(args.length),
        Some(path) => Reads::These(runtime::block_on(threads, bases(path, threads))?),
    };
    let devices = args.device.clone().map_or_else(everywhere, |device| vec![device]);
    print("reads/s\tprecision\tdevice\tbackend\tmodel\tCPU ms per read\n")?;
    for device in devices {
        for &precision in model::precisions(&source, &device)? {
            let config = model::Options {
                source: source.clone(),
                attention: args.attention,
                precision,
                device: device.clone(),
                batch_size: args.batch_size.0,
                threads,
                check: model::Check::Run,
            };
            let Speed { card, reads_per_second, cpu_per_read } =
                bench::speed(&config, &reads, Duration::from_secs(args.seconds))?;
            let model::Card { name, precision, device, backend, .. } = card;
            let cpu = cpu_per_read.map_or("NA".to_owned(), |cpu| format!("{:.6}", cpu.as_secs_f64() * 1000.0));
            print(&format!("{reads_per_second:.1}\t{precision}\t{device}\t{backend}\t{name}\t{cpu}\n"))?;
        }
    }
    Ok(())
}

/// The bases of all reads of a file.
async fn bases(path: &Path, workers: NonZero<usize>) -> Result<Vec<Vec<u8>>> {
    let config = InputConfig::each_of(path.to_owned(), workers);
    let mut templates = reads::open(&config, Arc::default()).await?.stream;
    let mut all = Vec::new();
    while let Some(template) = templates.next().await {
        all.extend(template?.segments.iter().map(|segment| segment.bases().to_vec()));
    }
    Ok(all)
}

/// The CPU and every real GPU.
pub(super) fn everywhere() -> Vec<Choice> {
    let gpus = device::adapters().into_iter().filter(|adapter| adapter.kind != device::Kind::Software);
    let gpus = gpus.map(|adapter| Choice::Gpus(vec![adapter.number]));
    let cudas = device::cuda_devices().into_iter().map(|adapter| Choice::Cudas(vec![adapter.number]));
    std::iter::once(Choice::Cpu).chain(gpus).chain(cudas).collect()
}
