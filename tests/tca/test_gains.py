"""What the rest of an order costs, and what a decision saved over paired futures."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from steersman.domain.instrument import Category
from steersman.domain.messages import FundingPaid, ParentState
from steersman.domain.units import Money, Price, Qty, Side
from steersman.domain.valued import Gain, Worth
from steersman.tca.facts import gather
from steersman.tca.gains import cost_bps, idle, valued
from steersman.tca.measure import measure
from steersman.tca.results import result_of
from tests.tca.story import Story, instrument, ns, tape

NOTHING = Qty(Decimal(0))


@pytest.mark.parametrize("category", [Category.LINEAR, Category.INVERSE])
@pytest.mark.parametrize("side", Side)
def test_the_cost_is_the_one_that_a_study_counts(side: Side, category: Category) -> None:
    story = Story(spec=instrument(category), qty="10", side=side).run("99", "101")
    story.fill(6, "4", "100.4", fee="0.02").fill(8, "3", "99.5", fee="-0.01", maker=True)
    amount = Money(Decimal("0.03"))
    story.messages.append(
        FundingPaid(
            ns(9), "p", story.spec.id, ns(9), Qty(Decimal(7)), Price(Decimal(100)), Decimal(1),
            amount,
        )
    )  # fmt: skip
    story.end(25, "100", "102", ParentState.HALTED)
    report = measure(story.messages, "p", tape([(0, "99", "101"), (50, "101", "103")]))
    row = result_of(report, story.spec, story.messages, order=1, arm="a", market="m", journal="j")
    found = cost_bps(
        gather(story.messages, "p").order,
        story.spec,
        story.messages,
        arrival=Price(Decimal(100)),
        unfilled=Qty(Decimal(3)),
        close=Price(Decimal(102)),
    )
    assert found == pytest.approx(row.cost_bps, rel=1e-12)
    assert row.unfilled_bps and row.fees_bps and row.funding_bps


def test_what_costs_less_with_the_decision_is_its_gain() -> None:
    costs = [[1.0, 3.0, 0.0], [2.0, 3.5, 1.5], [0.0, 2.5, -0.5]]
    found = valued(9, "P1", "P1-q4", ["hold"], costs)
    assert (found.at_ns, found.ask_id, found.futures) == (9, "P1-q4", 3)
    assert found.worth is Worth.RIGHT and found.gain.mean_bps == pytest.approx(2.0)
    assert found.over[0].effect == "hold" and found.over[0].gain.mean_bps == pytest.approx(-2 / 3)


def test_right_wrong_and_undecided_are_where_the_interval_lies() -> None:
    def worth(*gains: float) -> Worth:
        return valued(1, "P1", "q", [], [[0.0, gain] for gain in gains]).worth

    assert worth(1.0, 1.1, 0.9) is Worth.RIGHT
    assert worth(-1.0, -1.1, -0.9) is Worth.WRONG
    assert worth(-1.0, 1.1, 0.2) is Worth.UNDECIDED
    assert worth(0.0, 0.0) is Worth.UNDECIDED, "nothing changed: nothing is right"


def test_one_future_is_hindsight_and_has_no_interval() -> None:
    found = valued(1, "P1", "q", ["hold"], [[0.0, 5.0, 1.0]])
    assert found.worth is Worth.HINDSIGHT
    assert found.gain == Gain(5.0, None, None) and found.over[0].gain == Gain(1.0, None, None)


def test_an_idle_decision_gains_nothing_in_no_future() -> None:
    found = idle(1, "P1", "q")
    assert (found.worth, found.futures, found.gain.mean_bps, found.over) == ("idle", 0, 0.0, ())


def test_intervals_against_several_actions_are_wider_than_against_one() -> None:
    costs = [[0.0, gain, gain, gain, gain] for gain in (0.1, 0.5, -0.2, 0.4)]
    found = valued(1, "P1", "q", ["a", "b", "c"], costs)
    assert found.gain.low_bps is not None
    for other in found.over:
        assert other.gain.mean_bps == found.gain.mean_bps
        assert other.gain.low_bps is not None and other.gain.low_bps < found.gain.low_bps


@pytest.mark.parametrize("zeros", [0.0, 0.5])
@pytest.mark.parametrize("shape", ["normal", "student 3"])
def test_decisions_without_effect_are_seldom_called_right_or_wrong(
    shape: str, zeros: float
) -> None:
    rng = np.random.default_rng(11)
    size = 2_000, 16
    gains = rng.normal(size=size) if shape == "normal" else rng.standard_t(3, size=size)
    gains[rng.random(size) < zeros] = 0.0  # futures in which nothing came of it
    called = [
        valued(1, "P1", "q", [], [[0.0, gain] for gain in row]).worth in (Worth.RIGHT, Worth.WRONG)
        for row in gains.tolist()
    ]
    assert 0.02 < np.mean(called) < 0.06
