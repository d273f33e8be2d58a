//! What a model predicts for a read: how likely it is coding, on which strand and in which frame, and where.

use std::fmt;
use std::ops::Deref;

/// The prediction of a model for one row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// Probability of coding, 0 to 1.
    pub probability: f32,
    /// Most likely frame, if the model predicts frames; meaningful only if the read is coding.
    pub frame: Option<Frame>,
}

/// Consecutive bases of a read that code in one frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// Position of the first base, from 0.
    pub start: u32,
    /// Position after the last base.
    pub end: u32,
    /// The frame, counted on the whole read.
    pub frame: Frame,
    /// Probability of coding, on the same scale as for a whole read.
    pub probability: f32,
    /// Whether the stretch begins with a start codon, in its own direction.
    pub has_start: bool,
    /// Whether the stretch ends with a stop codon, in its own direction.
    pub has_stop: bool,
    /// Whether this stretch and the one before it on the read are one gene, whose frame changes at an insertion or
    /// deletion.
    pub continues: bool,
}

impl Stretch {
    /// Whether the left end on the read is a start or stop codon, and whether the right end is.
    #[must_use]
    pub fn ends(&self) -> [bool; 2] {
        match self.frame.strand {
            Strand::Plus => [self.has_start, self.has_stop],
            Strand::Minus => [self.has_stop, self.has_start],
        }
    }

    /// Returns this stretch with other values for [`ends`](Self::ends).
    #[must_use]
    pub fn with_ends(self, [left, right]: [bool; 2]) -> Self {
        let (has_start, has_stop) = match self.frame.strand {
            Strand::Plus => (left, right),
            Strand::Minus => (right, left),
        };
        Self { has_start, has_stop, ..self }
    }

    /// The number of bases before the first whole codon, in the direction of the stretch.
    #[must_use]
    pub fn phase(&self, read_length: usize) -> usize {
        let before = match self.frame.strand {
            Strand::Plus => self.start as usize,
            Strand::Minus => read_length - self.end as usize,
        };
        (usize::from(self.frame.offset) + 3 - before % 3) % 3
    }
}

/// The stretches of several rows, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stretches {
    /// The stretches of all rows, one row after the other.
    all: Vec<Stretch>,
    /// Where each row ends in `all`.
    ends: Vec<u32>,
}

impl Stretches {
    /// Adds a stretch to the current row.
    pub fn push(&mut self, stretch: Stretch) {
        self.all.push(stretch);
    }

    /// Ends the current row.
    ///
    /// # Panics
    /// At 2^32 stretches; a chunk holds far fewer.
    pub fn end_row(&mut self) {
        self.ends.push(u32::try_from(self.all.len()).expect("a chunk holds far fewer than 2^32 stretches"));
    }

    /// Iterates over the stretches of each row, in order.
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

/// Where the genes lie on several rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Genes {
    /// The genes as called, whatever the prior.
    pub called: Stretches,
    /// The genes of rows that are mostly outside the called genes, but coding after all given the sample's prior. They
    /// replace those in `called`. A row that cannot become coding so has none.
    pub if_coding: Stretches,
}

impl Genes {
    /// Ends the current row.
    pub fn end_row(&mut self) {
        self.called.end_row();
        self.if_coding.end_row();
    }

    /// Iterates over the rows in order, each with its genes as called and its genes if coding.
    pub fn rows(&self) -> impl Iterator<Item = (&[Stretch], &[Stretch])> {
        self.called.rows().zip(self.if_coding.rows())
    }
}

/// The predictions of a model for several rows, in order, and where the genes lie on each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Predictions {
    /// One prediction for each row.
    pub each: Vec<Prediction>,
    /// The genes of each row, if the model predicts any.
    pub genes: Option<Genes>,
    /// The predictions for the audited rows on a plain path, in order.
    pub plain: Vec<Prediction>,
}

impl Predictions {
    /// Appends the predictions for further rows.
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

/// Makes the predictions of a model that predicts no genes.
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

/// The predictions of a model for several reads, in order. A read has none (if too short to be scored), one, or one for
/// each of its windows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    /// The number of predictions for each read.
    pub counts: Vec<u32>,
    /// The predictions of all reads, one read after the other.
    pub predictions: Predictions,
}

impl Answers {
    /// Iterates over the predictions of each read.
    ///
    /// # Panics
    /// If the number of predictions is not the sum of `counts`.
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
    /// Where the first whole codon starts on the strand: 0, 1 or 2.
    pub offset: u8,
}

/// A strand relative to the read as given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Strand {
    /// The read as given.
    Plus,
    /// The reverse complement of the read.
    Minus,
}

impl Frame {
    /// All six frames, in the order the networks number them: 1 2 3 -1 -2 -3.
    pub const ALL: [Self; 6] = [
        Self { strand: Strand::Plus, offset: 0 },
        Self { strand: Strand::Plus, offset: 1 },
        Self { strand: Strand::Plus, offset: 2 },
        Self { strand: Strand::Minus, offset: 0 },
        Self { strand: Strand::Minus, offset: 1 },
        Self { strand: Strand::Minus, offset: 2 },
    ];

    /// The number of the frame: 1, 2, 3, -1, -2 or -3.
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
