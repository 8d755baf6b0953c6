"""Cases about schedules: Almgren-Chriss, Obizhaeva-Wang, Bertsimas-Lo, Cartea-Jaimungal, volume."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any, Final

from steersman.models.bertsimas_lo import equal_slices_cost, stages
from steersman.models.cartea_jaimungal import CarteaJaimungal
from steersman.models.obizhaeva_wang import ObizhaevaWang
from steersman.models.tracking import tracking_schedule, vwap_schedule
from steersman.models.trajectory import AlmgrenChriss
from steersman.models.validity import not_negative
from steersman.runtime.vectors.inputs import Case, CaseError, Inputs

__all__ = [
    "almgren_chriss",
    "almgren_chriss_model",
    "bertsimas_lo",
    "cartea_jaimungal",
    "frontier",
    "obizhaeva_wang",
    "tracking",
    "vwap",
]

BPS: Final = 1e4
STEPS_MAX: Final = 10_000
LARGE: Final = {"": 1.0, "k": 1e3, "M": 1e6, "B": 1e9}


def almgren_chriss_model(inputs: Inputs) -> AlmgrenChriss:
    """Return the model of the usual inputs."""
    return AlmgrenChriss(
        sigma=inputs.number("sigma"),
        eta=inputs.number("eta"),
        tau=inputs.number("T") / inputs.count("N"),
        gamma=inputs.number("gamma", 0.0),
        epsilon=inputs.number("eps", 0.0),
    )


def almgren_chriss(case: Case) -> dict[str, Any]:
    """Return the figures of one trajectory."""
    inputs, model = case.inputs, almgren_chriss_model(case.inputs)
    aversion, drift = inputs.number("lambda"), inputs.number("alpha", 0.0)
    found = model.trajectory(inputs.number("X"), inputs.count("N"), aversion, drift)
    figures: dict[str, Any] = {
        "eta_tilde": model.eta_tilde,
        "kappa_tilde": model.kappa_tilde(aversion),
        "kappa": found.kappa,
        "x": found.x,
        "n": found.n,
        "n_last": found.n[-1],
        "E": found.cost,
        "V": found.variance,
        "sd": found.deviation,
        "U": found.utility(aversion),
        "xbar": model.static_holding(aversion, drift),
        "finite": all(map(math.isfinite, (*found.x, found.cost, found.variance))),
    }
    figures |= dict.fromkeys(case.wanted("half_life(?:_.+)?"), found.half_life)
    for key, (count,) in case.wanted(r"n_first(\d+)").items():
        figures[key] = found.n[: int(count)]
    for key, (sign, power) in case.wanted(r"V_times_1e_(minus)?(\d+)").items():
        figures[key] = found.variance * 10.0 ** (-int(power) if sign else int(power))
    for key, (name, *notional) in case.wanted(r"(E|sd)_bps(?:_of_([\d.]+)([kMB]?))?").items():
        value = found.cost if name == "E" else found.deviation
        figures[key] = value / _notional(inputs, *notional) * BPS
    if "p" in inputs:
        figures["lambda_v"] = NormalDist().inv_cdf(_probability(inputs))
        figures["LVaR"] = found.liquidity_var(inputs.number("p"))
    return figures


def frontier(case: Case) -> dict[str, Any]:
    """Return cost, variance and half-life along the efficient frontier."""
    inputs, model = case.inputs, almgren_chriss_model(case.inputs)
    if "lambda_1e6" in inputs:
        aversions = [value * 1e-6 for value in inputs.numbers("lambda_1e6")]
    else:
        aversions = list(inputs.numbers("lambda"))
    found = model.frontier(inputs.number("X"), inputs.count("N"), aversions)
    figures: dict[str, Any] = {
        "E": [each.cost for each in found],
        "V": [each.variance for each in found],
        "E_millions": [each.cost / 1e6 for each in found],
    }
    for key, (power,) in case.wanted(r"V_1e(\d+)").items():
        figures[key] = [each.variance / 10.0 ** int(power) for each in found]
    half_lives: list[float | None] = [each.half_life for each in found]
    return figures | dict.fromkeys(case.wanted("half_life(?:_.+)?"), half_lives)


def obizhaeva_wang(case: Case) -> dict[str, Any]:
    """Return the optimum in blocks and in continuous time; no spread changes it."""
    inputs = case.inputs
    not_negative(spread=inputs.number("spread", 0.0))
    permanent = inputs.number("lambda_perm", 0.0)
    if "q" in inputs:
        depth = inputs.number("q")
    else:
        depth = 1 / (permanent + inputs.number("kappa"))
    model = ObizhaevaWang(depth, inputs.number("rho"), permanent)
    if "kappa" in inputs and not math.isclose(
        model.transient, inputs.number("kappa"), rel_tol=1e-9
    ):
        raise CaseError(f"kappa is not 1/q - lambda_perm, {model.transient:g}")
    quantity, horizon = inputs.number("X"), inputs.number("T")
    intervals = inputs.count("N_intervals")
    trades = model.blocks(quantity, horizon, intervals)
    best = model.impact_cost(trades, horizon)
    even = model.impact_cost([quantity / (intervals + 1)] * (intervals + 1), horizon)
    limit = model.continuous(quantity, horizon)
    return {
        "discrete_trades": trades,
        "discrete_impact_cost": best,
        "twap_Nplus1_impact_cost": even,
        "saving_vs_twap_pct": (even - best) / even * 100,
        "cont_initial_block": limit.first_block,
        "cont_rate": limit.rate,
        "cont_final_block": limit.last_block,
        "cont_impact_cost": limit.impact_cost,
    }


def bertsimas_lo(case: Case) -> dict[str, Any]:
    """Return the policy by steps to go, with or without a signal."""
    inputs = case.inputs
    quantity, impact, steps = inputs.number("W"), inputs.number("theta"), inputs.count("T")
    policies = case.wanted(r"coef_([WX]).*")
    values = case.wanted(r"V(\d+)_quadratic")
    deepest = [steps, *(int(k) for (k,) in values.values())]
    deepest += [_steps(k) for key in policies for k in case.keys_of(key)]
    if max(deepest) > STEPS_MAX:
        raise CaseError(f"at most {STEPS_MAX} steps")
    found = stages(max(deepest), impact, inputs.number("gamma", 0.0), inputs.number("rho", 0.0))
    figures: dict[str, Any] = {
        "S_t": found[steps - 1].trade(quantity, 0.0),
        "expected_impact_cost": equal_slices_cost(quantity, steps, impact),
    }
    for key, (which,) in policies.items():
        name = "per_remaining" if which == "W" else "per_signal"
        figures[key] = {k: getattr(found[_steps(k) - 1], name) for k in case.keys_of(key)}
    for key, (k,) in values.items():
        stage = found[_steps(k) - 1]
        figures[key] = {"a": stage.a, "b": stage.b, "c": stage.c}
    return figures


def cartea_jaimungal(case: Case) -> dict[str, Any]:
    """Return the trajectory with a terminal penalty at the wanted times."""
    inputs = case.inputs
    model = CarteaJaimungal(
        temporary=inputs.number("k"),
        running=inputs.number("phi"),
        terminal=inputs.number("alpha"),
        horizon=inputs.number("T"),
        permanent=inputs.number("b_perm", 0.0),
    )
    figures: dict[str, Any] = {"gamma": model.gamma, "zeta": model.zeta}
    for key, of in (("Q", model.holding), ("nu", model.rate)):
        if key in case.expected:
            times = {time: _time(time) for time in case.keys_of(key)}
            quantity = inputs.number("Q0")
            figures[key] = {time: of(quantity, value) for time, value in times.items()}
    return figures


def vwap(case: Case) -> dict[str, Any]:
    """Return the schedule in proportion to volume."""
    inputs = case.inputs
    return {"n": vwap_schedule(inputs.number("Q"), inputs.numbers("volume_buckets"))}


def tracking(case: Case) -> dict[str, Any]:
    """Return the schedule between impact and a participation."""
    inputs = case.inputs
    found = tracking_schedule(
        inputs.number("Q"),
        inputs.numbers("volume_buckets"),
        inputs.number("rho"),
        inputs.number("k"),
        inputs.number("phi"),
    )
    return {"n": found}


def _notional(inputs: Inputs, figures: str, unit: str) -> float:
    return float(figures) * LARGE[unit] if figures else inputs.number("X") * inputs.number("S0")


def _probability(inputs: Inputs) -> float:
    value = inputs.number("p")
    if not 0 < value < 1:
        raise CaseError(f"p must be between 0 and 1, got {value:g}")
    return value


def _steps(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise CaseError(f"steps to go must be a whole number, got {text!r}")
    return int(text)


def _time(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise CaseError(f"a time must be a number, got {text!r}") from None
