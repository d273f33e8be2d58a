//! Measures how fast a model runs on one device in one precision, for `readseeker device --bench`.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::card::Card;
use super::classifier::Classifier;
use super::error::Result;
use super::options::Options;
use super::random::random_reads;
use crate::kmer;
use crate::tokens::Tokens;

/// The speed of a model.
#[derive(Clone, Debug)]
pub struct Speed {
    /// The model and its device.
    pub card: Card,
    /// Reads per second, with as many threads as a run would use.
    pub reads_per_second: f64,
    /// CPU time per read, summed over all threads, whatever else the machine does. `None` if the system does not report
    /// it, or if everything was done within one tick of its clock.
    pub cpu_per_read: Option<Duration>,
}

/// The reads to measure a model on.
#[derive(Clone, Debug)]
pub enum Reads {
    /// Reads of random bases, of this length.
    MadeUp(usize),
    /// The bases of given reads.
    These(Vec<Vec<u8>>),
}

/// Runs the model alone on `reads`, for at least `time` and at least once on each of them. The first call is not
/// counted: on a GPU it compiles kernels and finds out which are fastest.
///
/// # Errors
/// The errors of [`Classifier::load`] and [`Classifier::classify`].
///
/// # Panics
/// If a thread that runs the model panics.
pub fn speed(options: &Options, reads: &Reads, time: Duration) -> Result<Speed> {
    let classifier = Classifier::load(options)?;
    let chunks = match reads {
        Reads::MadeUp(length) => chunks(&classifier, &random_reads(*length, classifier.rows_per_chunk())),
        Reads::These(reads) => chunks(&classifier, reads),
    };
    if let Some(first) = chunks.first() {
        classifier.classify(first)?;
    }
    let (next, rows) = (AtomicUsize::new(0), AtomicU64::new(0));
    let (started, cpu) = (Instant::now(), cpu_time());
    std::thread::scope(|scope| {
        let ask = || -> Result<()> {
            loop {
                let turn = next.fetch_add(1, Ordering::Relaxed);
                if chunks.is_empty() || turn >= chunks.len() && started.elapsed() >= time {
                    return Ok(());
                }
                let predictions = classifier.classify(&chunks[turn % chunks.len()])?;
                rows.fetch_add(predictions.len() as u64, Ordering::Relaxed);
            }
        };
        let threads: Vec<_> = (0..classifier.workers()).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("the model does not panic"))
    })?;
    #[expect(clippy::cast_precision_loss, reason = "no run sees 2^52 reads")]
    let rows = rows.into_inner() as f64;
    let reads_per_second = rows / started.elapsed().as_secs_f64();
    let spent =
        cpu_time().zip(cpu).map(|(after, before)| after.saturating_sub(before)).filter(|spent| !spent.is_zero());
    let cpu = spent.map(|spent| spent.div_f64(rows.max(1.0)));
    Ok(Speed { card: classifier.card().clone(), reads_per_second, cpu_per_read: cpu })
}

/// Cuts reads into chunks as a run does, without those that it does not score.
fn chunks(classifier: &Classifier, reads: &[Vec<u8>]) -> Vec<Tokens> {
    let shortest = classifier.shortest_read().max(classifier.k());
    let scored: Vec<&Vec<u8>> = reads.iter().filter(|bases| bases.len() >= shortest).collect();
    let chunk = |reads: &[&Vec<u8>]| {
        let mut tokens = Tokens::default();
        for bases in reads {
            kmer::tokenize(bases, classifier.k(), classifier.longest_row(), &mut tokens.ids);
            tokens.end_row();
        }
        tokens
    };
    scored.chunks(classifier.rows_per_chunk()).map(chunk).collect()
}

/// CPU time of all threads of this process so far, in steps of 10 ms.
fn cpu_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // Fields are counted after the name, which may contain anything: user and system time are the 12th and 13th.
    let (_, fields) = stat.rsplit_once(')')?;
    let times = fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().ok());
    let ticks = times.sum::<Option<u64>>()?;
    Some(Duration::from_millis(10 * ticks)) // Linux reports 100 ticks per second to every program
}
