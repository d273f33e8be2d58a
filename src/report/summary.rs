//! The summary of a run, printed on stderr at its end.

use std::fmt::Write;

use super::account::{PriorUsed, Report, Windows};
use super::rule::{pooled, rule};
use super::shares::{decimal, per_cents};
use crate::class::Class;
use crate::estimate::Estimate;
use crate::progress::{counted, grouped, share};

impl Report {
    /// The text of the summary.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut text = String::new();
        self.push_summary(&mut text).expect("writing to a string cannot fail");
        text
    }

    fn push_summary(&self, text: &mut String) -> std::fmt::Result {
        let classes = &self.counts.classes;
        let written = classes.iter().map(|(_, reads)| reads).sum();
        let model = &self.model;
        let precision = if model.precision == "f32" { String::new() } else { format!(", {}", model.precision) };
        writeln!(text, "model       {} ({}{precision}) on {}", model.name, model.kind, self.device.name)?;
        self.push_prior(text)?;
        writeln!(text, "rule        {}", rule(&self.settings, &self.counts))?;
        let shares = per_cents(Class::ALL.map(|class| classes[class]));
        for (class, share) in Class::ALL.into_iter().zip(shares) {
            let reads = classes[class];
            if class != Class::Undecided || reads > 0 {
                writeln!(text, "{class:<11} {:>12}  {share:>5}%", grouped(reads))?;
            }
        }
        if let (Some(Windows { step, pool, .. }), Some(windows)) = (self.settings.windows, self.counts.windows) {
            let coding = 100.0 * share(self.counts.coding_windows.unwrap_or(0), windows);
            writeln!(
                text,
                "windows     {:>12}  {coding:5.1}% coding; at most {step} bases apart; a read's score is the {} of its windows",
                grouped(windows),
                pooled(pool)
            )?;
        }
        for (count, what) in self.remarks() {
            if count > 0 {
                writeln!(text, "            {:>12}  {what}", grouped(count))?;
            }
        }
        if let Some(estimate) = &self.estimate {
            let Estimate { reads, coding, coding_95: [low, high], wall_seconds, .. } = estimate;
            let [coding, low, high] = [coding, low, high].map(|share| 100.0 * share);
            writeln!(
                text,
                "whole input {:>12}  {coding:5.1}% coding ({low:.1} to {high:.1}), {wall_seconds:.0} s (estimated)",
                grouped(*reads)
            )?;
        }
        if let Some(audit) = &self.audit {
            writeln!(text, "audit       {:>12}  {}", grouped(audit.reads), audit.remark())?;
        }
        writeln!(
            text,
            "{} in {:.1} s, {} reads/s",
            counted(written, "read"),
            self.wall_seconds,
            grouped(self.reads_per_second)
        )
    }

    /// Appends the prior that verdicts assumed.
    fn push_prior(&self, text: &mut String) -> std::fmt::Result {
        let PriorUsed { share, threshold_on_probability, coding_share, coding_share_95, .. } = self.settings.prior;
        let origin = self.settings.prior.origin();
        writeln!(
            text,
            "prior       {:>12}  {origin}; equivalent probability cut-off for a read of average composition: {}",
            decimal(share),
            decimal(threshold_on_probability)
        )?;
        if let (Some(share), Some([low, high])) = (coding_share, coding_share_95) {
            let [share, low, high] = [share, low, high].map(|share| 100.0 * share);
            writeln!(
                text,
                "share       {share:>11.1}%  of the reads are coding (estimated; 95% interval {low:.0} to {high:.0}%)"
            )?;
        }
        Ok(())
    }

    /// The counts that are worth a line if they are not zero.
    pub(super) fn remarks(&self) -> [(u64, &'static str); 10] {
        let counts = &self.counts;
        [
            (counts.undecided_with_noncoding, "undecided reads written with the non-coding ones"),
            (counts.too_short, "of these are too short to be scored"),
            (counts.in_undecided_band, "of these are in the undecided band"),
            (counts.orphans, "reads without their mate"),
            (counts.hard_clipped, "reads hard-clipped in the input"),
            (counts.not_sampled, "reads not in the sample"),
            (counts.secondary, "secondary alignments, not counted as reads"),
            (counts.supplementary, "supplementary alignments, not counted as reads"),
            (counts.without_bases, "records without bases"),
            (counts.followers, "of these records followed their template into a BAM output"),
        ]
    }
}
