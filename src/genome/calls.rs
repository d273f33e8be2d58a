//! Genes that a program called on reads, from its lines of GFF. Pure.

use std::ops::Range;

use super::annotation::{Part, part};
use super::frame::main_frame;
use super::ranges::merged;
use crate::prediction::{Frame, Strand};

/// A called gene, or a part of one.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The name of the read.
    pub read: String,
    /// The part on the read.
    pub part: Part,
    /// The program's score, in a unit of its own.
    pub score: Option<f32>,
}

impl Call {
    /// Parses a line of GFF; `None` if it is not about a coding sequence.
    pub fn parse(line: &[u8]) -> Result<Option<Self>, String> {
        let Some((read, mut part)) = part(line)? else { return Ok(None) };
        let column = |n: usize| line.split(|&byte| byte == b'\t').nth(n);
        if column(1) == Some(b"FGS") {
            part.phase = Some(0); // FragGeneScan has the frame in this column; its genes begin with a whole codon
        }
        let score = column(5).and_then(|text| std::str::from_utf8(text).ok());
        let score = score.and_then(|text| text.parse().ok()).filter(|score: &f32| score.is_finite());
        Ok(Some(Self { read, part, score }))
    }
}

/// All genes called on one read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calls {
    parts: Vec<Part>,
    score: Option<f32>,
}

impl Calls {
    /// Adds a gene. The best score is kept.
    pub fn add(&mut self, part: Part, score: Option<f32>) {
        self.parts.push(part);
        self.score = self.score.into_iter().chain(score).reduce(f32::max);
    }

    /// The score of the best gene.
    #[must_use]
    pub fn score(&self) -> Option<f32> {
        self.score
    }

    /// The last base in any gene, counted from 1.
    #[must_use]
    pub fn end(&self) -> usize {
        self.parts.iter().map(|part| part.range.end).max().unwrap_or(0)
    }

    /// The number of bases in genes.
    #[must_use]
    pub fn coded(&self) -> usize {
        merged(self.parts.iter().map(|part| part.range.clone()).collect()).iter().map(Range::len).sum()
    }

    /// The frame that most bases in genes are in, on a read of this length.
    #[must_use]
    pub fn frame(&self, length: usize) -> Option<Frame> {
        main_frame(&self.parts, &(0..length), Strand::Plus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(lines: &[&str]) -> Calls {
        let mut calls = Calls::default();
        for line in lines {
            let Call { part, score, .. } = Call::parse(line.as_bytes()).unwrap().unwrap();
            calls.add(part, score);
        }
        calls
    }

    #[test]
    fn genes_of_a_read_add_up() {
        let calls = calls(&["r\tp\tCDS\t2\t61\t7.5\t+\t0\tID=1", "r\tp\tCDS\t58\t100\t12.25\t-\t0\tID=2"]);
        assert_eq!((calls.coded(), calls.end(), calls.score()), (99, 100, Some(12.25)));
        assert_eq!(calls.frame(101).map(Frame::number), Some(2));
    }

    #[test]
    fn frames_are_those_of_the_read() {
        let frame = |line| calls(&[line]).frame(100).map(Frame::number);
        assert_eq!(frame("r\tF\tCDS\t1\t99\t.\t+\t0\tID=1"), Some(1));
        assert_eq!(frame("r\tF\tCDS\t2\t100\t.\t-\t0\tID=1"), Some(-1));
        assert_eq!(frame("r\tP\tCDS\t1\t98\t.\t-\t1\tID=1"), Some(-1));
        assert_eq!(frame("r\tFGS\tCDS\t1\t98\t.\t-\t0\tID=1"), Some(-3));
        assert_eq!(frame("r\tFGS\tCDS\t2\t100\t.\t+\t1\tID=1"), Some(2));
    }

    #[test]
    fn other_lines_say_nothing() {
        for line in ["##gff-version  3", "# Sequence Data: seqnum=1", "", "r\tp\tgene\t1\t9\t.\t+\t.\tID=g"] {
            assert_eq!(Call::parse(line.as_bytes()), Ok(None));
        }
        assert_eq!(Call::parse(b"r\tp\tCDS\t1\t9\t.\t+\t0\tID=g").unwrap().unwrap().score, None);
        assert!(Call::parse(b"r\tp\tCDS\t9\t1\t.\t+\t0\tID=g").is_err());
    }
}
