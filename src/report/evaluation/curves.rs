//! Draws the curves of an evaluation, with all predictors in one square.

use maud::{Markup, html};

use super::account::Judged;
use super::table::shown;
use crate::metrics::CalibrationBin;
use crate::progress::grouped;

/// Side of the square, and room left of, above and below it, in user units.
const SIDE: f64 = 300.0;
const LEFT: f64 = 44.0;
const ABOVE: f64 = 8.0;
const BELOW: f64 = 40.0;

/// Colours of the predictors, in order, readable on light and dark backgrounds.
const COLOURS: [&str; 6] = ["#2f9e44", "#1c7ed6", "#f08c00", "#e03131", "#9775fa", "#868e96"];

/// Dashes that tell predictors apart where colours cannot.
const DASHES: [&str; 4] = ["none", "7 3", "2 3", "9 3 2 3"];

/// A predictor's curve.
struct Line {
    colour: &'static str,
    dashes: &'static str,
    points: Vec<[f64; 2]>,
}

/// The title and axes of a square.
struct Axes {
    title: &'static str,
    across: &'static str,
    up: &'static str,
    has_diagonal: bool,
}

/// Draws ROC, precision and recall, and reliability.
pub(super) fn curves(predictors: &[Judged]) -> Markup {
    let lines = |points: fn(&Judged) -> Vec<[f64; 2]>| -> Vec<Line> {
        let line = |(n, judged)| Line { colour: colour(n), dashes: DASHES[n % DASHES.len()], points: points(judged) };
        predictors.iter().enumerate().map(line).collect()
    };
    let reliability = |of: &Judged| of.calibration.iter().map(|bin| [bin.probability, bin.coding]).collect();
    let (false_coding, true_coding) =
        ("share of non-coding reads called coding", "share of coding reads called coding");
    let roc = Axes { title: "ROC", across: false_coding, up: true_coding, has_diagonal: true };
    let precision = Axes { title: "Precision and recall", across: "recall", up: "precision", has_diagonal: false };
    let reliable =
        Axes { title: "Reliability", across: "probability", up: "share of coding reads", has_diagonal: true };
    let dots = html! { @for (n, judged) in predictors.iter().enumerate() { (dots(&judged.calibration, colour(n))) } };
    html! {
        @if predictors.len() > 1 { (legend(predictors)) }
        div style="display: flex; flex-wrap: wrap; gap: 1rem" {
            (square(&roc, &lines(|of| of.roc.clone()), &html! {}))
            (square(&precision, &lines(|of| of.precision_recall.clone()), &html! {}))
            (square(&reliable, &lines(reliability), &dots))
        }
        p.note {
            @if let [alone] = predictors { "The area under the ROC curve is " (shown(alone.all.measures.roc_auc)) ". " }
            "Reliable probabilities lie on the dashed line; a larger dot is more reads."
        }
    }
}

fn colour(n: usize) -> &'static str {
    COLOURS[n % COLOURS.len()]
}

/// Shows the line of each predictor and the area under its ROC curve.
fn legend(predictors: &[Judged]) -> Markup {
    html! {
        p {
            @for (n, judged) in predictors.iter().enumerate() {
                span style="margin-right: 1.2rem; white-space: nowrap" {
                    svg viewBox="0 0 30 10" aria-hidden="true" style="display: inline; width: 30px; height: 10px; margin-right: .3em" {
                        line stroke=(colour(n)) stroke-width="3" stroke-dasharray=(DASHES[n % DASHES.len()]) x1="0" x2="30" y1="5" y2="5" {}
                    }
                    (judged.name) " (ROC-AUC " (shown(judged.all.measures.roc_auc)) ")"
                }
                " "
            }
        }
    }
}

/// Draws curves in a square from 0 to 1, with the diagonal if that has a meaning.
fn square(axes: &Axes, lines: &[Line], over: &Markup) -> Markup {
    let points = |line: &Line| {
        let points = line.points.iter().map(|&[x, y]| format!("{:.1},{:.1}", place_x(x), place_y(y)));
        points.collect::<Vec<_>>().join(" ")
    };
    html! {
        figure style="margin: 0; flex: 1 1 15rem" {
            figcaption { (axes.title) }
            svg viewBox={ "0 0 " (LEFT + SIDE + 8.0) " " (ABOVE + SIDE + BELOW) } class="square" role="img" aria-label=(axes.title) {
                rect fill="none" stroke="#8888" x=(LEFT) y=(ABOVE) width=(SIDE) height=(SIDE) {}
                @if axes.has_diagonal {
                    line.mark x1=(place_x(0.0)) y1=(place_y(0.0)) x2=(place_x(1.0)) y2=(place_y(1.0)) opacity="0.4" {}
                }
                @for part in [0.0, 0.5, 1.0] {
                    text x=(place_x(part)) y=(ABOVE + SIDE + 16.0) text-anchor="middle" { (part) }
                    text x=(LEFT - 6.0) y=(place_y(part) + 4.0) text-anchor="end" { (part) }
                }
                text x=(LEFT + SIDE / 2.0) y=(ABOVE + SIDE + 34.0) text-anchor="middle" { (axes.across) }
                text x="0" y="0" text-anchor="middle" transform={ "translate(12 " (ABOVE + SIDE / 2.0) ") rotate(-90)" } { (axes.up) }
                @for line in lines.iter().filter(|line| !line.points.is_empty()) {
                    polyline fill="none" stroke=(line.colour) stroke-width="2" stroke-dasharray=(line.dashes) points=(points(line)) {}
                }
                (over)
            }
        }
    }
}

fn dots(bins: &[CalibrationBin], colour: &str) -> Markup {
    let most = bins.iter().map(|bin| bin.reads).max().unwrap_or(0);
    let radius = |bin: &CalibrationBin| 2.0 + 6.0 * crate::progress::share(bin.reads, most).sqrt();
    html! {
        @for bin in bins {
            circle fill=(colour) cx=(format!("{:.1}", place_x(bin.probability))) cy=(format!("{:.1}", place_y(bin.coding)))
                r=(format!("{:.1}", radius(bin))) { title { (grouped(bin.reads)) " reads" } }
        }
    }
}

fn place_x(share: f64) -> f64 {
    LEFT + SIDE * share
}

fn place_y(share: f64) -> f64 {
    ABOVE + SIDE * (1.0 - share)
}
