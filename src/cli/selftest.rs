//! `readseeker selftest`: checks that every path computes what it should here, and that every format is read back as
//! written.
//!
//! Each check runs in a process of its own: a driver that crashes fails one line, and does not end the table.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use clap::Args as ClapArgs;
use serde::{Deserialize, Serialize};

use super::device::everywhere;
use super::print::print;
use super::threads;
use crate::error::{Error, Result};
use crate::model::cpu::InstructionSet;
use crate::model::device::Choice;
use crate::model::selftest::{Comparison, compare};
use crate::model::{self, Attention, Check, Options, Precision, store};
use crate::reads;

/// The suffixes of the formats in which reads are written and read back.
const SUFFIXES: [&str; 8] = ["fq", "fq.gz", "fq.zst", "fq.bz2", "fq.xz", "fa", "fa.gz", "bam"];

/// The same reads as CRAM, written by samtools (`samtools import`, 3.1 with its profile `archive`): nothing here writes
/// CRAM.
const CRAMS: [(&str, &[u8]); 2] =
    [("cram 3.0", include_bytes!("selftest/reads_3.0.cram")), ("cram 3.1", include_bytes!("selftest/reads_3.1.cram"))];

/// Check all devices, precisions and formats on this machine
///
/// Runs a model on every path (device, CPU instruction set, precision) and compares the answers with those of a plain path.
/// Writes reads in every format and reads them back (CRAM, which is not written, from inside the program). The exit code is 5 if a check fails.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Model to check: builtin, compact, a checkpoint directory, or a name that `model list` shows
    #[arg(long, value_name = "MODEL", default_value = "builtin")]
    model: PathBuf,

    /// Check this device only [default: the CPU and every real GPU]
    #[arg(long, value_name = "cpu|gpu|gpu:N|cuda:N")]
    device: Option<Choice>,

    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,

    /// Compare in this precision alone, in this process
    #[arg(long, hide = true, requires = "device")]
    only: Option<Precision>,
}

/// A line of the table.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    /// The kind of check: `model` or `format`.
    check: String,
    /// The device or the suffix.
    path: String,
    precision: Option<String>,
    reads: usize,
    /// The largest difference between two probabilities; `bound` is the largest that rounding explains.
    largest: Option<f32>,
    bound: Option<f32>,
    /// The result: `ok`, or what is wrong.
    result: String,
}

pub(super) fn run(args: &Args) -> Result<()> {
    if let (Some(precision), Some(device)) = (args.only, &args.device) {
        let line = compared(&args.model, device.clone(), precision)?;
        return print(&(serde_json::to_string(&line).expect("a line is plain data") + "\n"));
    }
    if !args.json {
        print("check\tpath\tprecision\treads\tlargest difference\tbound\tresult\n")?;
    }
    let mut lines: Vec<Line> = Vec::new();
    let mut add = |line: Line| {
        let shown = if args.json { Ok(()) } else { print(&line.row()) };
        lines.push(line);
        shown
    };
    for device in args.device.clone().map_or_else(everywhere, |device| vec![device]) {
        on_device(args, &device, &mut add)?;
    }
    round_trips(&mut add)?;
    if args.json {
        print(&(serde_json::to_string_pretty(&lines).expect("lines are plain data") + "\n"))?;
    }
    let failed = lines.iter().filter(|line| line.result != "ok").count();
    if failed == 0 { Ok(()) } else { Err(Error::Selftest { failed, checks: lines.len() }) }
}

/// Checks all precisions of a device, on the CPU with each instruction set.
fn on_device(args: &Args, device: &Choice, add: &mut impl FnMut(Line) -> Result<()>) -> Result<()> {
    let words = InstructionSet::words();
    let sets: Vec<&str> = if *device == Choice::Cpu { words.split(", ").collect() } else { vec![""] };
    let mut seen = Vec::new();
    for precision in model::precisions(&store::find(args.model.clone()), device)? {
        for set in &sets {
            let line = in_a_process(&args.model, device, *precision, set);
            // For a precision that an instruction set lacks, another instruction set runs.
            let path = (line.path.clone(), line.precision.clone());
            if !seen.contains(&path) {
                seen.push(path);
                add(line)?;
            }
        }
    }
    Ok(())
}

/// Compares one path with the plain one, in a new process of this program.
fn in_a_process(model: &Path, device: &Choice, precision: Precision, set: &str) -> Line {
    let mut command = this_program();
    command.arg("selftest").arg("--model").arg(model).args([
        "--device",
        &device.to_string(),
        "--only",
        precision.name(),
    ]);
    let output = command.env("READSEEKER_CPU", set).output();
    let compared = output.as_ref().ok().and_then(|output| serde_json::from_slice(&output.stdout).ok());
    compared.unwrap_or_else(|| Line {
        check: "model".to_owned(),
        path: [&device.to_string(), set].join(" ").trim_end().to_owned(),
        precision: Some(precision.name().to_owned()),
        reads: 0,
        largest: None,
        bound: None,
        result: failure(&output),
    })
}

fn compared(model: &Path, device: Choice, precision: Precision) -> Result<Line> {
    let options = Options {
        source: store::find(model.to_owned()),
        attention: Attention::default(),
        precision,
        device,
        batch_size: None,
        threads: threads::or_all(None),
        check: Check::Skip,
    };
    let Comparison { card, reads, largest, bound } = compare(&options)?;
    Ok(Line {
        check: "model".to_owned(),
        path: card.device,
        precision: Some(card.precision.into_owned()),
        reads,
        largest: Some(largest),
        bound: Some(bound),
        result: if largest <= bound { "ok" } else { "differs from the plain path" }.to_owned(),
    })
}

impl Line {
    fn row(&self) -> String {
        let number = |number: Option<f32>| number.map_or("NA".to_owned(), |number| format!("{number:.1e}"));
        let precision = self.precision.as_deref().unwrap_or("NA");
        let [largest, bound] = [self.largest, self.bound].map(number);
        let Self { check, path, reads, result, .. } = self;
        format!("{check}\t{path}\t{precision}\t{reads}\t{largest}\t{bound}\t{result}\n")
    }
}

/// Writes and reads back each format.
fn round_trips(add: &mut impl FnMut(Line) -> Result<()>) -> Result<()> {
    const READS: usize = 200;
    let folder = std::env::temp_dir().join(format!("readseeker-selftest-{}", std::process::id()));
    let failed = |source: io::Error| Error::Reads(reads::Error::Output { output: folder.clone(), source });
    std::fs::create_dir(&folder).map_err(failed)?;
    let reads = example(READS);
    let text = |suffix: &str| if suffix.starts_with("fa") { fasta(&reads) } else { fastq(&reads) };
    let letters = SUFFIXES.map(|suffix| (suffix, text(suffix), suffix, text(suffix)));
    let sam = ("sam", sam(&reads), "bam", fastq(&reads));
    let crams = CRAMS.map(|(name, stored)| (name, stored.to_vec(), "bam", fastq(&reads)));
    let mut outcome = Ok(());
    for (name, written, packed, expected) in letters.into_iter().chain([sam]).chain(crams) {
        let result = round_trip(&folder, &written, packed, &expected).err().unwrap_or_else(|| "ok".to_owned());
        let (check, path) = ("format".to_owned(), name.to_owned());
        let line = Line { check, path, precision: None, reads: READS, largest: None, bound: None, result };
        outcome = outcome.and_then(|()| add(line));
    }
    let _stays = std::fs::remove_dir_all(&folder);
    outcome
}

/// Reads a file, writes it with this `suffix`, and reads that back as text; the error says what is wrong.
fn round_trip(folder: &Path, written: &[u8], suffix: &str, expected: &[u8]) -> std::result::Result<(), String> {
    let text = if suffix.starts_with("fa") { "fa" } else { "fq" };
    let [first, packed, back] =
        ["first", &format!("packed.{suffix}"), &format!("back.{text}")].map(|name| folder.join(name));
    std::fs::write(&first, written).map_err(|error| error.to_string())?;
    for (from, to) in [(&first, &packed), (&packed, &back)] {
        let mut command = this_program();
        command.arg("split").arg(from).arg("--noncoding").arg(to);
        let output = command.args(["--single", "--no-model", "--coding", "/dev/null", "--force", "--quiet"]).output();
        if !output.as_ref().is_ok_and(|output| output.status.success()) {
            return Err(failure(&output));
        }
    }
    let read = std::fs::read(&back).map_err(|error| error.to_string())?;
    if read == expected { Ok(()) } else { Err("what was read is not what was written".to_owned()) }
}

/// Bases and quality scores of reads of 1 to 400 bases, the same in every run. The files in `selftest/` hold them too.
fn example(reads: usize) -> Vec<[String; 2]> {
    let letter =
        |read: usize, at: usize, of: &str| char::from(of.as_bytes()[(read * 31 + at * at * 7 + at) % of.len()]);
    let of = |read: usize, letters| (0..=read * 2).map(|at| letter(read, at, letters)).collect();
    (0..reads).map(|read| ["ACGTACGTACGTN", "!#5:?DFIJK~"].map(|letters| of(read, letters))).collect()
}

fn fastq(reads: &[[String; 2]]) -> Vec<u8> {
    text(reads, |read, [bases, quality_scores]| format!("@read.{read}\n{bases}\n+\n{quality_scores}\n"))
}

fn fasta(reads: &[[String; 2]]) -> Vec<u8> {
    text(reads, |read, [bases, _]| format!(">read.{read}\n{bases}\n"))
}

fn sam(reads: &[[String; 2]]) -> Vec<u8> {
    text(reads, |read, [bases, quality_scores]| {
        format!("read.{read}\t4\t*\t0\t0\t*\t*\t0\t0\t{bases}\t{quality_scores}\n")
    })
}

fn text(reads: &[[String; 2]], record: impl Fn(usize, &[String; 2]) -> String) -> Vec<u8> {
    reads.iter().enumerate().map(|(read, letters)| record(read, letters)).collect::<String>().into_bytes()
}

fn this_program() -> Command {
    Command::new(std::env::current_exe().unwrap_or_else(|_| "readseeker".into()))
}

/// Why a process failed: its first line on stderr, or how it ended.
fn failure(output: &io::Result<Output>) -> String {
    match output {
        Err(error) => format!("cannot be started: {error}"),
        Ok(Output { status, stderr, .. }) => {
            let said = String::from_utf8_lossy(stderr);
            let line = said.lines().find_map(|line| line.strip_prefix("readseeker: "));
            line.map_or_else(|| status.to_string(), |line| line.replace('\t', " "))
        }
    }
}
