//! The report of a run as a page: one file, without scripts or anything to fetch.

use std::path::PathBuf;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::account::{Counts, Frames, PriorUsed, Report, Settings, Windows};
use super::breakdown::breakdown;
use super::chart::{self, Bar};
use super::classes::{self, Shown};
use super::rule::{pooled, rule};
use super::shares::{decimal, per_cents};
use crate::class::Class;
use crate::progress::{Pace, counted, grouped, share};
use crate::verdict::{Mates, VerdictConfig};

/// The style sheet. Colours of text and background follow the reader's light or dark mode.
const STYLE: &str = "
:root { color-scheme: light dark; --line: #8884; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p { margin: .3rem 0; overflow-wrap: anywhere; } .note { opacity: .75; font-size: .9rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 500; } td { overflow-wrap: anywhere; } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
code { font-size: .85rem; overflow-wrap: anywhere; } svg { width: 100%; height: auto; display: block; overflow: visible; }
svg text { font: 12px system-ui, sans-serif; fill: currentColor; }
@media (max-width: 500px) { body { margin: 1rem auto; } svg text { font-size: 19px; } td, th { padding-right: .4rem; } }
.warning { border-left: 4px solid #f08c00; padding: .3rem .8rem; margin: .8rem 0; }
table.strata { margin: .6rem 0; } td.bar { width: 35%; vertical-align: middle; }
@media print { body { max-width: none; } h2, table, svg, p { break-inside: avoid; } h2 { break-after: avoid; } * { print-color-adjust: exact; } }
.ground { fill: var(--line); opacity: .4; } .axis { stroke: var(--line); } .mark { stroke: currentColor; stroke-dasharray: 4 3; }
svg.square text { font-size: 12px; } .wide { overflow-x: auto; } .wide td:first-child, td.name { white-space: nowrap; }
.key { display: inline-block; width: .8em; height: .8em; margin-right: .4em; }
";

/// The whole page.
pub(super) fn page(report: &Report) -> String {
    let files: Vec<String> = report.input.files.iter().map(|path| path.display().to_string()).collect();
    let title = title(&report.input.files);
    let body = html! {
        h1 { "readseeker" }
        p { "Coding and non-coding reads of " strong { (title) } ", by " strong { (report.model.name) } "." }
        (model_note(report))
        @for warning in &report.warnings { p.warning { "Warning: " (warning) "." } }
        (class_counts(report))
        @if report.counts.scored > 0 {
            (probabilities(report))
            (breakdown(report))
            @if let Some(frames) = &report.frames { (frame_counts(frames)) }
            (thresholds(report))
        } @else {
            p { @if report.counts.records > 0 { "No read was scored." } @else { "The input holds no reads." } }
        }
        @if let Some(pace) = &report.pace { (over_time(pace)) }
        (run(report, &files))
    };
    whole_page(&title, &body)
}

/// A page with this title and body.
pub(super) fn whole_page(title: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "readseeker: " (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    };
    page.into_string()
}

/// The title of a page: `soil_R1.fq.gz and 1 more`.
fn title(files: &[PathBuf]) -> String {
    let Some(first) = files.first() else { return String::new() };
    let name = first.file_name().unwrap_or(first.as_os_str()).display();
    match files.len() {
        1 => name.to_string(),
        several => format!("{name} and {} more", several - 1),
    }
}

/// Says which family of models ran, so that nobody takes one for another.
fn model_note(report: &Report) -> Markup {
    let note = match &*report.model.kind {
        "bert" => "A BERT from a checkpoint, identified by the SHA-256 of its weights below.",
        "none" => "No model ran: these figures say nothing about the reads.",
        _ => "This is not the published ReadSeeker, and its probabilities are not those of the paper.",
    };
    html! { p.note { (note) } }
}

/// Shows the reads and bases of each class.
fn class_counts(report: &Report) -> Markup {
    let all = classes::of(report);
    let (of_reads, of_bases) = (per_cents(all.map(|class| class.reads)), per_cents(all.map(|class| class.bases)));
    let [coding, noncoding, undecided] = all;
    let shown = if undecided.reads > 0 { &all[..] } else { &[coding, noncoding] };
    let bar = |shown: &Shown| Bar { colour: shown.colour, name: shown.class.to_string(), count: shown.reads };
    html! {
        h2 { "Reads" }
        p { "Rule: " (rule(&report.settings, &report.counts)) "." }
        (chart::stack(&shown.iter().map(bar).collect::<Vec<_>>()))
        (coding_share(&report.settings))
        table {
            tr { th { "class" } th.n { "reads" } th.n { "%" } th.n { "bases" } th.n { "%" } }
            @for (&Shown { class, colour, reads, bases }, (of_reads, of_bases)) in shown.iter().zip(of_reads.iter().zip(&of_bases)) {
                tr {
                    td { span.key style={ "background: " (colour) } {} (class) }
                    td.n { (grouped(reads)) } td.n { (of_reads) }
                    td.n { (grouped(bases)) } td.n { (of_bases) }
                }
            }
            @for (count, what) in report.remarks().into_iter().filter(|(count, _)| *count > 0) {
                tr { td { (what) } td.n { (grouped(count)) } td {} td {} td {} }
            }
        }
        @if let Some(estimate) = &report.estimate {
            @let [low, high] = estimate.coding_95.map(|share| 100.0 * share);
            p {
                "Only a part of the input was read. The whole of it holds about " (counted(estimate.reads, "read")) ", "
                (format!("{:.1}% of them coding (95% interval {low:.1} to {high:.1}%)", 100.0 * estimate.coding)) "."
            }
        }
    }
}

/// Shows the estimated share of coding reads, and the share that verdicts assumed.
fn coding_share(Settings { prior, threshold, .. }: &Settings) -> Markup {
    html! {
        @if let (Some(share), Some(interval)) = (prior.coding_share, prior.coding_share_95) {
            @let [low, high] = interval.map(|share| 100.0 * share);
            p {
                "About " strong { (format!("{:.0}%", 100.0 * share)) }
                (format!(" of the reads are coding (95% interval {low:.0} to {high:.0}%, for genomes new to the model)."))
            }
        }
        p.note {
            "The assumed share of coding reads is " (decimal(prior.share)) " (" (prior.origin()) "). For a read of "
            "average composition, the threshold of " (threshold) " on the posterior is equivalent to a probability cut-off of "
            (decimal(prior.threshold_on_probability)) "."
        }
    }
}

/// The probability at which a read of average composition has this posterior.
fn on_probability(prior: &PriorUsed, posterior: f32) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "a share")]
    let share = prior.share as f32;
    let odds = share / (1.0 - share);
    posterior / (posterior + odds * (1.0 - posterior))
}

/// Shows the distribution of probabilities.
fn probabilities(report: &Report) -> Markup {
    let &Settings { prior, threshold, undecided_band, mates, .. } = &report.settings;
    let width = report.histogram.bin_width;
    // The bars show probabilities, but verdicts depend on posteriors.
    let shown = |posterior: f32| on_probability(&prior, posterior);
    let (threshold, undecided_band) = (shown(threshold), undecided_band.map(|band| band.map(shown)));
    let alone = VerdictConfig { threshold, band: undecided_band.map(<(f32, f32)>::from), mates: Mates::Each };
    let bar = |(bin, &count)| {
        let verdict = alone.verdict(Some(middle(bin, width)));
        Bar { colour: classes::colour(verdict.class()), name: edges(bin, width), count }
    };
    let bars: Vec<Bar> = report.histogram.counts.iter().enumerate().map(bar).collect();
    let marks: Vec<f32> = undecided_band.into_iter().flatten().chain([threshold]).collect();
    html! {
        h2 { "Probability of coding" }
        (chart::histogram(&bars, &marks, "reads by their probability of coding"))
        p.note {
            "The " (grouped(report.counts.scored)) " scored reads, each by its own probability. Reads of average composition at "
            (format!("{threshold:.2}")) " or above (dashed) are coding"
            @if let Some([low, high]) = undecided_band {
                (format!(", unless they are in the undecided band from {low:.2} to {high:.2} (dashed, too)"))
            }
            "."
            @if mates != Mates::Each && report.counts.pairs > 0 {
                " Pairs are judged together (" (mates) "), so a mate can be in another class than its bar."
            }
        }
    }
}

/// Shows the frames of coding reads.
fn frame_counts(frames: &Frames) -> Markup {
    let colour = classes::colour(Class::Coding);
    let bar = |(frame, &count): (&String, _)| Bar { colour, name: frame.clone(), count };
    let bars: Vec<Bar> = frames.order.iter().zip(&frames.counts).map(bar).collect();
    html! {
        h2 { "Frames of coding reads" }
        (chart::columns(&bars, "coding reads by strand and frame"))
        p.note {
            "The " (grouped(frames.counts.iter().sum())) " scored reads of the coding class, each in its own frame. "
            "1, 2, 3: codons start at the first, second or third base of the read. -1, -2, -3: of its reverse complement. Reads of "
            "many genes spread evenly over the frames. If these do not, the library is stranded or holds few genes."
        }
    }
}

/// Shows the results of other thresholds, a question that the histogram raises.
fn thresholds(report: &Report) -> Markup {
    let judged = report.counts.judged;
    html! {
        h2 { "Other thresholds" }
        table {
            tr { th { "threshold" } th.n { "coding" } th.n { "% of judged reads" } }
            @for other in &report.other_thresholds {
                @let [coding, _] = per_cents([other.coding, judged.saturating_sub(other.coding)]); // rounded as at the top
                tr { td { (other.threshold) } td.n { (grouped(other.coding)) } td.n { (coding) } }
            }
        }
        p.note {
            @if report.settings.undecided_band.is_some() { "Without the undecided band; otherwise by" } @else { "By" }
            " the same rule. Lower thresholds find more genes; higher ones let fewer non-coding reads through."
        }
    }
}

/// Shows the speed over the course of the run.
fn over_time(Pace { seconds, reads }: &Pace) -> Markup {
    let name = |n: u64| format!("from {} s on, reads per second", n * seconds);
    let bar = |(n, reads): (u64, &u64)| Bar { colour: "#1c7ed6", name: name(n), count: reads / seconds };
    let bars: Vec<Bar> = (0..).zip(reads).map(bar).collect();
    html! {
        h2 { "Reads per second over time" }
        (chart::series(&bars, &format!("{} s", grouped(seconds * reads.len() as u64)), "reads per second over time"))
        p.note { "Reads count once they are written. The first ones wait until the share of coding reads is estimated." }
    }
}

/// Shows what ran on which device, and how long.
fn run(report: &Report, files: &[String]) -> Markup {
    let Report { model, device, input, settings, .. } = report;
    let row = |name: &str, value: Markup| html! { tr { th { (name) } td { (value) } } };
    html! {
        h2 { "Run" }
        table {
            (row("input", html! { @for file in files { (file) br; } (input.format) ", " (grouped(input.stored_bytes)) " bytes as stored" }))
            (row("model", html! {
                (model.name) " (" (model.kind) ", " (grouped(model.parameters as u64)) " parameters, " (model.precision)
                @if let Some(attention) = &model.attention { ", " (attention) " attention" } ")" br;
                code { "SHA-256 " (model.sha256) }
            }))
            (row("device", html! { (device.name) @if device.backend != "cpu" { ", " (device.backend) } }))
            @if let Some(windows) = &settings.windows { (row("windows", long_reads(windows, &report.counts))) }
            @if let Some(audit) = &report.audit { (row("audit", html! { (grouped(audit.reads)) " " (audit.remark()) })) }
            (row("time", html! {
                (format!("{:.1} s, ", report.wall_seconds)) (grouped(report.reads_per_second)) " reads/s"
                @if let Some(bytes) = report.peak_memory_bytes { ", " (grouped(bytes >> 20)) " MiB at most" }
            }))
            (row("program", html! { (report.tool) " " (report.version) }))
            (row("command", html! { code { (report.command.join(" ")) } }))
        }
    }
}

fn long_reads(windows: &Windows, counts: &Counts) -> Markup {
    let (all, coding) = (counts.windows.unwrap_or(0), counts.coding_windows.unwrap_or(0));
    html! {
        (grouped(all)) ", at most " (windows.step) " bases apart; " (per_cent(coding, all)) "% coding at " (windows.threshold)
        " or above; a read's score is the " (pooled(windows.pool)) " of its windows"
    }
}

/// Formats a share in per cent: `61.3`.
fn per_cent(part: u64, whole: u64) -> String {
    format!("{:.1}", 100.0 * share(part, whole))
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "some twenty bins")]
fn middle(bin: usize, width: f64) -> f32 {
    ((bin as f64 + 0.5) * width) as f32
}

/// Formats the edges of a bin: `0.05 to 0.10`.
#[expect(clippy::cast_precision_loss, reason = "some twenty bins")]
fn edges(bin: usize, width: f64) -> String {
    format!("{:.2} to {:.2}", bin as f64 * width, (bin + 1) as f64 * width)
}
