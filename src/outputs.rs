//! Everything a run writes while it goes on: the classes' files, the scores table, the proteins.

use std::num::NonZero;
use std::path::PathBuf;
use std::slice;
use std::sync::Arc;

use crate::error::Result;
use crate::model::Prediction;
use crate::pipeline::tokenize;
use crate::progress::Progress;
use crate::proteins::{self, GeneticCode};
use crate::reads::output::{self, Format, Names, Pending, Writer};
use crate::reads::{Mate, Record, Template};
use crate::tally::{Group, Tally};
use crate::verdict::{self, Label, Mates, Verdict};
use crate::windows::{Summary, Windows};
use crate::{bed, scores};

/// Which files to write.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The classes' files; none for a run that only scores.
    pub split: Option<Split>,
    /// The scores table.
    pub scores: Option<PathBuf>,
    /// Coding reads, translated.
    pub proteins: Option<(PathBuf, GeneticCode)>,
    /// The windows of reads, as BED.
    pub windows: Option<PathBuf>,
}

/// The files of the three classes.
#[derive(Clone, Debug)]
pub struct Split {
    /// Coding reads.
    pub coding: Files,
    /// Non-coding reads, and undecided ones where they have no file of their own.
    pub noncoding: Files,
    /// Undecided reads.
    pub undecided: Option<Files>,
}

/// Where the reads of one class go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Files {
    /// All into one file; mates are interleaved and told apart by `/1` and `/2`.
    One(PathBuf),
    /// R1 and reads without a mate into the first, R2 into the second.
    Two(PathBuf, PathBuf),
}

impl Files {
    /// The one or two paths.
    pub fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        let (first, second) = match self {
            Self::One(path) => (path, None),
            Self::Two(first, second) => (first, Some(second)),
        };
        std::iter::once(first).chain(second)
    }
}

impl Config {
    /// Whether mates go to files of their own, which must stay in step.
    #[must_use]
    pub fn parts_mates(&self) -> bool {
        let two = |files: &Files| matches!(files, Files::Two(..));
        self.split
            .as_ref()
            .is_some_and(|s| two(&s.coding) || two(&s.noncoding) || s.undecided.as_ref().is_some_and(two))
    }

    /// Every path written to.
    pub fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        let classes =
            self.split.iter().flat_map(|split| [Some(&split.coding), Some(&split.noncoding), split.undecided.as_ref()]);
        let proteins = self.proteins.as_ref().map(|(path, _)| path);
        let tables = [self.scores.as_ref(), proteins, self.windows.as_ref()];
        classes.flatten().flat_map(Files::paths).chain(tables.into_iter().flatten())
    }
}

/// How a segment's reads are judged on their way out.
#[derive(Clone, Copy, Debug)]
pub struct Judge {
    /// Which segments have a prediction.
    pub scored: tokenize::Config,
    /// What separates the classes.
    pub verdict: verdict::Config,
    /// Which windows a segment has a prediction for; none where it has one for the whole of it.
    pub windows: Option<Windows>,
}

/// The text of windows that is gathered before it is written.
const MOST_TEXT: usize = 1 << 20;

/// What the model said of one segment.
#[derive(Clone, Copy, Debug)]
struct Answer {
    prediction: Prediction,
    /// What its windows said together, where it was scored in windows.
    windows: Option<Summary>,
}

/// The open outputs of a run.
#[derive(Debug)]
pub struct Outputs {
    judge: Judge,
    split: Option<Classes>,
    scores: Option<Sink>,
    proteins: Option<(Sink, GeneticCode)>,
    windows: Option<Sink>,
    progress: Arc<Progress>,
    tally: Tally,
}

/// The open files of the three classes.
#[derive(Debug)]
struct Classes {
    coding: Class,
    noncoding: Class,
    undecided: Option<Class>,
}

impl Outputs {
    /// Creates all files as temporaries; the second value renames them into place once the run has succeeded.
    pub async fn create(
        config: Config,
        judge: Judge,
        workers: NonZero<usize>,
        progress: Arc<Progress>,
    ) -> Result<(Self, Vec<Pending>)> {
        let mut opener = Opener { workers, pending: Vec::new() };
        let split = match config.split {
            None => None,
            Some(split) => Some(Classes {
                coding: opener.class(split.coding).await?,
                noncoding: opener.class(split.noncoding).await?,
                undecided: match split.undecided {
                    None => None,
                    Some(files) => Some(opener.class(files).await?),
                },
            }),
        };
        let mut scores = match config.scores {
            None => None,
            Some(path) => Some(opener.sink(path).await?),
        };
        if let Some(sink) = &mut scores {
            let header = if judge.windows.is_some() { scores::WINDOWS_HEADER } else { scores::HEADER };
            sink.text.extend_from_slice(header.as_bytes());
        }
        let proteins = match config.proteins {
            None => None,
            Some((path, code)) => Some((opener.sink(path).await?, code)),
        };
        let windows = match config.windows {
            None => None,
            Some(path) => Some(opener.sink(path).await?),
        };
        Ok((Self { judge, split, scores, proteins, windows, progress, tally: Tally::default() }, opener.pending))
    }

    /// Writes some templates, given one prediction for each of their segments that is long enough to be scored, or for
    /// each of its windows.
    pub async fn write(&mut self, templates: &[Template], predictions: &[Prediction]) -> Result<()> {
        let mut rest = predictions;
        let mut answers = Vec::with_capacity(2);
        for template in templates {
            answers.clear();
            for segment in &template.segments {
                answers.push(self.answer(segment, &mut rest).await?);
            }
            match self.judge.verdict.mates {
                Mates::Each => {
                    for (segment, answer) in template.segments.iter().zip(&answers) {
                        self.add(slice::from_ref(segment), slice::from_ref(answer));
                    }
                }
                Mates::Any | Mates::Both | Mates::Mean => self.add(&template.segments, &answers),
            }
        }
        assert!(rest.is_empty(), "each prediction belongs to one segment");
        self.flush().await
    }

    /// Writes what is left, ends the files and gives the sums.
    pub async fn finish(mut self) -> Result<Tally> {
        self.flush().await?;
        if let Some(Classes { coding, noncoding, undecided }) = self.split {
            for class in [Some(coding), Some(noncoding), undecided].into_iter().flatten() {
                class.finish().await?;
            }
        }
        for sink in [self.scores, self.proteins.map(|(sink, _)| sink), self.windows].into_iter().flatten() {
            sink.writer.finish().await?;
        }
        Ok(self.tally)
    }

    /// Takes what the model said of one segment off the front of `rest`; none of one too short to be scored.
    async fn answer(&mut self, segment: &Record, rest: &mut &[Prediction]) -> Result<Option<Answer>> {
        let Judge { scored, windows, .. } = self.judge;
        if !scored.scores(segment) {
            return Ok(None);
        }
        let count = windows.map_or(1, |windows| windows.over(segment.bases.len()).len());
        let own = rest.split_off(..count).expect("one prediction a scored segment, or a window of it");
        let Some(windows) = windows else { return Ok(Some(Answer { prediction: own[0], windows: None })) };
        if let Some(sink) = &mut self.windows {
            for (window, prediction) in windows.over(segment.bases.len()).zip(own) {
                bed::push_line(&mut sink.text, segment, &window, prediction);
                // The lines of one read may be as many as its bases.
                if sink.text.len() >= MOST_TEXT {
                    sink.flush().await?;
                }
            }
        }
        let summary = windows.summary(segment.bases.len(), own);
        self.tally.add_windows(&summary);
        Ok(Some(Answer { prediction: summary.prediction(windows.config.pool), windows: Some(summary) }))
    }

    /// Judges segments that stay together and puts their text where it belongs.
    fn add(&mut self, segments: &[Record], answers: &[Option<Answer>]) {
        let verdict = self.judge.verdict.verdict(answers.iter().map(|answer| answer.map(|a| a.prediction.probability)));
        self.tally.add_verdict(verdict, segments.len());
        for (segment, answer) in segments.iter().zip(answers) {
            self.place(verdict, segment);
            self.describe(segment, answer.as_ref());
        }
        self.progress.done.add(segments.len() as u64);
        if verdict == Verdict::Coding {
            self.progress.coding.add(segments.len() as u64);
        }
    }

    /// Puts one segment into its class's file, and counts it.
    fn place(&mut self, verdict: Verdict, segment: &Record) {
        let Some(Classes { coding, noncoding, undecided }) = &mut self.split else {
            self.tally.group(verdict).add(segment);
            return;
        };
        let (class, group): (_, &mut Group) = match (verdict, undecided) {
            (Verdict::Coding, _) => (coding, &mut self.tally.coding),
            (Verdict::Undecided(_), Some(undecided)) => (undecided, &mut self.tally.undecided),
            _ => (noncoding, &mut self.tally.noncoding),
        };
        class.push(segment);
        group.add(segment);
    }

    /// What the model said of one segment: into the table, the proteins and the sums.
    fn describe(&mut self, segment: &Record, answer: Option<&Answer>) {
        let prediction = answer.map(|answer| &answer.prediction);
        if let Some(sink) = &mut self.scores {
            let (text, verdict) = (&mut sink.text, &self.judge.verdict);
            if self.judge.windows.is_some() {
                let summary = answer.and_then(|answer| answer.windows.as_ref());
                scores::push_line_with_windows(text, segment, prediction.zip(summary), verdict);
            } else {
                scores::push_line(text, segment, prediction, verdict);
            }
        }
        let Some(prediction) = prediction else { return };
        let coding = self.judge.verdict.label(prediction.probability) == Label::Coding;
        self.tally.add_prediction(prediction, coding);
        if let (Some((sink, code)), Some(frame), true) = (&mut self.proteins, prediction.frame, coding) {
            proteins::push_protein(&mut sink.text, segment, frame, *code);
        }
    }

    async fn flush(&mut self) -> Result<()> {
        if let Some(Classes { coding, noncoding, undecided }) = &mut self.split {
            for class in [Some(coding), Some(noncoding), undecided.as_mut()].into_iter().flatten() {
                class.flush().await?;
            }
        }
        let proteins = self.proteins.as_mut().map(|(sink, _)| sink);
        for sink in [self.scores.as_mut(), proteins, self.windows.as_mut()].into_iter().flatten() {
            sink.flush().await?;
        }
        Ok(())
    }
}

/// Opens outputs and collects what will have to be renamed.
struct Opener {
    workers: NonZero<usize>,
    pending: Vec<Pending>,
}

impl Opener {
    async fn class(&mut self, files: Files) -> Result<Class> {
        Ok(match files {
            Files::One(path) => {
                let format = Format::of(&path);
                Class { format, names: Names::Numbered, first: self.sink(path).await?, second: None }
            }
            Files::Two(first, second) => Class {
                format: Format::of(&first),
                names: Names::AsRead,
                first: self.sink(first).await?,
                second: Some(self.sink(second).await?),
            },
        })
    }

    async fn sink(&mut self, path: PathBuf) -> Result<Sink> {
        let (writer, pending) = output::create(&path, self.workers).await?;
        self.pending.push(pending);
        Ok(Sink { text: Vec::new(), writer })
    }
}

/// The open files of one class.
#[derive(Debug)]
struct Class {
    format: Format,
    names: Names,
    first: Sink,
    second: Option<Sink>,
}

impl Class {
    fn push(&mut self, segment: &Record) {
        let sink = match (&mut self.second, segment.mate) {
            (Some(second), Mate::Second) => second,
            _ => &mut self.first,
        };
        output::write_record(segment, self.format, self.names, &mut sink.text);
    }

    async fn flush(&mut self) -> Result<()> {
        self.first.flush().await?;
        match &mut self.second {
            Some(second) => second.flush().await,
            None => Ok(()),
        }
    }

    async fn finish(self) -> Result<()> {
        self.first.writer.finish().await?;
        match self.second {
            Some(second) => second.writer.finish().await,
            None => Ok(()),
        }
    }
}

/// An open file and the text waiting for it: one write a chunk instead of one a read.
#[derive(Debug)]
struct Sink {
    text: Vec<u8>,
    writer: Writer,
}

impl Sink {
    async fn flush(&mut self) -> Result<()> {
        self.writer.write(&self.text).await?;
        self.text.clear();
        Ok(())
    }
}
