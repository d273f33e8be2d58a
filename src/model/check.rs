//! The check before a model is trusted: some reads are scored on the path that is to run and on a plain one, and the
//! answers must agree. Libraries, drivers and compilers have bugs that show only in silently wrong numbers.

use super::engine::Engine;
use super::error::Result;
use super::family::{Family, Requirements};
use super::random::random_reads;
use crate::kmer;

/// The lengths of the reads for the CPU: short and long, and for a BERT with padding and without.
const ON_CPU: [usize; 8] = [150, 300, 60, 101, 75, 250, 301, 151];
/// The lengths of the reads for a GPU: many reads to a batch, but of only two lengths, since kernels are tuned for
/// each.
const ON_GPU: [usize; 2] = [150, 300];

/// The reads for checking a network with this many parameters, as rows of k-mers.
pub(super) fn rows(requirements: Requirements, parameters: usize, on_gpu: bool) -> Vec<Vec<u16>> {
    /// Parameters times reads that are affordable: all reads for a small network, but one or four for a BERT of full
    /// size.
    const CPU_SHARE: usize = 100_000_000;
    const GPU_SHARE: usize = 400_000_000;
    let parameters = parameters.max(1);
    if on_gpu {
        let count = (GPU_SHARE / parameters).clamp(4, 64);
        let lengths = ON_GPU.into_iter().cycle().take(count);
        return random_reads(ON_GPU[1], count)
            .iter()
            .zip(lengths)
            .map(|(read, n)| row(&read[..n], requirements))
            .collect();
    }
    let count = (CPU_SHARE / parameters).clamp(1, ON_CPU.len());
    ON_CPU[..count].iter().map(|&length| row(&random_reads(length, 1).concat(), requirements)).collect()
}

/// A read that contains every k-mer, as a row, if the family reads rows of any length: a single weight of the embedding
/// may overflow, and random reads would miss it. `None` for a BERT, which would take too long.
pub(super) fn all_kmers(requirements: Requirements) -> Option<Vec<u16>> {
    requirements.longest_row.is_none().then(|| row(&de_bruijn(requirements.k), requirements))
}

/// The shortest read that contains each k-mer once: each base is the last one of ACGT that makes a new k-mer (Martin
/// 1934).
fn de_bruijn(k: usize) -> Vec<u8> {
    let count = 4_usize.pow(u32::try_from(k).expect("k is small"));
    let mut seen = vec![false; count];
    let (mut read, mut kmer) = (vec![b'A'; k], 0);
    seen[0] = true;
    let new = |seen: &[bool], kmer: usize| (0..4).rev().map(|base| (kmer * 4 + base) % count).find(|&next| !seen[next]);
    while let Some(next) = new(&seen, kmer) {
        seen[next] = true;
        kmer = next;
        read.push(b"ACGT"[next % 4]);
    }
    read
}

/// Whether all logits, and the probabilities made from them, are finite.
pub(super) fn are_finite(family: &dyn Family, rows: &[Vec<u16>], logits: &[f32]) -> bool {
    let rows: Vec<&[u16]> = rows.iter().map(Vec::as_slice).collect();
    logits.iter().all(|logit| logit.is_finite())
        && family.predictions(&rows, logits).iter().all(|prediction| prediction.probability.is_finite())
}

fn row(read: &[u8], Requirements { k, longest_row, .. }: Requirements) -> Vec<u16> {
    let mut ids = Vec::new();
    kmer::tokenize(read, k, longest_row, &mut ids);
    ids
}

/// The logits that an engine computes for rows of k-mers.
pub(super) fn logits(family: &dyn Family, engine: &dyn Engine, rows: &[Vec<u16>]) -> Result<Vec<f32>> {
    let rows: Vec<&[u16]> = rows.iter().map(Vec::as_slice).collect();
    engine.logits(&family.network_rows(&rows))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_kmer_occurs_once() {
        for k in 1..=6 {
            let read = de_bruijn(k);
            let kmers: HashSet<&[u8]> = read.windows(k).collect();
            assert_eq!((kmers.len(), read.len()), (1 << (2 * k), (1 << (2 * k)) + k - 1));
        }
    }
}
