"""The composition of an advice: bounded, explained, and turned the right way for each side."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from steersman.advisor.rules import NewsReading, RulesAdvisor, compose, fresh_news
from steersman.domain.advice import Advice, Direction, Origin, Severity
from steersman.domain.market import Regime
from steersman.domain.order import Style
from steersman.domain.units import Side
from tests.advisor.questions import ANY_HOUR, headline, question
from tests.engine.desk import T0, view


def read(direction: Direction, severity: Severity, probability: float = 0.9) -> NewsReading:
    return NewsReading(headline("a headline"), direction, severity, probability)


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("direction", [Direction.UP, Direction.DOWN])
def test_news_speeds_up_the_side_it_hurts_to_wait_for(side: Side, direction: Direction) -> None:
    advice = compose(
        question(side=side), (read(direction, Severity.MAJOR),), Origin.MODEL, ANY_HOUR
    )
    assert advice.pace_pct is not None
    hurts_to_wait = (direction is Direction.UP) is (side is Side.BUY)
    assert (advice.pace_pct > 100) is hurts_to_wait
    assert advice.evidence == ("n1",)
    assert advice.provenance["news_direction"] is Origin.MODEL


def test_major_turns_further_than_minor_and_doubt_turns_nothing() -> None:
    def pace(severity: Severity, probability: float = 0.9) -> int:
        reading = read(Direction.UP, severity, probability)
        turned = compose(question(), (reading,), Origin.MODEL, ANY_HOUR).pace_pct
        assert turned is not None
        return turned

    assert pace(Severity.MAJOR) > pace(Severity.MINOR) > pace(Severity.NONE) == 100
    assert pace(Severity.MAJOR, 0.49) == 100


def test_many_headlines_do_not_add_up() -> None:
    one = compose(question(), (read(Direction.UP, Severity.MINOR),), Origin.MODEL, ANY_HOUR)
    many = compose(question(), (read(Direction.UP, Severity.MINOR),) * 8, Origin.MODEL, ANY_HOUR)
    assert one.pace_pct == many.pace_pct


def test_strong_flow_turns_by_rule_and_pace_stays_bounded() -> None:
    flow = question(view=view(T0, flow_imbalance=0.9))
    advice = compose(flow, (read(Direction.UP, Severity.MAJOR, 1.0),), Origin.MODEL, ANY_HOUR)
    assert advice.pace_pct == 180
    assert set(advice.evidence) == {"view", "n1"}
    against = RulesAdvisor(ANY_HOUR).advise(question(view=view(T0, flow_imbalance=-0.9))).said
    assert isinstance(against, Advice)
    assert against.pace_pct == 85


def test_without_anything_the_schedule_is_kept() -> None:
    advice = RulesAdvisor(ANY_HOUR).advise(question()).said
    assert isinstance(advice, Advice)
    assert advice.pace_pct == 100
    assert advice.reasoning


def test_stale_repeats_and_old_headlines_are_not_read() -> None:
    news = (
        headline("Exchange  halts withdrawals", age_s=1_000, number=1),
        headline("exchange halts withdrawals", age_s=10, number=2),
        headline("Fresh news", age_s=20, number=3),
        headline("Old news", age_s=2_000, number=4),
    )
    assert [item.id for item in fresh_news(question(news))] == ["n3"]


def test_the_hour_turns_crypto_and_not_shares() -> None:
    asked = [replace(question(), asked_ns=T0 + hours * 3_600 * 10**9) for hours in (0, 2, 8)]
    deep, usual, thin = (compose(one, (), Origin.RULE) for one in asked)  # from 14 h UTC, a Monday
    assert [advice.pace_pct for advice in (deep, usual, thin)] == [110, 100, 90]
    assert [advice.evidence for advice in (deep, usual, thin)] == [("session",), (), ("session",)]
    share = replace(asked[2].parent, instrument="sim:AAPL.equity")
    assert compose(replace(asked[2], parent=share), (), Origin.RULE).pace_pct == 100


def test_the_regime_in_force_turns_and_says_so() -> None:
    against = replace(question(side=Side.SELL), regime=Regime.TREND_DOWN)
    advice = compose(against, (), Origin.RULE, ANY_HOUR)
    assert advice.pace_pct == 115 and "trend" in advice.reasoning
    assert advice.regime is Regime.TREND_DOWN and advice.evidence == ("regime",)
    thin = compose(replace(question(), regime=Regime.THIN), (), Origin.RULE, ANY_HOUR)
    assert thin.pace_pct == 80 and thin.style is Style.PASSIVE
    calm = compose(question(), (), Origin.RULE, ANY_HOUR)
    assert calm.pace_pct == 100 and calm.evidence == () and calm.regime is None


@pytest.mark.parametrize(("trend_bps", "faster"), [(9.0, True), (-9.0, False)])
def test_a_cascade_turns_by_the_way_it_runs(trend_bps: float, faster: bool) -> None:
    seen = question(side=Side.BUY, view=view(T0, trend_bps=trend_bps))
    advice = compose(replace(seen, regime=Regime.CASCADE), (), Origin.RULE, ANY_HOUR)
    assert advice.pace_pct is not None and (advice.pace_pct > 100) is faster
