//! The measures against scikit-learn's (`tests/oracle/metrics.py`), and their laws.

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
            ("accuracy", measures.accuracy),
            ("balanced_accuracy", measures.balanced_accuracy),
            ("precision", measures.precision),
            ("recall", measures.recall),
            ("f1", measures.f1),
            ("mcc", measures.mcc),
            ("roc_auc", measures.roc_auc),
            ("pr_auc", measures.pr_auc),
            ("brier", measures.brier),
            ("calibration_error", measures.calibration_error),
        ] {
            assert_close(&format!("{name}: {key}"), ours, &case[key]);
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
fn what_has_no_meaning_is_absent() {
    let none = Measures::of(&[], 0.5);
    assert_eq!((none.accuracy, none.brier, none.calibration_error), (None, None, None));
    let one = Measures::of(&[Scored { probability: 0.25, is_coding: true }], 0.5);
    assert_eq!((one.accuracy, one.recall, one.pr_auc), (Some(0.0), Some(0.0), Some(1.0)));
    assert_eq!((one.precision, one.specificity, one.mcc, one.roc_auc), (None, None, None, None));
    assert!(Curve::of(&[]).roc(10).is_empty() && Curve::of(&[]).best().is_none());
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
