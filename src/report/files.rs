//! Writes the files that report a run.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::account::Report;
use super::{html, multiqc};
use crate::error::Result;
use crate::reads::EncoderConfig;
use crate::reads::output::{self, Content, Pending};

/// The files that report a run.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// The report as JSON.
    pub json: Option<PathBuf>,
    /// The report as a page.
    pub html: Option<PathBuf>,
    /// Files with sections for MultiQC.
    pub multiqc: Option<multiqc::File>,
}

impl Files {
    /// The paths of the files.
    pub fn paths(&self) -> impl Iterator<Item = PathBuf> {
        let multiqc = self.multiqc.iter().flat_map(multiqc::File::paths);
        self.json.iter().chain(&self.html).cloned().chain(multiqc)
    }

    /// The paths of the files and their contents.
    pub fn contents(&self) -> impl Iterator<Item = (PathBuf, Content)> {
        let html = self.html.iter().map(|path| (path.clone(), Content::Html));
        let multiqc = self.multiqc.iter().flat_map(multiqc::File::paths);
        self.json.iter().cloned().chain(multiqc).map(|path| (path, Content::Json)).chain(html)
    }

    /// Writes the files. They are put in place with the other outputs later.
    pub async fn write(&self, report: &Report, encoding: EncoderConfig) -> Result<Vec<Pending>> {
        let as_json = self.json.iter().map(|path| (path.clone(), json(report)));
        let html = self.html.iter().map(|path| (path.clone(), html::page(report)));
        let sections = self.multiqc.iter().flat_map(|file| file.sections(report));
        let multiqc = sections.map(|(path, section)| (path, json(&section)));
        let mut written = Vec::new();
        for (path, account) in as_json.chain(html).chain(multiqc) {
            written.push(write(&account, &path, encoding).await?);
        }
        Ok(written)
    }
}

/// Serializes a report as JSON.
pub(super) fn json(account: &impl Serialize) -> String {
    let json = serde_json::to_string_pretty(account).expect("an account holds nothing JSON cannot");
    json + "\n"
}

/// Writes a report to a file.
pub(super) async fn write(account: &str, path: &Path, encoding: EncoderConfig) -> Result<Pending> {
    let (mut writer, pending) = output::create(path, encoding).await?;
    writer.write(account.as_bytes()).await?;
    writer.finish().await?;
    Ok(pending)
}
