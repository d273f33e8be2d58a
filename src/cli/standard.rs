//! The standard set of outputs, which `--out-prefix` names.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::report::{Files, multiqc};

/// The files of a standard set.
#[derive(Debug)]
pub(super) struct Standard {
    pub(super) coding: PathBuf,
    pub(super) noncoding: PathBuf,
    pub(super) scores: PathBuf,
    pub(super) reports: Files,
    /// The folder of the files.
    pub(super) folder: PathBuf,
}

impl Standard {
    /// The files for a prefix; one that ends in `/` is a folder. `suffix` is that of read files: `fq.gz`.
    pub(super) fn of(prefix: &Path, suffix: &str) -> Result<Self> {
        let spelled = prefix.to_str().ok_or_else(|| Error::Usage("--out-prefix must be UTF-8".into()))?;
        // `.` and `..` are folders however they are spelled: as the start of a file name they would hide the files.
        let is_folder = matches!(spelled.rsplit('/').next(), Some("." | ".."));
        let spelled = if is_folder { format!("{spelled}/") } else { spelled.to_owned() };
        let spelled = spelled.as_str();
        let (before, sample) = if spelled.ends_with('/') {
            (spelled.to_owned(), format!("{spelled}{}", folder_name(prefix)))
        } else {
            (format!("{spelled}."), spelled.to_owned())
        };
        let named = |name: &str| PathBuf::from(format!("{before}{name}"));
        let report =
            |suffix: &str| if spelled.ends_with('/') { named(&format!("report.{suffix}")) } else { named(suffix) };
        let multiqc: multiqc::File = format!("{sample}_mqc.json").parse().map_err(|_| {
            Error::Usage(format!("--out-prefix {spelled}: expected a folder, a slash and a name, or a name"))
        })?;
        let coding = named(&format!("coding.{suffix}"));
        Ok(Self {
            folder: coding.parent().map(Path::to_owned).unwrap_or_default(),
            noncoding: named(&format!("noncoding.{suffix}")),
            scores: named("scores.tsv.gz"),
            reports: Files { json: Some(report("json")), html: Some(report("html")), multiqc: Some(multiqc) },
            coding,
        })
    }
}

/// The name of a folder, even if it is spelled `.` or `..`.
fn folder_name(folder: &Path) -> String {
    let spelled = |folder: &Path| Some(folder.file_name()?.to_str()?.to_owned());
    let resolved = || spelled(&folder.canonicalize().ok()?);
    spelled(folder).or_else(resolved).unwrap_or_else(|| "readseeker".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(prefix: &str) -> Vec<String> {
        let Standard { coding, noncoding, scores, reports, folder } = Standard::of(prefix.as_ref(), "fq.gz").unwrap();
        let all = [coding, noncoding, scores].into_iter().chain(reports.paths()).chain([folder]);
        all.map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn a_prefix_stands_before_each_name() {
        let expected = [
            "o/soil.coding.fq.gz",
            "o/soil.noncoding.fq.gz",
            "o/soil.scores.tsv.gz",
            "o/soil.json",
            "o/soil.html",
            "o/soil_mqc.json",
            "o/soil.probabilities_mqc.json",
            "o/soil.statistics_mqc.json",
            "o",
        ];
        assert_eq!(paths("o/soil"), expected);
    }

    #[test]
    fn a_dot_is_a_folder() {
        assert_eq!(paths("."), paths("./"));
        assert_eq!(paths("..")[0], "../coding.fq.gz");
        assert_eq!(paths("o/.")[0], "o/./coding.fq.gz");
        let here = std::env::current_dir().unwrap();
        assert_eq!(paths(".")[5], format!("./{}_mqc.json", here.file_name().unwrap().display()));
    }

    #[test]
    fn a_folder_holds_them_under_plain_names() {
        let expected = [
            "o/coding.fq.gz",
            "o/noncoding.fq.gz",
            "o/scores.tsv.gz",
            "o/report.json",
            "o/report.html",
            "o/o_mqc.json",
            "o/o.probabilities_mqc.json",
            "o/o.statistics_mqc.json",
            "o",
        ];
        assert_eq!(paths("o/"), expected);
    }
}
