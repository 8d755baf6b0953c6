"""Decisions of a study's arms: intervals by seed, shares that are never too sure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from steersman.tca.intervals import share_of
from steersman.tca.judged_arms import JudgedArm, judged_arms
from steersman.tca.results import Drawn, OrderResult
from tests.tca.rows import drawn, result

Group = tuple[Drawn, tuple[OrderResult, ...]]


def order(number: int, block: str | None = None, **worths: Any) -> Group:
    one = drawn(number, block=block or str(number))
    plain = result(number, "twap", 1.0)
    return one, (plain, result(number, "rules", 1.0, asked=9, **worths))


def rules(*groups: Group) -> JudgedArm:
    found = judged_arms(groups, 1)
    assert list(found) == ["rules"], "nobody advises twap"
    return found["rules"]


def test_counts_add_up_over_orders() -> None:
    found = rules(
        order(
            0, judged_right=2, judged_undecided=1, judged_idle=5, unjudged=3, judged_gain_bps=0.9
        ),
        order(1, judged_wrong=1, judged_gain_bps=-0.5),
        order(2, judged_idle=4),
    )
    assert (found.orders, found.judged, found.right, found.wrong) == (2, 4, 2, 1)
    assert (found.undecided, found.idle, found.unjudged) == (1, 9, 3)
    assert found.gain_bps == pytest.approx(0.4 / 4), "a mean over decisions, not over orders"
    assert found.gain_low is None, "two seeds are too few"
    assert found.share_right == pytest.approx(2 / 3)


def test_the_share_has_wilsons_interval_where_each_order_had_one_decision() -> None:
    found = rules(*(order(n, judged_right=n % 4 > 0, judged_wrong=n % 4 == 0) for n in range(20)))
    wilson = share_of(15, 20)
    assert wilson is not None
    assert (found.share_low, found.share_high) == (wilson.low, wilson.high)


def test_several_decisions_of_one_order_are_no_surer_than_one() -> None:
    found = rules(*(order(n, judged_right=4) for n in range(10)))
    wilson = share_of(10, 10)
    assert wilson is not None and found.share_right == 1.0
    assert (found.share_low, found.share_high) == (wilson.low, wilson.high)


def test_the_mean_gain_has_an_interval_by_block() -> None:
    rng = np.random.default_rng(2)
    gains = rng.normal(0.2, 0.1, size=40)

    def interval(blocks: int) -> tuple[float, float]:
        found = rules(
            *(
                order(n, str(n * blocks // 40), judged_undecided=2, judged_gain_bps=2 * gain)
                for n, gain in enumerate(np.sort(gains).tolist())
            )
        )
        assert found.gain_bps == pytest.approx(float(gains.mean()))
        assert found.gain_low is not None and found.gain_high is not None
        return found.gain_low, found.gain_high

    alone, by_day = interval(40), interval(10)
    assert 0 < alone[0] < gains.mean() < alone[1]
    assert by_day[1] - by_day[0] > alone[1] - alone[0], "alike within a block: fewer observations"


def test_an_arm_that_was_asked_and_not_judged_has_no_gain() -> None:
    found = rules(order(0, judged_idle=3), order(1))
    assert (found.judged, found.gain_bps, found.share_right) == (0, None, None)
