"""Cases about samples, at parameters of our own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from steersman.runtime.vectors.cases import evaluate_case

FLOW = {"generator": "default_rng(11): q=N(0,1)*2 (n=200), e=N(0,1)*0.1; dp=1+3q+e"}


def passes(
    name: str, inputs: dict[str, Any], expected: dict[str, Any], by: str = "rel 1e-9"
) -> None:
    result = evaluate_case(name, inputs, expected, by)
    assert result.passed, result.reason or result.worst


def flow() -> tuple[Any, Any]:
    draws = np.random.default_rng(11)
    volumes = draws.normal(size=200) * 2
    return volumes, 1 + 3 * volumes + draws.normal(size=200) * 0.1


def test_kyle_with_other_figures() -> None:
    volumes, changes = flow()
    slope, intercept = np.polyfit(volumes, changes, 1)
    passes("kyle_lambda_ours", FLOW, {"lam": float(slope), "intercept": float(intercept)})
    plain = evaluate_case("kyle_lambda_x", FLOW, {"se_hc0": 1.0, "se_newey_west_L0": 1.0})
    assert plain.checks[0].got == plain.checks[1].got
    few = {"dp": [1.0, 2.0], "q": [1.0, 2.0]}
    assert "at least 30" in evaluate_case("kyle_lambda_x", few, {"lam": 1.0}).reason


def test_recursive_with_other_figures() -> None:
    volumes, changes = flow()
    x = np.column_stack([np.ones(200), volumes])
    weights = 0.9 ** np.arange(199, -1, -1)
    batch = np.linalg.solve((x * weights[:, None]).T @ x, x.T @ (weights * changes))
    inputs = {**FLOW, "forget": 0.9, "P0": 1e8, "theta0": [0, 0]}
    passes("rls_ours", inputs, {"theta": batch.tolist(), "n_eff": 10.0}, "rel 1e-6")
    assert "P0 must be" in evaluate_case("rls_x", {**inputs, "P0": "big"}, {"n_eff": 1.0}).reason


def test_the_risk_of_equal_slices() -> None:
    passes("twap_vs_arrival_sd_N1", {"N": 1}, {"sd_over_sigma_sqrtT": 0.0})
    expected = {"sd_over_sigma_sqrtT": math.sqrt(1 / 8), "limit": math.sqrt(1 / 3)}
    passes("twap_vs_arrival_sd_N2", {"N": 2}, expected)


def test_paired_differences_need_a_price() -> None:
    market = {"X": 100.0, "T": 2.0, "N": 2, "sigma": 1.0, "eta": 1.0}
    rows = {"lambda_0": {"sd_twap_bps": 50.0, "sd_ac_bps": 50.0, "sd_paired_diff_bps": 0.0}}
    passes("paired_difference_sd", {**market, "S0": 100.0}, rows)
    assert evaluate_case("paired_difference_sd", market, rows, None, "S0=100, X=100").passed
    assert "lack S0" in evaluate_case("paired_difference_sd", market, rows).reason


def test_looking_early() -> None:
    inputs = {"n": 100, "looks": 2, "alpha": 0.05}
    expected = {"pocock_c": 2.178, "pocock_FPR": 0.05, "naive_z196_FPR": 0.083}
    passes("sequential_peeking_x", inputs, expected, "abs 1e-3")
    bound = math.sqrt(110 * math.log(11 / 0.0025)) / math.sqrt(100)
    text = "|S_n|<sqrt((n+1/r)*ln((n r+1)/alpha^2)), r=0.1, unit variance"
    figures = {"mixture_bound_over_sqrt_n_at_100": bound, "mixture_boundary": text}
    passes("sequential_peeking_x", {**inputs, "r": 0.1}, figures)
    alarm = evaluate_case("sequential_peeking_x", inputs, {"mixture_FPR": 0.0}, "abs 0.05")
    assert alarm.passed
    assert (
        "looks must be"
        in evaluate_case(
            "sequential_peeking_x", {**inputs, "looks": 5000}, {"pocock_c": 1.0}
        ).reason
    )


def test_pairs_needed() -> None:
    inputs = {"effect_bps": 2.0, "sd_diff_bps": 10.0, "alpha": 0.05, "power": 0.8}
    passes("sample_size_x", inputs, {"n": 197}, "exact")
