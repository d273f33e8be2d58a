//! The plan that `split --dry-run` prints: what a run would read, how long it would take, and what it would write.

use std::fmt::{self, Display, Formatter};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::account::peak_memory;
use crate::model::Card;
use crate::paths;
use crate::progress::{counted, grouped, per_second};

/// What a run would do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The input files.
    pub files: Vec<PathBuf>,
    /// The format of the files.
    pub format: &'static str,
    /// The stored bytes of the files.
    pub stored_size: u64,
    /// The loaded model and its device.
    pub card: Card,
    /// The measured speed.
    pub measured: Measured,
    /// The number of shards that the input is split into; 1 without shards.
    pub shards: u64,
    /// The number of reads after which the run stops.
    pub max_reads: Option<u64>,
    /// The outputs, and whether there is a file that each would replace.
    pub outputs: Vec<(PathBuf, bool)>,
}

/// What a run did until it was stopped.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// The number of reads scored.
    pub reads: u64,
    /// The time that took.
    pub time: Duration,
    /// The number of reads that the readers saw, without those left out.
    pub seen: u64,
    /// The stored bytes that these reads took.
    pub stored_bytes: u64,
    /// Whether these were all reads of the input.
    pub is_all: bool,
}

impl Plan {
    /// The number of reads that the run would score; `None` if no bytes were read.
    #[must_use]
    pub fn reads(&self) -> Option<u64> {
        let Measured { seen, stored_bytes, is_all, .. } = self.measured;
        let of_input = match (is_all, stored_bytes) {
            (true, _) => seen,
            (false, 0) => return None,
            (false, bytes) => {
                let reads = u128::from(seen) * u128::from(self.stored_size) / u128::from(bytes);
                u64::try_from(reads).unwrap_or(u64::MAX)
            }
        };
        let own = of_input / self.shards;
        Some(self.max_reads.map_or(own, |most| own.min(most)))
    }

    /// How long the run would take at the measured speed.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    pub fn time(&self) -> Option<Duration> {
        let Measured { reads, time, .. } = self.measured;
        let ratio = self.reads()? as f64 / reads as f64;
        Duration::try_from_secs_f64(time.as_secs_f64() * ratio).ok()
    }
}

impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { files, format, stored_size, card, measured, .. } = self;
        let names: Vec<String> = files.iter().map(|path| shown(path)).collect();
        writeln!(f, "input       {} ({format}, {} bytes as stored)", names.join(", "), grouped(*stored_size))?;
        writeln!(f, "model       {} ({}) on {}", card.name, card.kind, card.device)?;
        writeln!(
            f,
            "measured    {} in {:.1} s, {} reads/s",
            counted(measured.reads, "read"),
            measured.time.as_secs_f64(),
            grouped(per_second(measured.reads, measured.time))
        )?;
        let about = if measured.is_all { "" } else { "about " };
        let part = if self.shards > 1 { format!(", a shard of {}", self.shards) } else { String::new() };
        match (self.reads(), self.time()) {
            (Some(reads), Some(time)) => {
                writeln!(f, "reads       {about}{}{part}", grouped(reads))?;
                writeln!(f, "time        about {}, and what the outputs take", rounded(time))?;
            }
            _ => writeln!(f, "reads       none was scored")?,
        }
        if let Some(bytes) = peak_memory() {
            writeln!(f, "memory      about {} MB", bytes.div_ceil(1_000_000))?;
        }
        for (n, (path, is_replaced)) in self.outputs.iter().enumerate() {
            let word = if n == 0 { "outputs" } else { "" };
            let replaced = if *is_replaced { " (replaces the file that is there)" } else { "" };
            writeln!(f, "{word:<11} {}{replaced}", shown(path))?;
        }
        writeln!(f, "nothing was written")
    }
}

/// Formats a path for a terminal.
fn shown(path: &Path) -> String {
    paths::on_one_line(&paths::text(path))
}

/// Formats a time without more digits than an estimate has: `40 s`, `12 min`, `3.4 h`.
fn rounded(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds < 100.0 => format!("{seconds:.0} s"),
        seconds if seconds < 6000.0 => format!("{:.0} min", seconds / 60.0),
        seconds => format!("{:.1} h", seconds / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(measured: Measured) -> Plan {
        let card = Card {
            name: String::new(),
            kind: "along".into(),
            sha256: String::new(),
            attention: None,
            precision: "f32".into(),
            parameters: 0,
            device: String::new(),
            backend: String::new(),
        };
        let (files, outputs) = (Vec::new(), Vec::new());
        Plan { files, format: "FASTQ", stored_size: 1000, card, measured, shards: 1, max_reads: None, outputs }
    }

    #[test]
    fn reads_are_estimated_from_bytes_and_time_from_reads() {
        let measured = Measured { reads: 20, time: Duration::from_secs(2), seen: 40, stored_bytes: 100, is_all: false };
        let whole = plan(measured);
        assert_eq!((whole.reads(), whole.time()), (Some(400), Some(Duration::from_secs(40))));
        let shard = Plan { shards: 4, ..whole.clone() };
        assert_eq!((shard.reads(), shard.time()), (Some(100), Some(Duration::from_secs(10))));
        assert_eq!(Plan { max_reads: Some(7), ..whole }.reads(), Some(7));
        let all = plan(Measured { is_all: true, ..measured });
        assert_eq!((all.reads(), all.time()), (Some(40), Some(Duration::from_secs(4))));
    }

    #[test]
    fn nothing_is_said_of_what_was_not_measured() {
        let nothing = Measured { reads: 0, time: Duration::ZERO, seen: 0, stored_bytes: 0, is_all: true };
        assert_eq!(plan(nothing).time(), None);
        assert_eq!(plan(Measured { is_all: false, ..nothing }).reads(), None);
    }

    #[test]
    fn a_time_has_two_digits_or_so() {
        let of = |seconds| rounded(Duration::from_secs(seconds));
        assert_eq!([of(0), of(42), of(600), of(7300)], ["0 s", "42 s", "10 min", "2.0 h"]);
    }
}
