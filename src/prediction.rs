//! What a model says of a read: how likely it is coding, on which strand and in which frame.

use std::fmt;

/// What a model says of one row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// Probability of coding, 0 to 1.
    pub probability: f32,
    /// Most likely frame, if the model tells frames; meaningful where the read is coding.
    pub frame: Option<Frame>,
}

/// What a model says of some reads, in order: of each it says nothing (a read too short to be scored), one thing, or one
/// for each of its windows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    /// How many predictions each read has.
    pub counts: Vec<u32>,
    /// All of them, read by read.
    pub predictions: Vec<Prediction>,
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

/// Strand and codon phase of a coding read: `+f`, codons start at offset f of the read as given; `-f`, at offset f of
/// its reverse complement.
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
    /// All six, in the order the networks number them: +0 +1 +2 -0 -1 -2.
    pub const ALL: [Self; 6] = [
        Self { strand: Strand::Plus, offset: 0 },
        Self { strand: Strand::Plus, offset: 1 },
        Self { strand: Strand::Plus, offset: 2 },
        Self { strand: Strand::Minus, offset: 0 },
        Self { strand: Strand::Minus, offset: 1 },
        Self { strand: Strand::Minus, offset: 2 },
    ];
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.strand {
            Strand::Plus => '+',
            Strand::Minus => '-',
        };
        write!(f, "{sign}{}", self.offset)
    }
}
