//! Cuts the stream of templates into chunks of a number of bytes, as fast as the credit allows.

use std::sync::OnceLock;

use crossbeam_channel::Sender;
use futures::{Stream, StreamExt};

use super::chunk::Chunk;
use super::credit::Credit;
use crate::error::{Error, Result};
use crate::reads::Template;

/// How the input is cut into chunks.
#[derive(Clone, Copy, Debug)]
pub struct DecodeConfig {
    /// The number of segments at which a chunk is full, whatever their bytes.
    pub segments_per_chunk: usize,
    /// The number of segments after which to stop; the last template is taken whole.
    pub max_reads: Option<u64>,
}

/// Runs until the input ends, `max_reads` are read, or the receiver is gone. Once the last chunk has been sent, `all` is set to
/// the number of chunks.
pub(super) async fn run<E: Into<Error>>(
    config: DecodeConfig,
    mut templates: impl Stream<Item = Result<Template, E>> + Unpin,
    credit: Credit,
    output: Sender<Chunk>,
    all: &OnceLock<u64>,
) -> Result<()> {
    let mut left = config.max_reads.unwrap_or(u64::MAX);
    for index in 0.. {
        let (templates, bytes) = gather(config, &credit, &mut templates, &mut left).await?;
        if templates.is_empty() {
            all.get_or_init(|| index);
            break;
        }
        let price = credit.take(bytes).await;
        // The channel holds as many chunks as there are credits, so this send never waits, and an async task may call
        // it.
        if output.send(Chunk { index, templates, price }).is_err() {
            break;
        }
    }
    Ok(())
}

/// Gathers the templates of the next chunk and counts their bytes; no templates at the end.
async fn gather<E: Into<Error>>(
    config: DecodeConfig,
    credit: &Credit,
    templates: &mut (impl Stream<Item = Result<Template, E>> + Unpin),
    left: &mut u64,
) -> Result<(Vec<Template>, usize)> {
    let (mut gathered, mut bytes, mut segments) = (Vec::new(), 0, 0);
    while *left > 0 && bytes < credit.bytes_per_chunk() && segments < config.segments_per_chunk {
        let Some(template) = templates.next().await.transpose().map_err(Into::into)? else { break };
        bytes += template.bytes();
        segments += template.segments.len();
        *left = left.saturating_sub(template.segments.len() as u64);
        gathered.push(template);
    }
    Ok((gathered, bytes))
}
