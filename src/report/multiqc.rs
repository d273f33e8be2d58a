//! The report of a run as MultiQC's custom content: reads by class, probabilities, and a row of general statistics.
//!
//! The format is described at <https://docs.seqera.io/multiqc/custom_content>. MultiQC joins files with the same `id`
//! into one plot. The id of a plot identifies the model, so that bars of different models are never shown in one plot.

use std::path::PathBuf;
use std::str::FromStr;

use serde_json::{Map, Value, json};

use super::account::Report;
use super::classes::{self, Shown};
use super::rule::rule;
use super::shares::decimal;
use crate::class::Class;
use crate::model::Card;

/// The suffix by which MultiQC finds its files.
const SUFFIX: &str = "_mqc.json";

/// A file that MultiQC finds, and the sample it is named for: `soil` of `results/soil_mqc.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    path: PathBuf,
    sample: String,
}

/// A section of MultiQC's page.
#[derive(Clone, Copy)]
enum Section {
    Classes,
    Probabilities,
    Statistics,
}

impl Section {
    const ALL: [Self; 3] = [Self::Classes, Self::Probabilities, Self::Statistics];
}

impl FromStr for File {
    type Err = &'static str;

    fn from_str(path: &str) -> Result<Self, Self::Err> {
        let path = PathBuf::from(path);
        let name = path.file_name().and_then(|name| name.to_str());
        match name.and_then(|name| name.strip_suffix(SUFFIX)) {
            Some(sample) if !sample.is_empty() => Ok(Self { sample: sample.to_owned(), path }),
            _ => Err("MultiQC finds files named SAMPLE_mqc.json"),
        }
    }
}

impl File {
    /// The paths of the files for all sections. MultiQC takes one section from each file, so the others are written
    /// beside the one that was asked for.
    pub fn paths(&self) -> impl Iterator<Item = PathBuf> {
        Section::ALL.into_iter().map(|section| self.path_of(section))
    }

    /// The content of each file.
    pub(super) fn sections(&self, report: &Report) -> impl Iterator<Item = (PathBuf, Value)> {
        let of = |section| match section {
            Section::Classes => self.classes(report),
            Section::Probabilities => self.probabilities(report),
            Section::Statistics => self.statistics(report),
        };
        Section::ALL.into_iter().map(move |section| (self.path_of(section), of(section)))
    }

    fn path_of(&self, section: Section) -> PathBuf {
        match section {
            Section::Classes => self.path.clone(),
            Section::Probabilities => self.path.with_file_name(format!("{}.probabilities{SUFFIX}", self.sample)),
            Section::Statistics => self.path.with_file_name(format!("{}.statistics{SUFFIX}", self.sample)),
        }
    }

    /// The section with a bar: reads by class.
    fn classes(&self, report: &Report) -> Value {
        let (id, label) = (id(&report.model), label(&report.model));
        let classes = classes::of(report);
        // serde_json sorts by name, which puts coding first.
        let by_class = |value: fn(&Shown) -> Value| -> Value {
            classes.iter().map(|shown| (shown.class.id().to_owned(), value(shown))).collect::<Map<_, _>>().into()
        };
        json!({
            "id": id,
            "section_name": format!("readseeker: {label}"),
            "description": format!("Reads that the model {label} calls coding and non-coding. {}.", self.described(report)),
            "plot_type": "bargraph",
            "pconfig": {
                "id": format!("{id}_plot"),
                "title": format!("readseeker: coding and non-coding reads, {label}"),
                "ylab": "Reads",
            },
            "categories": by_class(|shown| json!({ "name": shown.class.to_string(), "color": shown.colour })),
            "data": { &self.sample: by_class(|shown| shown.reads.into()) },
        })
    }

    /// The section with a line: the share of scored reads at each probability.
    fn probabilities(&self, report: &Report) -> Value {
        let (id, label) = (format!("{}_probabilities", id(&report.model)), label(&report.model));
        let (width, counts) = (report.histogram.bin_width, &report.histogram.counts);
        let scored = counts.iter().sum::<u64>().max(1);
        let points: Vec<Value> = (0..)
            .zip(counts)
            .map(|(bin, &reads)| json!([rounded((f64::from(bin) + 0.5) * width), per_cent(reads, scored)]))
            .collect();
        json!({
            "id": id,
            "section_name": format!("readseeker: probabilities, {label}"),
            "description": format!("How sure the model {label} was: the share of scored reads at each probability of coding."),
            "plot_type": "linegraph",
            "pconfig": {
                "id": format!("{id}_plot"),
                "title": format!("readseeker: probabilities of coding, {label}"),
                "xlab": "Probability of coding",
                "ylab": "% of scored reads",
                "xmin": 0,
                "xmax": 1,
                "ymin": 0,
            },
            "data": { &self.sample: points },
        })
    }

    /// The row in the table at the top of the page. All models share the table, so a column names the model.
    fn statistics(&self, report: &Report) -> Value {
        let classes = &report.counts.classes;
        let reads = Class::ALL.iter().map(|&class| classes[class]).sum::<u64>();
        let share = |class| per_cent(classes[class], reads.max(1));
        let mut row = json!({
            "coding": share(Class::Coding),
            "undecided": share(Class::Undecided),
            "reads": reads,
            "model": label(&report.model),
        });
        if let Some(estimate) = report.settings.prior.coding_share {
            row["estimate"] = rounded(100.0 * estimate).into();
        }
        let shares = |title, description, scale| json!({ "title": title, "description": description, "min": 0, "max": 100, "suffix": "%", "scale": scale });
        json!({
            "id": "readseeker_statistics",
            "plot_type": "generalstats",
            "namespace": "readseeker",
            "headers": [
                { "coding": shares("% Coding", "Reads that the model calls coding", "Greens") },
                { "estimate": shares("% Coding (est.)", "Estimated share of coding reads, corrected for wrong calls", "Greens") },
                { "undecided": shares("% Undecided", "Reads that were not scored or fell into the undecided band", "Oranges") },
                { "reads": {
                    "title": "Reads",
                    "description": "Reads that were split",
                    "min": 0,
                    "format": "{:,d}",
                    "scale": "Blues",
                } },
                { "model": { "title": "Model", "description": "Model that scored the reads", "scale": false } },
            ],
            "data": { &self.sample: row },
        })
    }

    /// Describes the rule, the prior and the warnings. MultiQC shows the description of one sample for all samples of a
    /// model, so whatever may differ is preceded by the sample's name.
    fn described(&self, report: &Report) -> String {
        let prior = &report.settings.prior;
        let estimate = prior.coding_share.zip(prior.coding_share_95).map(|(share, interval)| {
            let [share, low, high] = [share, interval[0], interval[1]].map(|share| 100.0 * share);
            format!(
                ". {}: about {share:.1}% of the reads are coding (95% interval {low:.0} to {high:.0}%)",
                self.sample
            )
        });
        let prior = format!(
            ". {}: the assumed share of coding reads is {} ({}), the probability cut-off {} for a read of average composition",
            self.sample,
            decimal(prior.share),
            prior.origin(),
            decimal(prior.threshold_on_probability)
        );
        let warnings = report.warnings.iter().map(|warning| format!(". {}: warning: {warning}", self.sample));
        [format!("{}: {}", self.sample, rule(&report.settings, &report.counts)), prior]
            .into_iter()
            .chain(estimate)
            .chain(warnings)
            .collect()
    }
}

/// A share in per cent, rounded to thousandths.
#[expect(clippy::cast_precision_loss, reason = "numbers of reads have fewer than 53 bits")]
fn per_cent(part: u64, whole: u64) -> f64 {
    rounded(100.0 * part as f64 / whole as f64)
}

fn rounded(number: f64) -> f64 {
    (number * 1e3).round() / 1e3
}

/// An id for each set of weights and each way of running it.
fn id(model: &Card) -> String {
    let weights = model.sha256.get(..12).unwrap_or(&model.kind);
    ["readseeker", weights]
        .into_iter()
        .chain(model.attention.as_deref())
        .chain([&*model.precision])
        .collect::<Vec<_>>()
        .join("_")
}

/// `readseeker-compact-5`, `ReadSeeker (published attention, int8)`.
fn label(model: &Card) -> String {
    let attention = model.attention.as_ref().map(|attention| format!("{attention} attention"));
    let precision = (model.precision != "f32").then(|| model.precision.to_string());
    let how: Vec<String> = attention.into_iter().chain(precision).collect();
    if how.is_empty() { model.name.clone() } else { format!("{} ({})", model.name, how.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_names_the_sample() {
        let file = File { path: "a/soil.2_mqc.json".into(), sample: "soil.2".to_owned() };
        assert_eq!("a/soil.2_mqc.json".parse(), Ok(file.clone()));
        let expected = ["a/soil.2_mqc.json", "a/soil.2.probabilities_mqc.json", "a/soil.2.statistics_mqc.json"];
        assert_eq!(file.paths().collect::<Vec<_>>(), expected.map(PathBuf::from));
        for passed_over in ["soil.json", "_mqc.json", "soil_mqc.json.gz", "/"] {
            assert!(passed_over.parse::<File>().is_err(), "{passed_over}");
        }
    }

    #[test]
    fn each_model_and_each_way_of_running_it_has_a_section_of_its_own() {
        let card = |name: &str, sha256: &str, attention: Option<&'static str>, precision: &'static str| Card {
            name: name.to_owned(),
            kind: "bert".into(),
            sha256: sha256.to_owned(),
            attention: attention.map(Into::into),
            precision: precision.into(),
            parameters: 1,
            device: String::new(),
            backend: String::new(),
        };
        let cards = [
            card("a", "0123456789abcdef", None, "f32"),
            card("a", "1123456789abcdef", None, "f32"),
            card("a", "0123456789abcdef", Some("masked"), "f32"),
            card("a", "0123456789abcdef", Some("masked"), "int8"),
        ];
        let ids: std::collections::HashSet<String> = cards.iter().map(id).collect();
        assert_eq!(ids.len(), cards.len());
        assert_eq!(cards.each_ref().map(label), ["a", "a", "a (masked attention)", "a (masked attention, int8)"]);
    }
}
