//! The measures compared with scikit-learn's (`tests/oracle/metrics.py`), and properties that always hold.

use proptest::prelude::*;
use serde_json::Value;

use super::shares::over;
use super::*;

fn golden() -> Vec<Value> {
    serde_json::from_str(include_str!("golden.json")).unwrap()
}

fn scored(case: &Value) -> Vec<Scored> {
    let numbers = |key: &str| case[key].as_array().unwrap().iter().map(|value| value.as_f64().unwrap());
    #[expect(clippy::cast_possible_truncation, reason = "the numbers are exact in 32 bits")]
    let reads = numbers("probability")
        .zip(numbers("truth"))
        .map(|(probability, truth)| Scored { probability: probability as f32, is_coding: truth > 0.5 });
    reads.collect()
}

fn assert_close(what: &str, ours: Option<f64>, theirs: &Value) {
    let (ours, theirs) = (ours.unwrap(), theirs.as_f64().unwrap());
    assert!((ours - theirs).abs() < 1e-12, "{what}: {ours}, {theirs}");
}

#[test]
fn all_measures_are_those_of_scikit_learn() {
    for case in golden() {
        let (reads, name) = (scored(&case), case["name"].as_str().unwrap());
        #[expect(clippy::cast_possible_truncation, reason = "the numbers are exact in 32 bits")]
        let measures = Measures::of(&reads, case["threshold"].as_f64().unwrap() as f32);
        let Confusion { true_coding, false_coding, true_noncoding, false_noncoding } = measures.confusion;
        assert_eq!(Value::from(vec![true_noncoding, false_coding, false_noncoding, true_coding]), case["confusion"]);
        for (key, ours) in [
            ("accuracy", measures.rates.accuracy),
            ("balanced_accuracy", measures.rates.balanced_accuracy),
            ("precision", measures.rates.precision),
            ("recall", measures.rates.recall),
            ("specificity", measures.rates.specificity),
            ("f1", measures.rates.f1),
            ("mcc", measures.rates.mcc),
            ("roc_auc", measures.roc_auc),
            ("pr_auc", measures.pr_auc),
            ("brier", measures.brier),
            ("calibration_error", measures.calibration_error),
        ] {
            assert_close(&format!("{name}: {key}"), ours, &case[key]);
        }
        for end in [0, 1] {
            assert_close(name, measures.roc_auc_95.map(|interval| interval[end]), &case["roc_auc_95"][end]);
        }
        let bins = calibration(&reads);
        assert_eq!(bins.len(), case["calibration"].as_array().unwrap().len(), "{name}");
        for (bin, theirs) in bins.iter().zip(case["calibration"].as_array().unwrap()) {
            assert_eq!(bin.reads, theirs[0].as_u64().unwrap());
            assert_close("mean probability", Some(bin.probability), &theirs[1]);
            assert_close("share of coding reads", Some(bin.coding), &theirs[2]);
        }
        let best = Curve::of(&reads).best().unwrap();
        assert_close("best threshold", Some(f64::from(best.threshold)), &case["best_threshold"]);
        assert_close("best balanced accuracy", Some(best.balanced_accuracy), &case["best_balanced_accuracy"]);
    }
}

#[test]
fn wanted_thresholds_are_those_of_scikit_learn() {
    for case in golden() {
        let curve = Curve::of(&scored(&case));
        for theirs in case["operating_points"].as_array().unwrap() {
            let least = theirs["least"].as_f64().unwrap();
            let wanted = if theirs["wanted"] == "recall" { Wanted::Recall(least) } else { Wanted::Precision(least) };
            let Some(ours) = curve.operating_point(wanted, theirs["share"].as_f64()) else {
                assert!(theirs["threshold"].is_null(), "{theirs}");
                continue;
            };
            let OperatingPoint { threshold, rates } = ours;
            for (key, ours) in [
                ("threshold", Some(f64::from(threshold))),
                ("accuracy", rates.accuracy),
                ("balanced_accuracy", rates.balanced_accuracy),
                ("precision", rates.precision),
                ("recall", rates.recall),
                ("specificity", rates.specificity),
                ("f1", rates.f1),
                // scikit-learn's is 0 if all reads get the same call.
                ("mcc", rates.mcc.or(Some(0.0))),
            ] {
                assert_close(&format!("{key} of {theirs}"), ours, &theirs[key]);
            }
        }
    }
}

#[test]
fn what_has_no_meaning_is_absent() {
    let none = Measures::of(&[], 0.5);
    assert_eq!((none.rates.accuracy, none.brier, none.calibration_error), (None, None, None));
    let one = Measures::of(&[Scored { probability: 0.25, is_coding: true }], 0.5);
    assert_eq!((one.rates.accuracy, one.rates.recall, one.pr_auc), (Some(0.0), Some(0.0), Some(1.0)));
    assert_eq!((one.rates.precision, one.rates.specificity, one.rates.mcc, one.roc_auc), (None, None, None, None));
    assert!(Curve::of(&[]).roc(10).is_empty() && Curve::of(&[]).best().is_none());
    assert_eq!((none.recall_95, one.specificity_95, one.roc_auc_95), (None, None, None));
    let apart = [0.1, 0.2, 0.8, 0.9].map(|probability| Scored { probability, is_coding: probability > 0.5 });
    assert_eq!((Measures::of(&apart, 0.5).roc_auc, Measures::of(&apart, 0.5).roc_auc_95), (Some(1.0), None));
    assert_eq!(Curve::of(&apart[..2]).operating_point(Wanted::Recall(0.5), None), None);
    let mut ranks = Measures::of(&apart, 0.5);
    ranks.forget_probabilities();
    assert_eq!((ranks.roc_auc, ranks.brier, ranks.calibration_error), (Some(1.0), None, None));
}

#[test]
fn the_interval_holds_the_share_and_narrows() {
    let of = |right, reads| {
        Confusion { true_coding: right, false_noncoding: reads - right, ..Confusion::default() }.accuracy_95().unwrap()
    };
    // scipy.stats.binomtest(9, 10).proportion_ci(method="wilson")
    let [low, high] = of(9, 10);
    assert!((low - 0.595_849_973_2).abs() < 1e-9 && (high - 0.982_123_786_9).abs() < 1e-9, "{low} {high}");
    assert!(of(900, 1000)[0] > low && of(900, 1000)[1] < high);
}

fn reads() -> impl Strategy<Value = Vec<Scored>> {
    let read = (0_u8..=20, any::<bool>());
    let read = read.prop_map(|(n, is_coding)| Scored { probability: f32::from(n) / 20.0, is_coding });
    prop::collection::vec(read, 0..60)
}

proptest! {
    #[test]
    fn no_threshold_meets_what_is_wanted_better(
        reads in reads(), least in 0.0_f64..=1.0, is_recall: bool, share in prop::option::of(0.01_f64..0.99),
    ) {
        let curve = Curve::of(&reads);
        let wanted = if is_recall { Wanted::Recall(least) } else { Wanted::Precision(least) };
        let rate = |rates: &Rates| if is_recall { rates.recall } else { rates.precision };
        // At the reads' own share of coding reads, a threshold's rates follow from its counts.
        let met = curve.operating_point(wanted, None);
        let at = |threshold| Confusion::at(&reads, threshold).rates();
        let has_both = reads.iter().any(|read| read.is_coding) && reads.iter().any(|read| !read.is_coding);
        let meeting = reads.iter().map(|read| read.probability).filter(|&threshold| rate(&at(threshold)) >= Some(least));
        let expected = if is_recall { meeting.reduce(f32::max) } else { meeting.reduce(f32::min) };
        prop_assert_eq!(met.map(|met| met.threshold), expected.filter(|_| has_both));
        if let Some(met) = met {
            prop_assert_eq!(met.rates, at(met.threshold));
        }
        // Assuming another share changes neither recall nor specificity.
        if let Some(met) = curve.operating_point(wanted, share) {
            prop_assert!(rate(&met.rates) >= Some(least - 1e-9));
            let expected = at(met.threshold);
            for (one, other) in [(met.rates.recall, expected.recall), (met.rates.specificity, expected.specificity)] {
                prop_assert!((one.unwrap() - other.unwrap()).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn the_area_is_how_often_a_coding_read_is_above_another(reads in reads()) {
        let pairs = || reads.iter().filter(|read| read.is_coding).flat_map(|coding| {
            reads.iter().filter(|read| !read.is_coding).map(move |other| (coding.probability, other.probability))
        });
        let wins: f64 = pairs().map(|(one, other)| if one > other { 1.0 } else if one < other { 0.0 } else { 0.5 }).sum();
        let expected = over(wins, pairs().count() as u64);
        match Curve::of(&reads).roc_auc() {
            None => prop_assert_eq!(expected, None),
            Some(area) => prop_assert!((area - expected.unwrap()).abs() < 1e-12),
        }
    }

    #[test]
    fn a_thinned_curve_keeps_its_ends(reads in reads(), most in 1_usize..10) {
        let roc = Curve::of(&reads).roc(most);
        prop_assert!(roc.len() <= most + 2);
        if !roc.is_empty() {
            prop_assert_eq!((roc[0], roc[roc.len() - 1]), ([0.0, 0.0], [1.0, 1.0]));
            prop_assert!(roc.is_sorted_by(|one, next| one[0] <= next[0] && one[1] <= next[1]));
        }
    }
}
