"""Cases about schedules, at parameters of our own."""

from __future__ import annotations

import math
from typing import Any

import pytest

from steersman.runtime.vectors.cases import evaluate_case

MARKET = {"X": 400.0, "T": 4.0, "N": 4, "sigma": 2.0, "eta": 0.5, "eps": 0.1, "lambda": 0.0}
PENALTY = {"k": 0.01, "phi": 0.0, "alpha": 0.01, "Q0": 100.0, "T": 1.0}
BOOK = {"X": 100.0, "T": 1.0, "N_intervals": 1, "rho": 2.0, "q": 100.0}


def passes(
    name: str, inputs: dict[str, Any], expected: dict[str, Any], by: str = "rel 1e-9"
) -> None:
    result = evaluate_case(name, inputs, expected, by)
    assert result.passed, result.reason or result.worst


def test_almgren_chriss_by_hand() -> None:
    # 4 x 100 units: 0.5 x 4 x 100^2 + 0.1 x 400; variance 4 (300^2 + 200^2 + 100^2)
    expected = {
        "E": 20_040.0,
        "V": 560_000.0,
        "V_times_1e_3": 5.6e8,
        "V_times_1e_minus3": 560.0,
        "U": 20_040.0,
        "sd": math.sqrt(560_000),
        "sd_bps_of_2M": math.sqrt(560_000) / 200,
        "E_bps_of_500k": 400.8,
        "n_first2": [100.0, 100.0],
        "n_last": 100.0,
        "finite": True,
        "kappa": 0.0,
        "half_life": None,
    }
    passes("ac_ours", MARKET, expected)
    passes("ac_ours", {**MARKET, "S0": 10.0}, {"E_bps": 50_100.0})
    passes("ac_lvar50", {**MARKET, "p": 0.5}, {"LVaR": 20_040.0, "lambda_v": 0.0})


def test_what_almgren_chriss_lacks_is_said() -> None:
    assert "lack S0" in evaluate_case("ac_x", MARKET, {"E_bps": 1.0}).reason
    assert "p must be" in evaluate_case("ac_x", {**MARKET, "p": 2}, {"LVaR": 1.0}).reason
    assert "no figure 'LVaR'" in evaluate_case("ac_x", MARKET, {"LVaR": 1.0}).reason


def test_a_frontier_in_either_unit() -> None:
    half_life = evaluate_case("ac_x", {**MARKET, "lambda": 0.1}, {"half_life": 1.0}).checks[0].got
    expected = {"E": [20_040.0], "V_1e3": [560.0], "E_millions": [0.02004], "half_life": [None]}
    passes("ac_efficient_frontier", {**MARKET, "lambda": [0.0]}, expected)
    inputs = {**MARKET, "lambda_1e6": [0.0, 1e5]}
    passes("ac_efficient_frontier", inputs, {"half_life_days": [None, half_life]})


def test_obizhaeva_wang_by_hand() -> None:
    # two halves, a = e^-2: 1/100 (50^2 + 50^2 a) and X / (rho T + 2) = 25
    cost = 25 + 25 * math.exp(-2)
    expected = {
        "discrete_trades": [50.0, 50.0],
        "discrete_impact_cost": cost,
        "twap_Nplus1_impact_cost": cost,
        "saving_vs_twap_pct": 0.0,
        "cont_rate": 50.0,
        "cont_impact_cost": 25.0,
    }
    passes("obizhaeva_wang", BOOK, expected)
    without = {key: value for key, value in BOOK.items() if key != "q"}
    passes("obizhaeva_wang", {**without, "kappa": 0.01}, expected)
    passes("obizhaeva_wang", {**BOOK, "spread": 0.02}, expected)
    for spread in (-1, "x"):
        wrong = evaluate_case("obizhaeva_wang", {**BOOK, "spread": spread}, expected)
        assert not wrong.passed and "spread" in wrong.reason
    other = evaluate_case("obizhaeva_wang", {**BOOK, "kappa": 0.02}, {"cont_rate": 50.0})
    assert "kappa is not" in other.reason


def test_bertsimas_lo_by_hand() -> None:
    signal = {"W": 10.0, "T": 2, "theta": 1.0, "gamma": 4.0, "rho": 0.5}
    expected = {
        "coef_W(k to go)": {"1": 1.0, "3": 1 / 3},
        "coef_X": {"1": 0.0, "2": 1.0},
        "V2_quadratic": {"a": 0.75, "b": 5.0, "c": -1.0},
    }
    passes("bertsimas_lo_ar1", signal, expected)
    passes("bertsimas_lo_naive", signal, {"S_t": 5.0, "expected_impact_cost": 75.0})
    for key, words in (("coef_W", "whole number, got 'x'"), ("V99999_quadratic", "at most")):
        assert words in evaluate_case("bertsimas_lo", signal, {key: {"x": 1.0}}).reason


def test_cartea_jaimungal_by_hand() -> None:
    # no running penalty: the rate is alpha Q / (k + alpha T) throughout
    passes("cartea_jaimungal", PENALTY, {"Q": {"1": 50.0, "0.5": 75.0}, "nu": {"0": 50.0}})
    assert "a time must be" in evaluate_case("cartea_jaimungal", PENALTY, {"Q": {"x": 1}}).reason


def test_volume_by_hand() -> None:
    inputs = {"Q": 10.0, "volume_buckets": [10.0, 20.0], "rho": 0.2, "k": 1.0, "phi": 1.0}
    passes("pov_tracking", inputs, {"n": [4.5, 5.5]})
    with pytest.raises(AssertionError):
        passes("pov_tracking", inputs, {"n": [4.5, 5.6]})
