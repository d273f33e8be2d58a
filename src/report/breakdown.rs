//! The part of the page about the reads: coding by length and GC content, reads that models are weak on, and expected
//! accuracy.

use maud::{Markup, html};

use super::account::Report;
use super::chart;
use super::classes;
use crate::class::Class;
use crate::progress::{grouped, share};
use crate::tally::{Strata, Stratum, Weak};

/// Balanced accuracy of the built-in model by length, pooled over genomes it has not seen: docs/odd-reads.md.
const ACCURACY: [(u32, f64); 3] = [(100, 0.868), (150, 0.917), (300, 0.961)];

/// The name of the model to which these accuracies apply.
const MEASURED: &str = "readseeker-along-7";

/// The code of the warning that these reads are unlike those the accuracies were measured on.
const UNSURE: &str = "unsure_model";

/// Shows coding reads by length and GC content, and the reads that models are weak on.
pub(super) fn breakdown(report: &Report) -> Markup {
    let Strata { by_length, by_gc, weak } = &report.strata;
    let reads: u64 = by_length.iter().map(|stratum| stratum.reads).sum();
    html! {
        h2 { "Reads by length and GC content" }
        (strata("bases", by_length))
        @if let Some((accuracy, left_out)) = expected(report) {
            p {
                "Expect about " strong { (format!("{:.0}%", 100.0 * accuracy)) } " of such reads to be called right, on genomes new to the "
                "model that are half coding (by length: .87 at 100 bases, .92 at 150, .96 at 300)."
                @if left_out > 0 { " The " (grouped(left_out)) " reads under 100 bases are left out: do not trust them one by one." }
            }
        }
        (strata("GC in %", by_gc))
        (weak_reads(*weak, reads))
    }
}

/// Shows a row for each stratum that has reads.
fn strata(what: &str, strata: &[Stratum]) -> Markup {
    let ends = strata.iter().skip(1).map(|next| Some(next.from - 1)).chain([None]);
    html! {
        table.strata {
            tr { th { (what) } th.n { "reads" } th.n { "% coding" } th {} }
            @for (Stratum { from, reads, coding }, end) in strata.iter().zip(ends).filter(|(stratum, _)| stratum.reads > 0) {
                tr {
                    td { @match end {
                        Some(end) => { (grouped((*from).into())) " to " (grouped(end.into())) }
                        None => { (grouped((*from).into())) " or more" }
                    } }
                    td.n { (grouped(*reads)) }
                    td.n { (format!("{:.1}", 100.0 * share(*coding, *reads))) }
                    td.bar { (chart::lying(classes::colour(Class::Coding), share(*coding, *reads))) }
                }
            }
        }
    }
}

fn weak_reads(weak: Weak, reads: u64) -> Markup {
    let Weak { short, unknown_bases, rich_in_gc, any } = weak;
    html! {
        p {
            "Models are weak on " strong { (format!("{:.1}%", 100.0 * share(any, reads))) } " of these reads: "
            (grouped(short)) " are shorter than 100 bases, " (grouped(unknown_bases)) " have unknown bases (N), and "
            (grouped(rich_in_gc)) " have 65% GC or more."
        }
    }
}

/// The expected accuracy for reads of these lengths, and how many reads are too short for one.
fn expected(report: &Report) -> Option<(f64, u64)> {
    let is_unsure = report.warnings.iter().any(|warning| warning.code() == UNSURE);
    if report.model.name != MEASURED || report.settings.windows.is_some() || is_unsure {
        return None;
    }
    let (mut known, mut sum) = (0, 0.0);
    for Stratum { from, reads, .. } in &report.strata.by_length {
        if let Some((_, accuracy)) = ACCURACY.iter().rfind(|(length, _)| length <= from) {
            known += reads;
            sum += accuracy * weight(*reads);
        }
    }
    let all: u64 = report.strata.by_length.iter().map(|stratum| stratum.reads).sum();
    (known > 0).then(|| (sum / weight(known), all - known))
}

#[expect(clippy::cast_precision_loss, reason = "a weight")]
fn weight(reads: u64) -> f64 {
    reads as f64
}
