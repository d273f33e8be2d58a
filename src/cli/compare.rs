//! `readseeker compare`: puts the reports of several samples on one page.

use std::num::NonZero;
use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::inputs::given_twice;
use super::report_file;
use super::runtime::block_on;
use crate::blocking::to_the_end;
use crate::config::{check_contents, check_places};
use crate::error::{Error, Result};
use crate::reads::EncoderConfig;
use crate::reads::output::{Content, Existing, Placing, commit_all};
use crate::report::{self, MOST_COMPARED, Report};

/// Compare the reports of up to 20 samples on one HTML page
///
/// Give the --json reports of their runs. A sample is named after its file, and its folder where names recur.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The page
    #[arg(value_name = "OUT.html")]
    page: PathBuf,

    /// Reports of the samples
    #[arg(value_name = "IN.json", required = true)]
    reports: Vec<PathBuf>,

    /// Replace an output that exists
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: Args) -> Result<()> {
    let Args { page, reports: paths, force } = args;
    if paths.len() > MOST_COMPARED {
        let problem =
            format!("a page holds {MOST_COMPARED} samples, and {} are given: MultiQC takes more", paths.len());
        return Err(Error::Usage(problem));
    }
    if let Some(report) = given_twice(paths.iter().map(PathBuf::as_path)) {
        return Err(Error::Usage(format!("{} is given twice", report.display())));
    }
    let existing = Existing::replaced(force);
    check_contents([(page.clone(), Content::Html)])?;
    check_places([page.clone()].into_iter(), paths.iter().cloned(), existing)?;
    let reports = paths.iter().map(|path| report_file::read(path)).collect::<Result<Vec<Report>>>()?;
    let samples: Vec<(String, Report)> = names(&paths).into_iter().zip(reports).collect();
    let encoding = EncoderConfig { workers: NonZero::<usize>::MIN, level: None };
    block_on(NonZero::<usize>::MIN, async {
        let pending = report::compare(&samples, &page, encoding).await?;
        Ok(to_the_end(move || commit_all(vec![pending], Placing { existing, fsync: true })).await?)
    })
}

/// The names of the files without suffix, with as many folders as are needed to tell them apart.
fn names(paths: &[PathBuf]) -> Vec<String> {
    let of = |path: &PathBuf, folders: usize| -> PathBuf {
        let words: Vec<_> = path.iter().collect();
        words[words.len().saturating_sub(folders + 1)..].iter().collect::<PathBuf>().with_extension("")
    };
    let most = paths.iter().map(|path| path.iter().count()).max().unwrap_or(0);
    let are_told_apart = |folders: &usize| {
        let mut names: Vec<_> = paths.iter().map(|path| of(path, *folders)).collect();
        names.sort();
        names.is_sorted_by(|one, next| one < next)
    };
    let folders = (0..most).find(are_told_apart).unwrap_or(most);
    paths.iter().map(|path| of(path, folders).to_string_lossy().into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_one_name_are_told_apart_by_their_folders() {
        let names = |paths: &[&str]| names(&paths.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert_eq!(names(&["a/one.json", "b/two.json"]), ["one", "two"]);
        assert_eq!(names(&["x/a/s.json", "x/b/s.json", "t.json"]), ["a/s", "b/s", "t"]);
        assert_eq!(names(&["s.json", "s.json"]), ["s", "s"]);
        assert_eq!(names(&["soil.1.json"]), ["soil.1"]);
    }
}
