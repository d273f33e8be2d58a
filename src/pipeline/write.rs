//! Puts chunks back in order and writes them, the first ones once the prior is known. Finishes the files when the input
//! has ended.

use std::sync::OnceLock;

use tokio::sync::mpsc;

use super::chunk::Classified;
use super::credit::Credit;
use super::hold::Hold;
use super::reorder::Reorder;
use crate::error::Result;
use crate::outputs::Outputs;
use crate::tally::Tally;

/// Runs until `all` chunks are written and finishes the files, which the supervisor puts in place. The input also ends when an
/// earlier stage fails. In that case the files are not finished, as the reader of a pipe must not take the output for whole:
/// the function waits for the supervisor to stop it.
pub(super) async fn run(
    mut outputs: Outputs,
    mut input: mpsc::Receiver<Classified>,
    credit: Credit,
    mut hold: Option<Hold>,
    all: &OnceLock<u64>,
) -> Result<Tally> {
    let mut reorder = Reorder::new();
    while let Some(classified) = input.recv().await {
        reorder.push(classified.chunk.index, classified);
        while let Some(Classified { chunk, answers }) = reorder.pop() {
            match &mut hold {
                // Held reads are accounted for in their own part of the memory.
                Some(hold) => hold.push(chunk.templates, answers),
                None => outputs.write(&chunk.templates, &answers).await?,
            }
            credit.give_back(&chunk.price);
            if let Some(full) = hold.take_if(|hold| hold.is_full()) {
                full.release(&mut outputs).await?;
            }
        }
    }
    if all.get() != Some(&reorder.given()) {
        return std::future::pending().await;
    }
    if let Some(rest) = hold {
        rest.release(&mut outputs).await?;
    }
    outputs.finish().await
}
