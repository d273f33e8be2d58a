//! The files that report a run.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::account::Report;
use super::{html, multiqc};
use crate::error::Result;
use crate::reads::EncoderConfig;
use crate::reads::output::{self, Pending};

/// The files that report a run.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// The report as JSON.
    pub json: Option<PathBuf>,
    /// The report as a page.
    pub html: Option<PathBuf>,
    /// Reads by class for MultiQC.
    pub multiqc: Option<multiqc::File>,
}

impl Files {
    /// Where they go.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        let multiqc = self.multiqc.as_ref().map(|file| &file.path);
        self.json.iter().chain(&self.html).chain(multiqc).map(PathBuf::as_path)
    }

    /// Writes them, to be put in place with the other outputs.
    pub async fn write(&self, report: &Report, encoding: EncoderConfig) -> Result<Vec<Pending>> {
        let as_json = self.json.as_deref().map(|path| (path, json(report)));
        let html = self.html.as_deref().map(|path| (path, html::page(report)));
        let multiqc = self.multiqc.as_ref().map(|file| (file.path.as_path(), json(&file.section(report))));
        let mut written = Vec::new();
        for (path, account) in as_json.into_iter().chain(html).chain(multiqc) {
            written.push(write(&account, path, encoding).await?);
        }
        Ok(written)
    }
}

/// An account as JSON.
pub(super) fn json(account: &impl Serialize) -> String {
    let json = serde_json::to_string_pretty(account).expect("an account holds nothing JSON cannot");
    json + "\n"
}

/// Writes one account.
pub(super) async fn write(account: &str, path: &Path, encoding: EncoderConfig) -> Result<Pending> {
    let (mut writer, pending) = output::create(path, encoding).await?;
    writer.write(account.as_bytes()).await?;
    writer.finish().await?;
    Ok(pending)
}
