"""Cases about samples: regressions, how many observations a claim needs, and looking early."""

from __future__ import annotations

import math
import re
from typing import Any, Final

from steersman.models.calibration import fit_flow, fit_square_root
from steersman.models.continuous import ContinuousAlmgrenChriss
from steersman.models.inference import (
    MIXTURE_RATIO,
    false_positive_rate,
    mixture_bound,
    pocock_constant,
)
from steersman.models.inference import sample_size as pairs_needed
from steersman.models.online import RecursiveLeastSquares
from steersman.models.trajectory import AlmgrenChriss
from steersman.runtime.vectors.inputs import Case, CaseError, Inputs, flow_sample, orders_sample
from steersman.runtime.vectors.schedules import almgren_chriss_model

__all__ = [
    "kyle",
    "paired_difference",
    "peeking",
    "recursive",
    "sample_size",
    "square_root_fit",
    "twap_deviation",
]

BPS: Final = 1e4
MIXTURE_LOOKS_MAX: Final = 250  # enough for the limit of looking always


def kyle(case: Case) -> dict[str, Any]:
    """Return the regression of price changes on signed volume, with three kinds of error."""
    changes, volumes = flow_sample(case.inputs)
    fit = fit_flow(changes, volumes)
    figures: dict[str, Any] = {
        "intercept": fit.intercept.value,
        "lam": fit.slope.value,
        "se_ols": fit.se_ols,
        "se_hc0": fit.se_hc0,
        "t": fit.t,
        "R2": fit.r_squared,
    }
    for key, (lags,) in case.wanted(r"se_newey_west_L(\d+)").items():
        figures[key] = fit_flow(changes, volumes, int(lags)).se_newey_west
    return figures


def square_root_fit(case: Case) -> dict[str, Any]:
    """Return Y of the impact law from own orders, weighted and not."""
    fit = fit_square_root(*orders_sample(case.inputs))
    return {
        "Y_gls": fit.gls.value,
        "se_gls": fit.se_known,
        "Y_ols": fit.ols.value,
        "se_ols_hc0": fit.se_ols_hc0,
    }


def recursive(case: Case) -> dict[str, Any]:
    """Return the parameters after the last observation."""
    inputs = case.inputs
    changes, volumes = flow_sample(inputs)
    start = inputs.numbers("theta0") if "theta0" in inputs else (0.0,)
    model = RecursiveLeastSquares(
        start * 2 if len(start) == 1 else start,
        forgetting=inputs.number("forget"),
        confidence=_confidence(inputs),
    )
    for volume, change in zip(volumes.tolist(), changes.tolist(), strict=True):
        model.update((1.0, volume), change)
    return {"theta": model.theta, "n_eff": model.memory}


def twap_deviation(case: Case) -> dict[str, Any]:
    """Return the risk of equal slices in units of sigma sqrt(T), and its limit."""
    intervals = case.inputs.count("N")
    straight = AlmgrenChriss(sigma=1.0, eta=1.0, tau=1 / intervals)
    limit = ContinuousAlmgrenChriss(sigma=1.0, eta=1.0, horizon=1.0)
    return {
        "sd_over_sigma_sqrtT": straight.trajectory(1.0, intervals, 0.0).deviation,
        "limit": math.sqrt(limit.variance(1.0, 0.0)),
    }


def sample_size(case: Case) -> dict[str, Any]:
    """Return the number of pairs a test needs."""
    inputs = case.inputs
    effect, deviation = inputs.number("effect_bps"), inputs.number("sd_diff_bps")
    return {"n": pairs_needed(effect, deviation, inputs.number("alpha"), inputs.number("power"))}


def paired_difference(case: Case) -> dict[str, Any]:
    """Return the risk of TWAP, of the optimum, and of their difference on one price path."""
    inputs, model = case.inputs, almgren_chriss_model(case.inputs)
    quantity, intervals = inputs.number("X"), inputs.count("N")
    notional = abs(quantity) * _price(case)
    twap = model.trajectory(quantity, intervals, 0.0)
    figures: dict[str, Any] = {}
    for key, (aversion,) in case.wanted(r"lambda_([\d.]+(?:[eE][-+]?\d+)?)").items():
        best = model.trajectory(quantity, intervals, float(aversion))
        figures[key] = {
            "sd_twap_bps": twap.deviation / notional * BPS,
            "sd_ac_bps": best.deviation / notional * BPS,
            "sd_paired_diff_bps": model.paired_deviation(twap, best) / notional * BPS,
        }
    return figures


def peeking(case: Case) -> dict[str, Any]:
    """Return false-positive rates of looking often: naive, Pocock, and the mixture boundary."""
    inputs = case.inputs
    n, looks, alpha = inputs.count("n"), inputs.count("looks"), inputs.number("alpha")
    ratio = inputs.number("r", MIXTURE_RATIO)
    counts = [n * look / looks for look in range(1, looks + 1)]
    figures: dict[str, Any] = {
        "mixture_boundary": f"|S_n|<sqrt((n+1/r)*ln((n r+1)/alpha^2)), r={ratio:g}, unit variance",
    }
    for key, (hundredths,) in case.wanted(r"naive_z(\d+)_FPR").items():
        figures[key] = _rate(counts, int(hundredths) / 10 ** (len(hundredths) - 1))
    if case.wanted("pocock_.*"):
        constant = pocock_constant(looks, alpha)
        figures |= {"pocock_c": constant, "pocock_FPR": _rate(counts, constant)}
    for key in case.wanted("mixture_FPR.*"):
        often = min(n, MIXTURE_LOOKS_MAX)
        many = [n * look / often for look in range(1, often + 1)]
        bounds = [mixture_bound(count, alpha, ratio) for count in many]
        figures[key] = false_positive_rate(many, bounds)
    for key, (at,) in case.wanted(r"mixture_bound_over_sqrt_n_at_(\d+)").items():
        figures[key] = mixture_bound(int(at), alpha, ratio) / math.sqrt(int(at))
    return figures


def _rate(counts: list[float], z: float) -> float:
    return false_positive_rate(counts, [z * math.sqrt(count) for count in counts])


def _confidence(inputs: Inputs) -> float:
    """Return the scale of P0, given as a number or as `1e6 I`."""
    if not isinstance(inputs.values.get("P0"), str):
        return inputs.number("P0", 1e6)
    match = re.fullmatch(r"\s*([\d.]+(?:[eE][-+]?\d+)?)\s*\*?\s*I?\s*", inputs.text("P0"))
    if not match:
        raise CaseError(f"P0 must be a number times I, got {inputs.text('P0')!r}")
    return float(match[1])


def _price(case: Case) -> float:
    """Return S0, an input or a remark of the source."""
    if "S0" in case.inputs:
        return case.inputs.number("S0")
    match = re.search(r"\bS0\s*=\s*([\d.]+)", case.source)
    if not match:
        raise CaseError("the inputs lack S0")
    return float(match[1].rstrip("."))
