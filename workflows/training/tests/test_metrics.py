"""Metrics and calibration against cases worked out by hand."""

import numpy as np
import pytest

pytest.importorskip("torch")
from compact import calibrate, evaluate, metrics  # noqa: E402


def test_auc_counts_ties_half():
    coding = np.array([True, True, False, False])
    assert metrics.auc(np.array([0.9, 0.8, 0.2, 0.1]), coding) == 1
    assert metrics.auc(np.array([0.1, 0.2, 0.8, 0.9]), coding) == 0
    assert metrics.auc(np.array([0.5, 0.5, 0.5, 0.5]), coding) == 0.5
    assert metrics.auc(np.array([0.9, 0.3, 0.3, 0.1]), coding) == pytest.approx(0.875)


def test_calibration_error_of_honest_probabilities_is_small():
    rng = np.random.default_rng(0)
    probability = rng.random(200_000)
    coding = rng.random(200_000) < probability
    assert metrics.calibration_error(probability, coding) < 0.01
    assert metrics.calibration_error(np.full(100, 0.99), np.arange(100) < 50) == pytest.approx(0.49)


def test_a_fit_finds_the_scale_and_shift_that_made_the_labels():
    rng = np.random.default_rng(1)
    logit = rng.normal(0, 3, 100_000)
    coding = rng.random(100_000) < 1 / (1 + np.exp(-(1.5 * logit - 0.7)))
    scale, shift = calibrate.fit(logit, coding, np.full(100_000, 1e-5))
    assert scale == pytest.approx(1.5, abs=0.05) and shift == pytest.approx(-0.7, abs=0.05)


def test_calibration_is_linear_between_knots_and_flat_outside():
    calibration = evaluate.Calibration([100, 200], [1.0, 2.0], [0.0, 1.0])
    at = lambda length: float(calibration(np.array([1.0]), length)[0])
    expected = lambda a, b: 1 / (1 + np.exp(-(a + b)))
    assert at(150) == pytest.approx(expected(1.5, 0.5))
    assert at(60) == pytest.approx(expected(1, 0)) and at(500) == pytest.approx(expected(2, 1))
