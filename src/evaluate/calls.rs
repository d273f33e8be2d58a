//! Predictions of other programs, derived from the genes they called on the reads.

use std::collections::HashMap;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;

use percent_encoding::percent_decode_str;

use crate::error::{Error, Result};
use crate::genome::{Call, Calls};
use crate::prediction::Prediction;
use crate::reads::Lines;

/// The least share of bases in genes of a read called coding.
pub(super) const CODING_FROM: f32 = 0.5;

/// A file of called genes.
#[derive(Clone, Debug)]
pub struct CallsFile {
    /// The name of the program in the evaluation.
    pub name: String,
    /// The GFF file, whose sequences are the reads.
    pub path: PathBuf,
}

/// The genes called by one program, by read.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) file: CallsFile,
    reads: HashMap<String, (Calls, Seen)>,
    /// Whether every gene has a score.
    has_scores: bool,
    /// The name of the read with the first gene.
    first: Option<String>,
}

/// Whether a read has been looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    No,
    Yes,
}

impl Program {
    /// Reads the file of genes.
    pub(super) async fn read(file: CallsFile, threads: NonZero<usize>) -> Result<Self> {
        let mut lines = Lines::open(&file.path, threads, Arc::default()).await?;
        let mut program = Self { file, reads: HashMap::new(), has_scores: true, first: None };
        while let Some(line) = lines.next().await? {
            // Prodigal and its relatives may append the sequences.
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

    /// The program's prediction for a read.
    ///
    /// # Errors
    /// If the read is shorter than its genes, or the second of its name: then the file belongs to other reads.
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

    /// The number of reads with genes that were not looked up; called after all lookups.
    ///
    /// # Errors
    /// If none of them was looked up.
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

/// Unescapes a name to compare it. GFF3 escapes some characters (`r%2F1`), but not all programs do so.
fn unescaped(name: &str) -> String {
    percent_decode_str(name).decode_utf8_lossy().into_owned()
}

/// A number that orders reads. Reads called coding get [`CODING_FROM`] or more, rising with their score; the others
/// rise with the share of their bases in genes. Without scores, it is that share for all reads.
fn rank(share: f32, score: Option<f32>) -> f32 {
    /// More than the inverse hyperbolic sine of any 32-bit float.
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
