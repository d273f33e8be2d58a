//! The files of the original scripts: `dev.tsv`, a table of reads as k-mers, and `pred_results.npy`, the probabilities that
//! `run_finetune.py --do_predict` writes of it. Same order and same values.

mod kmers;
mod npy;
mod score;

pub use kmers::{Kmers, Label, kmers};
pub use score::{Score, score};
