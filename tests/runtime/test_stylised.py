"""What is accepted, and what a figure says: data with their rules."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from steersman.domain.instrument import Category
from steersman.domain.specs import find
from steersman.domain.units import SECOND_NS
from steersman.models.facts import Figure
from steersman.runtime.stylised import (
    FACTS,
    GENERATED,
    HOLD_LEAST,
    RANGES,
    RECORDED,
    Judged,
    Pairs,
    Verdict,
    figures,
    find_verdict,
    judge,
    range_for,
)
from steersman.runtime.watching import Orders, Samples, Watched
from steersman.venues.presets import START_NS

BTC = find("BTCUSDT", category=Category.LINEAR, venue="sim")
AAPL = find("AAPL", category=Category.EQUITY, venue="sim")
SHARES = np.geomspace(0.001, 0.1, 5)
SHAPE = np.concatenate(
    [np.linspace(0.0, 1.0, 31) ** 0.5, np.linspace(1.0, 0.5, 16)[1:], np.full(15, 0.5)]
)
PAIRS = Pairs(
    share=SHARES,
    before=np.zeros((10, 5)),
    path=np.linspace(0.9, 1.1, 10)[:, None, None] * 20.0 * np.sqrt(SHARES)[:, None] * SHAPE,
    minutes=30,
    sigma_bps=20.0,
)


def market(seconds: int = 86_400) -> Watched:
    """A market without any fact: a random walk, coin tosses, independent times, one size."""
    draw = np.random.default_rng(1)
    orders = 4 * seconds
    nothing = np.full(1_000, np.nan)
    sides = np.full((1_000, 2), np.nan)
    return Watched(
        instrument=BTC,
        start_ns=START_NS,
        end_ns=START_NS + seconds * SECOND_NS,
        samples=Samples(nothing, nothing, nothing, nothing, sides, sides),
        orders=Orders(
            ns=START_NS + np.sort(draw.integers(seconds * SECOND_NS, size=orders)),
            sign=np.where(draw.random(orders) < 0.5, 1.0, -1.0),
            lots=draw.exponential(10.0, orders),
            moved=draw.normal(size=orders),
            widest=np.ones(orders),
        ),
        mid=6e5 * np.exp(np.cumsum(draw.normal(scale=1.1e-4, size=seconds))),
        counts=draw.poisson(4.0, seconds).astype(float),
        volume=draw.exponential(40.0, seconds),
        spread=np.full(5_000, 4.0),
        spread_bps=np.full(5_000, 0.07),
        held_ns=np.ones(5_000),
        by_half_hour=np.ones(48),
    )


def verdicts(judged: Judged) -> dict[str, Verdict]:
    return {finding.fact.key: finding.verdict for finding in judged.findings}


def test_a_random_walk_with_coin_tosses_is_not_a_market() -> None:
    found = verdicts(judge(market(), GENERATED))
    assert {key for key, verdict in found.items() if verdict is Verdict.PASS} <= {
        "return_memory", "signature", "spread_bps", "annual_pct", "abs_decay", "kurtosis_fall",
    }  # fmt: skip
    for key in ("kurtosis", "abs_memory", "sign_memory", "fano", "size_tail", "one_tick",
                "volume_return", "tail_index", "intraday"):  # fmt: skip
        assert found[key] is Verdict.FAIL, key
    assert found["recovery_s"] is found["flow_r2"] is found["impact_exponent"] is Verdict.SHORT
    assert found["annual_pct"] is Verdict.PASS  # 1.1 bps a root second is 62 % a year


def test_a_short_recording_cannot_tell() -> None:
    judged = judge(market(300), RECORDED)
    found = verdicts(judged)
    for key in ("kurtosis", "return_memory", "abs_memory", "tail_index", "annual_pct", "signature"):
        assert found[key] is Verdict.SHORT, key
    assert found["fano"] is Verdict.FAIL
    assert judged.believed, "a recording is what it is"


def test_metaorders_are_judged_from_pairs() -> None:
    found = verdicts(judge(market(600), GENERATED, PAIRS))
    for key in ("impact_exponent", "impact_factor", "reversion", "paired_path"):
        assert found[key] is Verdict.PASS, key
    moved_before = replace(PAIRS, before=np.full((10, 5), 0.1))
    assert verdicts(judge(market(600), GENERATED, moved_before))["paired_path"] is Verdict.FAIL
    few = replace(PAIRS, before=PAIRS.before[:5], path=PAIRS.path[:5])
    assert verdicts(judge(market(600), GENERATED, few))["impact_exponent"] is Verdict.SHORT


def test_the_curve_and_its_errors() -> None:
    assert PAIRS.end == pytest.approx(2.0 * PAIRS.later)
    mean, error = PAIRS.curve()
    assert mean == pytest.approx(20.0 * np.sqrt(SHARES))
    assert error == pytest.approx(mean * np.linspace(0.9, 1.1, 10).std(ddof=1) / 10**0.5)
    assert np.isnan(replace(PAIRS, path=PAIRS.path[:1]).curve()[1]).all()


def test_every_fact_is_measured_and_only_those() -> None:
    paired = {"impact_exponent", "impact_factor", "reversion", "paired_path"}
    keys = [fact.key for fact in FACTS]
    assert len(set(keys)) == len(keys) > HOLD_LEAST
    assert figures(market(600)).keys() == set(keys) - paired
    assert all(fact.low < fact.high and fact.least > 0 for fact in FACTS)
    for ranges in RANGES.values():
        assert set(ranges) <= set(keys)


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        (Figure(0.5, 0.1, 100), Verdict.PASS),
        (Figure(0.3, None, 100), Verdict.PASS),
        (Figure(0.71, 0.1, 100), Verdict.FAIL),
        (Figure(-5.0, 0.1, 1_000), Verdict.FAIL),
        (Figure(0.5, 0.1, 99), Verdict.SHORT),
        (Figure(math.nan, None, 1_000), Verdict.SHORT),
        (Figure(math.inf, None, 1_000), Verdict.SHORT),
    ],
)
def test_verdicts(figure: Figure, verdict: Verdict) -> None:
    assert find_verdict(figure, 0.3, 0.7, 100) is verdict


def test_ranges_of_volatility_differ_by_instrument() -> None:
    annual = next(fact for fact in FACTS if fact.key == "annual_pct")
    assert range_for(annual, "BTCUSDT", Category.LINEAR) == (50.0, 100.0)
    assert range_for(annual, "ETHUSDT", Category.LINEAR) == (50.0, 100.0)
    assert range_for(annual, "AAPL", Category.EQUITY) == (15.0, 25.0)


def test_a_session_of_shares_is_a_whole_day_of_them() -> None:
    day = np.full(48, np.nan)
    day[29:42] = 1.0
    day[[29, 41]] = 2.0
    intraday = figures(replace(market(600), instrument=AAPL, by_half_hour=day))["intraday"]
    assert intraday.value == pytest.approx(2.0) and intraday.n == 48
    day[35] = np.nan
    assert figures(replace(market(600), instrument=AAPL, by_half_hour=day))["intraday"].n == 12


def test_a_generated_market_is_believed_from_twelve_facts_on() -> None:
    judged = judge(market(600), GENERATED)
    passing = replace(judged.findings[0], verdict=Verdict.PASS)
    failing = replace(passing, verdict=Verdict.FAIL)
    assert replace(judged, findings=(passing,) * 12 + (failing,) * 8).believed
    assert not replace(judged, findings=(passing,) * 11 + (failing,) * 9).believed
