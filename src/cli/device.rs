//! `readseeker device`: what this machine has to run a model on, and how fast it is.

use std::io::Write;
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args as ClapArgs;

use super::common::Attention;
use crate::error::{Error, Result};
use crate::model::bench::{self, Speed};
use crate::model::device::{self, Choice};
use crate::model::{self, Precision, Source};

/// List CPU features and GPU adapters, and what --device auto would take; or measure how fast a model runs on them.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Measure reads a second on each device and in each precision
    #[arg(long)]
    bench: bool,

    /// The model to measure: builtin, or a checkpoint directory
    #[arg(long, value_name = "builtin|DIR", default_value = "builtin", requires = "bench")]
    model: PathBuf,

    /// Measure this device alone [default: the CPU and every real GPU]
    #[arg(long, value_name = "cpu|gpu|gpu:N", requires = "bench")]
    device: Option<Choice>,

    /// How a BERT treats its padding
    #[arg(long, value_enum, default_value_t, requires = "bench")]
    attention: Attention,

    /// Bases a read
    #[arg(long, value_name = "N", default_value_t = 300, requires = "bench")]
    length: usize,

    /// Seconds a measurement, at least
    #[arg(long, value_name = "N", default_value_t = 3, requires = "bench")]
    seconds: u64,

    /// CPU threads [default: all this process may use]
    #[arg(short, long, value_name = "N", requires = "bench")]
    threads: Option<NonZero<usize>>,
}

pub(super) fn run(args: &Args) -> Result<()> {
    if args.bench {
        return measure(args);
    }
    print(&device::describe())
}

fn measure(args: &Args) -> Result<()> {
    let source = Source::from_path(args.model.clone());
    let precisions = model::precisions(&source)?;
    let threads = args.threads.or(std::thread::available_parallelism().ok()).map_or(1, NonZero::get);
    let devices = args.device.clone().map_or_else(everywhere, |device| vec![device]);
    print("reads/s\tprecision\tdevice\tbackend\tmodel\n")?;
    for device in devices {
        let on_cpu = device == Choice::Cpu;
        for &precision in precisions.iter().filter(|&&precision| on_cpu || precision == Precision::F32) {
            let config = model::Config {
                source: source.clone(),
                attention: args.attention.into(),
                precision,
                device: device.clone(),
                batch_size: None,
                threads,
            };
            let Speed { card, reads_per_second } =
                bench::speed(&config, args.length, Duration::from_secs(args.seconds))?;
            let model::Card { name, precision, device, backend, .. } = card;
            print(&format!("{reads_per_second:.1}\t{precision}\t{device}\t{backend}\t{name}\n"))?;
        }
    }
    Ok(())
}

/// The CPU and every real GPU.
fn everywhere() -> Vec<Choice> {
    let gpus = device::adapters().into_iter().filter(|adapter| adapter.kind != device::Kind::Software);
    std::iter::once(Choice::Cpu).chain(gpus.map(|adapter| Choice::Gpus(vec![adapter.number]))).collect()
}

fn print(text: &str) -> Result<()> {
    std::io::stdout().lock().write_all(text.as_bytes()).map_err(|_closed| Error::OutputClosed)
}
