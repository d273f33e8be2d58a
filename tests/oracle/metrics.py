#!/usr/bin/env python3
"""Golden values of src/metrics.rs, by scikit-learn: tests/oracle/metrics.py >src/metrics/golden.json

Needs scikit-learn (made with 1.5.2, and with 1.9.1 again). The probabilities are multiples of 1/64 or 1/1024, so that they tie and are the same
number in 32 and 64 bits.
"""

import json
import random

import numpy as np
from sklearn import metrics
from sklearn.calibration import calibration_curve


def area_interval(truth, probability):
    """DeLong's interval of the ROC-AUC, from how each coding read compares with each of the others."""
    coding, others = probability[truth == 1], probability[truth == 0]
    wins = (coding[:, None] > others[None, :]) + 0.5 * (coding[:, None] == others[None, :])
    variance = wins.mean(axis=1).var(ddof=1) / len(coding) + wins.mean(axis=0).var(ddof=1) / len(others)
    reach = 1.959963984540054 * np.sqrt(variance)
    return [max(0.0, wins.mean() - reach), min(1.0, wins.mean() + reach)]


def operating_points(truth, probability):
    """The threshold that meets a recall or a precision at a share of coding reads, and the measures there."""
    points = []
    for share in [None, 0.1, 0.9]:
        weights = None if share is None else np.where(truth == 1, share / truth.sum(), (1 - share) / (1 - truth).sum())
        precision, recall, thresholds = metrics.precision_recall_curve(truth, probability, sample_weight=weights)
        # Rising thresholds; the last point has none. Recall falls with them. Weighted, it misses 1 by a rounding.
        _, counted, _ = metrics.precision_recall_curve(truth, probability)
        for what, least in [("recall", 0.8), ("recall", 1.0), ("precision", 0.75), ("precision", 0.97)]:
            meets = np.flatnonzero((counted if what == "recall" else precision)[:-1] >= least)
            point = {"wanted": what, "least": least, "share": share, "threshold": None}
            if len(meets):
                at = meets[-1] if what == "recall" else meets[0]
                called = probability >= thresholds[at]
                point |= {
                    "threshold": float(thresholds[at]),
                    "accuracy": metrics.accuracy_score(truth, called, sample_weight=weights),
                    "balanced_accuracy": metrics.balanced_accuracy_score(truth, called),
                    "precision": metrics.precision_score(truth, called, sample_weight=weights),
                    "recall": metrics.recall_score(truth, called),
                    "specificity": metrics.recall_score(truth, called, pos_label=0, zero_division=0),
                    "f1": metrics.f1_score(truth, called, sample_weight=weights),
                    "mcc": metrics.matthews_corrcoef(truth, called, sample_weight=weights),
                }
            points.append(point)
    return points


def golden(name, truth, probability, threshold):
    called = probability >= threshold
    share, mean = calibration_curve(truth, probability, n_bins=10)
    bins = np.searchsorted(np.linspace(0, 1, 11)[1:-1], probability)
    counts = np.bincount(bins, minlength=10)
    counts = counts[counts > 0]
    false, true, thresholds = metrics.roc_curve(truth, probability, drop_intermediate=False)
    best = np.argmax(true - false)
    return {
        "name": name,
        "truth": [int(t) for t in truth],
        "probability": [float(p) for p in probability],
        "threshold": threshold,
        "confusion": metrics.confusion_matrix(truth, called).ravel().tolist(),
        "accuracy": metrics.accuracy_score(truth, called),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, called),
        "precision": metrics.precision_score(truth, called),
        "recall": metrics.recall_score(truth, called),
        "specificity": metrics.recall_score(truth, called, pos_label=0),
        "f1": metrics.f1_score(truth, called),
        "mcc": metrics.matthews_corrcoef(truth, called),
        "roc_auc": metrics.roc_auc_score(truth, probability),
        "roc_auc_95": area_interval(truth, probability),
        "pr_auc": metrics.average_precision_score(truth, probability),
        "brier": metrics.brier_score_loss(truth, probability),
        "calibration": [[int(n), float(m), float(s)] for n, m, s in zip(counts, mean, share)],
        "calibration_error": float(np.sum(counts * np.abs(share - mean)) / np.sum(counts)),
        "best_threshold": float(thresholds[best]),
        "best_balanced_accuracy": float((true[best] + 1 - false[best]) / 2),
        "operating_points": operating_points(truth, probability),
    }


def main():
    draw = random.Random(7)
    cases = []
    for name, reads, coding, steps, threshold in [
        ("balanced", 400, 0.5, 1024, 0.5),
        ("few coding", 300, 0.05, 64, 0.5),
        ("nearly all coding, many ties", 200, 0.95, 16, 0.75),
        ("overconfident", 300, 0.5, 1024, 0.25),
    ]:
        truth = np.array([draw.random() < coding for _ in range(reads)], dtype=int)
        spread = 0.15 if name == "overconfident" else 1.0
        mean = [0.65 if t else 0.35 for t in truth]
        raw = [min(1, max(0, (draw.gauss(m, 0.22) - 0.5) / spread + 0.5)) for m in mean]
        cases.append(golden(name, truth, np.array([round(p * steps) / steps for p in raw]), threshold))
    print(json.dumps(cases))


if __name__ == "__main__":
    main()
