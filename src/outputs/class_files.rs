//! The output files of the classes: FASTQ or FASTA in one file or two, or BAM.

use std::path::PathBuf;
use std::sync::Arc;

use super::config::{Files, OutputsConfig, Split};
use super::pairing::Pairing;
use super::sink::{Opener, Sink};
use crate::class::{Class, PerClass};
use crate::error::{Error, Result};
use crate::reads::output::{self, FileFormat, Names, Said, SequenceFormat};
use crate::reads::{Alignment, Header, Mate, Record, Score};
use crate::verdict::Verdict;

/// The open files of the three classes; `None` for a class without files of its own.
#[derive(Debug)]
pub(super) struct ClassFiles(PerClass<Option<Open>>);

impl ClassFiles {
    /// Creates the files; BAM files start with `header`.
    pub(super) async fn create(
        config: &OutputsConfig,
        split: &Split,
        header: &Arc<Header>,
        opener: &mut Opener,
    ) -> Result<Self> {
        let mut open = PerClass::default();
        for (class, files) in split.classes() {
            open[class] = Some(Open::create(config, class, files, header, opener).await?);
        }
        Ok(Self(open))
    }

    /// The class in whose files reads of this verdict go. Undecided reads go to the non-coding files if they have none.
    pub(super) fn place(&self, verdict: Verdict) -> Class {
        match verdict.class() {
            Class::Undecided if self.0.undecided.is_none() => Class::NonCoding,
            class => class,
        }
    }

    /// The open files of a class that [`place`](Self::place) returned.
    pub(super) fn at(&mut self, place: Class) -> &mut Open {
        self.0[place].as_mut().expect("place() names classes that have files")
    }

    pub(super) async fn flush(&mut self) -> Result<()> {
        for open in self.0.values_mut().flatten() {
            for sink in open.sinks() {
                sink.flush().await?;
            }
        }
        Ok(())
    }

    pub(super) async fn finish(self) -> Result<()> {
        for open in self.0.into_values().flatten() {
            open.finish().await?;
        }
        Ok(())
    }
}

/// The open files of one class.
#[derive(Debug)]
pub(super) enum Open {
    /// FASTQ or FASTA: reads as sequenced.
    Letters(Box<Letters>),
    /// BAM: records as stored.
    Bam(Box<Sink>),
}

/// The open FASTQ or FASTA files of a class.
#[derive(Debug)]
pub(super) struct Letters {
    format: SequenceFormat,
    names: Names,
    first: Sink,
    /// The file of second mates, and the path of the first ones.
    second: Option<(Sink, PathBuf)>,
    unpaired: Option<Sink>,
}

impl Open {
    async fn create(
        config: &OutputsConfig,
        class: Class,
        files: &Files,
        header: &Arc<Header>,
        opener: &mut Opener,
    ) -> Result<Self> {
        let format = match (config.kind_of(files), files) {
            (FileFormat::Letters(format), _) => format,
            // Both mates go to one file: the settings give BAM no second one.
            (FileFormat::Bam, Files::One(path) | Files::Two(path, _)) => {
                return Ok(Self::Bam(Box::new(opener.bam(path.clone(), header).await?)));
            }
        };
        let (names, first, second) = match files {
            Files::One(path) => (Names::Numbered, opener.sink(path.clone()).await?, None),
            Files::Two(first, second) => {
                let sinks = (opener.sink(first.clone()).await?, opener.sink(second.clone()).await?);
                (Names::AsRead, sinks.0, Some((sinks.1, first.clone())))
            }
        };
        let unpaired = match config.unpaired_of(class, files) {
            None => None,
            Some(path) => Some(opener.sink(path).await?),
        };
        Ok(Self::Letters(Box::new(Letters { format, names, first, second, unpaired })))
    }

    /// Writes a read with its annotation, unless the files are BAM, which takes records as stored.
    ///
    /// # Errors
    /// [`Error::Alone`] if two files would get out of step.
    pub(super) fn push(&mut self, segment: &Record, said: Said<'_>, pairing: Pairing) -> Result<()> {
        let Self::Letters(letters) = self else { return Ok(()) };
        let Letters { format, names, first, second, unpaired } = letters.as_mut();
        let sink = match (pairing, unpaired, second) {
            (Pairing::Alone, Some(unpaired), _) => unpaired,
            (Pairing::Alone, None, Some((_, output))) => {
                return Err(Error::Alone { read: segment.word(), output: output.clone() });
            }
            (Pairing::Paired, _, Some((second, _))) if segment.mate == Mate::Second => second,
            _ => first,
        };
        output::write_annotated(segment, said, *format, *names, &mut sink.text);
        Ok(())
    }

    /// Whether a read goes to the file for reads without a mate in their class.
    pub(super) fn is_unpaired(&self, pairing: Pairing) -> bool {
        matches!(self, Self::Letters(letters) if letters.unpaired.is_some() && pairing == Pairing::Alone)
    }

    /// Writes a record as stored, if the file is BAM; returns whether it is.
    pub(super) fn keep(&mut self, alignment: &Alignment, score: Option<&Score>) -> bool {
        let Self::Bam(sink) = self else { return false };
        alignment.write(score, &mut sink.text);
        true
    }

    fn sinks(&mut self) -> impl Iterator<Item = &mut Sink> {
        let sinks = match self {
            Self::Bam(sink) => [Some(sink.as_mut()), None, None],
            Self::Letters(letters) => {
                let Letters { first, second, unpaired, .. } = letters.as_mut();
                [Some(first), second.as_mut().map(|(sink, _)| sink), unpaired.as_mut()]
            }
        };
        sinks.into_iter().flatten()
    }

    async fn finish(self) -> Result<()> {
        let sinks = match self {
            Self::Bam(sink) => [Some(*sink), None, None],
            Self::Letters(letters) => {
                let Letters { first, second, unpaired, .. } = *letters;
                [Some(first), second.map(|(sink, _)| sink), unpaired]
            }
        };
        for sink in sinks.into_iter().flatten() {
            sink.finish().await?;
        }
        Ok(())
    }
}
