//! The classes' files: FASTQ or FASTA in one file or two, and BAM.

use std::path::PathBuf;

use super::{Config, Files, Opener, Sink, Split};
use crate::error::{Error, Result};
use crate::reads::output::{self, FileFormat, Names, SequenceFormat};
use crate::reads::{Alignment, Mate, Record, Score};
use crate::verdict::Verdict;

/// A class that has files of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Coding reads.
    Coding,
    /// Non-coding reads, and undecided ones that have no place of their own.
    NonCoding,
    /// Undecided reads.
    Undecided,
}

impl Place {
    /// How many there are.
    pub(super) const COUNT: usize = 3;
}

/// Whether a read goes where its mate goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Company {
    /// It does.
    Paired,
    /// It has no mate, or the mate goes elsewhere.
    Alone,
}

/// The open files of the three classes.
#[derive(Debug)]
pub(super) struct Classes {
    coding: Class,
    noncoding: Class,
    undecided: Option<Class>,
}

impl Classes {
    pub(super) async fn create(config: &Config, split: &Split, opener: &mut Opener) -> Result<Self> {
        Ok(Self {
            coding: Class::create(config, "coding", &split.coding, opener).await?,
            noncoding: Class::create(config, "noncoding", &split.noncoding, opener).await?,
            undecided: match &split.undecided {
                None => None,
                Some(files) => Some(Class::create(config, "undecided", files, opener).await?),
            },
        })
    }

    /// Where reads of this verdict go.
    pub(super) fn place(&self, verdict: Verdict) -> Place {
        match verdict {
            Verdict::Coding => Place::Coding,
            Verdict::Undecided(_) if self.undecided.is_some() => Place::Undecided,
            Verdict::NonCoding | Verdict::Undecided(_) => Place::NonCoding,
        }
    }

    pub(super) fn at(&mut self, place: Place) -> &mut Class {
        match place {
            Place::Coding => &mut self.coding,
            Place::NonCoding => &mut self.noncoding,
            Place::Undecided => self.undecided.as_mut().expect("place() names it only where it is"),
        }
    }

    pub(super) async fn flush(&mut self) -> Result<()> {
        for class in [Some(&mut self.coding), Some(&mut self.noncoding), self.undecided.as_mut()].into_iter().flatten()
        {
            for sink in class.sinks() {
                sink.flush().await?;
            }
        }
        Ok(())
    }

    pub(super) async fn finish(self) -> Result<()> {
        for class in [Some(self.coding), Some(self.noncoding), self.undecided].into_iter().flatten() {
            class.finish().await?;
        }
        Ok(())
    }
}

/// The open files of one class.
#[derive(Debug)]
pub(super) enum Class {
    /// Reads, as they were sequenced.
    Letters(Box<Letters>),
    /// Records, as they were stored.
    Bam(Box<Sink>),
}

/// FASTQ or FASTA files.
#[derive(Debug)]
pub(super) struct Letters {
    format: SequenceFormat,
    names: Names,
    first: Sink,
    /// The second mates, and where the first ones are.
    second: Option<(Sink, PathBuf)>,
    unpaired: Option<Sink>,
}

impl Class {
    async fn create(config: &Config, name: &str, files: &Files, opener: &mut Opener) -> Result<Self> {
        let format = match (config.kind_of(files), files) {
            (FileFormat::Letters(format), _) => format,
            (FileFormat::Bam, Files::One(path)) => {
                return Ok(Self::Bam(Box::new(opener.bam(path.clone(), &config.header).await?)));
            }
            (FileFormat::Bam, Files::Two(..)) => {
                return Err(Error::Usage(format!("--{name}: BAM holds both mates in one file")));
            }
        };
        let (names, first, second) = match files {
            Files::One(path) => (Names::Numbered, opener.sink(path.clone()).await?, None),
            Files::Two(first, second) => {
                let sinks = (opener.sink(first.clone()).await?, opener.sink(second.clone()).await?);
                (Names::AsRead, sinks.0, Some((sinks.1, first.clone())))
            }
        };
        let unpaired = match config.unpaired_of(name, files) {
            None => None,
            Some(path) => Some(opener.sink(path).await?),
        };
        Ok(Self::Letters(Box::new(Letters { format, names, first, second, unpaired })))
    }

    /// Writes a read, and what is to be said of it; BAM takes records as stored instead.
    ///
    /// # Errors
    /// [`Error::Alone`] where two files would get out of step.
    pub(super) fn push(&mut self, segment: &Record, score: Option<&Score>, company: Company) -> Result<()> {
        let Self::Letters(letters) = self else { return Ok(()) };
        let Letters { format, names, first, second, unpaired } = letters.as_mut();
        let sink = match (company, unpaired, second) {
            (Company::Alone, Some(unpaired), _) => unpaired,
            (Company::Alone, None, Some((_, output))) => {
                return Err(Error::Alone { read: segment.word(), output: output.clone() });
            }
            (Company::Paired, _, Some((second, _))) if segment.mate == Mate::Second => second,
            _ => first,
        };
        output::write_annotated(segment, score, *format, *names, &mut sink.text);
        Ok(())
    }

    /// Writes a record as stored, if these are BAM.
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
            sink.writer.finish().await?;
        }
        Ok(())
    }
}
