//! A page that shows the reports of several samples side by side.

use std::path::Path;

use maud::{Markup, html};

use super::account::{Origin, Report, Windows};
use super::{chart, classes, files, html as page, shares};
use crate::class::Class;
use crate::error::Result;
use crate::kmer::Letters;
use crate::progress::{grouped, share};
use crate::reads::EncoderConfig;
use crate::reads::output::Pending;

/// The most samples on a page: more are for MultiQC.
pub const MOST: usize = 20;

/// Writes a page that compares samples, each with its name.
///
/// # Errors
/// If the page cannot be written.
pub async fn compare(samples: &[(String, Report)], path: &Path, encoding: EncoderConfig) -> Result<Pending> {
    let title = counted(samples.len());
    files::write(&page::whole_page(&title, &body(samples)), path, encoding).await
}

fn body(samples: &[(String, Report)]) -> Markup {
    html! {
        h1 { "readseeker" }
        p { "Coding and non-coding reads of " (counted(samples.len())) "." }
        @if let Some(what) = differences(samples) {
            p.warning { "Warning: the runs differ in " (what) ". Differences between samples may come from that." }
        }
        h2 { "Reads by class" }
        table {
            tr { th { "sample" } th.n { "reads" } th.n { "% coding" } th.n { "% undecided" } th {} }
            @for (name, report) in samples { (classes_of(name, report)) }
        }
        p.note { "Green is coding, grey non-coding, orange undecided." }
        h2 { "About each sample" }
        div.wide { table {
            tr { th { "sample" } th.n { "estimated coding share" } th.n { "% weak" } th.n { "% of pairs that disagree" } th { "model" } }
            @for (name, report) in samples { (known_of(name, report)) }
        } }
        p.note {
            "The estimated coding share, with its 95% interval, corrects for reads that are called wrong. Weak: reads under 100 bases, "
            "with unknown bases, or with 65% GC or more."
        }
        @for (name, report) in samples {
            @for warning in &report.warnings { p.warning { (name) ": " (warning) "." } }
        }
    }
}

/// Writes `3 samples`.
fn counted(samples: usize) -> String {
    format!("{samples} sample{}", if samples == 1 { "" } else { "s" })
}

/// Lists in what the runs differ, apart from their input: `models and thresholds`. `None` if they do not differ.
fn differences(samples: &[(String, Report)]) -> Option<String> {
    let (_, first) = samples.first()?;
    let found: Vec<&str> = RULES
        .into_iter()
        .filter(|(same, _)| !samples.iter().all(|(_, report)| same(first, report)))
        .map(|(_, what)| what)
        .collect();
    let (last, others) = found.split_last()?;
    Some(if others.is_empty() { (*last).to_owned() } else { format!("{} and {last}", others.join(", ")) })
}

/// Whether two runs agree in some respect.
type Same = fn(&Report, &Report) -> bool;

/// The respects in which compared runs should agree.
const RULES: [(Same, &str); 8] = [
    (|one, other| one.version == other.version, "versions of readseeker"),
    (|one, other| one.model == other.model, "models"),
    (|one, other| one.settings.threshold.to_bits() == other.settings.threshold.to_bits(), "thresholds"),
    (|one, other| one.settings.undecided_band == other.settings.undecided_band, "undecided bands"),
    (|one, other| one.settings.mates == other.settings.mates, "rules for pairs"),
    (|one, other| given_prior(one) == given_prior(other), "priors"),
    (|one, other| scored(one) == scored(other), "what is scored of a read"),
    (|one, other| part(one) == part(other), "the part of the input that was read"),
];

/// The prior, unless it was estimated from the sample.
fn given_prior(report: &Report) -> Option<f64> {
    let prior = &report.settings.prior;
    matches!(prior.basis, Origin::Given | Origin::Taken).then_some(prior.share)
}

fn scored(report: &Report) -> (usize, Letters, Option<Windows>) {
    (report.settings.min_length, report.settings.letters, report.settings.windows)
}

/// Whether the run took a shard, and whether it took only some reads.
fn part(report: &Report) -> (bool, bool) {
    (report.input.shard.is_some(), report.estimate.is_some())
}

fn classes_of(name: &str, report: &Report) -> Markup {
    let all = classes::of(report);
    let reads: u64 = all.iter().map(|class| class.reads).sum();
    let [coding, _, undecided] = shares::per_cents(all.map(|class| class.reads));
    let of_reads = |share: String| if reads > 0 { share } else { "-".to_owned() };
    let bars = all.map(|class| chart::Bar { colour: class.colour, name: class.class.to_string(), count: class.reads });
    html! {
        tr {
            td { (name) }
            td.n { (grouped(reads)) }
            td.n { (of_reads(coding)) }
            td.n { (of_reads(undecided)) }
            td.bar { (chart::stack(&bars)) }
        }
    }
}

fn known_of(name: &str, report: &Report) -> Markup {
    let prior = &report.settings.prior;
    let reads = Class::ALL.iter().map(|&class| report.counts.classes[class]).sum();
    let per_cent = |part, whole| if whole > 0 { format!("{:.1}", 100.0 * share(part, whole)) } else { "-".to_owned() };
    html! {
        tr {
            td { (name) }
            td.n {
                @match (prior.coding_share, prior.coding_share_95) {
                    (Some(share), Some([low, high])) => {
                        (format!("{:.0}% ({:.0} to {:.0})", 100.0 * share, 100.0 * low, 100.0 * high))
                    }
                    _ => "-",
                }
            }
            td.n { (per_cent(report.strata.weak.any, reads)) }
            td.n { (per_cent(report.counts.pairs_that_disagree, report.counts.pairs)) }
            td.name { (report.model.name) }
        }
    }
}
