"""The regime in force: looked for every five seconds, journaled when it changes, asked about."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.domain.advice import Advice, Direction, Severity
from steersman.domain.instrument import Category
from steersman.domain.limits import ExecutionConfig
from steersman.domain.market import Regime
from steersman.domain.messages import AdviceArrived, Ask, Effect, RegimeChanged, Viewed, Wake
from steersman.domain.order import AlgoName
from steersman.domain.specs import find
from steersman.domain.units import MINUTE_NS, SECOND_NS
from steersman.engine.regimes import next_look_ns, regime_in_force
from steersman.venues.presets import START_NS
from steersman.venues.simulated import SimulatedVenue
from tests.engine.desk import BTC, MID, T0, Desk

THIN = {"depth_share": 0.3}
VOLATILE = {"volatility_ratio": 1.8}


def changes(desk: Desk) -> list[RegimeChanged]:
    return [effect for effect in desk.effects if isinstance(effect, RegimeChanged)]


def asks(effects: tuple[Effect, ...] | list[Effect]) -> list[Ask]:
    return [effect for effect in effects if isinstance(effect, Ask)]


def wake_ns(effects: tuple[Effect, ...]) -> int:
    (wake,) = (effect for effect in effects if isinstance(effect, Wake))
    return wake.at_ns


def answer(desk: Desk, ask: Ask, reply: Advice) -> None:
    question = ask.question
    arrived = AdviceArrived(
        at_ns=desk.state.now_ns,
        parent_id="P1",
        ask_id=question.ask_id,
        asked_ns=question.asked_ns,
        arrived_ns=desk.state.now_ns,
        ref_mid=MID,
        advisor="test",
        fallback=False,
        answer=reply,
    )
    desk.feed(arrived)


def steered(**settings: Any) -> Desk:
    """Return a desk with an adaptive order whose first question has been answered."""
    desk = Desk(execution=ExecutionConfig(**settings))
    (ask,) = asks(desk.submit(algo=AlgoName.ADAPTIVE))
    answer(desk, ask, Advice())
    return desk


def test_a_change_is_told_with_what_it_was_and_why() -> None:
    desk = Desk()
    desk.submit()
    desk.see(after_s=5, **VOLATILE)
    (changed,) = changes(desk)
    why = "volatility 1.8 times the usual"
    assert changed == RegimeChanged(BTC.id, Regime.VOLATILE, Regime.CALM, why)
    assert regime_in_force(desk.state, BTC.id) is Regime.VOLATILE
    for _ in range(12):
        desk.see(after_s=5)
    assert [change.regime for change in changes(desk)] == [Regime.VOLATILE, Regime.CALM]
    assert changes(desk)[-1].was is Regime.VOLATILE


def test_nothing_changes_within_five_seconds() -> None:
    desk = Desk()
    desk.submit()
    for _ in range(9):
        desk.see(after_s=0.5, **VOLATILE)
        assert changes(desk) == []
    desk.see(after_s=0.5, **VOLATILE)
    assert len(changes(desk)) == 1


@pytest.mark.parametrize(
    "seen",
    [
        {"observed_ns": 59 * SECOND_NS},
        {"invalid": "gap"},
        {"best_bid": None},
        {"feed_age_ns": 3 * SECOND_NS},
    ],
    ids=["too young", "no valid book", "one-sided", "stale"],
)
def test_what_may_not_be_acted_on_is_no_regime(seen: dict[str, Any]) -> None:
    desk = Desk()
    desk.see(**VOLATILE, **seen)
    assert desk.state.regimes == {} and changes(desk) == []
    desk.see(after_s=1, **VOLATILE)
    assert len(changes(desk)) == 1


def test_another_regime_is_a_reason_to_ask_once() -> None:
    desk = steered()
    assert asks(desk.see(after_s=20)) == []
    (ask,) = asks(desk.see(after_s=1, **THIN) + desk.see(after_s=4, **THIN))
    assert ask.question.regime is Regime.THIN
    answer(desk, ask, Advice())
    for _ in range(9):
        assert asks(desk.see(after_s=5, **THIN)) == []
    assert len(asks(desk.see(after_s=15, **THIN))) == 1  # the next one by the timer


def test_what_is_less_urgent_is_no_reason_to_ask() -> None:
    desk = steered(llm_query_interval_s=300)
    desk.see(after_s=10, **THIN)
    answer(desk, asks(desk.effects)[-1], Advice())
    for _ in range(13):
        desk.see(after_s=5, **VOLATILE)
    assert [change.regime for change in changes(desk)] == [Regime.THIN, Regime.VOLATILE]
    assert len(asks(desk.effects)) == 2


def test_questions_are_ten_seconds_apart_and_never_two_at_once() -> None:
    desk = steered()
    desk.see(after_s=5, trend_bps=50.0)  # five seconds after the first question
    assert len(asks(desk.effects)) == 1
    assert desk.parent().next_ask_ns == T0 + 10 * SECOND_NS
    desk.see(after_s=4.9, **VOLATILE)
    assert len(asks(desk.effects)) == 1
    assert len(asks(desk.see(after_s=0.1, **VOLATILE))) == 1
    assert asks(desk.see(after_s=5, **THIN)) == []  # not yet, and the last is still open
    assert asks(desk.see(after_s=5, **THIN)) == []  # still open
    answer(desk, asks(desk.effects)[-1], Advice())
    assert len(asks(desk.see(after_s=0.1, **THIN))) == 1


@pytest.mark.parametrize("settings", [{}, {"llm_adaptation_enabled": False}])
def test_orders_that_nobody_steers_are_neither_asked_about_nor_woken(
    settings: dict[str, Any],
) -> None:
    algo = AlgoName.ADAPTIVE if settings else AlgoName.TWAP
    desk = Desk(execution=ExecutionConfig(**settings))
    desk.submit(algo=algo)
    desk.accept("P1-1")
    effects = desk.see(after_s=8, **THIN)
    assert len(changes(desk)) == 1
    assert asks(desk.effects) == []
    assert wake_ns(effects) == T0 + 15 * SECOND_NS  # for what rests, not for a look


def test_a_steered_order_looks_every_five_seconds_from_the_first_look_on() -> None:
    desk = steered()
    desk.see(after_s=2)  # a stop in between moves no look
    assert next_look_ns(desk.state, BTC.id) == T0 + 5 * SECOND_NS
    for second in range(5, 60, 5):
        desk.now_ns = T0 + second * SECOND_NS
        assert wake_ns(desk.see()) <= desk.now_ns + 5 * SECOND_NS
        assert next_look_ns(desk.state, BTC.id) == desk.now_ns + 5 * SECOND_NS
    desk.see(after_s=7, invalid="gap")  # a look that failed is made up for
    assert next_look_ns(desk.state, BTC.id) == desk.now_ns + 5 * SECOND_NS


def severe(pace_pct: int = 100) -> Advice:
    return Advice(
        pace_pct=pace_pct, news_direction=Direction.UP, news_severity=Severity.MAJOR, ttl_s=300
    )


def test_severe_news_in_an_accepted_advice_is_a_regime_and_asks_nobody_again() -> None:
    desk = Desk()
    (ask,) = asks(desk.submit(algo=AlgoName.ADAPTIVE))
    desk.see(after_s=3)
    answer(desk, ask, severe())
    assert asks(desk.see(after_s=4)) == []
    (changed,) = changes(desk)
    assert changed.regime is Regime.NEWS
    assert changed.why == "severe news, read 7 s ago"  # since it was asked
    assert desk.parent().next_ask_ns == T0 + 60 * SECOND_NS


def test_minor_news_and_an_advice_that_was_refused_are_none() -> None:
    for reply in (Advice(news_severity=Severity.MINOR), Advice(evidence=("nothing",))):
        desk = Desk()
        (ask,) = asks(desk.submit(algo=AlgoName.ADAPTIVE))
        answer(desk, ask, reply)
        desk.see(after_s=10)
        assert changes(desk) == []


def test_each_market_has_its_own() -> None:
    desk = Desk()
    desk.submit()
    desk.see(after_s=10, instrument="sim:OTHER.linear", **THIN)
    assert regime_in_force(desk.state, BTC.id) is Regime.CALM
    assert regime_in_force(desk.state, "sim:OTHER.linear") is Regime.THIN


@given(st.data())
def test_stops_between_two_looks_change_nothing(data: st.DataObject) -> None:
    """Looks every five seconds, and between them as many views of anything as you like."""
    ratios = data.draw(st.lists(st.sampled_from([0.9, 1.2, 1.4, 1.6]), min_size=5, max_size=30))
    plain, stopped = Desk(), Desk()
    for k, ratio in enumerate(ratios):
        for desk in (plain, stopped):
            desk.now_ns = T0 + 5 * k * SECOND_NS
            desk.see(volatility_ratio=ratio)
        between = data.draw(st.lists(st.floats(0.001, 4.999), max_size=3))
        for after_s in sorted(between):
            stopped.now_ns = T0 + 5 * k * SECOND_NS + int(after_s * SECOND_NS)
            stopped.see(volatility_ratio=9.0, mid=MID + Decimal(1))
    assert changes(stopped) == changes(plain)
    assert stopped.state.regimes == plain.state.regimes


# Mixed markets whose hidden schedule turns from calm to one regime; minutes from the start.
@pytest.mark.parametrize(
    ("seed", "regime", "from_minute", "to_minute", "least"),
    [(36, Regime.THIN, 20, 44, 0.7), (21, Regime.VOLATILE, 62, 77, 0.5)],
)
def test_a_generated_regime_is_recognised(
    seed: int, regime: Regime, from_minute: int, to_minute: int, least: float
) -> None:
    end_ns = START_NS + to_minute * MINUTE_NS
    instrument = find("BTCUSDT", category=Category.LINEAR, venue="sim")
    venue = SimulatedVenue.generated(
        instrument, seed=seed, start_ns=START_NS, end_ns=end_ns, tape=False
    )
    (truth,) = (span for span in venue.hidden_regimes() if span.name.value == regime.value)
    assert round((truth.from_ns - START_NS) / MINUTE_NS) == from_minute
    desk = Desk()
    before: list[bool] = []
    during: list[bool] = []
    for at_ns in range(START_NS + 5 * SECOND_NS, end_ns, 5 * SECOND_NS):
        desk.feed(Viewed(at_ns, venue.run(Wake(instrument.id, at_ns, None, None)).view))
        seen = before if at_ns < truth.from_ns else during
        seen.append(regime_in_force(desk.state, instrument.id) is regime)
    assert sum(before) < 0.1 * len(before)
    assert sum(during) > least * len(during)
    told = [change.regime for change in changes(desk)]
    assert len(told) < to_minute / 4  # it does not flicker
