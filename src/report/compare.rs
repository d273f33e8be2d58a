//! The reports of several samples side by side, as a page.

use std::path::Path;

use maud::{Markup, html};

use super::account::Report;
use super::{chart, classes, files, html as page, shares};
use crate::class::Class;
use crate::error::Result;
use crate::progress::{grouped, share};
use crate::reads::EncoderConfig;
use crate::reads::output::Pending;

/// Samples on a page at most: more are for MultiQC.
pub const MOST: usize = 20;

/// Writes a page that compares samples, each by its name.
///
/// # Errors
/// If it cannot be written.
pub async fn compare(samples: &[(String, Report)], path: &Path, encoding: EncoderConfig) -> Result<Pending> {
    let title = format!("{} samples", samples.len());
    files::write(&page::whole_page(&title, &body(samples)), path, encoding).await
}

fn body(samples: &[(String, Report)]) -> Markup {
    let first = samples.first().map(|(_, report)| report);
    let is_alike = |same: fn(&Report, &Report) -> bool| {
        samples.iter().all(|(_, report)| first.is_none_or(|first| same(first, report)))
    };
    html! {
        h1 { "readseeker" }
        p { "Coding and non-coding reads of " (samples.len()) " samples." }
        @if !is_alike(|one, other| one.model == other.model) {
            p.warning { "Warning: these samples were not judged by the same model. Differences may be the models'." }
        }
        @if !is_alike(|one, other| (one.settings.threshold, one.settings.mates) == (other.settings.threshold, other.settings.mates)) {
            p.warning { "Warning: thresholds or rules for pairs differ." }
        }
        h2 { "Reads by class" }
        table {
            tr { th { "sample" } th.n { "reads" } th.n { "% coding" } th.n { "% undecided" } th {} }
            @for (name, report) in samples { (classes_of(name, report)) }
        }
        p.note { "Green is coding, grey non-coding, orange undecided." }
        h2 { "About each sample" }
        table {
            tr { th { "sample" } th.n { "estimated coding share" } th.n { "% weak" } th.n { "% of pairs that disagree" } th { "model" } }
            @for (name, report) in samples { (known_of(name, report)) }
        }
        p.note {
            "The estimated coding share, with its 95% interval, corrects for reads that are called wrong. Weak: reads under 100 bases, "
            "with unknown bases, or with 65% GC or more."
        }
        @for (name, report) in samples {
            @for warning in &report.warnings { p.warning { (name) ": " (warning) "." } }
        }
    }
}

fn classes_of(name: &str, report: &Report) -> Markup {
    let all = classes::of(report);
    let [coding, _, undecided] = shares::per_cents(all.map(|class| class.reads));
    let bars = all.map(|class| chart::Bar { colour: class.colour, name: class.class.to_string(), count: class.reads });
    html! {
        tr {
            td { (name) }
            td.n { (grouped(all.iter().map(|class| class.reads).sum())) }
            td.n { (coding) }
            td.n { (undecided) }
            td.bar { (chart::stack(&bars)) }
        }
    }
}

fn known_of(name: &str, report: &Report) -> Markup {
    let prior = &report.settings.prior;
    let reads = Class::ALL.iter().map(|&class| report.counts.classes[class]).sum();
    let per_cent = |part, whole| format!("{:.1}", 100.0 * share(part, whole));
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
            td.n { @if report.counts.pairs > 0 { (per_cent(report.counts.pairs_that_disagree, report.counts.pairs)) } @else { "-" } }
            td { (report.model.name) }
        }
    }
}
