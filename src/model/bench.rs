//! How fast a model runs here: rows a second on one device in one precision, for `readseeker device --bench`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::{Card, Classifier, Config};
use crate::batch::Tokens;
use crate::error::Result;
use crate::kmer;

/// How fast a model ran.
#[derive(Clone, Debug)]
pub struct Speed {
    /// What ran, and where.
    pub card: Card,
    /// Reads a second, as many threads at work as a run would have.
    pub reads_per_second: f64,
}

/// Runs the model on made-up reads of `length` bases for `time` at least, after a first call that is not counted: on a GPU
/// it compiles kernels and tries out which are fastest.
///
/// # Errors
/// As [`Classifier::load`] and [`Classifier::classify`].
///
/// # Panics
/// If a thread that asks the model does.
pub fn speed(config: &Config, length: usize, time: Duration) -> Result<Speed> {
    let classifier = Classifier::load(config)?;
    let tokens = made_up(&classifier, length);
    classifier.classify(&tokens)?;
    let rows = AtomicU64::new(0);
    let started = Instant::now();
    std::thread::scope(|scope| {
        let ask = || -> Result<()> {
            loop {
                rows.fetch_add(classifier.classify(&tokens)?.len() as u64, Ordering::Relaxed);
                if started.elapsed() >= time {
                    return Ok(());
                }
            }
        };
        let threads: Vec<_> = (0..classifier.workers()).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("a thread that asks does not panic"))
    })?;
    #[expect(clippy::cast_precision_loss, reason = "no run sees 2^52 reads")]
    let reads_per_second = rows.into_inner() as f64 / started.elapsed().as_secs_f64();
    Ok(Speed { card: classifier.card().clone(), reads_per_second })
}

/// A chunk of reads, all different, the same in every run.
fn made_up(classifier: &Classifier, length: usize) -> Tokens {
    let mut tokens = Tokens::default();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bases = vec![0; length];
    for _ in 0..classifier.rows_a_chunk() {
        for base in &mut bases {
            // Marsaglia's xorshift (2003), J. Stat. Softw. 8(14).
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            *base = b"ACGT"[usize::from(state.to_be_bytes()[0] & 3)];
        }
        kmer::tokenize(&bases, classifier.k(), classifier.longest_row(), &mut tokens.ids);
        tokens.ends.push(u32::try_from(tokens.ids.len()).expect("a chunk holds far fewer than 2^32 bases"));
    }
    tokens
}
