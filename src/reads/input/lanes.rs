//! Reads several inputs as one. These lanes are opened one after the other in the order given, so that any number of
//! them takes the memory of one.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_stream::try_stream;
use futures::StreamExt;

use super::open::{Opened, error};
use super::settings::{Alignments, Input, InputConfig, Inputs};
use super::templates::{Layout, Templates};
use crate::reads::error::{LayoutError, Result};
use crate::reads::formats::format::Format;
use crate::reads::grouping::pairs;
use crate::reads::{Header, InputCounts, Problem};

/// Opens the first lane and reads as far as needed to detect its format; the other lanes follow in the same stream.
///
/// # Errors
/// [`Error::Input`](crate::reads::Error::Input) for a file that cannot be read or is of no format we know; [`Error::Layout`](crate::reads::Error::Layout) where the formats do not go
/// with the way they were given, such as two BAM files as a pair. The stream ends with the same errors for later lanes.
pub async fn open(config: &InputConfig, counts: Arc<InputCounts>) -> Result<Templates> {
    let paths: Vec<&Path> = config.inputs.paths().collect();
    let stored_size = sizes(&paths).await?;
    let mut lanes = Lanes { waiting: VecDeque::new(), config: config.clone(), counts };
    match &config.inputs {
        Inputs::Lanes(given) => lanes.waiting.extend(given.iter().cloned().map(Lane::Closed)),
        Inputs::Files(files) => lanes.arrange(files).await?,
    }
    let layout = lanes.layout();
    let Some(mut first) = lanes.next().await? else { return Err(LayoutError::NoInput.into()) };
    // An empty file has no format and goes with any.
    while first.format.is_none()
        && let Some(next) = lanes.next().await?
    {
        first = next;
    }
    if paths.len() > 1 {
        first.stored_size = stored_size;
    }
    first.layout = layout.unwrap_or(first.layout);
    first.looks_interleaved &= matches!(config.inputs, Inputs::Files(_));
    if !lanes.waiting.is_empty() {
        if config.alignments == Alignments::Kept {
            first.header = std::mem::take(&mut first.header).with_lanes(&headers(lanes.alignments(), config).await?);
        }
        first.stream = chain(Fixed::by(&first), first.stream, lanes);
    }
    Ok(first)
}

/// The stored bytes of all files, if they are regular ones. Finds a missing lane before hours are spent on the others.
async fn sizes(paths: &[&Path]) -> Result<Option<u64>> {
    let mut sum = Some(0);
    for path in paths {
        if *path == Path::new("-") {
            sum = None;
            continue;
        }
        let metadata = tokio::fs::metadata(path).await.map_err(|error| self::error(path, Problem::Io(error)))?;
        sum = sum.filter(|_| metadata.is_file()).map(|sum: u64| sum + metadata.len());
    }
    Ok(sum)
}

/// Reads the headers of those files that hold alignments and can be read twice.
async fn headers(paths: Vec<PathBuf>, config: &InputConfig) -> Result<Vec<Header>> {
    let mut headers = Vec::new();
    for path in paths {
        if tokio::fs::metadata(&path).await.is_ok_and(|metadata| metadata.is_file()) {
            headers.extend(Opened::lane(&Input::Single(path), config, &Arc::default()).await?.header().await?);
        }
    }
    Ok(headers)
}

/// A lane that waits for its turn.
enum Lane {
    /// A lane that had to be opened to detect its format.
    Open(Box<Opened>),
    Closed(Input),
}

/// The lanes still to come.
struct Lanes {
    waiting: VecDeque<Lane>,
    config: InputConfig,
    counts: Arc<InputCounts>,
}

impl Lanes {
    /// Decides how the files go together.
    async fn arrange(&mut self, files: &[PathBuf]) -> Result<()> {
        let [first, second, others @ ..] = files else {
            self.waiting.extend(files.iter().cloned().map(|file| Lane::Closed(Input::Single(file))));
            return Ok(());
        };
        let [first, second] = Opened::open_two([first, second], &self.config, &self.counts).await?;
        if first.is_alignment() || second.is_alignment() {
            self.waiting.extend([first, second].map(|opened| Lane::Open(Box::new(opened))));
            self.waiting.extend(others.iter().cloned().map(|file| Lane::Closed(Input::Single(file))));
        } else if others.is_empty() {
            self.waiting.push_back(Lane::Open(Box::new(first.with_mates(second)?)));
        } else {
            return Err(LayoutError::Ambiguous { files: files.len() }.into());
        }
        Ok(())
    }

    /// `Mixed` if the lanes' layouts differ; `None` if they agree, so that the first lane's layout holds for all.
    fn layout(&self) -> Option<Layout> {
        let layouts = self.waiting.iter().map(|lane| match lane {
            Lane::Open(opened) => opened.layout(),
            Lane::Closed(Input::Single(_)) => Layout::Single,
            Lane::Closed(Input::Interleaved(_) | Input::Pair(..)) => Layout::Paired,
        });
        let layouts: Vec<Layout> = layouts.collect();
        let same = layouts.windows(2).all(|two| two[0] == two[1]);
        (!same).then_some(Layout::Mixed)
    }

    /// The waiting files that may be alignments.
    fn alignments(&self) -> Vec<PathBuf> {
        let paths = self.waiting.iter().filter_map(|lane| match lane {
            Lane::Open(opened) => Some(opened.path()),
            Lane::Closed(Input::Single(path)) => Some(path),
            Lane::Closed(Input::Interleaved(_) | Input::Pair(..)) => None,
        });
        paths.map(Path::to_owned).collect()
    }

    /// Opens the next lane.
    async fn next(&mut self) -> Result<Option<Templates>> {
        let opened = match self.waiting.pop_front() {
            None => return Ok(None),
            Some(Lane::Open(opened)) => *opened,
            Some(Lane::Closed(input)) => Opened::lane(&input, &self.config, &self.counts).await?,
        };
        opened.templates(&self.config, Arc::clone(&self.counts)).await.map(Some)
    }
}

/// Yields the templates of the first lane, then those of the others.
fn chain(fixed: Fixed, mut stream: pairs::Stream, mut lanes: Lanes) -> pairs::Stream {
    try_stream! {
        loop {
            while let Some(template) = stream.next().await {
                yield template?;
            }
            let Some(next) = lanes.next().await? else { break };
            fixed.check(&next, lanes.config.alignments)?;
            stream = next.stream;
        }
    }
    .boxed()
}

/// The properties of the first lane that all others must share, since a run's outputs depend on them.
struct Fixed {
    format: Option<Format>,
    /// The header without its text, which may be long.
    header: Header,
}

impl Fixed {
    fn by(first: &Templates) -> Self {
        Self { format: first.format, header: first.header.without_text() }
    }

    /// Refuses a lane of another format or, if records are written as stored, with other reference sequences.
    fn check(&self, next: &Templates, alignments: Alignments) -> Result<()> {
        let problem = match (self.format, next.format) {
            (Some(first), Some(found)) if first != found => {
                Err(Problem::Lanes { first: first.name(), found: found.name() })
            }
            (Some(_), Some(_)) if alignments == Alignments::Kept => self.header.check_references(&next.header),
            _ => Ok(()),
        };
        problem.map_err(|problem| error(&next.path, problem))
    }
}
