"""The best trajectory within limits: a cap for each interval, no wrong-way trade, whole lots.

The models with a quadratic cost (Almgren-Chriss with drift, Obizhaeva-Wang, the propagator with
linear impact, tracking of volumes) keep their objective; the trades n get bounds,

    minimise  n'Hn / 2 + c'n    with   sum n = X,   0 <= n_i <= cap_i   (for a sale all negated)

Where the model's closed form is within them it is the answer, to the digit. Elsewhere an interior
point solver for quadratic programs finds it: R. Schwan, Y. Jiang, D. Kuhn, C. Jones, "PIQP: a
proximal interior-point quadratic programming solver" (2023). What it returns is checked: the
marginal cost is the same wherever a trade is free, not less where nothing is traded, not more at a
cap (Karush, Kuhn and Tucker). The order is always done in full, so caps that are too small together
are refused with the arithmetic.

Only a running spread is not in the objective: without wrong-way trades it is the same for all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.models.obizhaeva_wang import ObizhaevaWang
from steersman.models.propagator import ExponentialKernel, Kernel, kernel_matrix, optimal_blocks
from steersman.models.tracking import tracking_schedule
from steersman.models.trajectory import AlmgrenChriss
from steersman.models.validity import InfeasibleError, ModelError, finite, not_negative, positive

__all__ = [
    "INTERVALS_MAX",
    "almgren_chriss_within",
    "blocks_within",
    "obizhaeva_wang_within",
    "participation_caps",
    "tracking_within",
    "whole_lots",
]

INTERVALS_MAX: Final = 1_000  # the matrix is dense
OPTIMAL_REL: Final = 1e-9  # of what a marginal cost is the sum of
SOLVED_REL: Final = 1e-12
ROUNDING_REL: Final = 1e-13
SIDES_MAX: Final = 30  # rounds of putting trades onto the right bounds
PARTS: Final = 1 << 20  # of a lot, in which lots are rounded

F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def participation_caps(volumes: Sequence[float], participation: float) -> tuple[float, ...]:
    """Return the most of each interval so that own / (own + others) stays within a share.

    `volumes` are what others are expected to trade; `participation` is between 0 and 1.
    """
    if not 0 < participation < 1:
        raise ModelError(f"participation must be between 0 and 1, got {participation}")
    not_negative(**{f"volumes[{i}]": volume for i, volume in enumerate(volumes)})
    return tuple(participation / (1 - participation) * volume for volume in volumes)


def almgren_chriss_within(
    model: AlmgrenChriss,
    quantity: float,
    caps: Sequence[float],
    risk_aversion: float,
    drift: float = 0.0,
) -> tuple[float, ...]:
    """Return the trades of least cost + lambda variance, one interval a cap (units, or inf).

    Arguments otherwise as of `AlmgrenChriss.trajectory`. Raises InfeasibleError where the caps do
    not add up to the quantity.
    """
    caps = _checked(quantity, caps)
    free = model.trajectory(quantity, len(caps), risk_aversion, drift).n
    later = np.arange(len(caps), 0, -1.0)  # how many holdings a trade reduces
    risk = 2 * risk_aversion * model.sigma**2 * model.tau
    hessian = risk * np.minimum.outer(later, later)
    hessian += 2 * model.eta_tilde / model.tau * np.eye(len(caps))
    return _within(free, quantity, caps, hessian, (drift * model.tau - risk * quantity) * later)


def obizhaeva_wang_within(
    model: ObizhaevaWang, quantity: float, horizon: float, caps: Sequence[float]
) -> tuple[float, ...]:
    """Return the equally spaced blocks of least impact cost, the last at the horizon, one a cap.

    Raises ModelError for fewer than two caps, and for a book that never refills: there every
    schedule costs the same.
    """
    caps = _checked(quantity, caps)
    free = model.blocks(quantity, horizon, len(caps) - 1)
    positive(resilience=model.resilience)
    times = np.linspace(0.0, horizon, len(caps)).tolist()
    hessian = kernel_matrix(times, ExponentialKernel(model.resilience))
    return _within(free, quantity, caps, hessian, np.zeros(len(caps)))


def blocks_within(
    quantity: float, times: Sequence[float], kernel: Kernel, caps: Sequence[float]
) -> tuple[float, ...]:
    """Return the blocks of least expected cost at given times for linear impact, one a cap."""
    caps = _checked(quantity, caps)
    if len(times) != len(caps):
        raise ModelError(f"{len(caps)} caps at {len(times)} times")
    free = optimal_blocks(quantity, times, kernel)
    return _within(free, quantity, caps, kernel_matrix(times, kernel), np.zeros(len(caps)))


def tracking_within(
    quantity: float,
    volumes: Sequence[float],
    participation: float,
    impact: float,
    penalty: float,
    caps: Sequence[float],
) -> tuple[float, ...]:
    """Return the schedule between impact and distance from the participation, one bucket a cap.

    Arguments otherwise as of `tracking_schedule`; a sale aims at -participation.
    """
    caps = _checked(quantity, caps)
    if len(volumes) != len(caps):
        raise ModelError(f"{len(caps)} caps for {len(volumes)} buckets")
    free = tracking_schedule(abs(quantity), volumes, participation, impact, penalty)
    side = math.copysign(1.0, quantity)
    aim = side * 2 * penalty * participation * np.array(volumes, np.float64)
    hessian = 2 * (impact + penalty) * np.eye(len(caps))
    return _within([side * n for n in free], quantity, caps, hessian, -aim)


def whole_lots(
    trades: Sequence[float], total: int, caps: Sequence[int] | None = None
) -> tuple[int, ...]:
    """Return trades of whole lots that sum to `total` and follow `trades` within half a lot.

    `trades` are in lots, of one sign, within the caps (lots too), and sum to `total` but for
    rounding. What has been done by each interval is rounded, not each trade: so no interval is more
    than a lot away from its trade, none is above its cap, and errors do not add up. All of it is
    integer arithmetic. Raises ModelError where trades do not sum to the total or do not keep caps.
    """
    side = -1 if total < 0 else 1
    finite(**{f"trades[{i}]": trade for i, trade in enumerate(trades)})
    tops = [None] * len(trades) if caps is None else [cap * PARTS for cap in caps]
    if len(tops) != len(trades):
        raise ModelError(f"{len(tops)} caps for {len(trades)} trades")
    wanted = [round(side * trade * PARTS) for trade in trades]
    parts = [
        max(0, part if top is None else min(part, top))
        for part, top in zip(wanted, tops, strict=True)
    ]
    missing = abs(total) * PARTS - sum(parts)
    moved = abs(missing) + sum(abs(a - b) for a, b in zip(parts, wanted, strict=True))
    if moved > PARTS // 2:
        raise ModelError(f"trades must keep their caps and sum to {total}, off by {moved / PARTS}")
    for index, top in enumerate(tops):
        room = missing if top is None else min(missing, top - parts[index])
        given = max(room, -parts[index])
        parts[index] += given
        missing -= given
    if missing:
        raise InfeasibleError(f"the caps add up to {missing / PARTS} lots less than {total}")
    lots, done, rounded = [], 0, 0
    for part in parts:
        done += part
        now = (done + PARTS // 2) // PARTS
        lots.append(side * (now - rounded))
        rounded = now
    return tuple(lots)


def _checked(quantity: float, caps: Sequence[float]) -> tuple[float, ...]:
    """Return the caps, or say what is wrong with them."""
    finite(quantity=quantity)
    if not 1 <= len(caps) <= INTERVALS_MAX:
        raise ModelError(f"from 1 to {INTERVALS_MAX} caps are needed, got {len(caps)}")
    for index, cap in enumerate(caps):
        if math.isnan(cap) or cap < 0:
            raise ModelError(f"caps[{index}] must not be negative, got {cap}")
    most = math.fsum(caps)
    if most < abs(quantity):
        raise InfeasibleError(
            f"{len(caps)} intervals of at most {max(caps):g} make {most:g}, "
            f"{abs(quantity) - most:g} less than {abs(quantity):g}: "
            "raise the cap, allow more time or trade less"
        )
    return tuple(float(cap) for cap in caps)


def _within(
    free: Sequence[float], quantity: float, caps: Sequence[float], hessian: F64, linear: F64
) -> tuple[float, ...]:
    """Return the closed form `free` where it keeps the bounds, else the optimum that does."""
    side = math.copysign(1.0, quantity)
    if all(0 <= side * trade <= cap for trade, cap in zip(free, caps, strict=True)):
        return tuple(free)
    if quantity == 0:
        return (0.0,) * len(caps)  # bounds and sum leave nothing else, whatever the drift
    whole = abs(quantity)
    # In shares of the order, and of the largest coefficient: the solver's tolerances are absolute.
    top = np.array(caps, np.float64) / whole
    top[top >= 1.0] = 2.0  # the sum alone keeps a trade below
    hessian, linear = hessian * whole**2, side * linear * whole
    scale = max(float(np.abs(hessian).max()), float(np.abs(linear).max()))
    share, open_ = np.zeros(len(top)), top > 0.0
    chosen = np.ix_(open_, open_)
    share[open_] = _solve(hessian[chosen] / scale, linear[open_] / scale, top[open_])
    return tuple(float(side * whole * each) for each in share)


def _solve(hessian: F64, linear: F64, top: F64) -> F64:
    """Return shares n of least n'Hn/2 + c'n with sum 1 and 0 <= n <= top."""
    import piqp

    if float(top.sum()) <= 1.0:
        return top  # the caps are the order
    solver = piqp.DenseSolver()
    settings = solver.settings
    settings.eps_abs = settings.eps_rel = SOLVED_REL
    settings.eps_duality_gap_abs = settings.eps_duality_gap_rel = SOLVED_REL
    size = len(top)
    sums = np.ones((1, size)), np.ones(1)
    solver.setup(hessian, linear, *sums, None, None, None, np.zeros(size), top)
    solver.solve()
    result = solver.result
    found = np.clip(np.asarray(result.x, np.float64), 0.0, top)
    at_zero, at_top = np.asarray(result.z_bl) > found, np.asarray(result.z_bu) > top - found
    share = _sharpened(hessian, linear, top, at_zero, at_top & ~at_zero)
    if share is None:
        share = found
    if not _is_optimal(share, hessian, linear, top):
        raise ModelError("no optimum was found: the objective is badly scaled")
    return share


def _sharpened(hessian: F64, linear: F64, top: F64, at_zero: Bools, at_top: Bools) -> F64 | None:
    """Return the optimum from which trades are on which bound, to rounding; None where unclear.

    An interior point never quite reaches a bound, and where the objective is flat it is far from
    the optimum. With the bounds taken as given the rest is one linear system; trades that leave
    their bounds, or press away from them, change sides (the primal-dual active set method).
    """
    for _ in range(SIDES_MAX):
        free = ~(at_zero | at_top)
        share = np.where(at_top, top, 0.0)
        if not free.any():  # the sum takes one that is free: where it is cheapest
            marginal = hessian @ share + linear
            if share.sum() > 1.0:
                free[np.argmax(np.where(at_top, marginal, -np.inf))] = True
            else:
                free[np.argmin(np.where(at_zero, marginal, np.inf))] = True
            at_zero, at_top = at_zero & ~free, at_top & ~free
            share[free] = 0.0
        system = np.ones((int(free.sum()) + 1,) * 2)
        system[:-1, :-1], system[-1, -1] = hessian[np.ix_(free, free)], 0.0
        wanted = np.append(-(linear + hessian @ share)[free], 1.0 - share.sum())
        try:
            solved = np.linalg.solve(system, wanted)
        except np.linalg.LinAlgError:
            return None
        share[free] = solved[:-1]
        presses = hessian @ share + linear + solved[-1]  # what a bound pushes with
        slack = ROUNDING_REL * (np.abs(hessian) @ np.abs(share) + np.abs(linear))
        now_zero = (free & (share < 0.0)) | (at_zero & (presses >= -slack))
        now_top = (free & (share > top)) | (at_top & (presses <= slack))
        if (now_zero == at_zero).all() and (now_top == at_top).all():
            return share
        at_zero, at_top = now_zero, now_top
    return None


def _is_optimal(share: F64, hessian: F64, linear: F64, top: F64) -> bool:
    """Check the sum, the bounds and the conditions of Karush, Kuhn and Tucker."""
    marginal = hessian @ share + linear
    slack = OPTIMAL_REL * float((np.abs(hessian) @ share + np.abs(linear)).max())
    more, less = marginal[share < top], marginal[share > 0.0]  # where one could trade more, less
    whole = abs(math.fsum(share) - 1.0) < OPTIMAL_REL and bool((share >= 0.0).all())
    kept = bool((share <= top * (1 + SOLVED_REL)).all())
    return whole and kept and float(less.max()) <= float(more.min(initial=math.inf)) + slack
