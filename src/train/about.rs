//! The origin of a trained model, for its `config.json`.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::config::TrainConfig;
use super::outcome::Look;
use super::reading::Reads;
use crate::model::{Recipe, Trainer};

/// The seconds in a day.
const DAY: u64 = 24 * 60 * 60;

/// The facts about a training.
pub(super) struct Facts<'a> {
    pub(super) config: &'a TrainConfig,
    pub(super) trainer: &'a Trainer,
    pub(super) recipe: &'a Recipe,
    pub(super) reads: &'a Reads,
    pub(super) steps: usize,
    /// The measures on held-out reads, before and after.
    pub(super) looks: Option<[Look; 2]>,
}

/// The entries that are added to `config.json`.
pub(super) fn about(facts: &Facts<'_>) -> Vec<(&'static str, Value)> {
    let &Facts { config, trainer, recipe, reads, steps, looks } = facts;
    let (from, sha256) = trainer.origin();
    let Recipe { epochs, batch_size, rate, warm_up, dropout, .. } = recipe;
    let table = name(&config.reads);
    let taught = reads.taught.len();
    let training = json!({
        "program": format!("readseeker {}", env!("CARGO_PKG_VERSION")),
        "command": config.command.join(" "),
        "from": from,
        "from_sha256": sha256,
        "reads": table,
        "reads_learnt_from": taught,
        "reads_held_out": reads.held_out.len(),
        "epochs": epochs,
        "batch_size": batch_size,
        "rate": rate,
        "warm_up": warm_up,
        "dropout": dropout,
        "seed": config.seed,
        "steps": steps,
        "held_out_before": looks.map(|looks| looks[0]),
        "held_out": looks.map(|looks| looks[1]),
    });
    let mut about = vec![("training", training)];
    if trainer.is_calibrated() {
        // Our own families have these entries; the config.json of a BERT is Hugging Face's.
        about.push(("name", json!(name(&config.output))));
        let how = if trainer.is_from_scratch() { "trained" } else { "fine-tuned" };
        about.push(("trained_on", json!(format!("{from}, {how} on {taught} reads of {table}"))));
        about.push(("created", json!(today())));
    }
    about
}

/// The name of a file without its folder.
fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// The date in UTC as year-month-day.
fn today() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    date(now.as_secs() / DAY)
}

/// The date `days` days after 1 January 1970.
fn date(mut days: u64) -> String {
    let mut year = 1970_u32;
    let is_leap = |year: u32| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    loop {
        let of_year = if is_leap(year) { 366 } else { 365 };
        if days < of_year {
            break;
        }
        days -= of_year;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for of_month in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < of_month {
            break;
        }
        days -= of_month;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        for (days, expected) in [(0, "1970-01-01"), (58, "1970-02-28"), (11_016, "2000-02-29"), (20_786, "2026-11-29")]
        {
            assert_eq!(date(days), expected);
        }
        assert_eq!(date(364), "1970-12-31");
    }
}
