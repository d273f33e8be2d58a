//! Reads and writes the files of the original scripts, in the same order and with the same values: `dev.tsv`, a table
//! of reads as k-mers, and `pred_results.npy`, the probabilities that `run_finetune.py --do_predict` writes for it.

mod kmers;
mod npy;
mod score;

pub use kmers::{Kmers, Label, kmers};
pub use score::{Score, score};
