"""Whole orders on the generated market: they end, they repeat, they keep to their limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest

from steersman.advisor.rules import RulesAdvisor
from steersman.advisor.supervisor import Latency, Supervisor
from steersman.config import Settings
from steersman.domain.advice import Advice, Answer, NoAdvice, Question
from steersman.domain.market import Regime
from steersman.domain.messages import (
    AdviceArrived,
    AdviceJudged,
    Ask,
    Effect,
    Input,
    NewsArrived,
    ParentState,
    Place,
    Refused,
    RegimeChanged,
    Send,
    SignalsArrived,
    Viewed,
)
from steersman.domain.order import AlgoName
from steersman.domain.units import MINUTE_NS, SECOND_NS, Qty, Side
from steersman.journal import Journal
from steersman.marketdata.events import TRADE
from steersman.runtime.backtest import run_job
from steersman.venues.simulated import SimulatedVenue
from tests.engine.desk import order as parent
from tests.runtime.runs import job, run
from tests.venues.desk import BOOK, BTC, START_NS, recording


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("algo", AlgoName)
def test_every_order_completes_by_its_deadline(algo: AlgoName, side: Side) -> None:
    result = run(algo=algo, side=side, advisor="rules")
    assert result.parent.state is ParentState.COMPLETED
    assert result.parent.filled == 2
    assert result.messages[-1].__class__.__name__ != "Send"
    last = max(m.at_ns for m in result.messages if isinstance(m, Viewed))
    assert last <= result.parent.order.deadline_ns + SECOND_NS


@pytest.mark.parametrize("symbol", ["ETHUSDT", "XRPUSDT", "BTCUSD", "AAPL"])
def test_every_default_preset_can_be_traded(symbol: str) -> None:
    qty = {"ETHUSDT": "20", "XRPUSDT": "10000", "BTCUSD": "100000", "AAPL": "500"}[symbol]
    result = run(symbol=symbol, qty=Decimal(qty))
    assert result.parent.state is ParentState.COMPLETED, result.parent.closing_reason


def test_the_same_job_gives_the_same_hash_and_another_seed_does_not() -> None:
    hashes = [run(algo=AlgoName.ADAPTIVE, advisor="rules", seed=s).journal_hash for s in (5, 5, 6)]
    assert hashes[0] == hashes[1] != hashes[2]


def test_no_limit_is_ever_exceeded() -> None:
    result = run(qty=Decimal(20), algo=AlgoName.IS)
    limits = Settings({}).limits(max_position=Decimal(20))
    sent_ns: list[int] = []
    now_ns = 0
    for message in result.messages:
        if isinstance(message, Viewed):
            now_ns = message.at_ns
        if isinstance(message, Send):
            intent = message.approved.intent
            if isinstance(intent, Place):
                assert intent.qty * intent.price <= limits.max_order_size
            if not type(intent).__name__ == "Cancel":
                sent_ns.append(now_ns)
    gaps = [b - a for a, b in pairwise(sent_ns)]
    assert min(gaps) >= 5 * SECOND_NS
    for at in sent_ns:
        assert sum(at - MINUTE_NS < other <= at for other in sent_ns) <= 20


def test_hard_limits_outrank_completion() -> None:
    settings = Settings({"limits": {"max_volatility_hour_pct": "0.000001"}})
    result = run(settings=settings)
    assert result.parent.state is ParentState.EXPIRED
    assert result.parent.unfilled == 2
    assert "max_volatility_hour_pct" in result.parent.closing_reason
    assert not any(isinstance(message, Send) for message in result.messages)


def test_a_parent_its_limits_cannot_complete_is_refused_with_the_arithmetic() -> None:
    result = run(qty=Decimal(10_000), horizon="4h")
    refused = next(m for m in result.messages if isinstance(m, Refused))
    assert result.parent.state is ParentState.REFUSED
    assert "2881 children" in refused.detail


class Liar:
    """An advisor that always turns the wheel as far as it can."""

    name = "liar"

    def __init__(self, advice: Advice | NoAdvice) -> None:
        self.advice = advice

    def advise(self, question: Question) -> Answer:
        return Answer(self.advice)


@pytest.mark.parametrize(
    "advice",
    [
        Advice(pace_pct=200),
        Advice(pace_pct=0),
        NoAdvice("invalid", "not JSON"),
        NoAdvice("unavailable", "503"),
    ],
)
def test_whatever_the_advisor_says_the_order_completes(advice: Advice | NoAdvice) -> None:
    plain = job(algo=AlgoName.ADAPTIVE)
    supervisor = Supervisor(Liar(advice), RulesAdvisor(), Latency(100, 0.2, 1))
    with Journal.create(None) as journal:
        result = run_job(replace(plain, supervisor=supervisor), journal)
    assert result.parent.state is ParentState.COMPLETED
    assert any(isinstance(message, AdviceJudged) for message in result.messages)


def test_answers_arrive_after_their_latency_in_market_time_and_news_is_told() -> None:
    result = run(algo=AlgoName.ADAPTIVE, advisor="rules", horizon="30m")
    answers = [m for m in result.messages if isinstance(m, AdviceArrived)]
    assert len(answers) > 20
    assert all(0 < a.arrived_ns - a.asked_ns < SECOND_NS for a in answers)
    assert all(a.at_ns >= a.arrived_ns for a in answers)
    assert any(isinstance(message, NewsArrived) for message in result.messages)


def test_a_steered_order_looks_at_its_market_every_five_seconds() -> None:
    result = run(algo=AlgoName.ADAPTIVE, advisor="rules", horizon="30m", seed=7)
    order = result.parent.order
    seen = [m.at_ns for m in result.messages if isinstance(m, Viewed)]
    seen = [at_ns for at_ns in seen if order.start_ns <= at_ns < order.deadline_ns]
    assert len(seen) > 360
    assert max(later - at_ns for at_ns, later in pairwise(seen)) <= 5 * SECOND_NS
    told = [m for m in result.messages if isinstance(m, RegimeChanged)]
    assert told and all(change.why for change in told)
    regimes = {m.question.regime for m in result.messages if isinstance(m, Ask)}
    assert {told[0].regime} <= regimes <= {Regime.CALM, *(change.regime for change in told)}


def test_the_market_runs_on_for_the_mark_outs() -> None:
    result = run()
    assert result.tape.complete
    assert result.tape.end_ns >= result.parent.order.deadline_ns + 250 * SECOND_NS


def last_view(messages: Sequence[Input | Effect]) -> Viewed:
    return [message for message in messages if isinstance(message, Viewed)][-1]


@pytest.mark.parametrize(("asked", "seen_s"), [("31m", 31 * 60), ("1s", 300)])
def test_the_market_after_the_order_is_told_where_that_is_asked_for(
    asked: str, seen_s: int
) -> None:
    plain, watched = run(), run(watch_after=asked)
    assert watched.messages[:-1] == plain.messages, "nothing else changes"
    told = last_view(watched.messages)
    assert watched.messages[-1] == told and told.view.usable
    end_ns = last_view(plain.messages).at_ns
    assert told.at_ns == told.view.at_ns == end_ns + seen_s * SECOND_NS
    assert watched.tape.complete and watched.tape.end_ns >= plain.tape.end_ns


def test_of_data_that_end_before_that_nothing_more_is_told() -> None:
    rows = [*BOOK, *((k / 2, TRADE, 1, 1_000_001, 4_000) for k in range(1, 1_000))]
    start_ns = START_NS + 31 * SECOND_NS
    order = parent(start_ns=start_ns, deadline_ns=start_ns + 60 * SECOND_NS, qty=Qty(Decimal(2)))

    def worked(watch_after_ns: int) -> Sequence[Input | Effect]:
        venue = SimulatedVenue.recorded(BTC, recording(rows))
        asked = replace(job(), order=order, instrument=BTC, venue=venue)
        with Journal.create(None) as journal:
            return run_job(replace(asked, watch_after_ns=watch_after_ns), journal).messages

    assert worked(30 * MINUTE_NS) == worked(0)
    assert len(worked(5 * MINUTE_NS)) == len(worked(0)) + 1, "these it holds"


def test_a_recording_that_ends_early_halts_the_order_and_sees_its_cancel_through() -> None:
    rows = [*BOOK, *((k / 2, TRADE, 1, 1_000_001, 4_000) for k in range(1, 100))]
    venue = SimulatedVenue.recorded(BTC, recording(rows))
    start_ns = START_NS + 31 * SECOND_NS
    order = parent(start_ns=start_ns, deadline_ns=start_ns + 600 * SECOND_NS, qty=Qty(Decimal(2)))
    plain = job()
    short = replace(plain, order=order, instrument=BTC, venue=venue)
    with Journal.create(None) as journal:
        result = run_job(short, journal)
    assert result.market_ended
    assert result.parent.state is ParentState.HALTED
    assert result.parent.closing_reason == "the market data ended before the order did"
    assert result.parent.live_child is None
    assert result.parent.filled + result.parent.unfilled == 2
    assert any(isinstance(message, Send) for message in result.messages)


def test_signals_are_told_once_a_minute_of_a_perpetual() -> None:
    told = [m for m in run(horizon="10m").messages if isinstance(m, SignalsArrived)]
    minutes = [m.signals.at_ns // (60 * SECOND_NS) for m in told]
    assert 9 <= len(minutes) == len(set(minutes)) and minutes == sorted(minutes)
    assert all(m.signals.at_ns + SECOND_NS <= m.at_ns for m in told)
    shares = run(symbol="AAPL", qty=Decimal(500))
    assert not [m for m in shares.messages if isinstance(m, SignalsArrived)]
