//! Everything a run writes while it goes on: the classes' files, the scores table, the proteins.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::Result;
use crate::pipeline::tokenize;
use crate::prediction::Prediction;
use crate::progress::Progress;
use crate::proteins::{self, GeneticCode};
use crate::reads::output::{self, FileFormat, Pending, Writer};
use crate::reads::{Alignments, Header, Mate, Record, Score, Template};
use crate::reads::{Codec, EncoderConfig};
use crate::tally::Tally;
use crate::verdict::{self, Label, Mates, Reason, Verdict};
use crate::windows::{Summary, Windows};
use crate::{bed, scores};
use classes::{Classes, Company};

mod classes;

pub use classes::Place;

/// Which files to write.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The classes' files; none for a run that only scores.
    pub split: Option<Split>,
    /// Whether the header lines of FASTQ and FASTA say what the model said.
    pub annotate: bool,
    /// What the classes' files hold, whatever their names.
    pub kind: Option<FileFormat>,
    /// Where reads go that have no mate in their class; a `%` in its name stands for the class.
    pub unpaired: Option<PathBuf>,
    /// What BAM outputs start with; known once the input is open.
    pub header: Header,
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
    /// R1 into the first, R2 into the second.
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
        self.classes().any(|(_, files)| matches!(files, Files::Two(..)))
    }

    /// Whether a BAM output wants records as they are stored.
    #[must_use]
    pub fn alignments(&self) -> Alignments {
        let is_bam = |(_, files): (_, &Files)| self.kind_of(files) == FileFormat::Bam;
        if self.classes().any(is_bam) { Alignments::Kept } else { Alignments::Dropped }
    }

    /// Whether all classes go to BAM, so that no record is left out.
    #[must_use]
    pub fn keeps_all(&self) -> bool {
        self.split.is_some() && self.classes().all(|(_, files)| self.kind_of(files) == FileFormat::Bam)
    }

    /// What a class's files hold.
    #[must_use]
    pub fn kind_of(&self, files: &Files) -> FileFormat {
        let (Files::One(path) | Files::Two(path, _)) = files;
        self.kind.unwrap_or_else(|| FileFormat::of(path))
    }

    /// Where those reads of a class go that have no mate in it.
    #[must_use]
    pub fn unpaired_of(&self, class: &str, files: &Files) -> Option<PathBuf> {
        let path = self.unpaired.as_ref().filter(|_| self.kind_of(files) != FileFormat::Bam)?;
        let name = path.file_name()?.to_string_lossy().replacen('%', class, 1);
        Some(path.with_file_name(name))
    }

    /// Every path written to.
    pub fn paths(&self) -> impl Iterator<Item = PathBuf> {
        let unpaired = self.classes().filter_map(|(class, files)| self.unpaired_of(class, files));
        let proteins = self.proteins.as_ref().map(|(path, _)| path);
        let tables = [self.scores.as_ref(), proteins, self.windows.as_ref()];
        let named = self.classes().flat_map(|(_, files)| files.paths()).chain(tables.into_iter().flatten());
        named.cloned().chain(unpaired)
    }

    /// How the file at one of these paths is compressed: BAM always as BGZF, others as the suffix says.
    #[must_use]
    pub fn codec_of(&self, path: &Path) -> Codec {
        let is_bam =
            |(_, files): (_, &Files)| self.kind_of(files) == FileFormat::Bam && files.paths().any(|own| own == path);
        if self.classes().any(is_bam) { Codec::Bgzf } else { Codec::of(path) }
    }

    /// The classes that have files, by name.
    pub fn classes(&self) -> impl Iterator<Item = (&'static str, &Files)> {
        let classes = self.split.iter().flat_map(|split| {
            [
                Some(("coding", &split.coding)),
                Some(("noncoding", &split.noncoding)),
                split.undecided.as_ref().map(|files| ("undecided", files)),
            ]
        });
        classes.flatten()
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
    annotate: bool,
    split: Option<Classes>,
    scores: Option<Sink>,
    proteins: Option<(Sink, GeneticCode)>,
    windows: Option<Sink>,
    progress: Arc<Progress>,
    tally: Tally,
    /// Of the segments of the template at hand.
    companies: Vec<Company>,
}

/// A segment, what the model said of it, and what follows from that.
#[derive(Clone, Copy, Debug)]
struct Judged<'a> {
    segment: &'a Record,
    answer: Option<Answer>,
    verdict: Verdict,
}

impl Outputs {
    /// Creates all files as temporaries; the second value renames them into place once the run has succeeded.
    pub async fn create(
        config: Config,
        judge: Judge,
        encoding: EncoderConfig,
        progress: Arc<Progress>,
    ) -> Result<(Self, Vec<Pending>)> {
        let mut opener = Opener { encoding, pending: Vec::new() };
        let split = match &config.split {
            None => None,
            Some(split) => Some(Classes::create(&config, split, &mut opener).await?),
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
        let (annotate, tally) = (config.annotate, Tally::default());
        let companies = Vec::new();
        Ok((Self { judge, annotate, split, scores, proteins, windows, progress, tally, companies }, opener.pending))
    }

    /// Writes some templates, given one prediction for each of their segments that is long enough to be scored, or for
    /// each of its windows.
    pub async fn write(&mut self, templates: &[Template], predictions: &[Prediction]) -> Result<()> {
        let mut rest = predictions;
        let mut answers = Vec::with_capacity(2);
        let mut judged = Vec::with_capacity(2);
        for template in templates {
            answers.clear();
            for segment in &template.segments {
                answers.push(self.answer(segment, &mut rest).await?);
            }
            judged.clear();
            judged.extend(self.judge.judge(&template.segments, &answers));
            self.add(template, &judged)?;
        }
        assert!(rest.is_empty(), "each prediction belongs to one segment");
        self.flush().await
    }

    /// Writes what is left, ends the files and gives the sums.
    pub async fn finish(mut self) -> Result<Tally> {
        self.flush().await?;
        if let Some(classes) = self.split {
            classes.finish().await?;
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
        let count = windows.map_or(1, |windows| windows.over(segment.bases().len()).len());
        let own = rest.split_off(..count).expect("one prediction a scored segment, or a window of it");
        let Some(windows) = windows else { return Ok(Some(Answer { prediction: own[0], windows: None })) };
        if let Some(sink) = &mut self.windows {
            for (window, prediction) in windows.over(segment.bases().len()).zip(own) {
                bed::push_line(&mut sink.text, segment, &window, prediction);
                // The lines of one read may be as many as its bases.
                if sink.text.len() >= MOST_TEXT {
                    sink.flush().await?;
                }
            }
        }
        let summary = windows.summary(segment.bases().len(), own);
        self.tally.add_windows(&summary);
        Ok(Some(Answer { prediction: summary.prediction(windows.config.pool), windows: Some(summary) }))
    }

    /// Puts a template's text where it belongs, and counts it.
    fn add(&mut self, template: &Template, judged: &[Judged<'_>]) -> Result<()> {
        self.companies.clear();
        if let Some(classes) = &self.split {
            self.companies.extend(companies(judged, |verdict| classes.place(verdict)));
        }
        for (n, Judged { segment, answer, verdict }) in judged.iter().enumerate() {
            self.tally.add_verdict(*verdict);
            self.place(n, judged[n])?;
            self.describe(segment, answer.as_ref());
            self.progress.coding.add(u64::from(*verdict == Verdict::Coding));
        }
        self.tally.verdicts += if self.judge.verdict.mates == Mates::Each { judged.len() as u64 } else { 1 };
        self.progress.done.add(judged.len() as u64);
        self.keep(template, judged);
        Ok(())
    }

    /// Puts one segment into its class's file, and counts it.
    fn place(&mut self, n: usize, Judged { segment, answer, verdict }: Judged<'_>) -> Result<()> {
        let Some(classes) = &mut self.split else {
            self.tally.group(verdict).add(segment);
            return Ok(());
        };
        let place = classes.place(verdict);
        self.tally.at(place).add(segment);
        let score = answer.filter(|_| self.annotate).map(|answer| score(answer.prediction));
        classes.at(place).push(segment, score.as_ref(), self.companies[n])
    }

    /// Puts records as stored into BAM outputs. What is no read of its own follows the read of its mate, or its template.
    fn keep(&mut self, template: &Template, judged: &[Judged<'_>]) {
        let Some(classes) = &mut self.split else { return };
        for alignment in &template.alignments {
            let own = match alignment.segment {
                Some(segment) => Some(&judged[segment]),
                None => judged.iter().find(|judged| judged.segment.mate == alignment.mate),
            };
            let template = if self.judge.verdict.mates == Mates::Each { None } else { judged.first() };
            let verdict = own.or(template).map_or(Verdict::Undecided(Reason::TooShort), |judged| judged.verdict);
            let score = own.and_then(|judged| judged.answer).map(|answer| score(answer.prediction));
            let place = classes.place(verdict);
            if classes.at(place).keep(alignment, score.as_ref()) && alignment.segment.is_none() {
                self.tally.followers += 1;
            }
        }
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
        if let Some(classes) = &mut self.split {
            classes.flush().await?;
        }
        let proteins = self.proteins.as_mut().map(|(sink, _)| sink);
        for sink in [self.scores.as_mut(), proteins, self.windows.as_mut()].into_iter().flatten() {
            sink.flush().await?;
        }
        Ok(())
    }
}

/// What a run says of a read, in header lines and tags.
fn score(prediction: Prediction) -> Score {
    Score { probability: prediction.probability, frame: prediction.frame.map(|frame| frame.to_string()) }
}

impl Judge {
    /// The verdict on each segment of a template: its own where mates are judged apart, else the template's.
    fn judge<'a>(&self, segments: &'a [Record], answers: &[Option<Answer>]) -> impl Iterator<Item = Judged<'a>> {
        let probability = |answer: Option<Answer>| answer.map(|answer| answer.prediction.probability);
        let verdict = self.verdict;
        let together = verdict.verdict(answers.iter().copied().map(probability));
        segments.iter().zip(answers).map(move |(segment, &answer)| {
            let verdict = match verdict.mates {
                Mates::Each => verdict.verdict(std::iter::once(probability(answer))),
                Mates::Any | Mates::Both | Mates::Mean => together,
            };
            Judged { segment, answer, verdict }
        })
    }
}

/// Which segments go where a mate of theirs goes: of each class the first R1 with the first R2, and so on.
fn companies(judged: &[Judged<'_>], place: impl Fn(Verdict) -> Place) -> impl Iterator<Item = Company> {
    let class = move |judged: &Judged<'_>| match judged.segment.mate {
        Mate::Unpaired => None,
        Mate::First => Some((0, place(judged.verdict) as usize)),
        Mate::Second => Some((1, place(judged.verdict) as usize)),
    };
    let mut all = [[0_usize; Place::COUNT]; 2];
    for (mate, place) in judged.iter().filter_map(&class) {
        all[mate][place] += 1;
    }
    let mut before = [[0; Place::COUNT]; 2];
    judged.iter().map(move |judged| {
        let Some((mate, place)) = class(judged) else { return Company::Alone };
        before[mate][place] += 1;
        if before[mate][place] <= all[1 - mate][place] { Company::Paired } else { Company::Alone }
    })
}

/// Opens outputs and collects what will have to be renamed.
struct Opener {
    encoding: EncoderConfig,
    pending: Vec<Pending>,
}

impl Opener {
    async fn sink(&mut self, path: PathBuf) -> Result<Sink> {
        let (writer, pending) = output::create(&path, self.encoding).await?;
        self.pending.push(pending);
        Ok(Sink { text: Vec::new(), writer })
    }

    /// A BAM file that starts with this header.
    async fn bam(&mut self, path: PathBuf, header: &Header) -> Result<Sink> {
        let (writer, pending) = output::create_bgzf(&path, self.encoding).await?;
        self.pending.push(pending);
        Ok(Sink { text: header.to_bam(), writer })
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::verdict::Reason;

    /// As the rule says it: a segment has company if, of its class, fewer of its mate come before it than there are of
    /// the other mate.
    fn company(n: usize, judged: &[Judged<'_>], place: impl Fn(Verdict) -> Place) -> Company {
        let Judged { segment, verdict, .. } = judged[n];
        let other = match segment.mate {
            Mate::Unpaired => return Company::Alone,
            Mate::First => Mate::Second,
            Mate::Second => Mate::First,
        };
        let count = |judged: &[Judged<'_>], mate| {
            let same = |one: &&Judged<'_>| one.segment.mate == mate && place(one.verdict) == place(verdict);
            judged.iter().filter(same).count()
        };
        if count(&judged[..n], segment.mate) < count(judged, other) { Company::Paired } else { Company::Alone }
    }

    fn place(verdict: Verdict) -> Place {
        match verdict {
            Verdict::Coding => Place::Coding,
            Verdict::NonCoding => Place::NonCoding,
            Verdict::Undecided(_) => Place::Undecided,
        }
    }

    fn segments() -> impl Strategy<Value = Vec<(Record, Verdict)>> {
        let mates = prop::sample::select(vec![Mate::Unpaired, Mate::First, Mate::Second]);
        let undecided = Verdict::Undecided(Reason::TooShort);
        let verdicts = prop::sample::select(vec![Verdict::Coding, Verdict::NonCoding, undecided]);
        let segment = mates.prop_map(|mate| Record::new(b"r", b"ACGT", b"").with_mate(mate));
        prop::collection::vec((segment, verdicts), 0..12)
    }

    proptest! {
        #[test]
        fn company_is_counted_at_once_as_one_by_one(segments in segments()) {
            let judged: Vec<_> =
                segments.iter().map(|(segment, verdict)| Judged { segment, answer: None, verdict: *verdict }).collect();
            let one_by_one: Vec<_> = (0..judged.len()).map(|n| company(n, &judged, place)).collect();
            prop_assert_eq!(companies(&judged, place).collect::<Vec<_>>(), one_by_one);
        }
    }
}
