"""Cases about impact: equities, the square-root law, the propagator, what could be exploited."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from steersman.models.impact import EquityImpact, square_root_paid_bps, square_root_peak_bps
from steersman.models.propagator import (
    GAMMA_MIN,
    ExponentialKernel,
    Kernel,
    PowerKernel,
    ShiftedPowerKernel,
    constant_rate_cost,
    cost_of_blocks,
    cost_of_phases,
    guard,
    kernel_matrix,
    optimal_blocks,
)
from steersman.models.validity import ManipulableError
from steersman.runtime.vectors.inputs import Case, CaseError, Inputs, times_of

__all__ = [
    "arbitrage_bounds",
    "equity_impact",
    "manipulation",
    "propagator",
    "square_root",
    "vwap_cost",
]

BPS: Final = 1e4
EDGE: Final = 0.01  # how far beyond a bound the guard must refuse


def equity_impact(case: Case) -> dict[str, Any]:
    """Return permanent, temporary and paid cost by duration; as printed, and unrounded."""
    inputs = case.inputs
    day = inputs.number("V_shares_day")
    share, sigma = abs(inputs.number("X")) / day, inputs.number("sigma_daily_frac")
    theta = inputs.number("Theta_shares_out", day) / day
    model = EquityImpact(
        gamma=inputs.number("gamma", EquityImpact().gamma),
        eta=inputs.number("eta", EquityImpact().eta),
        beta=inputs.number("beta", EquityImpact().beta),
        delta=inputs.number("delta", EquityImpact().delta),
    )
    days = inputs.numbers("T_days")
    moved = model.permanent_bps(share, sigma * BPS, theta)
    paid = [model.cost_bps(share, each, sigma * BPS, theta) for each in days]
    rates = [model.temporary_bps(share / each, sigma * BPS) for each in days]
    return {
        "paper_table3": {
            "I_norm": round(moved / sigma / BPS, 3),
            "I_bp": round(moved),
            "temp_norm": [round(cost / sigma / BPS, 3) for cost in rates],
            "temp_bp": [round(cost) for cost in rates],
            "J_bp": [round(cost) for cost in paid],
        },
        "unrounded_I_bp": moved,
        "unrounded_temp_bp": rates,
        "unrounded_J_bp": paid,
    }


def square_root(case: Case) -> dict[str, Any]:
    """Return peak and paid impact of the square-root law."""
    inputs = case.inputs
    share = inputs.number("Q") / inputs.number("V_daily")
    sigma_bps, prefactor = inputs.number("sigma_daily") * BPS, inputs.number("Y")
    return {
        "peak_bps": square_root_peak_bps(share, sigma_bps, prefactor),
        "avg_cost_bps_const_rate": square_root_paid_bps(share, sigma_bps, prefactor),
    }


def propagator(case: Case) -> dict[str, Any]:
    """Return the optimal blocks for a kernel, and what equal ones cost."""
    inputs = case.inputs
    kernel, quantity = _kernel(inputs, "kernel"), inputs.number("X")
    times = times_of(inputs, "times")
    trades = optimal_blocks(quantity, times, kernel)
    best = cost_of_blocks(trades, times, kernel)
    even = cost_of_blocks([quantity / len(times)] * len(times), times, kernel)
    return {
        "optimal": trades,
        "cost": best,
        "twap_cost": even,
        "min_eig": float(np.linalg.eigvalsh(kernel_matrix(times, kernel))[0]),
        "saving_pct": (even - best) / even * 100,
    }


def vwap_cost(case: Case) -> dict[str, Any]:
    """Return the cost of a constant rate under a power law of impact and of decay."""
    inputs = case.inputs
    rate, duration = inputs.number("rate"), inputs.number("T")
    kernel = PowerKernel(inputs.number("gamma"))
    cost = constant_rate_cost(rate, duration, inputs.number("delta"), kernel)
    return {"cost": cost, "per_share": cost / (rate * duration)}


def arbitrage_bounds(case: Case) -> dict[str, Any]:
    """Return Gatheral's bounds; each sentence stands only where the guard enforces it."""
    below, above = GAMMA_MIN - EDGE, GAMMA_MIN + EDGE
    power = (
        _allowed(1 - above + EDGE, PowerKernel(above))
        and _refused(1 - above - EDGE, PowerKernel(above))
        and _refused(1.0, PowerKernel(below))
    )
    decay = _allowed(1.0, ExponentialKernel(1.0)) and _refused(0.5, ExponentialKernel(1.0))
    lasting = _allowed(1.0, ExponentialKernel(0.0)) and _refused(0.5, ExponentialKernel(0.0))
    return {
        "gamma_star": GAMMA_MIN,
        "necessary": _claim(power, "gamma+delta>=1 and gamma>=2-log3/log2"),
        "exp_decay_requires": _claim(decay, "delta==1 (linear)"),
        "perm_impact": _claim(lasting, "must be linear (Huberman-Stanzl 2004)"),
    }


def manipulation(case: Case) -> dict[str, Any]:
    """Return what round trips cost, and whether the guard refuses those that earn."""
    inputs, kernel = case.inputs, _kernel(case.inputs, "G")
    slow, slow_lasts = inputs.pair("slow_buy")
    fast, fast_lasts = inputs.pair("fast_sell")
    trips = {
        "slowbuy_fastsell": [(slow, slow_lasts), (-fast, fast_lasts)],
        "fastbuy_slowsell": [(fast, fast_lasts), (-slow, slow_lasts)],
    }
    figures: dict[str, Any] = {}
    costs: dict[float, list[float]] = {}
    wanted = case.wanted(r"cost_delta_(\d+(?:_\d+)?)(?:_(slowbuy_fastsell|fastbuy_slowsell))?")
    for key, (exponent, trip) in wanted.items():
        delta = float(exponent.replace("_", "."))
        figures[key] = cost_of_phases(trips[trip or "slowbuy_fastsell"], delta, kernel)
        costs.setdefault(delta, []).append(figures[key])
    curved = [delta for delta in costs if delta != 1]
    if "expect" in case.expected and len(curved) == 1:
        (delta,) = curved
        earns = min(costs[delta]) < 0 and _refused(delta, kernel)
        linear = cost_of_phases(trips["slowbuy_fastsell"], 1.0, kernel) >= 0
        figures["expect"] = _claim(
            earns and linear and _allowed(1.0, kernel),
            f"one of the delta={f'{delta:g}'.lstrip('0')} round trips is NEGATIVE "
            "(manipulation); delta=1 non-negative",
        )
    return figures


def _kernel(inputs: Inputs, name: str) -> Kernel:
    text = "".join(inputs.text(name).lower().split())
    formula = text.removeprefix("g(t)=")
    if formula in ("exp(-rhot)", "exp(-rho*t)", "e^{-rhot}"):
        return ExponentialKernel(inputs.number("rho"))
    if formula == "(1+t/l0)^-gamma":
        return ShiftedPowerKernel(inputs.number("l0"), inputs.number("gamma"))
    if formula == "t^-gamma":
        return PowerKernel(inputs.number("gamma"))
    raise CaseError(
        f"{name} must be exp(-rho t), (1+t/l0)^-gamma or t^-gamma, got {inputs.text(name)!r}"
    )


def _refused(exponent: float, kernel: Kernel) -> bool:
    try:
        guard(exponent, kernel)
    except ManipulableError:
        return True
    return False


def _allowed(exponent: float, kernel: Kernel) -> bool:
    return not _refused(exponent, kernel)


def _claim(holds: bool, sentence: str) -> str:
    return sentence if holds else f"does not hold: {sentence}"
