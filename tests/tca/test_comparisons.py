"""Which pairs are shown, under what question, and what is said of each advisor."""

from __future__ import annotations

import numpy as np
import pytest

from steersman.tca.columns import collect
from steersman.tca.comparisons import blocks_of, verdicts
from steersman.tca.study import Study, summarise
from steersman.tca.study_pairs import oriented
from tests.tca.rows import drawn, result

N = 60
PLAIN = ("twap", "twap-passive", "vwap", "pov", "is", "ow")


def study(gains: dict[str, float], noise: float = 1.0, orders: int = N) -> Study:
    """Arms that save so much on the mean, each exactly in its sample; all but schedules ask."""
    rng = np.random.default_rng(2)
    market = 30 * rng.normal(size=orders)
    costs = {}
    for arm, gain in gains.items():
        wobble = noise * rng.normal(size=orders)
        costs[arm] = market - gain + wobble - wobble.mean()
    rows = [
        [
            result(n, arm, float(cost[n]), asked=0 if arm in PLAIN else 9)
            for arm, cost in costs.items()
        ]
        for n in range(orders)
    ]
    return summarise(collect(zip(map(drawn, range(orders)), rows, strict=True), tuple(costs)), 1)


WHOLE = {
    "twap": -3.0, "twap-passive": 0.0, "vwap": 0.1, "rules": -2.0, "embedded": 2.0, "neutral": 0.0,
    "random": 0.0, "shuffled": 2.0, "oracle:0.7": 4.0,
}  # fmt: skip


def test_a_pair_turned_round_says_the_same() -> None:
    said = study({"a": 0.0, "b": 1.0})
    (pair,) = said.pairs
    assert oriented(said, "a", "b") is pair
    turned = oriented(said, "b", "a")
    assert (turned.a, turned.b) == ("b", "a")
    assert turned.mean_diff_bps == -pair.mean_diff_bps == pytest.approx(-1)
    assert pair.ci_low is not None and pair.ci_high is not None
    assert (turned.ci_low, turned.ci_high) == (-pair.ci_high, -pair.ci_low)
    assert turned.win_rate == pytest.approx(1 - pair.win_rate)
    assert (turned.cvar95_diff_low, turned.anytime_high) == (
        -(pair.cvar95_diff_high or 0), -(pair.anytime_low or 0),
    )  # fmt: skip


def test_few_pairs_are_one_block_and_one_arm_none() -> None:
    (block,) = blocks_of(study({"twap": 0.0, "rules": 1.0, "random": 0.0}))
    assert len(block.pairs) == 3
    assert blocks_of(study({"twap": 0.0})) == ()


def test_many_pairs_are_those_of_each_question() -> None:
    blocks = blocks_of(study(WHOLE))
    shown = {block.title: [(pair.a, pair.b) for pair in block.pairs] for block in blocks}
    worth, random, shuffled, base, cheapest = shown
    assert "What advice is worth" in worth
    assert shown[worth] == [
        (name, "neutral") for name in ("rules", "embedded", "random", "shuffled", "oracle:0.7")
    ]
    assert "less random" in random and "less shuffled" in shuffled
    assert shown[random] == [("rules", "random"), ("embedded", "random")]
    assert shown[shuffled] == [("rules", "shuffled"), ("embedded", "shuffled")]
    assert "less twap-passive" in base
    assert shown[base] == [("rules", "twap-passive"), ("embedded", "twap-passive")]
    assert "less oracle:0.7, the cheapest" in cheapest
    assert shown[cheapest] == [(name, "oracle:0.7") for name in WHOLE if name != "oracle:0.7"]


def test_schedules_alone_are_compared_with_the_first_and_the_cheapest() -> None:
    gains = {"twap": 0.0, "twap-passive": 3.0, "vwap": 1.0, "pov": 2.0, "is": 2.5, "ow": 5.0}
    blocks = blocks_of(study(gains))
    assert [block.title for block in blocks] == [
        "Each arm less twap, the first", "Each arm less ow, the cheapest by its mean",
    ]  # fmt: skip
    assert [len(block.pairs) for block in blocks] == [5, 5]


def test_one_sentence_an_advisor() -> None:
    said = verdicts(study(WHOLE))
    assert [sentence.split(":")[0] for sentence in said] == ["rules", "embedded"]
    assert said[0].startswith("rules: +2.00 bps against neutral (+")
    assert said[0].endswith("it costs more than it saves")
    assert said[1].startswith("embedded: -2.00 bps against neutral (-")
    assert said[1].endswith("a gain, but none shown against shuffled: a placebo may do as well")
    (worse,) = verdicts(study({"neutral": 0.0, "random": 4.0, "embedded": 2.0}))
    assert worse.endswith("none shown against random: a placebo may do as well"), "it is dearer"
    (clear,) = verdicts(study({"neutral": 0.0, "random": 0.0, "embedded": 2.0}))
    assert clear.endswith("a gain, and over random")


def test_what_is_not_shown_says_how_many_orders_would_show_it() -> None:
    said = study({"neutral": 0.0, "embedded": 0.1}, noise=2.0)
    (sentence,) = verdicts(said)
    wanted = said.pairs[0].orders_for_1bp
    assert wanted is not None
    orders = round(4 * wanted, -1)
    words, number = sentence.split(": no gain shown; ")
    assert words.startswith("embedded: -0.10 bps against neutral")
    assert float(number.split()[0].replace(",", "")) == pytest.approx(orders, rel=0.05)
    assert number.endswith("orders would find 0.5 bps")


def test_without_neutral_it_is_against_the_schedule_and_without_either_nothing_is_said() -> None:
    (sentence,) = verdicts(study({"twap-passive": 0.0, "rules": 1.0}))
    assert "against twap-passive" in sentence and sentence.endswith(": a gain")
    assert verdicts(study({"twap": 0.0, "rules": 1.0})) == ()
    assert verdicts(study({"neutral": 0.0, "random": 1.0})) == ()
    (few,) = verdicts(study({"neutral": 0.0, "rules": 1.0}, orders=5))
    assert few.endswith("bps against neutral: too few orders to tell")
    (alike,) = verdicts(study({"neutral": 0.0, "rules": 0.0}, noise=0.0))
    assert alike.endswith("no order went otherwise")
