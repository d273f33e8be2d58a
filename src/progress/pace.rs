//! The speed of a run over time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Progress;

/// The most time spans that are kept: an even number.
const MOST: usize = 60;

/// The numbers of reads done in each of several equal time spans.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// The length of a span in seconds.
    pub seconds: u64,
    /// The number of reads in each span, in order. The last span of a run is left out, as it is shorter.
    pub reads: Vec<u64>,
}

impl Default for Pace {
    fn default() -> Self {
        Self { seconds: 1, reads: Vec::new() }
    }
}

impl Pace {
    /// Records the reads of another span; if there are many, pairs of spans are merged.
    fn push(&mut self, reads: u64) {
        self.reads.push(reads);
        if self.reads.len() == MOST {
            self.reads = self.reads.chunks(2).map(|two| two.iter().sum()).collect();
            self.seconds *= 2;
        }
    }
}

/// Records the pace of a run until it is dropped.
#[derive(Debug)]
pub struct Pacer {
    task: tokio::task::JoinHandle<()>,
    pace: Arc<Mutex<Pace>>,
}

impl Pacer {
    /// Starts recording.
    #[must_use]
    pub fn start(progress: &Arc<Progress>) -> Self {
        let (progress, pace) = (Arc::clone(progress), Arc::new(Mutex::new(Pace::default())));
        let shared = Arc::clone(&pace);
        let task = tokio::spawn(async move {
            let mut before = 0;
            loop {
                let seconds = shared.lock().unwrap_or_else(PoisonError::into_inner).seconds;
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                let done = progress.done.get();
                shared.lock().unwrap_or_else(PoisonError::into_inner).push(done - before);
                before = done;
            }
        });
        Self { task, pace }
    }

    /// The pace so far; `None` for a run of a few seconds.
    #[must_use]
    pub fn pace(&self) -> Option<Pace> {
        let pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (pace.reads.len() >= 3).then_some(pace)
    }
}

impl Drop for Pacer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_grow_so_that_they_stay_few_and_no_read_is_lost() {
        let mut pace = Pace::default();
        for _ in 0..MOST - 1 {
            pace.push(2);
        }
        assert_eq!((pace.seconds, pace.reads.len()), (1, MOST - 1));
        pace.push(2);
        assert_eq!((pace.seconds, pace.reads.len(), pace.reads[0]), (2, MOST / 2, 4));
        assert_eq!(pace.reads.iter().sum::<u64>(), 2 * MOST as u64);
    }
}
