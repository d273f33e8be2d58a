//! What a model says of a read: how likely it is coding, on which strand and in which frame, and from where to where.

use std::fmt;
use std::ops::Deref;

/// What a model says of one row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// Probability of coding, 0 to 1.
    pub probability: f32,
    /// Most likely frame, if the model tells frames; meaningful where the read is coding.
    pub frame: Option<Frame>,
}

/// Consecutive bases of a read that code in one frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// Its first base, from 0.
    pub start: u32,
    /// The base behind its last one.
    pub end: u32,
    /// Counted on the whole read.
    pub frame: Frame,
    /// Probability of coding, as that of a whole read.
    pub probability: f32,
    /// Whether it begins with a start codon, in its own direction.
    pub has_start: bool,
    /// Whether it ends with a stop codon.
    pub has_stop: bool,
    /// Whether it and the stretch before it on the read are one gene that changes its frame: an insertion or deletion.
    pub continues: bool,
}

impl Stretch {
    /// Whether its left and its right end on the read are a start codon or a stop codon.
    #[must_use]
    pub fn ends(&self) -> [bool; 2] {
        match self.frame.strand {
            Strand::Plus => [self.has_start, self.has_stop],
            Strand::Minus => [self.has_stop, self.has_start],
        }
    }

    /// The same with other ends.
    #[must_use]
    pub fn with_ends(self, [left, right]: [bool; 2]) -> Self {
        let (has_start, has_stop) = match self.frame.strand {
            Strand::Plus => (left, right),
            Strand::Minus => (right, left),
        };
        Self { has_start, has_stop, ..self }
    }

    /// The bases before its first whole codon.
    #[must_use]
    pub fn phase(&self, read_length: usize) -> usize {
        let before = match self.frame.strand {
            Strand::Plus => self.start as usize,
            Strand::Minus => read_length - self.end as usize,
        };
        (usize::from(self.frame.offset) + 3 - before % 3) % 3
    }
}

/// The stretches of some rows, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stretches {
    /// Those of all rows, one row after the other.
    all: Vec<Stretch>,
    /// Where each row ends in `all`.
    ends: Vec<u32>,
}

impl Stretches {
    /// Adds a stretch to the row at hand.
    pub fn push(&mut self, stretch: Stretch) {
        self.all.push(stretch);
    }

    /// Ends a row after the stretches that are there.
    ///
    /// # Panics
    /// At 2^32 stretches: a chunk holds far fewer.
    pub fn end_row(&mut self) {
        self.ends.push(u32::try_from(self.all.len()).expect("a chunk holds far fewer than 2^32 stretches"));
    }

    /// The rows in order.
    pub fn rows(&self) -> impl Iterator<Item = &[Stretch]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let row = &self.all[start..end as usize];
            start = end as usize;
            row
        })
    }

    fn append(&mut self, other: &Self) {
        let before = self.all.len();
        self.all.extend_from_slice(&other.all);
        let after =
            |&end: &u32| u32::try_from(before + end as usize).expect("a chunk holds far fewer than 2^32 stretches");
        self.ends.extend(other.ends.iter().map(after));
    }
}

/// Where on some rows the genes are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Genes {
    /// As they are called whatever the sample.
    pub called: Stretches,
    /// What takes their place where a row is coding after all, by the sample's share of coding reads, though most of it is not in
    /// genes as called. A row has none where that cannot be.
    pub if_coding: Stretches,
}

impl Genes {
    /// Ends a row.
    pub fn end_row(&mut self) {
        self.called.end_row();
        self.if_coding.end_row();
    }

    /// The rows in order, each as called and if coding.
    pub fn rows(&self) -> impl Iterator<Item = (&[Stretch], &[Stretch])> {
        self.called.rows().zip(self.if_coding.rows())
    }
}

/// What a model says of some rows, in order: a prediction for each, and where on it the genes are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Predictions {
    /// One for each row.
    pub each: Vec<Prediction>,
    /// The genes of each row, if the model tells any.
    pub genes: Option<Genes>,
    /// What a plain path says of the audited rows, in order.
    pub plain: Vec<Prediction>,
}

impl Predictions {
    /// Adds those of more rows.
    pub fn append(&mut self, more: Self) {
        match (&mut self.genes, more.genes) {
            (Some(own), Some(more)) => {
                own.called.append(&more.called);
                own.if_coding.append(&more.if_coding);
            }
            (own, more) => *own = own.take().or(more),
        }
        self.each.extend(more.each);
        self.plain.extend(more.plain);
    }
}

/// Those of a model that tells no genes.
impl From<Vec<Prediction>> for Predictions {
    fn from(each: Vec<Prediction>) -> Self {
        Self { each, genes: None, plain: Vec::new() }
    }
}

impl Deref for Predictions {
    type Target = [Prediction];

    fn deref(&self) -> &Self::Target {
        &self.each
    }
}

/// What a model says of some reads, in order: of each it says nothing (a read too short to be scored), one thing, or one
/// for each of its windows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    /// How many predictions each read has.
    pub counts: Vec<u32>,
    /// All of them, read by read.
    pub predictions: Predictions,
}

impl Answers {
    /// The predictions of each read.
    ///
    /// # Panics
    /// If there are not as many predictions as counted.
    pub fn iter(&self) -> impl Iterator<Item = &[Prediction]> {
        let mut rest = &self.predictions[..];
        self.counts.iter().map(move |&count| {
            let count = usize::try_from(count).expect("a read has fewer windows than 2^32");
            rest.split_off(..count).expect("as many predictions as counted")
        })
    }
}

/// Strand and codon phase of a coding read, written as BLAST does: in frames 1 2 3 codons start at the first, second or third
/// base of the read as given; in frames -1 -2 -3, of its reverse complement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Frame {
    /// Which strand is coding.
    pub strand: Strand,
    /// 0, 1 or 2: where the first whole codon starts.
    pub offset: u8,
}

/// A strand relative to the read as given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Strand {
    /// The read as given.
    Plus,
    /// Its reverse complement.
    Minus,
}

impl Frame {
    /// All six, in the order the networks number them: 1 2 3 -1 -2 -3.
    pub const ALL: [Self; 6] = [
        Self { strand: Strand::Plus, offset: 0 },
        Self { strand: Strand::Plus, offset: 1 },
        Self { strand: Strand::Plus, offset: 2 },
        Self { strand: Strand::Minus, offset: 0 },
        Self { strand: Strand::Minus, offset: 1 },
        Self { strand: Strand::Minus, offset: 2 },
    ];

    /// Its number: 1 2 3 -1 -2 -3.
    #[must_use]
    pub fn number(self) -> i8 {
        let place = i8::try_from(self.offset + 1).expect("offsets are below 3");
        match self.strand {
            Strand::Plus => place,
            Strand::Minus => -place,
        }
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}
