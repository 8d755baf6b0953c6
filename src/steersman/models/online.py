"""Parameters that follow the market: one observation in, one estimate out.

Recursive least squares with forgetting f weights an observation of age n by f^n: L. Ljung, "System
identification" (1999), section 11.2. Clipping large misses: P. Huber, "Robust statistics" (1981),
section 7.3, with the median absolute miss as the scale.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from steersman.models.regression import CONDITION_MAX, OBSERVATIONS_MIN, Estimate
from steersman.models.validity import ModelError, NotIdentifiedError, finite, positive

__all__ = ["CLIP_MADS", "RecursiveLeastSquares", "Snapshot"]

CLIP_MADS: Final = 4.0
MISSES_KEPT: Final = 101
TOLD_MOST: Final = 0.5  # of the trust in the initial value that may be left
FORGOTTEN_MOST: Final = 1e3  # how much less a value may be trusted than the initial one was
TOO_LARGE: Final = "an observation is not finite, or too large to use"


class Snapshot(msgspec.Struct, frozen=True):
    """Recursive least squares without clipping at one moment: all that the next update needs.

    `residual` and `weight` are the weighted sums of squared misses and of weights behind `n`
    observations. No parameter's variance grows above `variance_max`.
    """

    theta: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    variance_max: float
    residual: float = 0.0
    weight: float = 0.0
    n: int = 0

    def renewed(self, regressor: float, observed: float, forgetting: float) -> Snapshot:
        """Return the fit of one parameter with one more observation, as `update` would, to the bit.

        Raises NotIdentifiedError where a number is not finite, or its square would not be.
        """
        (theta,), ((variance,),) = self.theta, self.covariance
        gain = variance * regressor
        scale = forgetting + regressor * gain
        missed = observed - theta * regressor
        if not _usable(gain, scale, missed, self.residual):
            raise NotIdentifiedError(TOO_LARGE)
        left = (variance - gain * gain / scale) / forgetting
        return Snapshot(
            (theta + gain / scale * missed,),
            ((min(left, self.variance_max),),),
            self.variance_max,
            forgetting * (self.residual + missed**2 / scale),
            forgetting * self.weight + 1,
            self.n + 1,
        )


class RecursiveLeastSquares:
    """Least squares renewed by each observation, older ones forgotten exponentially.

    It equals batch least squares with weights f^age exactly, with a ridge of f^n / `confidence`
    towards the initial values: how little they are trusted. Not for sharing between tasks. What a
    regressor of zero says nothing about is forgotten only until it is trusted a thousand times less
    than at first: without end, its variance would be infinite one day and no observation of use.

    With `clip_mads` a miss larger than so many median absolute misses (of the last 101, once 30 are
    known) counts only up to there, Huber's way: one wild print must not turn the estimate. Where
    most misses are nothing at all (a price that stands still) they are no scale, and none is cut.
    """

    __slots__ = (
        "_clip_mads",
        "_confidence",
        "_covariance",
        "_forgetting",
        "_misses",
        "_ordered",
        "_residual",
        "_theta",
        "_variance_max",
        "_weight",
        "n",
    )

    def __init__(
        self,
        initial: Sequence[float],
        *,
        forgetting: float = 0.99,
        confidence: float = 1e6,
        clip_mads: float = math.inf,
    ) -> None:
        if not initial:
            raise ModelError("at least one parameter is needed")
        if not 0 < forgetting <= 1:
            raise ModelError(f"forgetting must be above 0 and at most 1, got {forgetting}")
        positive(confidence=confidence)
        if not clip_mads > 0:
            raise ModelError(f"clip_mads must be positive, got {clip_mads}")
        self._clip_mads = clip_mads
        self._confidence = confidence
        self._misses: deque[float] = deque()
        self._ordered: list[float] = []
        finite(**{f"initial[{i}]": value for i, value in enumerate(initial)})
        size = len(initial)
        self._theta = [float(value) for value in initial]
        self._covariance = [[confidence * (i == j) for j in range(size)] for i in range(size)]
        self._variance_max = confidence * FORGOTTEN_MOST
        self._forgetting = forgetting
        self._residual = 0.0  # weighted sum of squares
        self._weight = 0.0
        self.n = 0

    def snapshot(self) -> Snapshot:
        """Return the fit as a value, for states that are never changed in place.

        Raises ModelError where it clips: what it remembers of misses is left out.
        """
        if self._clip_mads != math.inf:
            raise ModelError("only a fit without clipping has a snapshot")
        covariance = tuple(tuple(row) for row in self._covariance)
        return Snapshot(
            tuple(self._theta),
            covariance,
            self._variance_max,
            self._residual,
            self._weight,
            self.n,
        )

    @property
    def theta(self) -> tuple[float, ...]:
        """The parameters as of now."""
        return tuple(self._theta)

    @property
    def memory(self) -> float:
        """How many observations the estimate rests on in the long run, 1 / (1 - f)."""
        return math.inf if self._forgetting == 1 else 1 / (1 - self._forgetting)

    def update(self, regressors: Sequence[float], observed: float) -> float:
        """Take one observation; return by how much the prediction missed it.

        Raises NotIdentifiedError where a number is not finite, or its square would not be; nothing
        has changed then.
        """
        theta, rows = self._theta, self._covariance
        if len(regressors) != len(theta):
            raise ModelError(f"{len(regressors)} regressors for {len(theta)} parameters")
        gain = [sum(map(_times, row, regressors)) for row in rows]
        scale = self._forgetting + sum(map(_times, regressors, gain))
        missed = observed - sum(map(_times, theta, regressors))
        if not _usable(max(map(abs, gain)), scale, missed, self._residual):
            raise NotIdentifiedError(TOO_LARGE)
        whole, missed = missed, self._clipped(missed)
        self._theta = [value + g / scale * missed for value, g in zip(theta, gain, strict=True)]
        renewed = [
            [(p - g * h / scale) / self._forgetting for p, h in zip(row, gain, strict=True)]
            for row, g in zip(rows, gain, strict=True)
        ]
        self._covariance = _bounded(renewed, self._variance_max)
        self._residual = self._forgetting * (self._residual + missed**2 / scale)
        self._weight = self._forgetting * self._weight + 1
        self.n += 1
        return whole

    def _clipped(self, missed: float) -> float:
        """Return a miss cut to the bound that those before it set, and remember it uncut."""
        if self._clip_mads == math.inf:
            return missed
        ordered = self._ordered
        bound = math.inf
        if len(ordered) >= OBSERVATIONS_MIN and ordered[len(ordered) // 2] > 0:
            bound = self._clip_mads * ordered[len(ordered) // 2]
        size = abs(missed)
        insort(ordered, size)
        self._misses.append(size)
        if len(self._misses) > MISSES_KEPT:
            del ordered[bisect_left(ordered, self._misses.popleft())]
        return missed if size <= bound else math.copysign(bound, missed)

    def estimates(self) -> tuple[Estimate, ...]:
        """Return the parameters with their standard errors; n is the effective sample.

        Under weights w the variance of the parameters is that of weighted least squares times
        sum w^2 / sum w, and the effective sample (sum w)^2 / sum w^2. Raises NotIdentifiedError
        where that is below 30, where the parameters cannot be told apart, where a regressor was as
        good as zero, so that its parameter is what it was at the start, and where nothing missed.
        """
        size = len(self._theta)
        weighted = (1 + self._forgetting**self.n) / (1 + self._forgetting)
        sample = math.floor(self._weight / weighted + 1e-9)
        if sample < OBSERVATIONS_MIN:
            raise NotIdentifiedError(
                f"{sample} effective observations, at least {OBSERVATIONS_MIN} are needed"
            )
        matrix = np.array(self._covariance, np.float64)
        lengths = np.sqrt(np.abs(np.diag(matrix)))
        condition = np.linalg.cond(matrix / np.outer(lengths, lengths))
        if not condition < CONDITION_MAX:
            raise NotIdentifiedError("the regressors say the same: they are collinear")
        at_first = max(self._forgetting**self.n, 1 / FORGOTTEN_MOST)
        told = np.diag(matrix) / self._confidence * at_first  # 1: all of it
        if (told > TOLD_MOST).any():
            raise NotIdentifiedError(
                f"the observations say nothing about parameter {int(np.argmax(told))}: "
                "its regressor is as good as zero"
            )
        if self._residual == 0.0:
            raise NotIdentifiedError("there is no noise: these are not measured changes")
        variance = self._residual / (self._weight - size * weighted) * weighted
        return tuple(
            Estimate(value, math.sqrt(variance * float(spread)), sample, size)
            for value, spread in zip(self._theta, np.diag(matrix), strict=True)
        )


def _usable(gain: float, scale: float, missed: float, residual: float) -> bool:
    """Tell whether all that an update makes of these is finite."""
    return math.isfinite(scale) and math.isfinite(
        gain * gain + missed * missed + residual + missed * missed / scale
    )


def _bounded(rows: list[list[float]], most: float) -> list[list[float]]:
    """Return a covariance with no variance above `most`.

    A parameter that is above is seen once by itself, with the error that leaves it `most` and
    without a miss: what is known of the others only grows, and no correlation leaves its bounds.
    """
    for i in range(len(rows)):
        own, with_it = rows[i][i], rows[i]
        if own > most:
            share = (1 - most / own) / own
            rows = [
                [p - share * g * h for p, h in zip(row, with_it, strict=True)]
                for row, g in zip(rows, with_it, strict=True)
            ]
            rows[i][i] = most
    return rows


def _times(a: float, b: float) -> float:
    return a * b
