"""What changes once a step of 100 ms: volatility, activity, the latent price, and the regime.

The latent price moves by a random walk whose volatility has three log-normal factors (seconds,
minutes, hours), by jumps, by what the script has decided (news, regimes), and by what trades push.
All draws are functions of the seed and the step's number.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from steersman.venues import draws
from steersman.venues.derivatives import mark_step
from steersman.venues.draws import bits, normal_fast, uniform
from steersman.venues.latent import (
    DEPTH,
    FACTOR,
    HURRY,
    LATENT,
    NEWS_ROW,
    PENDING,
    PLAN_ROW,
    RATE,
    SHIFT,
    STEP,
    STEP_END,
    TARGET,
    TILT,
    VELOCITY,
    Script,
    fade,
)
from steersman.venues.parameters import (
    FACTORS,
    P_BLEND,
    P_COUPLING,
    P_CURVE,
    P_FACTORS,
    P_HURRY,
    P_JUMP,
    P_LEVELLER,
    P_OPEN_INTEREST,
    P_PACKETS_PER_NS,
    P_SIGMA_STEP,
    P_TILT,
    STEP_NS,
    STEPS_PER_S,
    WEEK_PARTS,
)

__all__ = ["begin_factors", "step"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

SHIFTS: Final = 6
VOLATILITY, ACTIVITY, LOG_DEPTH, DRIFT, PULL, JUMPS = range(SHIFTS)
_HALF_HOUR_NS: Final = 1_800_000_000_000


@njit(cache=True)
def begin_factors(params: F64, seed: int, flow_f: F64) -> None:
    """Draw the factors from their stationary law (counters below zero)."""
    for n in range(FACTORS):
        decay = params[P_FACTORS + 2 * n]
        sd = params[P_FACTORS + 2 * n + 1] / math.sqrt(1.0 - decay * decay)
        flow_f[FACTOR + n] = sd * normal_fast(bits(seed, draws.ENVIRONMENT, -1, n))


@njit(cache=True)
def step(params: F64, seed: int, flow_i: I64, flow_f: F64, script: Script) -> None:
    """Begin the next step."""
    n = flow_i[STEP]
    begin = flow_i[STEP_END]
    flow_i[STEP] = n + 1
    flow_i[STEP_END] = begin + STEP_NS
    for k in range(FACTORS):
        at = P_FACTORS + 2 * k
        z = normal_fast(bits(seed, draws.ENVIRONMENT, n, k))
        flow_f[FACTOR + k] = params[at] * flow_f[FACTOR + k] + params[at + 1] * z
    if n % STEPS_PER_S == 0:
        _shift(params, flow_i, flow_f, script.plan, begin)
    y = flow_f[FACTOR] + flow_f[FACTOR + 1] + flow_f[FACTOR + 2]
    curve = params[P_CURVE + (begin // _HALF_HOUR_NS) % WEEK_PARTS]
    sigma = math.exp(y - params[P_LEVELLER] + flow_f[SHIFT + VOLATILITY]) * math.sqrt(curve)
    sigma *= params[P_SIGMA_STEP]
    move = _jump(params, seed, n, flow_f) if curve > 0.0 else 0.0
    move += sigma * normal_fast(bits(seed, draws.ENVIRONMENT, n, FACTORS))
    move += _news_ticks(flow_i, script.drift, begin)
    move += flow_f[SHIFT + DRIFT] * STEP_NS * 1e-9
    log_activity = params[P_COUPLING] * y + flow_f[FACTOR + 3] - params[P_LEVELLER + 1]
    log_activity += flow_f[SHIFT + ACTIVITY]
    ahead = move
    move, flow_f[PENDING] = flow_f[PENDING], move
    hurry = 0.5 * flow_f[HURRY] + abs(move) / params[P_SIGMA_STEP]
    flow_f[HURRY] = hurry
    rate = params[P_PACKETS_PER_NS] * curve * math.exp(log_activity)
    flow_f[RATE] = rate * (1.0 + params[P_HURRY] * max(0.0, hurry - 3.0))
    pull = (ahead + 0.5 * move) / params[P_SIGMA_STEP] + flow_f[SHIFT + PULL]
    flow_f[TILT] = max(-1.0, min(1.0, pull)) * params[P_TILT]
    flow_f[VELOCITY] = move / STEP_NS
    flow_f[LATENT] += move
    fade(params, flow_f)
    if params[P_OPEN_INTEREST] > 0.0:
        mark_step(params, seed, flow_i, flow_f, n, begin)


@njit(cache=True)
def _jump(params: F64, seed: int, n: int, flow_f: F64) -> float:
    """Return the ticks of a jump, rarely not zero; it brings activity with it."""
    if uniform(seed, draws.JUMPS, n, 0) >= params[P_JUMP] * (1.0 + flow_f[SHIFT + JUMPS]):
        return 0.0
    flow_f[FACTOR + 3] += params[P_JUMP + 2]
    size = -params[P_JUMP + 1] * math.log(uniform(seed, draws.JUMPS, n, 1))
    return -float(size) if uniform(seed, draws.JUMPS, n, 2) < 0.5 else float(size)


@njit(cache=True)
def _shift(params: F64, flow_i: I64, flow_f: F64, plan: F64, begin: int) -> None:
    """Once a second: add up what the regimes of this time ask for, and come nearer to it."""
    while flow_i[PLAN_ROW] < plan.shape[0] and plan[flow_i[PLAN_ROW], 1] <= begin:
        flow_i[PLAN_ROW] += 1
    for j in range(SHIFTS):
        flow_f[TARGET + j] = 0.0
    for row in range(flow_i[PLAN_ROW], plan.shape[0]):
        if plan[row, 0] > begin:
            break
        if plan[row, 1] > begin:
            for j in range(SHIFTS):
                flow_f[TARGET + j] += plan[row, 2 + j]
    for j in range(SHIFTS):
        flow_f[SHIFT + j] += params[P_BLEND] * (flow_f[TARGET + j] - flow_f[SHIFT + j])
    flow_f[DEPTH] = math.exp(flow_f[SHIFT + LOG_DEPTH])


@njit(cache=True)
def _news_ticks(flow_i: I64, drift: F64, begin: int) -> float:
    """Return the ticks that news moves the latent price by within the step that begins."""
    while flow_i[NEWS_ROW] < drift.shape[0] and drift[flow_i[NEWS_ROW], 1] <= begin:
        flow_i[NEWS_ROW] += 1
    total = 0.0
    for row in range(flow_i[NEWS_ROW], drift.shape[0]):
        if drift[row, 0] >= begin + STEP_NS:
            break
        first = max(drift[row, 0], float(begin))
        last = min(drift[row, 1], float(begin + STEP_NS))
        if last > first:
            total += drift[row, 2] * (last - first) * 1e-9
    return total
