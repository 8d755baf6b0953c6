"""One row of a study: what is in the cost, what was not filled valued at the close, tokens."""

from __future__ import annotations

from decimal import Decimal

import pytest

from steersman.domain.advice import Advice, Usage
from steersman.domain.messages import AdviceArrived, ParentState
from steersman.domain.units import Side
from steersman.errors import DataError
from steersman.marketdata.tape import Tape
from steersman.tca.measure import measure
from steersman.tca.results import OrderResult, result_of
from tests.tca.story import Story, ns, tape

# The mid is 100 at first, 101 when the order ends, and 102 at its deadline, 60 s.
TAPE = tape([(0, "99", "101"), (20, "100", "102"), (50, "101", "103")])


def row(story: Story, drawn: Tape = TAPE) -> OrderResult:
    report = measure(story.messages, "p", drawn)
    return result_of(
        report, story.spec, story.messages, order=3, arm="twap", market="m", journal="j"
    )


def test_a_filled_order_costs_its_fills_and_fees() -> None:
    story = Story(qty="10").run("99", "101").fill(6, "10", "101", fee="0.05")
    found = row(story.end(12, "100", "102", ParentState.COMPLETED))
    assert found.cost_bps == pytest.approx((10 + 0.05) / 1000 * 1e4)
    assert found.fees_bps == pytest.approx(0.5)
    assert (found.unfilled_bps, found.fill_rate, found.reason) == (0.0, 1.0, "")
    assert (found.order, found.arm, found.market, found.journal) == (3, "twap", "m", "j")


@pytest.mark.parametrize(("side", "sign"), [(Side.BUY, 1), (Side.SELL, -1)])
def test_what_is_not_filled_is_valued_at_the_close_whenever_the_order_ended(
    side: Side, sign: int
) -> None:
    story = Story(qty="10", side=side).run("99", "101").fill(6, "4", "100", fee="0.02")
    found = row(story.end(25, "100", "102", ParentState.HALTED))
    # Six of ten lost 2 (not the 1 of when it ended); four were filled at the mid.
    assert found.unfilled_bps == pytest.approx(sign * 6 * 2 / 1000 * 1e4)
    assert found.cost_bps == pytest.approx(found.unfilled_bps + 0.02 / 1000 * 1e4)
    assert (found.fill_rate, found.state, found.reason) == (0.4, "halted", "told so")


def test_an_order_that_never_began_costs_what_the_market_did() -> None:
    story = Story(qty="10").view(0, "99", "101").submit(0).change(ParentState.REFUSED, "no room")
    found = row(story)
    assert found.cost_bps == found.unfilled_bps == pytest.approx(2 / 100 * 1e4)
    assert (found.fees_bps, found.fill_rate, found.maker_share) == (0.0, 0.0, None)


def test_tokens_are_part_of_the_cost() -> None:
    story = Story(qty="10").run("99", "101")
    for number in range(2):
        usage = Usage(cost_usd=Decimal("0.05"))
        answer = AdviceArrived(
            ns(5), "p", f"q{number}", ns(4), ns(5), Decimal(100), "m", False, Advice(), usage
        )
        story.messages.append(answer)
    story.fill(6, "10", "100")
    found = row(story.end(12, "100", "102", ParentState.COMPLETED))
    assert found.token_bps == found.cost_bps == pytest.approx(0.1 / 1000 * 1e4)


def test_a_market_without_any_price_is_an_error() -> None:
    story = Story().submit(0).change(ParentState.REFUSED, "no prices")
    with pytest.raises(DataError, match="order 3: the market had no price"):
        row(story, tape([]))
