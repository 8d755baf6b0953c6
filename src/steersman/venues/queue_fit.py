"""Fit where in a queue cancelled orders stood, from a recording of level sizes and trades.

A recording does not show orders, but some can be followed all the same: an order of an unusual size
is seen to join (the level grows by it) and to be cancelled (the level shrinks by it). While it
waits, what is ahead of it is known: trades take from the front, what joins stands behind, what is
cancelled is attributed by the model itself, to be improved by repetition.

With G(x) = x^n the probability that a cancelled lot stood in the front share x of its queue, a
cancel hits an order that stands from x0 to x1 with probability c (G(x1) - G(x0)), c being the share
of hits that can be seen. The likelihood over all cancels met while following, maximised over c,

    log L(n) = sum over hits of log(G(x1) - G(x0)) - hits log(sum over all of (G(x1) - G(x0)))

gives n; its curvature the standard error. Orders that leave early are no special case: each cancel
that an order survives counts as well as the one that it does not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.errors import DataError
from steersman.marketdata.book import compiled_maker
from steersman.marketdata.events import CLEAR, GAP, TRADE
from steersman.marketdata.rows import Events
from steersman.venues.queues import QueueModel, front_power

__all__ = ["QueueFit", "fit_queue"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

ROUNDS: Final = 4
HITS_LEAST: Final = 30
ERROR_MOST: Final = 0.25  # of the exponent
UNUSUAL: Final = 1e-3  # of all joins have this size at most
BOUNDS: Final = (0.05, 20.0)


@dataclass(frozen=True, slots=True)
class QueueFit:
    """The exponent n of G(x) = x^n with its standard error and what it was seen from."""

    exponent: float
    error: float
    hits: int
    survived: int

    @property
    def model(self) -> QueueModel:
        """The queue model of this fit."""
        return front_power(self.exponent)


def fit_queue(batches: Iterable[Events]) -> QueueFit:
    """Fit the front-power queue model to recorded events (arrays of `EVENT`, in order).

    Raises DataError where too few orders can be followed to tell (30 hits, 25 % of error).
    """
    keys, values = _by_level(np.concatenate([np.asarray(batch) for batch in batches]))
    unusual = _unusual_sizes(keys, values)
    exponent = 1.0
    seen = np.zeros((0, 3))
    for _ in range(ROUNDS):
        seen = _follow(keys, values, unusual, exponent)
        if seen[:, 2].sum() < HITS_LEAST:
            break
        exponent = _most_likely(seen)
    hits = int(seen[:, 2].sum())
    error = _error(seen, exponent) if hits >= HITS_LEAST else math.inf
    if not error <= ERROR_MOST * exponent:
        raise DataError(
            f"the queue model cannot be fitted: {hits} cancelled orders could be followed",
            "use a longer recording, or --queue power:2",
        )
    return QueueFit(exponent, error, hits, len(seen) - hits)


# -- levels ---------------------------------------------------------------------------------------
def _by_level(events: Events) -> tuple[I64, I64]:
    """Return the rows of each level in time order: keys int64[n], and (is trade, lots)[n, 2].

    A key is one level between two resets of the book.
    """
    kind = events["kind"]
    reset = (kind == CLEAR) | (kind == GAP)
    epoch = np.cumsum(reset)
    traded = kind == TRADE
    side = np.where(traded, -events["side"].astype(np.int64), events["side"].astype(np.int64))
    kept = ~reset
    columns = (events["tick"][kept], side[kept], epoch[kept])
    order = np.lexsort(columns)
    new = np.zeros(order.size, np.int64)
    for column in columns:
        new[1:] |= np.diff(column[order]) != 0
    values = np.column_stack([traded[kept], events["lots"][kept]]).astype(np.int64)[order]
    return np.cumsum(new), values


@compiled_maker
def _joins(keys: I64, values: I64) -> I64:
    """Return by how much each row's level grew, or 0."""
    grown = np.zeros(keys.size, np.int64)
    size = -1
    for i in range(keys.size):
        if i > 0 and keys[i] != keys[i - 1]:
            size = -1
        if values[i, 0] != 0:
            size = -1  # what trades leaves is not shown yet: a growth would be told too small
            continue
        if 0 <= size < values[i, 1]:
            grown[i] = values[i, 1] - size
        size = int(values[i, 1])
    return grown


def _unusual_sizes(keys: I64, values: I64) -> npt.NDArray[np.bool_]:
    """Tell of each row whether its level grows there by a size that is seldom seen."""
    grown = _joins(keys, values)
    _, where, count = np.unique(grown, return_inverse=True, return_counts=True)
    most = max(2.0, UNUSUAL * float((grown > 0).sum()))
    seldom: npt.NDArray[np.bool_] = (grown > 1) & (count[where] <= most)
    return seldom


# -- following ------------------------------------------------------------------------------------
@compiled_maker
def _follow(keys: I64, values: I64, unusual: npt.NDArray[np.bool_], exponent: float) -> F64:
    """Follow one order a level at a time; return (x0, x1, hit) of each cancel met, (m, 3)."""
    seen = np.empty((keys.size, 3))
    n = 0
    size = traded = own = 0
    ahead = 0.0
    for i in range(keys.size):
        if i == 0 or keys[i] != keys[i - 1]:
            size, traded, own = -1, 0, 0
        lots = int(values[i, 1])
        if values[i, 0] != 0:
            traded += lots
            ahead -= lots
            if ahead < 0.0:  # it is being filled
                own = 0
            continue
        stood = size - traded
        if own > 0 and stood < own:  # it cannot be there
            own = 0
        if own > 0 and lots < stood:
            gone = stood - lots
            x0 = ahead / stood
            x1 = min(1.0, (ahead + own) / stood)
            seen[n, 0], seen[n, 1], seen[n, 2] = x0, x1, 1.0 if gone == own else 0.0
            n += 1
            if gone == own:
                own = 0
            else:
                front, rest = x0**exponent, 1.0 - x1**exponent
                behind = stood - own - ahead
                before = gone * front / (front + rest) if front + rest > 0.0 else 0.0
                ahead = max(0.0, ahead - max(before, gone - behind))
                if ahead + own > lots:
                    own = 0
        if own == 0 and unusual[i] and size >= 0 and stood >= 0:
            own, ahead = lots - size, float(size)
        size, traded = lots, 0
    return seen[:n]


# -- likelihood -----------------------------------------------------------------------------------
def _log_likelihood(seen: F64, exponent: float) -> float:
    share = np.maximum(seen[:, 1] ** exponent - seen[:, 0] ** exponent, 1e-300)
    hit = seen[:, 2] > 0.0
    return float(np.log(share[hit]).sum() - hit.sum() * math.log(share.sum()))


def _most_likely(seen: F64) -> float:
    """Return the exponent of the largest likelihood (golden section on its logarithm)."""
    ratio = (math.sqrt(5.0) - 1.0) / 2.0
    low, high = (math.log(bound) for bound in BOUNDS)
    while high - low > 1e-6:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if _log_likelihood(seen, math.exp(left)) > _log_likelihood(seen, math.exp(right)):
            high = right
        else:
            low = left
    return math.exp((low + high) / 2.0)


def _error(seen: F64, exponent: float) -> float:
    """Return the standard error from the curvature of the likelihood."""
    step = 0.02 * exponent
    middle = _log_likelihood(seen, exponent)
    sides = _log_likelihood(seen, exponent - step) + _log_likelihood(seen, exponent + step)
    curvature = (2.0 * middle - sides) / step**2
    return 1.0 / math.sqrt(curvature) if curvature > 0.0 else math.inf
