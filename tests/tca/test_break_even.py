"""The curve of the oracles: where it crosses zero, how sure that is, and who stands where."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import pytest

from steersman.models.inference import wilson_interval
from steersman.tca.break_even import BreakEven, break_even
from steersman.tca.columns import Columns, collect
from steersman.tca.results import OrderResult
from steersman.tca.study import summarise
from tests.tca.rows import drawn, result

RESAMPLES = 2_000
N = 80
ORACLES = {"oracle:0.4": -2.0, "oracle:0.6": 2.0, "oracle:0.8": 5.0}


def columns(
    gains: Mapping[str, float],
    noise: float = 1.0,
    orders: int = N,
    turned: Mapping[str, Mapping[str, Any]] | None = None,
) -> Columns:
    """Orders in `neutral` and in arms that save so much on the mean, each exactly in its sample."""
    rng = np.random.default_rng(1)
    market = 30 * rng.normal(size=orders)
    held: dict[str, np.ndarray] = {"neutral": market}
    for arm, gain in gains.items():
        wobble = noise * rng.normal(size=orders)
        held[arm] = market - gain + wobble - wobble.mean()
    return collect(
        (
            (
                drawn(n),
                [
                    _row(n, arm, float(costs[n]), (turned or {}).get(arm, {}))
                    for arm, costs in held.items()
                ],
            )
            for n in range(orders)
        ),
        tuple(held),
    )


def _row(number: int, arm: str, cost_bps: float, changes: Mapping[str, Any]) -> OrderResult:
    own = {
        key: value[number] if isinstance(value, list) else value for key, value in changes.items()
    }
    return result(number, arm, cost_bps, asked=9, **own)


def found(*args: Any, **kwargs: Any) -> BreakEven:
    curve = break_even(columns(*args, **kwargs), RESAMPLES, 1)
    assert curve is not None
    return curve


def test_it_crosses_between_the_oracles_that_lose_and_those_that_save() -> None:
    named = {"oracle:0.8": 5.0, "oracle:0.4": -2.0, "oracle:0.6": 2.0}
    curve = found(named)
    assert [point.p for point in curve.points] == [0.4, 0.6, 0.8]
    assert [point.gain_bps for point in curve.points] == pytest.approx([-2, 2, 5])
    assert curve.accuracy == pytest.approx(0.5) and curve.why == ""
    assert curve.low is not None and curve.high is not None
    # Of two gains with errors of theirs the crossing moves by half a step over twice the gain.
    data = columns(named)
    gains = data.costs[:, [0]] - data.costs[:, 2:]
    error = 0.05 * float((gains.sum(axis=1) / 2).std()) / N**0.5
    assert curve.low < 0.5 < curve.high
    assert (curve.high - curve.low) / 2 == pytest.approx(1.96 * error, rel=0.1)
    assert curve.points[0].ci_low is not None and curve.points[0].ci_low < -2


def test_points_stand_where_the_oracles_were_right_and_not_where_they_were_to_be() -> None:
    """All of them were lucky: what is saved at 0.6 was saved by being right 0.7 of the time."""
    lucky = {
        arm: {"turns": 1, "right_turns": 1, "turned_pct": 100, "right_pct": right}
        for arm, right in zip(ORACLES, (50, 70, 90), strict=True)
    }
    curve = found(ORACLES, turned=lucky)
    assert [point.at for point in curve.points] == [0.5, 0.7, 0.9]
    assert curve.accuracy == pytest.approx(0.6)
    assert curve.low is not None and curve.high is not None and curve.low < 0.6 < curve.high < 0.65
    some = found(ORACLES, turned=lucky | {"oracle:0.6": {}})
    assert [point.at for point in some.points] == [0.5, 0.6, 0.9], "it never turned"


def test_gains_are_those_of_the_pairs_of_the_study() -> None:
    data = columns(ORACLES)
    study = summarise(data, 1, RESAMPLES)
    assert study.break_even is not None
    for point in study.break_even.points:
        pair = next(one for one in study.pairs if (one.a, one.b) == ("neutral", point.arm))
        assert (point.gain_bps, point.ci_low, point.ci_high) == (
            pair.mean_diff_bps, pair.ci_low, pair.ci_high,
        )  # fmt: skip


def test_a_curve_that_falls_by_chance_is_made_level() -> None:
    curve = found({"oracle:0.3": -3.0, "oracle:0.5": 1.0, "oracle:0.7": -1.0, "oracle:1": 4.0})
    assert [point.curve_bps for point in curve.points] == pytest.approx([-3, 0, 0, 4], abs=1e-9)
    assert curve.accuracy == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize(
    ("gains", "words"),
    [
        ((1.0, 2.0), "right 0.5 of the time pays already"),
        ((-2.0, -1.0), "right 0.9 of the time does not pay"),
    ],
)
def test_a_curve_that_crosses_nowhere_says_so(gains: tuple[float, float], words: str) -> None:
    curve = found(dict(zip(("oracle:0.5", "oracle:0.9"), gains, strict=True)), noise=0.5)
    assert (curve.accuracy, curve.low, curve.high) == (None, None, None)
    assert words in curve.why == curve.in_words()


def test_an_end_beyond_the_oracles_is_open() -> None:
    curve = found({"oracle:0.5": -0.05, "oracle:0.9": 3.0})
    assert curve.accuracy is not None and curve.low is None
    assert curve.high is not None and 0.5 < curve.high < 0.6
    assert "(95 %: below the oracles to 0.5" in curve.in_words()


def test_it_needs_neutral_and_two_oracles() -> None:
    alone = collect([(drawn(n), [result(n, "oracle:0.5", 1.0)]) for n in range(9)], ["oracle:0.5"])
    assert break_even(alone, RESAMPLES, 1) is None
    assert break_even(columns({"oracle:0.5": 1.0, "rules": 0.0}), RESAMPLES, 1) is None
    assert break_even(columns({"oracle:0.5": 1.0, "oracle:0.5#2": 0.0}), RESAMPLES, 1) is None
    document = summarise(columns({"rules": 1.0}), 1, RESAMPLES).document()
    assert document["break_even"] is None


def test_few_blocks_have_a_curve_without_intervals() -> None:
    curve = found(ORACLES, orders=5)
    assert curve.accuracy == pytest.approx(0.5)
    assert (curve.low, curve.high, curve.points[0].ci_low) == (None, None, None)
    assert curve.in_words() == "0.500 (too few orders for an interval)"


def test_accuracy_is_by_points_of_pace_and_its_interval_by_block() -> None:
    """One turn of 80 and two of 10 an order: half of the orders have the large one right."""
    half = {
        "turns": 3,
        "right_turns": [1 if n % 2 else 2 for n in range(N)],
        "turned_pct": 100,
        "right_pct": [80 if n % 2 else 20 for n in range(N)],
    }
    every = {"turns": 4, "right_turns": 4, "turned_pct": 320, "right_pct": 320}
    curve = found(ORACLES | {"rules": 0.0}, turned={"rules": half, "oracle:0.8": every})
    (mark,) = curve.advisors
    assert mark.turns_per_order == 3 and mark.accuracy is not None
    accuracy = mark.accuracy
    assert (accuracy.share, accuracy.right_share, accuracy.turns) == (0.5, 0.5, 3 * N)
    assert accuracy.low is not None and accuracy.high is not None
    # Orders are 0.2 or 0.8: a deviation of 0.3 over 80 of them, not of 240 turns.
    assert (accuracy.high - accuracy.low) / 2 == pytest.approx(1.99 * 0.3 / N**0.5, rel=0.05)
    certain = curve.points[-1].accuracy
    assert certain is not None and certain.share == 1.0
    assert (certain.low, certain.high) == wilson_interval(N, N), "not certain for all that"
    assert curve.points[0].accuracy is None, "it never turned"


def test_an_advisor_is_judged_by_its_own_costs_and_a_placebo_is_not() -> None:
    turned = {"turns": 2, "right_turns": 1, "turned_pct": 80, "right_pct": 40}
    gains = {"rules": 2.0, "keyword": -2.0, "embedded": 0.01, "random": 3.0, "llm:x": 0.0}
    arms = {name: turned for name in gains if name != "llm:x"}
    curve = found(ORACLES | gains, turned=arms)
    assert {mark.arm: mark.verdict for mark in curve.advisors} == {
        "rules": "pays",
        "keyword": "does not pay",
        "embedded": "undecided",
        "random": None,
        "llm:x": "never turned",
    }
    by_arm = {mark.arm: mark for mark in curve.advisors}
    assert by_arm["random"].placebo and by_arm["random"].p_holm is None
    rules = by_arm["rules"]
    assert rules.p is not None and rules.p_holm == pytest.approx(4 * rules.p), "of four advisors"


def test_what_would_be_found_alone_is_not_found_among_many() -> None:
    turned = {"turns": 2, "right_turns": 1, "turned_pct": 80, "right_pct": 40}
    one = {"rules": 2.3 / N**0.5}  # 2.3 standard errors
    others = {f"llm:{n}": 0.0 for n in range(5)}
    for gains, verdict in ((one, "pays"), (one | others, "undecided")):
        curve = found(ORACLES | gains, turned=dict.fromkeys(gains, turned))
        assert curve.advisors[0].verdict == verdict


def test_it_is_plain_data_and_reads_back() -> None:
    study = summarise(columns(ORACLES | {"rules": 0.0}), 1, RESAMPLES)
    plain = json.loads(json.dumps(study.document()["break_even"], allow_nan=False))
    assert msgspec.convert(plain, BreakEven) == study.break_even
