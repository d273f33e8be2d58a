//! File names with a sign that stands for what differs between several files: `coding_#.fq`, `unpaired_%.fq`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// A sign that stands for a word.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(super) enum Sign {
    /// `#` stands for 1 and 2: first and second mates.
    Mate = b'#',
    /// `%` stands for coding, noncoding and undecided.
    Class = b'%',
}

/// A path as typed on the command line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// One file.
    File(PathBuf),
    /// A pattern for several files, with a word for each.
    Pattern(Pattern),
}

/// A path whose file name has a place for a word.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    path: PathBuf,
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Pattern {
    /// The path with `word` in the place.
    pub(super) fn with(&self, word: &str) -> PathBuf {
        self.path.with_file_name(OsString::from_vec([&self.before, word.as_bytes(), &self.after].concat()))
    }
}

/// Finds `sign` in the file name. A doubled sign stands for the sign itself.
///
/// # Errors
/// If the sign may be part of the name: after a digit, before a letter or digit, or more than once. Otherwise the
/// numbers of a run (`24328_1#10`) would become those of another.
pub(super) fn find(path: &Path, sign: Sign) -> Result<Named, String> {
    let name = path.file_name().unwrap_or_default();
    if !name.as_bytes().contains(&(sign as u8)) {
        return Ok(Named::File(path.to_owned()));
    }
    match split(name, sign as u8).as_slice() {
        [name] => Ok(Named::File(path.with_file_name(OsStr::from_bytes(name)))),
        [before, after] if !looks_like_a_name(before, after) => {
            Ok(Named::Pattern(Pattern { path: path.to_owned(), before: before.clone(), after: after.clone() }))
        }
        _ => {
            let sign = char::from(sign as u8);
            Err(format!("{}: is the {sign} part of the name? If so, write {sign}{sign}", path.display()))
        }
    }
}

fn looks_like_a_name(before: &[u8], after: &[u8]) -> bool {
    before.last().is_some_and(u8::is_ascii_digit) || after.first().is_some_and(u8::is_ascii_alphanumeric)
}

/// The parts of the name between single signs; doubled signs become one.
fn split(name: &OsStr, sign: u8) -> Vec<Vec<u8>> {
    let mut parts = vec![Vec::new()];
    let mut letters = name.as_bytes().iter().copied().peekable();
    while let Some(letter) = letters.next() {
        if letter != sign || letters.next_if_eq(&sign).is_some() {
            parts.last_mut().expect("there is one from the start").push(letter);
        } else {
            parts.push(Vec::new());
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(path: &str) -> Vec<String> {
        match find(path.as_ref(), Sign::Mate).unwrap() {
            Named::File(file) => vec![file.display().to_string()],
            Named::Pattern(pattern) => ["1", "2"].map(|mate| pattern.with(mate).display().to_string()).to_vec(),
        }
    }

    #[test]
    fn one_sign_stands_for_both_mates() {
        assert_eq!(both("a#b/c_#.fq.gz"), ["a#b/c_1.fq.gz", "a#b/c_2.fq.gz"]);
        assert_eq!(both("c#.fq"), ["c1.fq", "c2.fq"]);
        assert_eq!(both("c_R#_001.fq"), ["c_R1_001.fq", "c_R2_001.fq"]);
        assert_eq!(both("c.#"), ["c.1", "c.2"]);
    }

    #[test]
    fn doubled_it_is_itself() {
        assert_eq!(both("24328_1##10.fq"), ["24328_1#10.fq"]);
        assert_eq!(both("24328_1##10_#.fq"), ["24328_1#10_1.fq", "24328_1#10_2.fq"]);
        assert_eq!(both("c_###.fq"), ["c_#1.fq", "c_#2.fq"]);
        assert_eq!(both("c.fq"), ["c.fq"]);
    }

    #[test]
    fn what_may_be_part_of_a_name_is_asked_about() {
        for path in ["24328_1#10.fq", "24328_1#10_#.fq", "lane1#.fq", "#1.fq", "c#a.fq", "c_#_#.fq"] {
            let told = find(path.as_ref(), Sign::Mate);
            assert!(told.as_ref().is_err_and(|told| told.contains("write ##")), "{path}: {told:?}");
        }
    }

    #[test]
    fn names_need_not_be_text() {
        let path = Path::new(OsStr::from_bytes(b"c\xFF_#.fq"));
        let Named::Pattern(pattern) = find(path, Sign::Mate).unwrap() else { panic!("it has a #") };
        assert_eq!(pattern.with("2").as_os_str().as_bytes(), b"c\xFF_2.fq");
    }
}
