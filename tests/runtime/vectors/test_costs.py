"""Cases about transaction costs, at parameters of our own."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.runtime.vectors.cases import evaluate_case

QUOTE = {"side": "sell", "price": 9.9, "bid": 9.9, "ask": 10.1, "mid0": 10.0, "mid_30s": 9.8}


def passes(
    name: str, inputs: dict[str, Any], expected: dict[str, Any], by: str = "rel 1e-9"
) -> None:
    result = evaluate_case(name, inputs, expected, by)
    assert result.passed, result.reason or result.worst


def test_an_order_that_never_filled() -> None:
    inputs = {"target": 10, "decision": 100, "arrival": 101, "end": 103, "fills": []}
    expected = {
        "avg": None,
        "delay": 0.0,
        "opportunity": 30.0,
        "delay_on_full_target": 10.0,
        "opportunity_from_arrival": 20.0,
        "total_same": 30.0,
        "identity": "paper return - real return == total",
    }
    passes("perold_unfilled", inputs, expected)


def test_an_order_of_nothing_costs_nothing_that_could_be_told() -> None:
    inputs = {"target": 0, "decision": 100, "arrival": 101, "end": 103, "fills": []}
    result = evaluate_case("perold_nothing", inputs, {"total": 0.0})
    assert "target must be finite and positive" in result.reason


def test_a_sale_at_the_bid_and_half_a_minute_later() -> None:
    expected = {
        "quoted_spread": 0.2,
        "effective_spread": 0.2,
        "EQ": 1.0,
        "realised_spread_30s": -0.2,
        "price_impact_30s": 0.4,
        "spread_capture_taker": -1.0,
        "markout_30s_bps": 0.1 / 9.9 * 1e4,
        "identity": "effective = realised + impact",
    }
    passes("effective_realised_spread", QUOTE, expected)
    # Where the case's own mid is not the middle of its quote, every figure is from that mid.
    inner = {"quoted_spread": 0.2, "effective_half": 0.15, "EQ": 1.5, "spread_capture_taker": -1.5}
    passes("effective_realised_spread", {**QUOTE, "mid0": 10.05}, inner)
    crossed = evaluate_case("effective_realised_spread", {**QUOTE, "bid": 11}, {"EQ": 1.0})
    assert "below ask" in crossed.reason


def test_mids_count_by_how_long_they_prevailed() -> None:
    inputs = {"quote_times_s": [-5, 2, 3], "mids": [10, 20, 30], "window": [0, 4]}
    expected = {"twap_time_weighted": (20 + 20 + 30) / 4, "naive_mean_of_quotes": 20}
    passes("interval_twap", inputs, expected)
    late = {"quote_times_s": [2], "mids": [7.5], "window": [0, 4]}
    passes("interval_twap", late, {"twap_time_weighted": 7.5})
    for change in ({"quote_times_s": [3, 2, 1]}, {"mids": [1]}):
        result = evaluate_case("interval_twap", {**inputs, **change}, {"naive_mean_of_quotes": 1})
        assert "must increase" in result.reason


def test_own_trades_are_taken_out() -> None:
    inputs = {"prices": [10, 12, 12], "vols": [1, 2, 1], "own_fill": [12, 2.5]}
    passes("interval_vwap", inputs, {"vwap_incl": 11.5, "vwap_excl_own": (10 + 6) / 1.5})
    alone = {"prices": [10], "vols": [1], "own_fill": [10, 1]}
    passes("interval_vwap", alone, {"vwap_incl": 10.0, "vwap_excl_own": None})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"own_fill": [11, 1]}, "not within the trades"),
        ({"own_fill": [10, 5]}, "not within the trades"),
        ({"vols": [1, 2]}, "one length"),
        ({"prices": [1e12]}, "cannot|represented"),
    ],
)
def test_trades_that_do_not_agree_are_refused(change: dict[str, Any], words: str) -> None:
    inputs = {"prices": [10], "vols": [3], "own_fill": [10, 1], **change}
    if words.startswith("cannot"):
        inputs["own_fill"] = [1e12, 1]
    result = evaluate_case("interval_vwap", inputs, {"vwap_incl": 10.0})
    assert words.split("|")[-1] in result.reason
