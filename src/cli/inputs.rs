//! Flags for the input: what to read, and which files hold mates.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::error::{Error, Result};
use crate::paths::{Stream, Target, ensure_open, read_whole, whole};
use crate::reads::{self, Input, Inputs, MateNames, Problem};
use crate::words::counted;

/// What to read.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "flags as typed")]
pub(super) struct Reads {
    /// Reads: BAM, SAM, CRAM, FASTQ or FASTA, compressed or not; - is stdin
    ///
    /// Format and compression are detected from the content. Two FASTQ or FASTA files are R1 and R2; more need one of the
    /// flags --paired, --interleaved or --single. Any number of BAM, SAM or CRAM files are read one after the other.
    #[arg(value_name = "READS", help_heading = "Input", required_unless_present = "listed")]
    files: Vec<PathBuf>,

    /// READS are R1 and R2 of one lane, R1 and R2 of the next, ...
    #[arg(long, group = "layout", help_heading = "Input")]
    paired: bool,

    /// READS hold both mates of each pair, one after the other
    #[arg(long, group = "layout", help_heading = "Input")]
    interleaved: bool,

    /// READS hold unpaired reads, even if there are two files (FASTQ and FASTA)
    #[arg(long, group = "layout", help_heading = "Input")]
    single: bool,

    /// Treat R1 and R2 as mates whatever their names are
    ///
    /// Both must have the same number of reads. BAM outputs still need names that match.
    #[arg(long, conflicts_with = "single", help_heading = "Input", hide_short_help = true)]
    trust_order: bool,

    /// File that lists the inputs; - is stdin
    ///
    /// One lane per line: a file, or R1, a tab and R2. Blank lines and lines that start with # are ignored.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["files", "paired"], help_heading = "Input")]
    #[arg(hide_short_help = true, group = "listed")]
    files_from: Option<PathBuf>,
}

impl Reads {
    /// The path of the list of inputs, if there is one.
    pub(super) fn list(&self) -> Option<PathBuf> {
        self.files_from.clone()
    }

    /// Whether the names of mates must match.
    pub(super) fn mate_names(&self) -> MateNames {
        if self.trust_order { MateNames::Trusted } else { MateNames::Compared }
    }

    /// The inputs that these flags select.
    pub(super) fn inputs(&self) -> Result<Inputs> {
        let alone = if self.interleaved { Input::Interleaved } else { Input::Single };
        let inputs = match &self.files_from {
            Some(list) => Inputs::Lanes(listed(list, alone)?),
            None if self.paired => Inputs::Lanes(in_pairs(&self.files)?),
            None if self.single || self.interleaved => Inputs::Lanes(self.files.iter().cloned().map(alone).collect()),
            None => Inputs::Files(self.files.clone()),
        };
        check_distinct(&inputs, self.files_from.as_deref())?;
        Ok(inputs)
    }
}

fn in_pairs(files: &[PathBuf]) -> Result<Vec<Input>> {
    let (pairs, rest) = files.as_chunks();
    if !rest.is_empty() {
        let files = counted(files.len() as u64, "file");
        return Err(Error::Usage(format!("--paired needs R1 and R2 of each lane, but READS is {files}")));
    }
    Ok(pairs.iter().map(|[first, second]| Input::Pair(first.clone(), second.clone())).collect())
}

/// The lanes that a file lists; blank lines and those that start with # are skipped.
fn listed(list: &Path, alone: fn(PathBuf) -> Input) -> Result<Vec<Input>> {
    let text = read(list);
    let text =
        text.map_err(|error| reads::Error::Input { input: list.to_owned(), at: None, problem: Problem::Io(error) })?;
    // A byte-order mark is not part of the first name.
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&text);
    let lines = text.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let listed = lines.filter(|line| !line.trim_ascii().is_empty() && !line.starts_with(b"#"));
    let inputs: Vec<Input> = listed.map(|line| lane(list, line, alone)).collect::<Result<_>>()?;
    if inputs.is_empty() {
        return Err(Error::Usage(format!("{} lists no file", list.display())));
    }
    Ok(inputs)
}

fn read(list: &Path) -> io::Result<Vec<u8>> {
    if list != Path::new("-") {
        ensure_open(list, Stream::Stdin)?;
        return read_whole(list);
    }
    whole(Stream::Stdin.file()?)
}

/// Parses a line of the list. File names are bytes, which need not be valid text.
fn lane(list: &Path, line: &[u8], alone: fn(PathBuf) -> Input) -> Result<Input> {
    let files: Vec<&[u8]> = line.split(|&byte| byte == b'\t').collect();
    let path = |file: &[u8]| PathBuf::from(OsStr::from_bytes(file));
    match files[..] {
        [file] if file.contains(&b' ') && !path(file).exists() => Err(Error::Usage(format!(
            "{}: there is no file \"{}\"; between R1 and R2 there must be a tab, not blanks",
            list.display(),
            line.escape_ascii()
        ))),
        [file] if !file.is_empty() => Ok(alone(path(file))),
        [first, second] if !first.is_empty() && !second.is_empty() => Ok(Input::Pair(path(first), path(second))),
        _ => Err(Error::Usage(format!(
            "{}: expected a file, or R1, a tab and R2; found \"{}\"",
            list.display(),
            line.escape_ascii()
        ))),
    }
}

/// Refuses a file that is given twice, even under different names. stdin can be read only once, even if it holds the
/// list.
fn check_distinct(inputs: &Inputs, list: Option<&Path>) -> Result<()> {
    match given_twice(list.into_iter().chain(inputs.paths())) {
        Some(twice) => Err(Error::Usage(format!("{} is given twice", twice.display()))),
        None => Ok(()),
    }
}

/// The first path that leads to the same file as an earlier one.
pub(super) fn given_twice<'a>(paths: impl Iterator<Item = &'a Path>) -> Option<&'a Path> {
    let targets: Vec<(&Path, Target)> = paths.map(|path| (path, Target::read(path))).collect();
    let mut seen = HashSet::new();
    targets.iter().find(|(_, target)| !seen.insert(target.identity())).map(|(path, _)| *path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(reads: &Reads) -> std::result::Result<Inputs, String> {
        reads.inputs().map_err(|error| error.to_string())
    }

    fn reads(files: &[&str]) -> Reads {
        let files = files.iter().map(PathBuf::from).collect();
        Reads { files, paired: false, interleaved: false, single: false, trust_order: false, files_from: None }
    }

    #[test]
    fn without_a_flag_the_content_decides() {
        assert_eq!(inputs(&reads(&["a", "b"])), Ok(Inputs::Files(vec!["a".into(), "b".into()])));
    }

    #[test]
    fn paired_files_go_two_by_two() {
        let lanes = inputs(&Reads { paired: true, ..reads(&["a", "b", "c", "d"]) });
        let pair = |one: &str, other: &str| Input::Pair(one.into(), other.into());
        assert_eq!(lanes, Ok(Inputs::Lanes(vec![pair("a", "b"), pair("c", "d")])));
        assert!(inputs(&Reads { paired: true, ..reads(&["a", "b", "c"]) }).unwrap_err().contains("READS is 3 files"));
    }

    #[test]
    fn a_file_given_twice_is_refused() {
        assert_eq!(inputs(&reads(&["a", "b", "a"])), Err("a is given twice".into()));
        assert_eq!(inputs(&reads(&["a", "./a"])), Err("./a is given twice".into()));
    }

    #[test]
    fn a_list_has_a_lane_a_line() {
        let list = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&list, "\u{feff}# two lanes\na.fq\r\n\nb 1.fq\tb 2.fq\n").unwrap();
        let from = |flag| Reads { files_from: Some(list.path().to_owned()), interleaved: flag, ..reads(&[]) };
        let pair = Input::Pair("b 1.fq".into(), "b 2.fq".into());
        assert_eq!(inputs(&from(false)), Ok(Inputs::Lanes(vec![Input::Single("a.fq".into()), pair.clone()])));
        assert_eq!(inputs(&from(true)), Ok(Inputs::Lanes(vec![Input::Interleaved("a.fq".into()), pair])));
        std::fs::write(&list, "a\tb\tc\n").unwrap();
        assert!(inputs(&from(false)).unwrap_err().contains("R1, a tab and R2"));
        std::fs::write(&list, "a.fq b.fq\n").unwrap();
        assert!(inputs(&from(false)).unwrap_err().contains("a tab, not blanks"));
        std::fs::write(&list, "\n").unwrap();
        assert!(inputs(&from(false)).unwrap_err().ends_with("lists no file"));
    }
}
