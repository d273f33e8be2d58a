//! What another program says of the reads, by the genes it found on them.

use std::collections::HashMap;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;

use percent_encoding::percent_decode_str;

use crate::error::{Error, Result};
use crate::genome::{Call, Calls};
use crate::prediction::Prediction;
use crate::reads::Lines;

/// The share of a read's bases in genes from which on it is called coding.
pub(super) const CODING_FROM: f32 = 0.5;

/// A file of genes.
#[derive(Clone, Debug)]
pub struct CallsFile {
    /// What the evaluation calls the program.
    pub name: String,
    /// GFF whose sequences are the reads.
    pub path: PathBuf,
}

/// The genes of one program, by read.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) file: CallsFile,
    reads: HashMap<String, (Calls, Seen)>,
    /// Whether each gene has a score.
    has_scores: bool,
    /// The read of the first gene.
    first: Option<String>,
}

/// Whether a read was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    No,
    Yes,
}

impl Program {
    /// Reads its file.
    pub(super) async fn read(file: CallsFile, threads: NonZero<usize>) -> Result<Self> {
        let mut lines = Lines::open(&file.path, threads, Arc::default()).await?;
        let mut program = Self { file, reads: HashMap::new(), has_scores: true, first: None };
        while let Some(line) = lines.next().await? {
            // Prodigal and its kin may append the sequences.
            if line == b"##FASTA" {
                break;
            }
            match Call::parse(line) {
                Ok(call) => call.into_iter().for_each(|call| program.add(call)),
                Err(what) => return Err(lines.refuse(what).into()),
            }
        }
        Ok(program)
    }

    fn add(&mut self, Call { read, part, score }: Call) {
        self.has_scores &= score.is_some();
        self.first.get_or_insert_with(|| read.clone());
        self.reads.entry(unescaped(&read)).or_insert_with(|| (Calls::default(), Seen::No)).0.add(part, score);
    }

    /// What it says of a read.
    ///
    /// # Errors
    /// For a read that is shorter than its genes, or the second of its name: then the file is of other reads.
    pub(super) fn says(&mut self, read: &str, length: usize) -> Result<Prediction> {
        let Some((calls, seen)) = self.reads.get_mut(&unescaped(read)) else {
            return Ok(Prediction { probability: 0.0, frame: None });
        };
        let file = self.file.path.display();
        if calls.end() > length {
            let end = calls.end();
            return Err(Error::Calls(format!(
                "{file} has a gene on {read} that ends at {end}, but the read has {length} bases"
            )));
        }
        if std::mem::replace(seen, Seen::Yes) == Seen::Yes {
            return Err(Error::Calls(format!("two reads are called {read}, and {file} has genes on it")));
        }
        let score = calls.score().filter(|_| self.has_scores);
        Ok(Prediction { probability: rank(share(calls.coded(), length), score), frame: calls.frame(length) })
    }

    /// How many reads with genes were not asked for, now that all were.
    ///
    /// # Errors
    /// If that is all of them.
    pub(super) fn unasked(&self) -> Result<usize> {
        let unasked = self.reads.values().filter(|(_, seen)| *seen == Seen::No).count();
        match &self.first {
            Some(first) if unasked == self.reads.len() => {
                let file = self.file.path.display();
                Err(Error::Calls(format!("no read has a gene in {file}, whose first one is on {first}")))
            }
            _ => Ok(unasked),
        }
    }
}

/// A name as a key. GFF3 escapes some characters (`r%2F1`), and not all programs do so. Names are compared as if all had.
fn unescaped(name: &str) -> String {
    percent_decode_str(name).decode_utf8_lossy().into_owned()
}

/// A number that orders reads: from [`CODING_FROM`] on those that are called coding, the best score last, and below that the
/// others, by how much of them is in genes. Without scores it is that share for all.
fn rank(share: f32, score: Option<f32>) -> f32 {
    /// More than the inverse hyperbolic sine of any number of 32 bits.
    const MOST: f32 = 90.0;
    match score {
        Some(score) if share >= CODING_FROM => 0.75 + 0.25 * score.asinh() / MOST,
        _ => share,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a share of a read's bases")]
fn share(part: usize, whole: usize) -> f32 {
    (part as f64 / whole.max(1) as f64) as f32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn reads_called_coding_rank_by_score_above_all_others(
            one in -1e4_f32..1e4, other in -1e4_f32..1e4, coded in 75_usize..=150, less in 0_usize..75,
        ) {
            let [first, second] = [one, other].map(|score| rank(share(coded, 150), Some(score)));
            prop_assert!((CODING_FROM..=1.0).contains(&first) && rank(share(less, 150), Some(one)) < CODING_FROM);
            if (one - other).abs() > 1.0 {
                prop_assert_eq!(first < second, one < other);
            }
            prop_assert_eq!(rank(share(coded, 150), None) >= CODING_FROM, true);
        }
    }
}
