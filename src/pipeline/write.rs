//! Puts chunks back in order and writes them, the first ones once the prior is known. Finishes the files when the input
//! has ended.

use tokio::sync::mpsc;

use super::chunk::Classified;
use super::credit::Credit;
use super::hold::Hold;
use super::reorder::Reorder;
use crate::error::Result;
use crate::outputs::Outputs;
use crate::tally::Tally;

/// Runs until the input ends. That also happens when an earlier stage fails, so the files are finished here but not put
/// in place: only the supervisor knows whether all went well.
pub(super) async fn run(
    mut outputs: Outputs,
    mut input: mpsc::Receiver<Classified>,
    credit: Credit,
    mut hold: Option<Hold>,
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
    if let Some(rest) = hold {
        rest.release(&mut outputs).await?;
    }
    outputs.finish().await
}
