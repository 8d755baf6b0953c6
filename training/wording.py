"""The other half of the head: a linear model of hashed words, and how much each half counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

from steersman.advisor.wording import BUCKETS, buckets
from training.adapter import Codes, Matrix

STRENGTH: Final = 3.0
STEPS_MAX: Final = 1000


def counted(lines: Sequence[str]) -> csr_matrix:
    """Return the words of normalised lines (lines x BUCKETS), each row of unit length."""
    rows = [buckets(line) for line in lines]
    lengths = np.array([len(row) for row in rows])
    values = np.repeat(1 / np.sqrt(lengths), lengths)
    ends = np.concatenate([[0], np.cumsum(lengths)])
    return csr_matrix((values, np.concatenate(rows), ends), shape=(len(lines), BUCKETS))


def likeness(lines: Sequence[str], others: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return for each line the largest share of words (0..1) it has in common with one other."""
    return np.asarray((counted(lines) @ counted(others).T).max(axis=1).toarray()).ravel()


def fit(words: csr_matrix, codes: Codes) -> tuple[Matrix, Matrix]:
    """Return weights (3 x BUCKETS) and bias (3) of one question; its classes weigh alike."""
    model = LogisticRegression(C=STRENGTH, max_iter=STEPS_MAX, class_weight="balanced")
    model.fit(words, codes)
    return model.coef_, model.intercept_


def shares(embedded: Matrix, said: Matrix, truth: Codes) -> npt.NDArray[np.float64]:
    """Return how often each half's scores count: least log loss, the classes weighing alike."""
    weight = (1 / np.bincount(truth))[truth]
    weight /= weight.sum()

    def loss(factors: npt.NDArray[np.float64]) -> float:
        chances = log_softmax(embedded * factors[0] + said * factors[1], axis=1)
        return -float(weight @ chances[np.arange(len(truth)), truth])

    return np.asarray(minimize(loss, np.array([1.0, 0.5]), method="Nelder-Mead").x)
