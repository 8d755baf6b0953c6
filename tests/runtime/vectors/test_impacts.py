"""Cases about impact, at parameters of our own."""

from __future__ import annotations

import math
from typing import Any

import pytest

from steersman.runtime.vectors.cases import evaluate_case

TRIPS = {"f": "sign|v|^delta", "slow_buy": [0.5, 2.0], "fast_sell": [2.0, 0.5]}


def passes(
    name: str, inputs: dict[str, Any], expected: dict[str, Any], by: str = "rel 1e-9"
) -> None:
    result = evaluate_case(name, inputs, expected, by)
    assert result.passed, result.reason or result.worst


def test_another_share_of_the_2005_table() -> None:
    inputs = {
        "X": -192900.0,
        "V_shares_day": 1929000.0,
        "Theta_shares_out": 168e6,
        "sigma_daily_frac": 0.0226,
        "T_days": [0.1, 0.2, 0.5],
    }
    printed = {"I_bp": 22, "temp_bp": [32, 21, 12], "J_bp": [43, 32, 23]}
    passes("athl2005_DRI", inputs, {"paper_table3": printed}, "exact")
    crypto = {key: value for key, value in inputs.items() if key != "Theta_shares_out"}
    passes("athl2005_x", crypto, {"unrounded_I_bp": 226 * 0.1 * 0.314})


@pytest.mark.parametrize("kernel", ["exp(-rho t)", "G(t) = exp(-rho*t)"])
def test_an_exponential_propagator_by_hand(kernel: str) -> None:
    a = math.exp(-1)
    inputs = {"kernel": kernel, "rho": 2.0, "times": [0.0, 0.5], "X": 4.0}
    expected = {"optimal": [2.0, 2.0], "cost": 4 + 4 * a, "saving_pct": 0.0, "min_eig": 1 - a}
    passes("propagator_exponential", inputs, expected)


def test_a_kernel_that_is_none_is_refused() -> None:
    inputs = {"kernel": "cos(t)", "times": [0, 1], "X": 1}
    assert "got 'cos(t)'" in evaluate_case("propagator_x", inputs, {"cost": 1.0}).reason
    power = {"kernel": "t^-gamma", "gamma": 0.5, "times": [0, 1], "X": 1}
    assert "infinite" in evaluate_case("propagator_x", power, {"cost": 1.0}).reason


def test_constant_rates_by_hand() -> None:
    inputs = {"delta": 1.0, "gamma": 0.5, "rate": 2.0, "T": 4.0}
    passes("gatheral_vwap_cost", inputs, {"cost": 2 * 2 * 8 / 0.75, "per_share": 4 / 0.75})


def test_sentences_stand_only_where_the_guard_enforces_them() -> None:
    bounds = {"gamma_star": 0.41503749927884376, "exp_decay_requires": "delta==1 (linear)"}
    passes("gatheral_no_dynamic_arb", {}, bounds)
    result = evaluate_case("gatheral_no_dynamic_arb", {}, {"exp_decay_requires": "delta==2"})
    assert not result.passed and result.worst is not None


def test_round_trips_of_our_own() -> None:
    earns = {**TRIPS, "G": "exp(-rho t)", "rho": 0.0}
    # permanent impact: buy at sqrt(.5) for 2, then sell into it at sqrt(2)
    slow, fast = 0.5 * math.sqrt(0.5) * 2, 2 * math.sqrt(2) / 8
    crossed = -2 * 0.5 * math.sqrt(0.5) * 2
    expected = {
        "cost_delta_0_5_slowbuy_fastsell": slow + fast + crossed,
        "cost_delta_1": 0.0,
        "expect": "one of the delta=.5 round trips is NEGATIVE (manipulation); "
        "delta=1 non-negative",
    }
    passes("manipulation_check_permanent", earns, expected)
    safe = {**TRIPS, "G": "t^-gamma", "gamma": 0.6}
    result = evaluate_case("manipulation_check_power", safe, expected)
    assert result.worst is not None
    assert next(check for check in result.checks if check.name == "expect").got.startswith(
        "does not hold"
    )
