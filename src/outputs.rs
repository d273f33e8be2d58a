//! The outputs that a run writes as it goes: the classes' files and the tables.

use std::sync::Arc;

use crate::class::Class;
use crate::error::{Error, Result};
use crate::prediction::{Answers, Stretches};
use crate::prior::Prior;
use crate::progress::Progress;
use crate::reads::output::{Pending, Said};
use crate::reads::{EncoderConfig, Header, Template};
use crate::tally::Tally;
use crate::verdict::{Mates, Reason, Verdict};
use class_files::ClassFiles;
use pairing::{Pairing, pairings};
use sink::{Opener, Sink};

mod audit;
mod bed;
mod class_files;
mod config;
mod genetic_code;
mod gff3;
mod joined;
mod judged;
mod pairing;
pub(crate) mod read_name;
mod scores;
mod sink;
mod stretches;
mod table;
mod translated;
mod whole;

pub use bed::Bed;
pub use config::{Files, OutputsConfig, Split};
pub use genetic_code::GeneticCode;
pub use gff3::Gff3;
pub use joined::{Part, Rows, join};
use judged::pairs;
pub use judged::{Answer, Judge, Judged, Windowed};
pub use scores::scores;
pub use table::Table;
pub use translated::{Letters, Stops, Translated, Translation};

/// The open outputs of a run.
#[derive(Debug)]
pub struct Outputs {
    judge: Judge,
    annotate: bool,
    split: Option<ClassFiles>,
    tables: Vec<(Box<dyn Table>, Sink)>,
    progress: Arc<Progress>,
    tally: Tally,
    /// The pairing of each read of the current template.
    pairings: Vec<Pairing>,
}

impl Outputs {
    /// Creates all files as temporaries, and returns what renames them into place once the run has succeeded. BAM
    /// outputs start with `header`.
    pub async fn create(
        config: OutputsConfig,
        header: &Arc<Header>,
        judge: Judge,
        encoding: EncoderConfig,
        progress: Arc<Progress>,
    ) -> Result<(Self, Vec<Pending>)> {
        let mut opener = Opener { encoding, pending: Vec::new() };
        let split = match &config.split {
            None => None,
            Some(split) => Some(ClassFiles::create(&config, split, header, &mut opener).await?),
        };
        let mut tables = Vec::new();
        for (path, table) in config.tables {
            let mut sink = opener.sink(path).await?;
            table.start(&mut sink.text);
            tables.push((table, sink));
        }
        let (annotate, tally, pairings) = (config.annotate, Tally::default(), Vec::new());
        Ok((Self { judge, annotate, split, tables, progress, tally, pairings }, opener.pending))
    }

    /// Sets the share of coding reads that verdicts assume from here on.
    pub fn assume(&mut self, prior: Prior) {
        self.judge.prior = prior;
    }

    /// Writes templates, given the model's answers for each of their reads.
    ///
    /// # Panics
    /// If there are more or fewer answers than reads.
    pub async fn write(&mut self, templates: &[Template], answers: &Answers) -> Result<()> {
        let is_located = answers.predictions.genes.is_some() || self.judge.windows.is_some();
        // The scores table has no use for a stretch that is all of a read, and the classes' files use no stretches.
        let needs_stretches = self.tables.iter().any(|(table, _)| is_located || table.needs_frames());
        let coding = needs_stretches.then(|| stretches::coding(&self.judge, templates, answers));
        let mut rows = coding.iter().flat_map(Stretches::rows);
        let mut plain = &answers.predictions.plain[..];
        let mut answers = answers.iter().map(|predictions| (predictions, rows.next().unwrap_or_default()));
        let mut judged = Vec::with_capacity(2);
        for template in templates {
            self.judge.judge(&template.segments, &mut answers, &mut judged);
            if self.judge.audit.is_some_and(|sample| sample.takes(template.name())) {
                self.tally.audit.add(&self.judge, &judged, &mut plain)?;
            }
            for read in &mut judged {
                read.is_located = is_located;
            }
            self.add(template, &mut judged)?;
            for (table, sink) in &mut self.tables {
                for read in &judged {
                    if !table.can_name(read.segment.name()) {
                        return Err(Error::NotText { read: read.segment.name().escape_ascii().to_string() });
                    }
                    for n in 0..table.entries(read) {
                        table.push(read, n, &mut sink.text);
                        if sink.is_full() {
                            sink.flush().await?;
                        }
                    }
                }
            }
        }
        assert!(answers.next().is_none() && plain.is_empty(), "each answer belongs to one read");
        self.flush().await
    }

    /// Writes what is left, finishes the files and returns the sums.
    pub async fn finish(mut self) -> Result<Tally> {
        self.tally.prior = self.judge.prior;
        if let Some(classes) = self.split {
            classes.finish().await?;
        }
        for (mut table, mut sink) in self.tables {
            table.end(&mut sink.text);
            sink.finish().await?;
        }
        Ok(self.tally)
    }

    /// Counts the reads of a template and adds them to their classes' files.
    fn add(&mut self, template: &Template, judged: &mut [Judged<'_>]) -> Result<()> {
        self.pairings.clear();
        if let Some(classes) = &self.split {
            self.pairings.extend(pairings(judged, |verdict| classes.place(verdict)));
        }
        for (n, read) in judged.iter_mut().enumerate() {
            read.output = self.place(n, read)?;
            self.count(read);
        }
        for pair in pairs(judged) {
            self.tally.add_pair(pair.iter().filter_map(|read| Some((read.segment.mate, read.answer?.class))));
            self.tally.verdicts += if self.judge.verdict.mates == Mates::Each { pair.len() as u64 } else { 1 };
        }
        self.progress.done.add(judged.len() as u64);
        self.keep(template, judged);
        Ok(())
    }

    /// Adds a read to its class's file, and returns the name of that output.
    fn place(&mut self, n: usize, read: &Judged<'_>) -> Result<Option<&'static str>> {
        let Some(classes) = &mut self.split else { return Ok(None) };
        let place = classes.place(read.verdict);
        self.tally.undecided_with_noncoding += u64::from(place != read.verdict.class());
        let score = read.answer.map(|answer| answer.score());
        let said = if self.annotate { Said::Anew(score.as_ref()) } else { Said::AsRead };
        let files = classes.at(place);
        files.push(read.segment, said, self.pairings[n])?;
        Ok(Some(if files.is_unpaired(self.pairings[n]) { "unpaired" } else { place.id() }))
    }

    /// Counts a read by its prediction and its verdict.
    fn count(&mut self, read: &Judged<'_>) {
        self.tally.classes[read.verdict.class()].add(read.segment);
        self.tally.add_verdict(read.verdict, read.posterior);
        self.tally.add_bases(read.segment, self.judge.reads_at_most);
        self.tally.strata.add(read.segment.bases(), read.verdict.class() == Class::Coding);
        if let Some(answer) = &read.answer {
            self.tally.add_prediction(&answer.prediction, answer.class, read.verdict.class());
            if let Some(windowed) = &answer.windows {
                self.tally.add_windows(&windowed.summary);
            }
        }
        self.progress.coding.add(u64::from(read.verdict.class() == Class::Coding));
    }

    /// Adds the records kept as stored to BAM outputs. A record without a segment follows the read of its mate, or its
    /// template.
    fn keep(&mut self, template: &Template, judged: &[Judged<'_>]) {
        let Some(classes) = &mut self.split else { return };
        let mut before = None;
        for alignment in &template.alignments {
            let is_mate = |judged: &&Judged<'_>| judged.segment.mate == alignment.mate;
            let own = match alignment.segment {
                Some(segment) => Some(&judged[segment]),
                // The previous read of that mate, if there are several of the same name and mate.
                None => before.filter(is_mate).or_else(|| judged.iter().find(is_mate)),
            };
            if alignment.segment.is_some() {
                before = own;
            }
            let template = if self.judge.verdict.mates == Mates::Each { None } else { judged.first() };
            let verdict = own.or(template).map_or(Verdict::Undecided(Reason::TooShort), |judged| judged.verdict);
            let score = own.and_then(|judged| judged.answer).map(|answer| answer.score());
            let place = classes.place(verdict);
            if classes.at(place).keep(alignment, score.as_ref()) && alignment.segment.is_none() {
                self.tally.followers += 1;
            }
        }
    }

    async fn flush(&mut self) -> Result<()> {
        if let Some(classes) = &mut self.split {
            classes.flush().await?;
        }
        for (_, sink) in &mut self.tables {
            sink.flush().await?;
        }
        Ok(())
    }
}
