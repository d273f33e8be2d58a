//! The progress bar of a training, or its log lines.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{LOG_EVERY, REDRAW, say};

/// The number of steps of the bar.
const PARTS: u64 = 1000;

/// Shows the progress of a training on stderr: a bar on a terminal, otherwise log lines.
#[derive(Debug)]
pub struct Training {
    bar: Option<ProgressBar>,
    started: Instant,
    /// The share that was done when it started.
    before: Option<f64>,
    shown: Option<Instant>,
}

impl Training {
    /// Starts without showing anything yet.
    ///
    /// # Panics
    /// Never: the style is well-formed.
    #[must_use]
    pub fn start() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(PARTS);
            bar.set_draw_target(ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{spinner} {percent:>3}% {wide_msg}");
            bar.set_style(style.expect("the template is well-formed"));
            bar
        });
        Self { bar, started: Instant::now(), before: None, shown: None }
    }

    /// Shows how much is done, from 0 to 1, unless that was shown a moment ago.
    pub fn show(&mut self, done: f64, summary: &str) {
        let before = *self.before.get_or_insert(done);
        let every = if self.bar.is_some() { REDRAW } else { LOG_EVERY };
        if self.shown.get_or_insert(self.started).elapsed() < every {
            return;
        }
        self.shown = Some(Instant::now());
        let left = left(self.started.elapsed(), before, done);
        let left = left.map_or_else(String::new, |left| format!(", {} left", HumanDuration(left)));
        match &self.bar {
            None => say(&format!("readseeker: {summary}{left}\n")),
            Some(bar) => {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
                bar.set_position((done.clamp(0.0, 1.0) * 1000.0) as u64);
                bar.set_message(format!("{summary}{left}"));
                bar.tick();
            }
        }
    }
}

impl Drop for Training {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// The time that the rest takes, if it took `elapsed` from `before` to `done`.
fn left(elapsed: Duration, before: f64, done: f64) -> Option<Duration> {
    let share = (done > before).then(|| (1.0 - done) / (done - before))?;
    Duration::try_from_secs_f64((elapsed.as_secs_f64() * share).round()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_that_of_this_run() {
        let elapsed = Duration::from_mins(1);
        assert_eq!(left(elapsed, 0.5, 0.75), Some(elapsed));
        assert_eq!(left(elapsed, 0.0, 1.0), Some(Duration::ZERO));
        assert_eq!(left(elapsed, 0.5, 0.5), None);
    }
}
