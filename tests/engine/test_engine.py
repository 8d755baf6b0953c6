"""The fold: pure, ordered in time, many parents at once, commands at any moment."""

from __future__ import annotations

from decimal import Decimal

import pytest

from steersman.domain.market import NewsItem, Signals
from steersman.domain.messages import (
    Cancel,
    Cancelled,
    Command,
    DecisionValued,
    Intervened,
    NewsArrived,
    ParentChanged,
    ParentState,
    Send,
    SignalsArrived,
    Started,
    Submit,
    Tick,
    Viewed,
    Wake,
)
from steersman.domain.units import SECOND_NS, Qty, Side
from steersman.domain.valued import Gain, Worth
from steersman.engine.engine import process
from tests.engine.desk import BTC, T0, Desk, limits, order, view


def test_the_same_inputs_give_the_same_state_and_effects() -> None:
    first, second = Desk(), Desk()
    for desk in (first, second):
        desk.submit()
        desk.accept("P1-1")
        desk.fill("P1-1", "0.2")
        desk.see(after_s=6)
    assert first.effects == second.effects
    assert first.state == second.state


def test_process_does_not_change_the_state_it_is_given() -> None:
    desk = Desk()
    desk.submit()
    before = desk.state
    kept = (dict(before.parents), dict(before.children), before.positions, before.now_ns)
    process(before, Viewed(T0 + SECOND_NS, view(T0 + SECOND_NS)))
    assert (before.parents, before.children, before.positions, before.now_ns) == kept


def test_time_never_runs_backwards() -> None:
    desk = Desk()
    desk.see()
    with pytest.raises(AssertionError, match="time ran backwards"):
        desk.feed(Tick(T0 - 1))


def test_what_a_decision_was_worth_changes_nothing() -> None:
    desk = Desk()
    desk.submit()
    before = desk.state
    gain = Gain(5.0, 4.0, 6.0)
    value = DecisionValued(before.now_ns, "P1", "P1-q1", Worth.RIGHT, 16, gain)
    after, effects = process(before, value)
    assert after == before and effects == ()


def test_a_journal_starts_once() -> None:
    desk = Desk()
    state = desk.state
    with pytest.raises(AssertionError, match="starts once"):
        process(state, Started(T0, 1, (), state.execution, state.limits, {}, 1))


def test_many_parents_share_the_limits_and_their_wakes_merge() -> None:
    desk = Desk(limits(max_orders_per_minute=2))
    desk.submit()
    effects = desk.submit(id="P2")
    desk.submit(id="P3")
    assert len(desk.placed()) == 2, "the third waits for the shared rate limit"
    assert sum(isinstance(effect, Wake) for effect in effects) <= 1
    effects = desk.see(after_s=1)
    assert sum(isinstance(effect, Wake) for effect in effects) == 1
    desk.see(after_s=60)
    assert len(desk.placed()) == 3


def test_a_view_of_another_instrument_works_no_parent_of_this_one() -> None:
    desk = Desk()
    desk.submit()
    other = view(T0 + 100 * SECOND_NS, instrument="sim:ETHUSDT.linear")
    assert desk.feed(Viewed(T0 + 100 * SECOND_NS, other)) == ()


def test_news_and_signals_are_kept() -> None:
    desk = Desk()
    desk.see()
    item = NewsItem("n1", T0, T0, "wire", "text")
    assert desk.feed(NewsArrived(T0, BTC.id, (item,))) == ()
    assert desk.state.news[BTC.id] == (item,)
    desk.feed(SignalsArrived(T0, Signals(BTC.id, T0, funding_rate_pct=0.01)))
    assert desk.state.signals[BTC.id].funding_rate_pct == 0.01


def command(desk: Desk, what: Command, parent_id: str | None = "P1") -> None:
    desk.feed(Intervened(desk.now_ns, what, parent_id, "a drill"))


def test_pause_withdraws_and_resume_goes_on() -> None:
    desk = Desk()
    desk.submit()
    desk.accept("P1-1")
    command(desk, Command.PAUSE)
    assert desk.parent().state is ParentState.PAUSED
    assert isinstance(desk.sent()[-1], Cancel)
    desk.report(Cancelled("P1-1", 0, Qty(Decimal(0)), "asked"))
    desk.see(after_s=30)
    assert len(desk.sent()) == 2
    command(desk, Command.RESUME)
    assert desk.parent().state is ParentState.RUNNING
    assert desk.placed()[-1].child_id == "P1-2"


def test_a_cancelled_order_ends_when_its_child_has() -> None:
    desk = Desk()
    desk.submit()
    desk.accept("P1-1")
    command(desk, Command.CANCEL)
    assert desk.parent().state is ParentState.RUNNING
    desk.fill("P1-1", "0.2")
    desk.report(Cancelled("P1-1", 0, Qty(Decimal("0.2")), "asked"))
    desk.see(after_s=1)
    parent = desk.parent()
    assert (parent.state, parent.filled, parent.unfilled) == (
        ParentState.CANCELLED,
        Decimal("0.2"),
        Decimal("9.8"),
    )


def test_kill_takes_everything_down_and_one_parents_kill_only_that_one() -> None:
    desk = Desk()
    desk.submit()
    desk.submit(id="P2")
    command(desk, Command.KILL, "P2")
    desk.report(Cancelled("P2-1", 0, Qty(Decimal(0)), "asked"))
    desk.see(after_s=1)
    assert desk.parent("P2").state is ParentState.HALTED
    assert desk.parent("P1").state is ParentState.RUNNING
    assert not desk.state.killed
    command(desk, Command.KILL, None)
    state = desk.state
    assert state.killed == "a drill"
    desk.accept("P1-1")
    effects = desk.see(after_s=1)
    assert [type(e.approved.intent) for e in effects if isinstance(e, Send)] == [Cancel]


def test_commands_to_nobody_are_told() -> None:
    desk = Desk()
    desk.see()
    command(desk, Command.PAUSE, "P9")
    assert desk.effects
    command(desk, Command.RESUME, None)


def test_every_change_of_state_is_told_once() -> None:
    desk = Desk()
    desk.submit(qty=Qty(Decimal("0.01")), side=Side.SELL, deadline_ns=T0 + 30 * SECOND_NS)
    desk.fill("P1-1", "0.01")
    desk.see(after_s=1)
    desk.see(after_s=1)
    told = [effect.state for effect in desk.effects if isinstance(effect, ParentChanged)]
    assert told == [ParentState.CREATED, ParentState.RUNNING, ParentState.COMPLETED]


def test_the_second_order_with_an_id_changes_nothing() -> None:
    desk = Desk()
    desk.submit()
    before = desk.parent()
    desk.feed(Submit(desk.now_ns, order(qty=Qty(Decimal(3)))))
    assert desk.parent() == before
