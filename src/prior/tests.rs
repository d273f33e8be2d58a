use proptest::prelude::*;

use super::*;

/// Reads of which `share` are coding, as a model would see them whose log odds are normal around -2 and 2 with deviation 2:
/// these are calibrated at a half.
fn sample(share: f64, count: usize, seed: u64, excess: impl Fn(bool) -> f32) -> Vec<Evidence> {
    let mut state = seed;
    let mut uniform = move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        f64::from(u32::try_from((z ^ (z >> 31)) >> 32).unwrap()) / f64::from(u32::MAX)
    };
    (0..count)
        .map(|_| {
            let coding = uniform() < share;
            let normal: f64 = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
            let log_odds = 2.0 * normal + if coding { 2.0 } else { -2.0 };
            #[expect(clippy::cast_possible_truncation)]
            let probability = odds_to_share(log_odds.exp()) as f32;
            Evidence { probability, excess_cg: excess(coding), windows: 1 }
        })
        .collect()
}

fn estimate(prior: &Prior) -> Estimate {
    match prior.basis {
        Basis::Estimated(estimate) => estimate,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_calibrated_model_gives_the_sample_s_share() {
    for share in [0.02, 0.1, 0.5, 0.87, 0.98] {
        let found = estimate(&Prior::estimated(&sample(share, 20_000, 7, |_| 0.0), MODEL_ERROR));
        assert!((found.share - share).abs() < 0.015, "{share}: {found:?}");
        assert!(found.interval[0] <= share && share <= found.interval[1], "{share}: {found:?}");
    }
}

#[test]
fn reads_of_two_kinds_get_a_prior_each() {
    let host: Vec<_> = sample(0.03, 5000, 1, |_| -0.03).into_iter().chain(sample(0.9, 5000, 2, |_| 0.03)).collect();
    let prior = Prior::estimated(&host, MODEL_ERROR);
    let (cg, no_cg) = (b"ACGTACGTACGTACGTACGTACGTACGTACGT", b"ACTGACTGACTGACTGACTGACTGACTGACTG");
    assert!(prior.posterior(0.5, cg) > 0.7 && prior.posterior(0.5, no_cg) < 0.3, "{prior:?}");
}

#[test]
fn a_few_reads_or_a_model_at_a_loss_give_a_half() {
    for (reads, windows) in [(499, 1), (99, 5), (FEWEST_LONG - 1, 1000)] {
        let few: Vec<_> = sample(0.9, reads, 3, |_| 0.0).iter().map(|&read| Evidence { windows, ..read }).collect();
        assert_eq!(Prior::estimated(&few, MODEL_ERROR), Prior::not_estimated(Reason::TooFewReads), "{reads} {windows}");
        let enough: Vec<_> =
            sample(0.9, reads + 1, 3, |_| 0.0).iter().map(|&read| Evidence { windows, ..read }).collect();
        assert!((estimate(&Prior::estimated(&enough, MODEL_ERROR)).share - 0.9).abs() < 0.1, "{reads} {windows}");
    }
    let unsure = vec![Evidence { probability: 0.3, excess_cg: 0.0, windows: 1 }; 500];
    assert_eq!(Prior::estimated(&unsure, MODEL_ERROR), Prior::not_estimated(Reason::Unsure));
}

#[test]
fn a_surer_model_with_the_error_of_the_same_width_leaves_the_share_as_open() {
    let surer = |read: &Evidence| {
        let log_odds = 2.5 * log_odds(f64::from(read.probability).clamp(1e-6, 1.0 - 1e-6));
        #[expect(clippy::cast_possible_truncation)]
        let probability = odds_to_share(log_odds.exp()) as f32;
        Evidence { probability, ..*read }
    };
    let before = sample(0.5, 300, 11, |_| 0.0);
    let after: Vec<_> = before.iter().map(surer).collect();
    let wanted = width(&before, MODEL_ERROR);
    assert!(width(&after, MODEL_ERROR) < 0.7 * wanted);
    let error = error_of_width(&after, wanted, MODEL_ERROR);
    assert!((width(&after, error) - wanted).abs() < 1e-3 && error > 1.5 * MODEL_ERROR, "{error}");
    let of = |sample: &[Evidence], error| {
        let [low, high] = estimate(&Prior::estimated(sample, error)).interval;
        high - low
    };
    let (new, surer): (Vec<_>, Vec<_>) = sample(0.9, 2000, 12, |_| 0.0).iter().map(|read| (*read, surer(read))).unzip();
    assert!(of(&surer, error) > 0.8 * of(&new, MODEL_ERROR) && of(&surer, MODEL_ERROR) < 0.7 * of(&new, MODEL_ERROR));
    assert!((error_of_width(&before, 0.0, MODEL_ERROR) - MODEL_ERROR).abs() < 1e-3, "never less");
}

#[test]
fn a_read_is_worth_a_short_one_for_every_300_bases() {
    let windows = [0, 60, 300, 599, 600, 3000].map(|bases| Evidence::new(0.5, &vec![b'A'; bases]).windows);
    assert_eq!(windows, [1, 1, 1, 1, 2, 10]);
}

#[test]
fn an_estimate_is_never_sure() {
    let sure = Prior::estimated(&vec![Evidence { probability: 1.0, excess_cg: 0.0, windows: 1 }; 500], MODEL_ERROR);
    assert!((sure.share() - (1.0 - LEAST)).abs() < 1e-9);
    assert!(sure.posterior(0.001, b"ACGT") < 0.5);
}

#[test]
fn cg_is_counted_beside_what_its_letters_make_one_expect() {
    assert!((excess_cg(b"cgCG") - (0.5 - 0.25)).abs() < 1e-6);
    assert!((excess_cg(b"ATAT")).abs() < 1e-6);
    assert!((excess_cg(b"")).abs() < 1e-6);
}

proptest! {
    #[test]
    fn half_is_the_identity(p in 0.0_f32..=1.0) {
        prop_assert_eq!(Prior::given(0.5).posterior(p, b"ACGT"), p);
    }

    #[test]
    fn the_posterior_grows_with_the_probability_and_with_the_share(
        p in 0.0_f32..=1.0, q in 0.0_f32..=1.0, s in 0.001..0.999, t in 0.001..0.999,
    ) {
        let (p, q) = (p.min(q), p.max(q));
        let (less, more) = (Prior::given(f64::min(s, t)), Prior::given(f64::max(s, t)));
        prop_assert!(less.posterior(p, b"") <= less.posterior(q, b""));
        prop_assert!(less.posterior(p, b"") <= more.posterior(p, b""));
        prop_assert!((0.0..=1.0).contains(&more.posterior(q, b"")));
    }

    #[test]
    fn the_threshold_on_the_probability_has_the_threshold_as_posterior(s in 0.01..0.99, t in 0.01_f32..0.99) {
        let prior = Prior::given(s);
        #[expect(clippy::cast_possible_truncation)]
        let back = prior.posterior(prior.threshold_on_probability(t) as f32, b"");
        prop_assert!((back - t).abs() < 1e-3);
    }

    #[test]
    fn the_estimate_does_not_depend_on_the_order(share in 0.05..0.95, turn in 0_usize..1000) {
        let mut reads = sample(share, 1000, 5, |coding| if coding { 0.01 } else { -0.01 });
        let before = estimate(&Prior::estimated(&reads, MODEL_ERROR));
        reads.rotate_left(turn);
        let after = estimate(&Prior::estimated(&reads, MODEL_ERROR));
        prop_assert!((before.share - after.share).abs() < 1e-6);
    }
}
