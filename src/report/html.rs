//! The run's account as a page: one file, no script, nothing fetched.

use std::path::PathBuf;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::chart::{self, Bar};
use super::{Counts, Report, Settings, Windows};
use crate::progress::{grouped, share};

/// Colours by class, as MultiQC's plot has them; text and grounds follow the reader's light or dark.
const STYLE: &str = "
:root { color-scheme: light dark; --coding: #2f9e44; --noncoding: #868e96; --undecided: #f08c00; --line: #8884; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p { margin: .3rem 0; } .note { opacity: .75; font-size: .9rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 500; } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
code { font-size: .85rem; overflow-wrap: anywhere; } svg { width: 100%; height: auto; display: block; }
svg text { font: 12px system-ui, sans-serif; fill: currentColor; }
.coding { fill: var(--coding); } .noncoding { fill: var(--noncoding); } .undecided { fill: var(--undecided); }
.axis { stroke: var(--line); } .mark { stroke: currentColor; stroke-dasharray: 4 3; }
.key { display: inline-block; width: .8em; height: .8em; margin-right: .4em; }
";

/// The whole page.
#[must_use]
pub fn page(report: &Report) -> String {
    let files: Vec<String> = report.input.files.iter().map(|path| path.display().to_string()).collect();
    let title = title(&report.input.files);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "readseeker: " (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (title) }
                p { "Coding and non-coding reads, by " strong { (report.model.name) } "." }
                (model_note(report))
                (classes(report))
                (probabilities(report))
                @if let Some(frames) = &report.frames { (frame_counts(&frames.order, &frames.counts)) }
                (thresholds(report))
                (run(report, &files))
            }
        }
    };
    page.into_string()
}

/// `soil_R1.fq.gz and 1 more`
fn title(files: &[PathBuf]) -> String {
    let Some(first) = files.first() else { return String::new() };
    let name = first.file_name().unwrap_or(first.as_os_str()).display();
    match files.len() {
        1 => name.to_string(),
        several => format!("{name} and {} more", several - 1),
    }
}

/// Which of the two models ran: nobody should take one for the other.
fn model_note(report: &Report) -> Markup {
    let note = match report.model.kind {
        "compact" => {
            "A network of readseeker's own compact family, not the published ReadSeeker: its probabilities are not those of the paper."
        }
        "bert" => "A BERT from a checkpoint, told by the SHA-256 of its weights below.",
        _ => "No model ran: these figures say nothing about the reads.",
    };
    html! { p.note { (note) } }
}

/// Where the reads went.
fn classes(report: &Report) -> Markup {
    let Report { counts, bases, .. } = report;
    let all = [
        ("coding", "coding", counts.coding, bases.coding),
        ("noncoding", "non-coding", counts.noncoding, bases.noncoding),
        ("undecided", "undecided", counts.undecided, bases.undecided),
    ];
    let (reads, letters) = (all.iter().map(|class| class.2).sum(), all.iter().map(|class| class.3).sum());
    let shown = || all.iter().filter(|class| class.0 != "undecided" || class.2 > 0);
    html! {
        h2 { "Reads" }
        (chart::stack(&shown().map(|&(class, name, reads, _)| Bar { class, name: name.into(), count: reads }).collect::<Vec<_>>()))
        table {
            tr { th { "class" } th.n { "reads" } th.n { "%" } th.n { "bases" } th.n { "%" } }
            @for &(class, name, of_reads, of_letters) in shown() {
                tr {
                    td { span.key style={ "background: var(--" (class) ")" } {} (name) }
                    td.n { (grouped(of_reads)) } td.n { (per_cent(of_reads, reads)) }
                    td.n { (grouped(of_letters)) } td.n { (per_cent(of_letters, letters)) }
                }
            }
            @for (count, what) in report.remarks().into_iter().filter(|(count, _)| *count > 0) {
                tr { td { (what) } td.n { (grouped(count)) } td {} td {} td {} }
            }
        }
        @if let Some(estimate) = &report.estimate {
            @let [low, high] = estimate.coding_95.map(|share| 100.0 * share);
            p {
                "This was a part of the input. All of it would be about " (grouped(estimate.reads)) " reads, "
                (format!("{:.1} % coding ({low:.1} to {high:.1} with 95 % confidence)", 100.0 * estimate.coding)) "."
            }
        }
    }
}

/// How sure the model was.
fn probabilities(report: &Report) -> Markup {
    let Settings { threshold, undecided_band, mates, .. } = &report.settings;
    let marks: Vec<f32> = undecided_band.map_or_else(Vec::new, Vec::from).into_iter().chain([*threshold]).collect();
    let width = report.histogram.bin_width;
    let class = |bin: usize| match undecided_band.as_ref().map(|&[low, high]| [f64::from(low), f64::from(high)]) {
        Some([low, high]) if (low..high).contains(&middle(bin, width)) => "undecided",
        _ if middle(bin, width) >= f64::from(*threshold) => "coding",
        _ => "noncoding",
    };
    let bars: Vec<Bar> = (0..report.histogram.counts.len())
        .map(|bin| Bar { class: class(bin), name: edges(bin, width), count: report.histogram.counts[bin] })
        .collect();
    html! {
        h2 { "Probability of coding" }
        (chart::histogram(&bars, &marks, "reads by their probability of coding"))
        p.note {
            "Reads by their own probability (" (grouped(report.counts.scored)) " were scored); dashed: coding from "
            (threshold) " on" @if undecided_band.is_some() { ", and the borders of the undecided band" } "."
            @if *mates != "each" { " Pairs are judged as one (" (mates) "): a mate may be in another class than its bar." }
        }
    }
}

/// In which frames the coding reads are.
fn frame_counts(order: &[&'static str; 6], counts: &[u64; 6]) -> Markup {
    let bars: Vec<Bar> =
        order.iter().zip(counts).map(|(frame, &count)| Bar { class: "coding", name: (*frame).into(), count }).collect();
    html! {
        h2 { "Frames of coding reads" }
        (chart::columns(&bars, "coding reads by strand and frame"))
        p.note {
            "+f: codons start at offset f of the read; -f: of its reverse complement. Reads of many genes spread evenly; where they do "
            "not, the library is stranded or of few genes."
        }
    }
}

/// What other thresholds would give: the question the histogram raises.
fn thresholds(report: &Report) -> Markup {
    let (counts, scored) = (&report.histogram.counts, report.counts.scored);
    html! {
        h2 { "Other thresholds" }
        table {
            tr { th { "--threshold" } @for step in 1..10 { th.n { "." (step) } } }
            tr {
                td { "% of scored reads" }
                @for step in 1..10 { td.n { (per_cent(counts[step * counts.len() / 10..].iter().sum(), scored)) } }
            }
        }
        p.note { "The share of reads that reach it by themselves: lower ones find more genes, higher ones let fewer other reads pass." }
    }
}

/// What ran, on what, how long.
fn run(report: &Report, files: &[String]) -> Markup {
    let Report { model, device, input, settings, .. } = report;
    let row = |name: &str, value: Markup| html! { tr { th { (name) } td { (value) } } };
    html! {
        h2 { "Run" }
        table {
            (row("input", html! { @for file in files { (file) br; } (input.format) ", " (grouped(input.stored_bytes)) " bytes as stored" }))
            (row("model", html! {
                (model.name) " (" (model.kind) ", " (grouped(model.parameters as u64)) " parameters, " (model.precision)
                @if let Some(attention) = model.attention { ", " (attention) " attention" } ")" br;
                code { "SHA-256 " (model.sha256) }
            }))
            (row("device", html! { (device.name) @if device.backend != "cpu" { ", " (device.backend) } }))
            @if let Some(windows) = &settings.windows { (row("windows", long_reads(windows, &report.counts))) }
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
        (grouped(all)) ", every " (windows.step) " bases; " (per_cent(coding, all)) " % coding, from " (windows.threshold)
        " on; reads by their " (windows.pool)
    }
}

/// `61.3`
fn per_cent(part: u64, whole: u64) -> String {
    format!("{:.1}", 100.0 * share(part, whole))
}

#[expect(clippy::cast_precision_loss, reason = "some twenty bins")]
fn middle(bin: usize, width: f64) -> f64 {
    (bin as f64 + 0.5) * width
}

/// `0.05 to 0.10`
#[expect(clippy::cast_precision_loss, reason = "some twenty bins")]
fn edges(bin: usize, width: f64) -> String {
    format!("{:.2} to {:.2}", bin as f64 * width, (bin + 1) as f64 * width)
}
