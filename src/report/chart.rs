//! Bar charts in SVG, with sizes in user units.

use maud::{Markup, html};

use crate::progress::{grouped, share};

/// Width of a chart.
const WIDTH: f64 = 640.0;
/// Height of the area for bars.
const HEIGHT: f64 = 160.0;
/// Room left of the bars for numbers, and above and below for text.
const LEFT: f64 = 70.0;
const ABOVE: f64 = 12.0;
const BELOW: f64 = 24.0;
/// Height of a horizontal bar.
const LYING: f64 = 28.0;

/// A bar of a chart.
#[derive(Clone, Debug)]
pub(super) struct Bar {
    /// The colour in CSS.
    pub(super) colour: &'static str,
    /// The name of what the bar counts.
    pub(super) name: String,
    /// The count that the bar shows.
    pub(super) count: u64,
}

/// Draws shares of a whole as one stacked horizontal bar.
pub(super) fn stack(bars: &[Bar]) -> Markup {
    let whole: u64 = bars.iter().map(|bar| bar.count).sum();
    let starts = bars.iter().scan(0, |sum, bar| {
        *sum += bar.count;
        Some(*sum - bar.count)
    });
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (LYING) } role="img" aria-label="reads by class" {
            @for (bar, start) in bars.iter().zip(starts) {
                @let (x, width) = (WIDTH * share(start, whole), WIDTH * share(bar.count, whole));
                rect fill=(bar.colour) x=(rounded(x)) y="0" width=(rounded(width)) height=(LYING) { (told(bar)) }
            }
        }
    }
}

/// Draws bars over equal parts of 0 to 1, with marks at some places.
pub(super) fn histogram(bars: &[Bar], marks: &[f32], what: &str) -> Markup {
    let at = |place: f64| LEFT + (WIDTH - LEFT) * place;
    let over = html! {
        @for quarter in 0..=4 {
            @let (place, anchor) = (f64::from(quarter) / 4.0, if quarter == 4 { "end" } else { "middle" });
            text x=(rounded(at(place))) y=(ABOVE + HEIGHT + 16.0) text-anchor=(anchor) { (place) }
        }
        @for &mark in marks {
            @let x = rounded(at(f64::from(mark)));
            line.mark x1=(x) x2=(x) y1=(ABOVE) y2=(ABOVE + HEIGHT) {}
        }
    };
    standing(bars, 1.0, what, &over)
}

/// Draws bars with their names below.
pub(super) fn columns(bars: &[Bar], what: &str) -> Markup {
    let step = step(bars);
    let over = html! {
        @for (i, bar) in bars.iter().enumerate() {
            text x=(rounded(LEFT + step * (place(i) + 0.5))) y=(ABOVE + HEIGHT + 16.0) text-anchor="middle" { (bar.name) }
        }
    };
    standing(bars, 24.0, what, &over)
}

/// Draws bars without names over a time that ends at `end`.
pub(super) fn series(bars: &[Bar], end: &str, what: &str) -> Markup {
    let over = html! {
        text x=(LEFT) y=(ABOVE + HEIGHT + 16.0) { "0 s" }
        text x=(WIDTH) y=(ABOVE + HEIGHT + 16.0) text-anchor="end" { (end) }
    };
    standing(bars, 1.0, what, &over)
}

/// Draws a share as a small horizontal bar.
pub(super) fn lying(colour: &str, share: f64) -> Markup {
    html! {
        svg viewBox="0 0 100 6" aria-hidden="true" {
            rect.ground x="0" y="0" width="100" height="6" {}
            rect fill=(colour) x="0" y="0" width=(rounded(100.0 * share)) height="6" {}
        }
    }
}

/// Draws vertical bars, `gap` apart, on an axis with the highest count, and then `over` on top.
fn standing(bars: &[Bar], gap: f64, what: &str, over: &Markup) -> Markup {
    let highest = bars.iter().map(|bar| bar.count).max().unwrap_or(0);
    let step = step(bars);
    let ground = ABOVE + HEIGHT;
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (ground + BELOW) } role="img" aria-label=(what) {
            @for (y, count) in [(ABOVE, highest), (ground, 0)] {
                line.axis x1=(LEFT) x2=(WIDTH) y1=(y) y2=(y) {}
                text x=(LEFT - 8.0) y=(y + 4.0) text-anchor="end" { (grouped(count)) }
            }
            @for (i, bar) in bars.iter().enumerate() {
                @let height = HEIGHT * share(bar.count, highest);
                rect fill=(bar.colour) x=(rounded(LEFT + step * place(i) + gap / 2.0)) y=(rounded(ground - height))
                    width=(rounded(step - gap)) height=(rounded(height)) { (told(bar)) }
            }
            (over)
        }
    }
}

/// The tooltip of a bar.
fn told(bar: &Bar) -> Markup {
    html! { title { (bar.name) ": " (grouped(bar.count)) } }
}

/// The distance from the start of one bar to the next.
fn step(bars: &[Bar]) -> f64 {
    (WIDTH - LEFT) / place(bars.len().max(1))
}

#[expect(clippy::cast_precision_loss, reason = "some twenty bars")]
fn place(i: usize) -> f64 {
    i as f64
}

/// Rounds to a tenth of a unit, so that the page has no endless fractions.
fn rounded(x: f64) -> f64 {
    (x * 10.0).round() / 10.0
}
