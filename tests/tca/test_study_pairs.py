"""Which pairs matter, what they differ in, and that a pair is the same whichever way round."""

from __future__ import annotations

import numpy as np
import pytest

from steersman.tca.columns import collect
from steersman.tca.study import PartPair, Study, summarise
from steersman.tca.study_pairs import (
    ADVICE_ONLY,
    Made,
    advised,
    base_of,
    differs_in,
    key_pairs,
    mixed,
    oriented,
    part_oriented,
    reference_of,
    running,
)
from tests.tca.rows import drawn, groups, result

PLAIN = Made("twap", "none", "posts")
TAKER = Made("twap", "none", "takes")
VWAP = Made("vwap", "none", "posts")
MODEL = Made("twap", "embedded", "posts")
ARMS = {
    "twap": TAKER,
    "vwap": VWAP,
    "twap-passive": PLAIN,
    "embedded": MODEL,
    "random": Made("twap", "random", "posts"),
    "neutral": Made("twap", "neutral", "posts"),
    "oracle:0.6": Made("twap", "oracle:0.6", "posts"),
}


def said(a: list[float], b: list[float]) -> Study:
    return summarise(collect(groups({"a": a, "b": b}), ("a", "b")), 1, 2_000)


def test_what_two_arms_differ_in_is_named() -> None:
    assert differs_in(MODEL, PLAIN) == ADVICE_ONLY == ("advice",)
    assert differs_in(MODEL, VWAP) == ("advice", "algorithm")
    assert differs_in(MODEL, TAKER) == ("advice", "settings")
    assert differs_in(PLAIN, VWAP) == ("algorithm",)
    assert differs_in(MODEL, MODEL) == ("chance",)


def test_pairs_that_are_no_measure_of_advice_are_counted() -> None:
    # of 21 pairs: four steered arms against taker twap and against vwap
    said = mixed(ARMS)
    assert said is not None and said.startswith("8 of 21 pairs differ in more than the advice")
    assert mixed({"twap-passive": PLAIN, "embedded": MODEL}) is None
    assert mixed({"twap-passive": PLAIN, "vwap": VWAP, "twap": TAKER}) is None


def test_an_advised_arm_is_set_beside_its_own_schedule_and_the_placebos() -> None:
    assert advised(ARMS) == ["embedded"]
    assert base_of(ARMS, "embedded") == "twap-passive"
    assert key_pairs(ARMS) == [
        ("embedded", "twap-passive"),
        ("embedded", "neutral"),
        ("embedded", "random"),
    ]
    assert reference_of(ARMS) == "twap"
    without = {name: made for name, made in ARMS.items() if made is not PLAIN}
    assert base_of(without, "embedded") is None, "neither vwap nor taker twap is what it steers"
    assert key_pairs(without)[0] == ("embedded", "neutral")
    assert reference_of({"vwap": VWAP}) == "vwap"


def test_a_pair_turned_round_is_its_mirror() -> None:
    rng = np.random.default_rng(1)
    market = 20 * rng.normal(size=60)
    a, b = market.tolist(), (market + 2 + np.exp(rng.normal(size=60))).tolist()
    study, other = said(a, b), summarise(collect(groups({"b": b, "a": a}), ("b", "a")), 1, 2_000)
    assert oriented(study, "a", "b") is study.pairs[0]
    turned, made = oriented(study, "b", "a"), other.pairs[0]
    assert turned.mean_diff_bps > 2 and (turned.ci_low or 0) > 0
    for name in made.__slots__:
        value, own = getattr(made, name), getattr(turned, name)
        assert own == (value if isinstance(value, str) else pytest.approx(value)), name
    with pytest.raises(AssertionError, match="no pair"):
        oriented(study, "a", "c")


def test_a_pair_of_a_part_turned_round_is_its_mirror() -> None:
    pair = PartPair("a", "b", -1.0, -3.0, 2.0)
    assert part_oriented([pair], "a", "b") is pair
    assert part_oriented([pair], "b", "a") == PartPair("b", "a", 1.0, -2.0, 3.0)
    with pytest.raises(AssertionError, match="no pair"):
        part_oriented([pair], "a", "c")


def test_the_running_difference_ends_where_the_pair_stands() -> None:
    rng = np.random.default_rng(1)
    b = rng.normal(size=400)
    a = b - 1 + 0.5 * rng.normal(size=400)
    data = collect(groups({"a": a.tolist(), "b": b.tolist()}), ("a", "b"))
    looks = running(data, "a", "b")
    assert looks[0].n == 30 and looks[-1].n == 400 and len(looks) <= 80
    pair = summarise(data, 1, 2_000).pairs[0]
    last = looks[-1]
    assert last.mean_bps == pytest.approx(pair.mean_diff_bps)
    assert (last.low, last.high) == (pair.anytime_low, pair.anytime_high)
    assert looks[3].mean_bps == pytest.approx((a - b)[: looks[3].n].mean())
    assert last.told_apart and last.high < 0
    mirrored = running(data, "b", "a")[-1]
    assert mirrored.mean_bps == pytest.approx(-last.mean_bps)
    assert mirrored.low == pytest.approx(-last.high)


def test_days_and_few_orders_have_no_running_difference() -> None:
    few = collect(groups({"a": [1.0] * 29, "b": [2.0] * 29}), ("a", "b"))
    assert running(few, "a", "b") == []
    rows = [
        (drawn(n, block=f"day {n // 5}"), (result(n, "a", 1.0 * n), result(n, "b", 2.0)))
        for n in range(100)
    ]
    assert running(collect(rows, ("a", "b")), "a", "b") == []


def test_nothing_has_no_sign_whichever_way_round() -> None:
    same = [float(n) for n in range(12)]
    pair = oriented(said(same, same), "b", "a")
    shown = (
        pair.mean_diff_bps,
        pair.ci_low,
        pair.ci_high,
        pair.gross_diff_bps,
        pair.cvar95_diff_low,
    )
    assert [str(value) for value in shown] == ["0.0"] * 5
