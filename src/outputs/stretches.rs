//! Decides which stretches of reads are coding: those that gene tables list and translate.
//!
//! A model may predict stretches of each row. If it predicts only a frame, all of the row is one stretch. A read scored
//! in windows has the stretches of its windows: where two windows overlap, each decides on its side of the middle.

use std::borrow::Cow;
use std::ops::Range;

use super::judged::Judge;
use super::whole::{self, genes, probability};
use crate::prediction::{Answers, Frame, Genes, Prediction, Stretch, Stretches};
use crate::reads::{Record, Template};
use crate::tiling::{Tiling, on_read};

/// The coding stretches of each read of these templates, one row per read.
pub(super) fn coding(judge: &Judge, templates: &[Template], answers: &Answers) -> Stretches {
    let mut rows = answers.predictions.genes.as_ref().map(Genes::rows);
    let (mut coding, mut found) = (Stretches::default(), Vec::new());
    let segments = templates.iter().flat_map(|template| &template.segments);
    for (segment, predictions) in segments.zip(answers.iter()) {
        for (n, &prediction) in predictions.iter().enumerate() {
            let told = rows.as_mut().map(|rows| rows.next().expect("a row for each prediction"));
            match judge.windows {
                None => add_likely(judge, segment, told, prediction, &mut found),
                Some(windows) => {
                    let window = Window::new(windows.tiling(), segment.bases().len(), n);
                    let told = of_row(told.map(|(called, _)| called), prediction, window.all.len());
                    add_of_window(&told, prediction, &window, windows.config.threshold, &mut found);
                }
            }
        }
        whole::add(&found, segment.bases().len(), &mut coding);
        coding.end_row();
        found.clear();
    }
    coding
}

/// The predicted stretches of a row, or all of it if the model predicts only a frame.
fn of_row(told: Option<&[Stretch]>, prediction: Prediction, bases: usize) -> Cow<'_, [Stretch]> {
    told.map_or_else(|| prediction.frame.map(|frame| whole(prediction, frame, bases)).into_iter().collect(), Into::into)
}

fn whole(prediction: Prediction, frame: Frame, bases: usize) -> Stretch {
    let probability = prediction.probability;
    Stretch { start: 0, end: base(bases), frame, probability, has_start: false, has_stop: false, continues: false }
}

/// Adds the genes whose posterior reaches the threshold, each judged as if it were a read. If the read's own posterior
/// reaches it, the genes if coding replace the called ones, if there are any. If none of the genes reaches it alone,
/// all of them are added. `told`: the genes as called, and the genes if coding.
fn add_likely(
    judge: &Judge,
    segment: &Record,
    told: Option<(&[Stretch], &[Stretch])>,
    prediction: Prediction,
    found: &mut Vec<Stretch>,
) {
    let (called, if_coding) = told.unzip();
    let (called, if_coding) = (of_row(called, prediction, segment.bases().len()), if_coding.unwrap_or_default());
    if called.is_empty() && if_coding.is_empty() {
        return;
    }
    let posterior = judge.prior.posteriors(segment.bases());
    let is_likely = |probability| posterior(probability) >= judge.verdict.threshold;
    let codes = is_likely(prediction.probability);
    let told = if codes && !if_coding.is_empty() { if_coding } else { &called };
    for gene in genes(told).filter(|gene| is_likely(probability(gene))) {
        found.extend_from_slice(gene);
    }
    if codes && found.is_empty() {
        found.extend_from_slice(told);
    }
}

/// A window of a read, and the part of it on which this window decides.
struct Window {
    all: Range<usize>,
    own: Range<usize>,
    /// The length of the whole read.
    bases: usize,
}

impl Window {
    fn new(tiling: Tiling, bases: usize, n: usize) -> Self {
        let all = tiling.window(bases, n);
        let before = n.checked_sub(1).map_or(0, |before| tiling.window(bases, before).end.midpoint(all.start));
        let after =
            if n + 1 < tiling.count(bases) { all.end.midpoint(tiling.window(bases, n + 1).start) } else { bases };
        let own = all.start.max(before)..all.end.min(after);
        Self { all, own, bases }
    }
}

/// Adds the stretches of a window within its own part; one that adjoins the previous stretch is joined with it. If the
/// window is coding but none of its stretches reaches the threshold, all of them are added, as for a read.
fn add_of_window(told: &[Stretch], prediction: Prediction, window: &Window, threshold: f32, found: &mut Vec<Stretch>) {
    let is_likely = |stretch: &Stretch| stretch.probability >= threshold;
    let takes_all = prediction.probability >= threshold && !told.iter().any(is_likely);
    for stretch in told.iter().filter(|stretch| takes_all || is_likely(stretch)) {
        let (before, own) = (base(window.all.start), base(window.own.start)..base(window.own.end));
        let (start, end) = ((stretch.start + before).max(own.start), (stretch.end + before).min(own.end));
        if start >= end {
            continue;
        }
        // A start or stop codon is lost where the stretch was cut.
        let [left, right] = stretch.ends();
        let ends = [left && start == stretch.start + before, right && end == stretch.end + before];
        let frame = on_read(stretch.frame, &window.all, window.bases);
        add_joined(Stretch { start, end, frame, ..*stretch }.with_ends(ends), found);
    }
}

fn add_joined(stretch: Stretch, found: &mut Vec<Stretch>) {
    let Some(last) = found.last_mut().filter(|last| last.end == stretch.start) else {
        return found.push(Stretch { continues: false, ..stretch });
    };
    let ended = last.ends()[1] || stretch.ends()[0];
    if last.frame == stretch.frame && !ended {
        let [has_left, _] = last.ends();
        let [_, has_right] = stretch.ends();
        let probability = probability(&[*last, stretch]);
        *last = Stretch { end: stretch.end, probability, ..*last }.with_ends([has_left, has_right]);
    } else {
        let continues = last.frame.strand == stretch.frame.strand && !ended;
        found.push(Stretch { continues, ..stretch });
    }
}

fn base(n: usize) -> u32 {
    u32::try_from(n).expect("a read has fewer than 2^32 bases")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::prior::Prior;
    use crate::verdict::{Mates, VerdictConfig};
    use crate::windows::{Pool, Windows, WindowsConfig};

    fn judge(windows: Option<Windows>) -> Judge {
        let verdict = VerdictConfig { threshold: 0.5, band: None, mates: Mates::Each };
        Judge { prior: Prior::given(0.5), verdict, windows, reads_at_most: None, audit: None }
    }

    fn windows(step: usize) -> Windows {
        let config = WindowsConfig { step: step.try_into().unwrap(), pool: Pool::Mean, threshold: 0.5 };
        Windows { length: 300, config }
    }

    fn read(bases: usize) -> Vec<Template> {
        vec![Template { segments: vec![Record::new(b"r", &vec![b'A'; bases], b"")].into(), ..Template::default() }]
    }

    fn found(judge: &Judge, bases: usize, each: Vec<Prediction>, stretches: Option<Stretches>) -> Vec<Stretch> {
        let genes = stretches.map(|called| {
            let mut if_coding = Stretches::default();
            called.rows().for_each(|_| if_coding.end_row());
            Genes { called, if_coding }
        });
        found_in(judge, bases, each, genes)
    }

    fn found_in(judge: &Judge, bases: usize, each: Vec<Prediction>, genes: Option<Genes>) -> Vec<Stretch> {
        let predictions = crate::prediction::Predictions { genes, ..each.into() };
        let counts = vec![u32::try_from(predictions.len()).unwrap()];
        coding(judge, &read(bases), &Answers { counts, predictions }).rows().flatten().copied().collect()
    }

    fn prediction(probability: f32, frame: usize) -> Prediction {
        Prediction { probability, frame: Some(Frame::ALL[frame]) }
    }

    fn stretch(start: u32, end: u32, probability: f32, continues: bool) -> Stretch {
        let frame = Frame::ALL[0];
        Stretch { start, end, frame, probability, has_start: false, has_stop: false, continues }
    }

    #[test]
    fn a_frame_alone_says_that_all_of_a_coding_read_codes() {
        let all = found(&judge(None), 100, vec![prediction(0.5, 4)], None);
        assert_eq!(all, [whole(prediction(0.5, 4), Frame::ALL[4], 100)]);
        assert_eq!(found(&judge(None), 100, vec![prediction(0.49, 4)], None), []);
        assert_eq!(found(&judge(None), 100, vec![Prediction { probability: 0.9, frame: None }], None), []);
        assert_eq!(found(&judge(None), 100, vec![], None), []);
    }

    #[test]
    fn a_gene_is_judged_with_its_frameshifts_and_by_the_samples_share() {
        let told = [stretch(0, 90, 0.9, false), stretch(90, 100, 0.1, true), stretch(120, 150, 0.4, false)];
        let mut stretches = Stretches::default();
        for stretch in told {
            stretches.push(stretch);
        }
        stretches.end_row();
        let of = |share: f64| {
            let judge = Judge { prior: Prior::given(share), ..judge(None) };
            found(&judge, 150, vec![prediction(0.8, 0)], Some(stretches.clone()))
        };
        // All stretches of a gene have the mean probability of its bases.
        let genes_of_it = [stretch(0, 90, 0.82, false), stretch(90, 100, 0.82, true), stretch(120, 150, 0.4, false)];
        assert_eq!(of(0.5), genes_of_it[..2]);
        assert_eq!(of(0.9), genes_of_it);
        assert_eq!(of(0.01), []);
        assert_eq!(genes(&told).map(<[Stretch]>::len).collect::<Vec<_>>(), [2, 1]);
    }

    #[test]
    fn a_read_that_the_sample_makes_coding_has_other_genes_than_as_called() {
        let (called, if_coding) = (stretch(0, 30, 0.7, false), stretch(0, 90, 0.3, false));
        let mut genes = Genes::default();
        genes.called.push(called);
        genes.if_coding.push(if_coding);
        genes.end_row();
        let of = |share: f64| {
            let judge = Judge { prior: Prior::given(share), ..judge(None) };
            found_in(&judge, 150, vec![prediction(0.3, 0)], Some(genes.clone()))
        };
        assert_eq!((of(0.5), of(0.8), of(0.1)), (vec![called], vec![if_coding], vec![]));
    }

    #[test]
    fn a_coding_read_of_several_unsure_genes_has_them_all() {
        let unsure = [stretch(0, 60, 0.4, false), stretch(70, 150, 0.45, false)];
        let of = |windows: Option<Windows>, probability: f32| {
            let mut genes = Genes::default();
            for gene in unsure {
                genes.called.push(gene);
            }
            genes.end_row();
            found_in(&judge(windows), 150, vec![prediction(probability, 0)], Some(genes))
        };
        for windows in [None, Some(windows(100))] {
            assert_eq!((of(windows, 0.7), of(windows, 0.3)), (unsure.to_vec(), vec![]));
        }
    }

    #[test]
    fn windows_say_what_is_on_their_side_of_the_middle() {
        // The windows 0..300, 100..400 and 200..500 in one frame of the read, the last one non-coding.
        let own = vec![prediction(0.75, 1), prediction(0.5, 0), prediction(0.25, 2)];
        let all = found(&judge(Some(windows(100))), 500, own, None);
        let [only] = all[..] else { panic!("{all:?}") };
        assert_eq!((only.start, only.end, only.frame), (0, 300, Frame::ALL[1]));
        assert!((only.probability - (0.75 * 200.0 + 0.5 * 100.0) / 300.0).abs() < 1e-6);
    }

    #[test]
    fn neighbours_in_other_frames_of_a_strand_are_one_gene() {
        let own = vec![prediction(0.75, 1), prediction(0.75, 1), prediction(0.75, 3)];
        let all = found(&judge(Some(windows(100))), 500, own, None);
        let spans: Vec<_> = all.iter().map(|s| (s.start, s.end, s.frame.number(), s.continues)).collect();
        assert_eq!(spans, [(0, 200, 2, false), (200, 300, 3, true), (300, 500, -1, false)]);
    }

    proptest! {
        #[test]
        fn windows_without_gaps_leave_no_base_out(bases in 3_usize..3000, step in 1_usize..=300) {
            let windows = windows(step);
            // All windows are in the read's first frame.
            let own = windows.over(bases).map(|window| prediction(1.0, (3 - window.start % 3) % 3)).collect();
            let all = found(&judge(Some(windows)), bases, own, None);
            let spans: Vec<_> = all.iter().map(|one| (one.start as usize, one.end as usize, one.frame)).collect();
            prop_assert_eq!(spans, [(0, bases, Frame::ALL[0])]);
        }

        #[test]
        fn what_windows_make_up_holds_codons_at_both_ends(
            bases in 1_usize..2000, step in 1_usize..=150, frames in proptest::collection::vec(0_usize..6, 2000)
        ) {
            let windows = windows(step);
            let own = frames[..windows.over(bases).len()].iter().map(|&frame| prediction(1.0, frame)).collect();
            let all = found(&judge(Some(windows)), bases, own, None);
            for one in &all {
                prop_assert!(one.start as usize + one.phase(bases) + 3 <= one.end as usize, "{:?}", one);
            }
            prop_assert!(all.first().is_none_or(|first| !first.continues));
        }
    }
}
