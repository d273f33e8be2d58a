//! The page of an evaluation: one file, without scripts or anything to fetch.

use maud::{Markup, html};

use super::account::{Evaluation, Judged, Met};
use super::curves::curves;
use super::parts::Part;
use super::table::{COLUMNS, shown, wanted};
use crate::model::Card;
use crate::progress::grouped;
use crate::report::html::whole_page;

/// The measures shown for groups and bins, since there is no room for all.
const OF_PARTS: [&str; 6] = ["accuracy", "balanced_accuracy", "recall", "specificity", "mcc", "roc_auc"];

/// The measures shown for them if names of predictors take up room too.
const OF_SEVERAL: [&str; 3] = ["recall", "specificity", "roc_auc"];

pub(super) fn page(evaluation: &Evaluation) -> String {
    let file = evaluation.input.file_name().unwrap_or(evaluation.input.as_os_str()).display().to_string();
    let predictors = &evaluation.predictors;
    let who = match &predictors[..] {
        [Judged { model: Some(model), .. }] => model.name.clone(),
        several => several.iter().map(|judged| judged.name.as_str()).collect::<Vec<_>>().join(", "),
    };
    whole_page(
        &format!("evaluation of {file}"),
        &html! {
            h1 { "readseeker evaluate" }
            p { strong { (who) } " on the labelled reads of " strong { (file) } "." }
            @for judged in predictors { (origin(judged, predictors.len() > 1)) }
            (overall(evaluation))
            (wanted_thresholds(predictors))
            h2 { "Curves" }
            (curves(predictors))
            (parts("Groups", "group", predictors, |of| &of.groups))
            (parts("Read lengths", "bases", predictors, |of| &of.lengths))
            (parts("GC contents", "% GC", predictors, |of| &of.gc))
            h2 { "Run" }
            p { code { (evaluation.command.join(" ")) } }
            p.note { (evaluation.tool) " " (evaluation.version) }
        },
    )
}

/// Describes a predictor.
fn origin(judged: &Judged, is_named: bool) -> Markup {
    html! {
        p.note {
            @if let Some(model) = &judged.model {
                @if is_named { strong { (judged.name) } ": " (model.name) ", " } @else { "Model: " }
                (about(model))
            } @else if let Some(path) = &judged.calls {
                strong { (judged.name) } ": the genes of " (path.display()) ". A read is called coding if half or more of its bases are in them."
            }
        }
    }
}

fn about(model: &Card) -> Markup {
    html! {
        (model.kind) ", " (grouped(model.parameters as u64)) " parameters, " (model.precision)
        @if let Some(attention) = &model.attention { ", " (attention) " attention" } ", on " (model.device) ". "
        code { "SHA-256 " (model.sha256) }
    }
}

fn overall(evaluation: &Evaluation) -> Markup {
    let predictors = &evaluation.predictors;
    let coding = predictors.first().map_or(0, |judged| judged.all.measures.coding);
    html! {
        h2 { "All reads" }
        p {
            (grouped(evaluation.reads as u64)) " reads were scored, " (grouped(coding)) " of them coding. They are called coding at a "
            "probability of " (evaluation.threshold) " or above."
            @if evaluation.unscored > 0 {
                " " (grouped(evaluation.unscored)) " reads with fewer than " (evaluation.min_length)
                " known bases were not scored."
            }
        }
        @for warning in evaluation.warnings() { p { "Warning: " (warning) "." } }
        @if let Some(left_out) = evaluation.left_out() { p { "Alignments without a label were left out: " (left_out) "." } }
        @if let [alone] = &predictors[..] { (confusion(alone)) }
        div.wide { table {
            @if predictors.len() > 1 { tr { th { "" } @for judged in predictors { th.n { (judged.name) } } } }
            @for (name, value) in COLUMNS {
                tr { th { (heading(name)) } @for judged in predictors { td.n { (with_interval(name, value(&judged.all), &judged.all)) } } }
            }
        } }
        p.note { "Some measures have a 95% confidence interval beside them (Wilson's for shares, DeLong's for the area)." }
        @for judged in predictors {
            @if let Some(best) = judged.best_threshold {
                p.note {
                    @if predictors.len() > 1 { (judged.name) ": " }
                    "The best balanced accuracy is " (shown(Some(best.balanced_accuracy))) ", at a threshold of "
                    (format!("{:.4}", best.threshold)) ". It was chosen on these very reads, so expect a little less on others."
                }
            }
        }
    }
}

fn confusion(judged: &Judged) -> Markup {
    let confusion = judged.all.measures.confusion;
    html! {
        table {
            tr { th { "" } th.n { "called coding" } th.n { "called non-coding" } }
            tr { th { "coding" } td.n { (grouped(confusion.true_coding)) } td.n { (grouped(confusion.false_noncoding)) } }
            tr { th { "non-coding" } td.n { (grouped(confusion.false_coding)) } td.n { (grouped(confusion.true_noncoding)) } }
        }
    }
}

/// The name of a measure as people write it.
fn heading(column: &str) -> String {
    match column {
        "f1" | "mcc" => column.to_uppercase(),
        "roc_auc" => "ROC-AUC".to_owned(),
        "pr_auc" => "PR-AUC".to_owned(),
        "brier" => "Brier score".to_owned(),
        _ => column.replace('_', " "),
    }
}

/// Shows `0.9310 0.927–0.935`.
fn with_interval(name: &str, value: Option<f64>, part: &Part) -> Markup {
    let interval = match name {
        "accuracy" => part.measures.accuracy_95,
        "precision" => part.measures.precision_95,
        "recall" => part.measures.recall_95,
        "specificity" => part.measures.specificity_95,
        "roc_auc" => part.measures.roc_auc_95,
        "frame_accuracy" => part.frame_accuracy_95,
        _ => None,
    };
    html! {
        (shown(value))
        @if let Some([low, high]) = interval { " " span.note style="white-space: nowrap" { (format!("{low:.3}–{high:.3}")) } }
    }
}

/// Shows the thresholds for the targets.
fn wanted_thresholds(predictors: &[Judged]) -> Markup {
    let all = || predictors.iter().flat_map(|judged| judged.wanted.iter().map(move |met| (judged, met)));
    let share = all().find_map(|(_, met)| met.share);
    html! {
        @if all().next().is_some() {
            h2 { "Wanted thresholds" }
            div.wide { table {
                tr {
                    th { "wanted" } @if predictors.len() > 1 { th { "predictor" } } th.n { "threshold" } th.n { "recall" } th.n { "precision" }
                    th.n { "specificity" } th.n { "F1" }
                }
                @for (judged, met) in all() { (wanted_threshold(met, (predictors.len() > 1).then_some(&judged.name))) }
            } }
            p.note {
                @match share {
                    Some(share) => { "Precision and F1 are for reads of which a share of " (share) " is coding. " }
                    None => { "Precision and F1 are for as many coding reads as there are here. " }
                }
                "The thresholds were chosen on these very reads, so expect a little less on others. Use them with "
                code { "--prior 0.5" } "."
            }
        }
    }
}

fn wanted_threshold(met: &Met, predictor: Option<&String>) -> Markup {
    let (what, least) = wanted(met.wanted);
    let rates = &met.rates;
    let threshold = match met.threshold {
        Some(threshold) => threshold.to_string(),
        None if met.is_possible => "NA".to_owned(),
        None => "none".to_owned(),
    };
    html! {
        tr {
            td { (what) " " (least) } @if let Some(name) = predictor { td { (name) } }
            td.n { (threshold) }
            @for rate in [rates.recall, rates.precision, rates.specificity, rates.f1] { td.n { (shown(rate)) } }
        }
    }
}

/// Shows the parts of one kind, with a line for each part and predictor.
fn parts(title: &str, what: &str, predictors: &[Judged], of: fn(&Judged) -> &[Part]) -> Markup {
    let shown_here = if predictors.len() > 1 { &OF_SEVERAL[..] } else { &OF_PARTS };
    let columns = || COLUMNS.into_iter().filter(|(name, _)| shown_here.contains(name));
    let count = predictors.first().map_or(0, |judged| of(judged).len());
    let lines = (0..count).flat_map(|n| predictors.iter().map(move |judged| (judged, &of(judged)[n])));
    html! {
        @if count > 0 {
            h2 { (title) }
            div.wide { table {
                tr {
                    th { (what) } @if predictors.len() > 1 { th { "predictor" } } th.n { "reads" } th.n { "coding" }
                    @for (name, _) in columns() { th.n { (heading(name)) } }
                }
                @for (judged, part) in lines {
                    tr {
                        td { (part.name) } @if predictors.len() > 1 { td { (judged.name) } }
                        td.n { (grouped(part.measures.reads)) } td.n { (grouped(part.measures.coding)) }
                        @for (_, value) in columns() { td.n { (shown(value(part))) } }
                    }
                }
            } }
        }
    }
}
