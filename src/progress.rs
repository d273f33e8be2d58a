//! The counters of a run, and the progress bar or log lines that show them. Only this module uses indicatif.

mod download;
mod pace;
mod training;
mod waiting;

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

pub use download::Download;
pub use pace::{Pace, Pacer};
pub use training::Training;
pub use waiting::Waiting;

pub use crate::words::{counted, grouped};

use crate::paths::escaped;
use crate::reads::{Count, InputCounts};

/// How often the bar is redrawn.
const REDRAW: Duration = Duration::from_millis(200);

/// How often a line is logged without a terminal: rarely enough not to fill a log file.
const LOG_EVERY: Duration = Duration::from_secs(30);

/// The remaining time in seconds from which on it is worth a line.
const LONG: u64 = 60;

/// How often a line of JSON is written.
const JSON_EVERY: Duration = Duration::from_secs(1);

/// The template of a bar that does not say how much is left.
const WITHOUT_END: &str = "{spinner} {elapsed_precise} {wide_msg}";

/// The counters that the stages add to, without knowing who reads them.
#[derive(Debug, Default)]
pub struct Progress {
    /// The counters of the readers.
    pub input: Arc<InputCounts>,
    /// The number of reads that have been judged and written.
    pub done: Count,
    /// The number of them that are coding.
    pub coding: Count,
}

/// How a run shows its progress on stderr.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Display {
    /// A bar on a terminal, else log lines
    #[default]
    Auto,
    /// A bar
    Bar,
    /// A line every 30 seconds
    Log,
    /// A JSON object per line, every second and at the end, for other programs
    Json,
    /// Nothing
    Off,
}

/// Shows the progress of a run until it is stopped.
#[derive(Debug)]
pub struct Painter {
    task: Option<tokio::task::JoinHandle<()>>,
    /// What to print at the end.
    last: Option<Reported>,
}

impl Painter {
    /// Starts to draw. If the input's size `stored_bytes` is known, per cent and remaining time are shown.
    #[must_use]
    pub fn start(display: Display, progress: Arc<Progress>, stored_bytes: Option<u64>) -> Self {
        let display = match display {
            Display::Auto if std::io::stderr().is_terminal() => Display::Bar,
            Display::Auto => Display::Log,
            other => other,
        };
        let mut last = None;
        let task = match display {
            Display::Bar => Some(tokio::spawn(draw(progress, stored_bytes))),
            Display::Log => Some(tokio::spawn(log(progress, stored_bytes))),
            Display::Json => {
                let reported = Reported { progress, started: Instant::now(), stored_bytes };
                last = Some(reported.clone());
                Some(tokio::spawn(report(reported)))
            }
            Display::Auto | Display::Off => None,
        };
        Self { task, last }
    }

    /// Stops drawing. Once this returns, the bar is off the screen, and later output stays.
    pub async fn stop(mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            let _aborted = task.await;
        }
        if let Some(last) = self.last.take() {
            last.say();
        }
    }
}

/// Aborts the drawing if the run panics: the bar disappears soon after.
impl Drop for Painter {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Removes the bar from the screen when the task that draws it is aborted.
struct ClearedOnDrop(ProgressBar);

impl Drop for ClearedOnDrop {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

async fn draw(progress: Arc<Progress>, stored_bytes: Option<u64>) {
    let template = match stored_bytes {
        Some(_) if is_narrow() => "{spinner} {percent:>3}% {wide_msg}",
        Some(_) => "{spinner} {percent:>3}% [{wide_bar:.green}] {msg}, {eta} left",
        None => WITHOUT_END,
    };
    // Before the first read is done (a GPU compiles kernels for minutes in its first run), nobody knows how much is
    // left.
    let [before, running] = [WITHOUT_END, template].map(|template| {
        ProgressStyle::with_template(template).expect("the templates are well-formed").progress_chars("━━╌")
    });
    let bar = ClearedOnDrop(match stored_bytes {
        Some(bytes) => ProgressBar::new(bytes),
        None => ProgressBar::new_spinner(),
    });
    bar.0.set_draw_target(ProgressDrawTarget::stderr());
    let started = Instant::now();
    loop {
        bar.0.set_style(if progress.done.get() == 0 { &before } else { &running }.clone());
        // The bar never goes back, even if the average read has become longer.
        bar.0.set_position(stored_bytes_done(&progress).max(bar.0.position()));
        bar.0.set_message(summary(&progress, started.elapsed()));
        bar.0.tick();
        tokio::time::sleep(REDRAW).await;
    }
}

/// Whether numbers and bar do not fit on one line: a bar that wraps cannot be removed from the screen.
fn is_narrow() -> bool {
    console::Term::stderr().size().1 < 90
}

async fn log(progress: Arc<Progress>, stored_bytes: Option<u64>) {
    let started = Instant::now();
    foretell(&progress, stored_bytes, started).await;
    loop {
        tokio::time::sleep(LOG_EVERY).await;
        let share = match stored_bytes {
            Some(total) if total > 0 => {
                format!("{}% of the input", stored_bytes_done(&progress).saturating_mul(100) / total)
            }
            _ => format!("{} read", HumanBytes(progress.input.stored_bytes.get())),
        };
        let (summary, elapsed) = (summary(&progress, started.elapsed()), HumanDuration(started.elapsed()));
        say(&format!("readseeker: {summary}, {share}, {elapsed}\n"));
    }
}

/// Announces how long a run will take, once that can be told and if it is long: nobody should unknowingly start a run
/// of ten hours.
async fn foretell(progress: &Progress, stored_bytes: Option<u64>, started: Instant) {
    let Some(total) = stored_bytes else { return };
    while progress.done.get() == 0 || started.elapsed() < Duration::from_secs(1) {
        tokio::time::sleep(REDRAW).await;
    }
    let elapsed = started.elapsed();
    let left = left(stored_bytes_done(progress), total, elapsed);
    if let Some(left) = left.filter(|left| left.as_secs() >= LONG) {
        say(&format!("readseeker: this will take about {}: {}\n", HumanDuration(left), summary(progress, elapsed)));
    }
}

/// The time that the rest of `total` takes, if `done` took `elapsed`.
#[expect(clippy::cast_precision_loss, reason = "a time for people to read")]
fn left(done: u64, total: u64, elapsed: Duration) -> Option<Duration> {
    let ratio = total.saturating_sub(done) as f64 / done as f64;
    Duration::try_from_secs_f64(elapsed.as_secs_f64() * ratio).ok()
}

/// A run whose progress is reported to other programs.
#[derive(Clone, Debug)]
struct Reported {
    progress: Arc<Progress>,
    started: Instant,
    stored_bytes: Option<u64>,
}

/// The progress of a run. The names of its fields are those of the JSON.
#[derive(Debug, Serialize)]
struct State {
    /// Wall time since the first read was requested.
    seconds: f64,
    /// The number of reads written.
    reads: u64,
    /// The number of coding reads.
    coding: u64,
    reads_per_second: u64,
    /// The stored bytes of the input whose reads are done.
    bytes: u64,
    /// The stored bytes of the input; null if unknown.
    bytes_of_input: Option<u64>,
}

impl Reported {
    fn state(&self) -> State {
        let (elapsed, reads) = (self.started.elapsed(), self.progress.done.get());
        State {
            seconds: (elapsed.as_secs_f64() * 1e3).round() / 1e3,
            reads,
            coding: self.progress.coding.get(),
            reads_per_second: per_second(reads, elapsed),
            bytes: stored_bytes_done(&self.progress),
            bytes_of_input: self.stored_bytes,
        }
    }

    fn say(&self) {
        let line = serde_json::to_string(&self.state()).expect("numbers are JSON");
        say(&(line + "\n"));
    }
}

async fn report(reported: Reported) {
    loop {
        tokio::time::sleep(JSON_EVERY).await;
        reported.say();
    }
}

/// Writes to stderr. If that fails, there is nobody to tell, and no reason to lose a run. The text may contain names of
/// files, reads and models, so it is escaped before it reaches a terminal.
pub(crate) fn say(text: &str) {
    let _closed = std::io::stderr().write_all(escaped(text).as_bytes());
}

/// The stored bytes of the input whose reads are done. Readers are ahead of a slow model by as much as `--memory`
/// holds, so the bytes read are scaled by the share of reads seen that are done.
fn stored_bytes_done(progress: &Progress) -> u64 {
    let input = &progress.input;
    let seen = input.records.get().saturating_sub(input.left_out());
    let done = progress.done.get().min(seen);
    let bytes = u128::from(input.stored_bytes.get()) * u128::from(done) / u128::from(seen.max(1));
    u64::try_from(bytes).expect("a part is no more than the whole")
}

/// Writes `12,345 reads, 10,200 reads/s, 61.3% coding`.
fn summary(progress: &Progress, elapsed: Duration) -> String {
    let (done, coding) = (progress.done.get(), progress.coding.get());
    if done == 0 {
        return "waiting for the first reads".to_owned();
    }
    format!(
        "{}, {} reads/s, {:.1}% coding",
        counted(done, "read"),
        grouped(per_second(done, elapsed)),
        100.0 * share(coding, done)
    )
}

/// The rate per second, rounded down.
#[must_use]
pub fn per_second(count: u64, elapsed: Duration) -> u64 {
    const SHORTEST: u128 = 1_000_000; // a millisecond: no rate is computed over less
    let rate = u128::from(count) * 1_000_000_000 / elapsed.as_nanos().max(SHORTEST);
    u64::try_from(rate).unwrap_or(u64::MAX)
}

/// The share `part / whole`; 0 if `whole` is 0.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a share for people to read")]
pub fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_says_how_many_how_fast_and_what_share() {
        let progress = Progress::default();
        progress.done.add(20_000);
        progress.coding.add(15_000);
        let text = summary(&progress, Duration::from_secs(2));
        assert_eq!(text, "20,000 reads, 10,000 reads/s, 75.0% coding");
    }

    #[test]
    fn a_rate_is_that_of_the_whole_time_and_not_of_full_milliseconds() {
        assert_eq!(per_second(4000, Duration::from_micros(509_950)), 7843);
        assert_eq!(per_second(u64::MAX, Duration::from_nanos(1)), u64::MAX);
    }

    #[test]
    fn what_the_readers_are_ahead_is_not_done() {
        let progress = Progress::default();
        assert_eq!(stored_bytes_done(&progress), 0);
        progress.input.stored_bytes.add(9_000);
        progress.input.records.add(120);
        progress.input.secondary.add(30);
        progress.done.add(30);
        assert_eq!(stored_bytes_done(&progress), 3_000);
        progress.done.add(60);
        assert_eq!(stored_bytes_done(&progress), 9_000);
    }

    #[test]
    fn before_the_first_read_there_is_no_rate_and_no_share() {
        assert_eq!(summary(&Progress::default(), Duration::ZERO), "waiting for the first reads");
    }

    #[test]
    fn the_time_left_follows_from_what_is_done() {
        let left = |done| left(done, 1000, Duration::from_secs(2));
        assert_eq!(left(10), Some(Duration::from_secs(198)));
        assert_eq!(left(1000), Some(Duration::ZERO));
        assert_eq!(left(0), None);
    }

    #[test]
    fn nothing_yet_is_no_division_by_zero() {
        assert!(share(0, 0) == 0.0 && per_second(5, Duration::ZERO) == 5000);
    }
}
