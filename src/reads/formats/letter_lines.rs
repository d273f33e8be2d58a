//! Lines of bases and quality scores: finds their ends and checks their letters.

use super::parse::{Fault, Step};
use crate::reads::problem::{Problem, shown};

/// Refuses bytes that are no letter or quality score: files with holes have them.
pub(in crate::reads) fn check_letters(line: &'static str, letters: &[u8]) -> Result<(), Problem> {
    // Without an early exit, this compiles to a few vector instructions.
    let is_letter = |&byte: &u8| byte.wrapping_sub(b'!') < 94;
    if letters.iter().fold(true, |all, byte| all & is_letter(byte)) {
        return Ok(());
    }
    let found = letters.iter().find(|byte| !is_letter(byte)).expect("the fold found one");
    Err(Problem::Letter { line, found: shown(&[*found]) })
}

/// Checks that a read has as many quality scores as bases, all of them printable.
pub(super) fn check(bases: &[u8], quality_scores: &[u8]) -> Result<(), Problem> {
    if bases.len() != quality_scores.len() {
        return Err(Problem::Lengths { bases: bases.len(), quality_scores: quality_scores.len() });
    }
    check_letters("sequence", bases)?;
    check_letters("quality", quality_scores)
}

/// Handles a record whose end is not in the window: more bytes are needed, or the file is cut.
pub(super) fn unfinished(header: Option<&[u8]>, ended: bool) -> Result<Step, Fault> {
    match (ended, header) {
        (false, _) => Ok(Step::More),
        (true, Some(header)) => Err(Fault::of(header, Problem::Cut)),
        (true, None) => Err(Problem::Cut.into()),
    }
}

/// Iterates over the complete lines of a window, without line ends.
pub(super) struct Lines<'a> {
    pub(super) window: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn next(&mut self) -> Option<&'a [u8]> {
        let line = &self.rest()[..memchr::memchr(b'\n', self.rest())?];
        self.at += line.len() + 1;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        &self.window[self.at..]
    }

    pub(super) fn take_rest(&mut self) -> &'a [u8] {
        let line = self.rest();
        self.at = self.window.len();
        line.strip_suffix(b"\r").unwrap_or(line)
    }
}
