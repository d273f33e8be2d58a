"""Accuracy, ROC-AUC and calibration; pure."""

import numpy as np


def auc(probability, coding):
    """Area under the ROC curve; ties count half."""
    order = np.argsort(probability, kind="stable")
    values, inverse, counts = np.unique(probability[order], return_inverse=True, return_counts=True)
    rank = np.empty(len(order))
    rank[order] = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positives, negatives = coding.sum(), (~coding).sum()
    if not positives or not negatives:
        return float("nan")
    return (rank[coding].sum() - positives * (positives + 1) / 2) / (positives * negatives)


def calibration_error(probability, coding, bins=10):
    """Expected calibration error with both kinds weighted to half each, in equal-width bins."""
    weight = np.where(coding, 0.5 / max(coding.sum(), 1), 0.5 / max((~coding).sum(), 1))
    which = np.minimum((probability * bins).astype(int), bins - 1)
    total = 0.0
    for one in range(bins):
        here = which == one
        if here.any():
            total += abs((weight[here] * (probability[here] - coding[here])).sum())
    return total


def summary(probability, coding, right_frame=None):
    """The evaluation table's columns."""
    called = probability >= 0.5
    sensitivity = called[coding].mean() if coding.any() else float("nan")
    specificity = (~called[~coding]).mean() if (~coding).any() else float("nan")
    return {
        "coding": int(coding.sum()),
        "noncoding": int((~coding).sum()),
        "sensitivity": sensitivity,
        "specificity": specificity,
        "accuracy": (sensitivity + specificity) / 2,
        "auc": auc(probability, coding),
        "frame": np.nanmean(right_frame[coding]) if right_frame is not None and coding.any() else float("nan"),
        "ece": calibration_error(probability, coding),
    }
