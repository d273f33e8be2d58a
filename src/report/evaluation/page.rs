//! An evaluation as a page: one file, no script, nothing fetched.

use maud::{Markup, html};

use super::account::{Evaluation, Part};
use super::table::{COLUMNS, shown};

use crate::metrics::{CalibrationBin, Measures};
use crate::progress::grouped;
use crate::report::html::whole_page;

/// Side of a curve's square, and room left of and below it, in user units.
const SIDE: f64 = 300.0;
const LEFT: f64 = 44.0;
const ABOVE: f64 = 8.0;
const BELOW: f64 = 40.0;

pub(super) fn page(evaluation: &Evaluation) -> String {
    let file = evaluation.input.file_name().unwrap_or(evaluation.input.as_os_str()).display().to_string();
    let model = &evaluation.model;
    whole_page(
        &format!("evaluation of {file}"),
        &html! {
            h1 { "readseeker evaluate" }
            p { strong { (model.name) } " on the labelled reads of " strong { (file) } "." }
            p.note {
                "Model: " (model.kind) ", " (grouped(model.parameters as u64)) " parameters, " (model.precision)
                @if let Some(attention) = &model.attention { ", " (attention) " attention" } ", on " (model.device) ". "
                code { "SHA-256 " (model.sha256) }
            }
            (overall(evaluation))
            h2 { "Curves" }
            (curves(evaluation))
            (parts("Groups", "group", &evaluation.groups))
            (parts("Read lengths", "bases", &evaluation.lengths))
            h2 { "Run" }
            p { code { (evaluation.command.join(" ")) } }
            p.note { (evaluation.tool) " " (evaluation.version) }
        },
    )
}

fn overall(evaluation: &Evaluation) -> Markup {
    let (all, confusion) = (&evaluation.all, evaluation.all.confusion);
    html! {
        h2 { "All reads" }
        p {
            (grouped(all.reads)) " reads were scored, " (grouped(all.coding)) " of them coding. They are called coding from a "
            "probability of " (evaluation.threshold) " on."
            @if evaluation.unscored > 0 {
                " " (grouped(evaluation.unscored)) " reads with fewer than " (evaluation.min_length)
                " known bases were not scored."
            }
        }
        table {
            tr { th { "" } th.n { "called coding" } th.n { "called non-coding" } }
            tr { th { "coding" } td.n { (grouped(confusion.true_coding)) } td.n { (grouped(confusion.false_noncoding)) } }
            tr { th { "non-coding" } td.n { (grouped(confusion.false_coding)) } td.n { (grouped(confusion.true_noncoding)) } }
        }
        table {
            @for (name, value) in COLUMNS { tr { th { (name.replace('_', " ")) } td.n { (shown(value(all))) } } }
            @if let Some(frames) = evaluation.frame_accuracy {
                tr { th { "frame accuracy" } td.n { (shown(Some(frames))) } }
            }
        }
        @if let Some([low, high]) = all.accuracy_95 {
            p.note { "The accuracy lies between " (shown(Some(low))) " and " (shown(Some(high))) " with 95 % confidence." }
        }
        @if let Some(best) = evaluation.best_threshold {
            p.note {
                "The best balanced accuracy is " (shown(Some(best.balanced_accuracy))) ", at a threshold of "
                (format!("{:.4}", best.threshold)) ". It was chosen on these very reads, so expect a little less on others."
            }
        }
    }
}

fn parts(title: &str, what: &str, parts: &[Part]) -> Markup {
    const SHOWN: [&str; 6] = ["accuracy", "balanced_accuracy", "recall", "specificity", "mcc", "roc_auc"];
    let columns = || COLUMNS.into_iter().filter(|(name, _)| SHOWN.contains(name));
    let cell = |measures: &Measures, value: fn(&Measures) -> Option<f64>| shown(value(measures));
    html! {
        @if !parts.is_empty() {
            h2 { (title) }
            table {
                tr {
                    th { (what) } th.n { "reads" } th.n { "coding" }
                    @for (name, _) in columns() { th.n { (name.replace('_', " ")) } }
                }
                @for Part { name, measures } in parts {
                    tr {
                        td { (name) } td.n { (grouped(measures.reads)) } td.n { (grouped(measures.coding)) }
                        @for (_, value) in columns() { td.n { (cell(measures, value)) } }
                    }
                }
            }
        }
    }
}

fn curves(evaluation: &Evaluation) -> Markup {
    let reliability: Vec<[f64; 2]> = evaluation.calibration.iter().map(|bin| [bin.probability, bin.coding]).collect();
    let most = evaluation.calibration.iter().map(|bin| bin.reads).max().unwrap_or(0);
    let roc = shown(evaluation.all.roc_auc);
    let dots = html! { @for bin in &evaluation.calibration { (dot(bin, most)) } };
    html! {
        div style="display: flex; flex-wrap: wrap; gap: 1rem" {
            (square("ROC", "share of non-coding reads called coding", "share of coding reads called coding",
                &evaluation.roc, true, &html! {}))
            (square("Precision and recall", "recall", "precision", &evaluation.precision_recall, false, &html! {}))
            (square("Reliability", "probability", "share of coding reads", &reliability, true, &dots))
        }
        p.note {
            "The area under the ROC curve is " (roc) ". Reliable probabilities lie on the dashed line; a larger dot is more reads."
        }
    }
}

/// A curve from 0 to 1 both ways, with the diagonal where that means something.
fn square(title: &str, across: &str, up: &str, curve: &[[f64; 2]], has_diagonal: bool, over: &Markup) -> Markup {
    let points: Vec<String> = curve.iter().map(|&[x, y]| format!("{:.1},{:.1}", place_x(x), place_y(y))).collect();
    html! {
        figure style="margin: 0; flex: 1 1 15rem" {
            figcaption { (title) }
            svg viewBox={ "0 0 " (LEFT + SIDE + 8.0) " " (ABOVE + SIDE + BELOW) } role="img" aria-label=(title) {
                rect fill="none" stroke="#8888" x=(LEFT) y=(ABOVE) width=(SIDE) height=(SIDE) {}
                @if has_diagonal {
                    line.mark x1=(place_x(0.0)) y1=(place_y(0.0)) x2=(place_x(1.0)) y2=(place_y(1.0)) opacity="0.4" {}
                }
                @for part in [0.0, 0.5, 1.0] {
                    text x=(place_x(part)) y=(ABOVE + SIDE + 16.0) text-anchor="middle" { (part) }
                    text x=(LEFT - 6.0) y=(place_y(part) + 4.0) text-anchor="end" { (part) }
                }
                text x=(LEFT + SIDE / 2.0) y=(ABOVE + SIDE + 34.0) text-anchor="middle" { (across) }
                text x="0" y="0" text-anchor="middle" transform={ "translate(12 " (ABOVE + SIDE / 2.0) ") rotate(-90)" } { (up) }
                polyline fill="none" stroke="#2f9e44" stroke-width="2" points=(points.join(" ")) {}
                (over)
            }
        }
    }
}

fn dot(bin: &CalibrationBin, most: u64) -> Markup {
    let radius = 2.0 + 6.0 * crate::progress::share(bin.reads, most).sqrt();
    html! {
        circle fill="#2f9e44" cx=(format!("{:.1}", place_x(bin.probability))) cy=(format!("{:.1}", place_y(bin.coding)))
            r=(format!("{radius:.1}")) { title { (grouped(bin.reads)) " reads" } }
    }
}

fn place_x(share: f64) -> f64 {
    LEFT + SIDE * share
}

fn place_y(share: f64) -> f64 {
    ABOVE + SIDE * (1.0 - share)
}
