"""An answer acts only if it was asked for, in time, still true of the market, and grounded."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from steersman.domain.advice import Action, Advice, Direction, NoAdvice, Origin, Severity
from steersman.domain.market import NewsItem, Signals
from steersman.domain.messages import (
    AdviceArrived,
    AdviceJudged,
    Ask,
    NewsArrived,
    SignalsArrived,
    Verdict,
)
from steersman.domain.order import AlgoName
from steersman.domain.units import SECOND_NS
from tests.engine.desk import BTC, MID, T0, Desk, limits

ITEM = NewsItem("n1", T0 - 1, T0 - 1, "wire", "Something happened")


def asked() -> tuple[Desk, Ask]:
    desk = Desk()
    desk.now_ns = T0
    desk.see()
    desk.feed(NewsArrived(T0, BTC.id, (ITEM,)))
    effects = desk.submit(algo=AlgoName.ADAPTIVE)
    (ask,) = (effect for effect in effects if isinstance(effect, Ask))
    return desk, ask


def answer(
    desk: Desk, ask: Ask, reply: Advice | NoAdvice, after_s: float = 1, **changes: Any
) -> AdviceJudged:
    arrived_ns = T0 + int(after_s * SECOND_NS)
    values: dict[str, Any] = {
        "at_ns": max(arrived_ns, desk.state.now_ns),
        "parent_id": "P1",
        "ask_id": ask.question.ask_id,
        "asked_ns": T0,
        "arrived_ns": arrived_ns,
        "ref_mid": MID,
        "advisor": "test",
        "fallback": False,
        "answer": reply,
        **changes,
    }
    *_, judged = desk.feed(AdviceArrived(**values))  # after what it replaced was judged
    assert isinstance(judged, AdviceJudged)
    return judged


def test_the_question_holds_the_news_and_the_view() -> None:
    _, ask = asked()
    assert ask.question.news == (ITEM,)
    assert ask.question.view.mid == MID
    assert ask.question.ask_id == "P1-q1"


def test_good_advice_is_in_force() -> None:
    desk, ask = asked()
    desk.see(flow_imbalance=0.5)
    judged = answer(desk, ask, Advice(pace_pct=150, evidence=("view", "n1")))
    assert judged.verdict is Verdict.ACCEPTED
    assert "pace 150 %" in judged.effect
    assert desk.parent().steering.advice is not None


@pytest.mark.parametrize(
    ("reply", "after_s", "verdict"),
    [
        (Advice(pace_pct=150), 10.001, Verdict.LATE),
        (Advice(pace_pct=150, ttl_s=2), 2.5, Verdict.LATE),
        (Advice(pace_pct=150, evidence=("n2",)), 1, Verdict.INVALID),
        (NoAdvice("invalid", "not JSON"), 1, Verdict.INVALID),
        (NoAdvice("nonsense", "?"), 1, Verdict.INVALID),
        (NoAdvice("timeout", "10 s"), 1, Verdict.TIMEOUT),
        (NoAdvice("unavailable", "503"), 1, Verdict.UNAVAILABLE),
    ],
)
def test_bad_advice_changes_nothing(
    reply: Advice | NoAdvice, after_s: float, verdict: Verdict
) -> None:
    desk, ask = asked()
    before = desk.parent().steering
    judged = answer(desk, ask, reply, after_s)
    assert judged.verdict is verdict
    assert judged.effect == ""
    assert judged.why
    assert desk.parent().steering == before
    assert desk.parent().pending_ask is None


def test_advice_about_a_market_that_has_moved_on_is_stale() -> None:
    desk, ask = asked()
    desk.see(after_s=1, mid=MID * Decimal("1.0021"))
    assert answer(desk, ask, Advice(pace_pct=150), 1.5).verdict is Verdict.STALE


def test_nobody_answers_twice_or_unasked() -> None:
    desk, ask = asked()
    assert answer(desk, ask, Advice(), ask_id="P1-q9").verdict is Verdict.LATE
    assert answer(desk, ask, Advice()).verdict is Verdict.ACCEPTED
    assert answer(desk, ask, Advice()).verdict is Verdict.LATE
    assert answer(desk, ask, Advice(), parent_id="P7").verdict is Verdict.LATE


def test_a_long_time_to_live_is_clamped() -> None:
    desk, ask = asked()
    judged = answer(desk, ask, Advice(pace_pct=120, ttl_s=3600))
    assert judged.verdict is Verdict.CLAMPED
    assert desk.parent().steering.advice_until_ns == T0 + 300 * SECOND_NS


def turned(desk: Desk, ask: Ask, **fields: Any) -> tuple[Verdict, bool]:
    judged = answer(desk, ask, Advice(**fields))
    return judged.verdict, desk.parent().steering.text_only


@pytest.mark.parametrize(
    "fields",
    [
        {"pace_pct": 180, "news_direction": Direction.UP, "news_severity": Severity.MAJOR},
        {"pace_pct": 180},  # what a model leaves out may have been left out by the text's order
        {"action": Action.FINISH},
        {"base": AlgoName.IS},
    ],
)
def test_text_alone_is_marked_and_an_agreeing_market_lifts_the_mark(fields: dict[str, Any]) -> None:
    desk, ask = asked()
    assert turned(desk, ask, evidence=("n1",), **fields) == (Verdict.CLAMPED, True)
    agreeing, question = asked()
    agreeing.see(after_s=1, flow_imbalance=0.5)
    known = "base" not in fields
    expected = (Verdict.ACCEPTED, False) if known else (Verdict.CLAMPED, True)
    assert turned(agreeing, question, evidence=("n1",), **fields) == expected


def test_a_market_that_agrees_with_the_news_but_not_with_the_turn_lifts_nothing() -> None:
    desk, ask = asked()
    desk.see(after_s=1, flow_imbalance=0.5)
    assert turned(desk, ask, pace_pct=20, news_direction=Direction.UP) == (Verdict.CLAMPED, True)


def test_a_signal_agrees_too() -> None:
    desk, ask = asked()
    desk.feed(SignalsArrived(T0, Signals(BTC.id, T0, exchange_netflow_pct=-2.0)))
    assert turned(desk, ask, pace_pct=180) == (Verdict.ACCEPTED, False)


def test_rules_read_no_text_and_no_turn_needs_no_support() -> None:
    desk, ask = asked()
    by_rule = {"pace_pct": Origin.RULE}
    assert turned(desk, ask, pace_pct=150, provenance=by_rule) == (Verdict.ACCEPTED, False)
    desk, ask = asked()
    assert turned(desk, ask, pace_pct=100) == (Verdict.ACCEPTED, False)


@pytest.mark.parametrize(
    ("then", "marked"),
    [
        (Advice(), True),  # no turn straightens nothing
        (Advice(pace_pct=100), True),
        (Advice(pace_pct=60, provenance={"pace_pct": Origin.RULE}), False),
    ],
)
def test_the_mark_of_text_stays_until_the_market_turns_the_order(
    then: Advice, marked: bool
) -> None:
    desk, ask = asked()
    assert turned(desk, ask, pace_pct=180) == (Verdict.CLAMPED, True)
    (again,) = (effect for effect in desk.see(after_s=61) if isinstance(effect, Ask))
    judged = answer(desk, again, then, 62, asked_ns=again.question.asked_ns)
    assert judged.verdict is (Verdict.CLAMPED if marked else Verdict.ACCEPTED)
    assert desk.parent().steering.text_only is marked


def test_without_texts_nothing_rests_on_them() -> None:
    desk = Desk()
    (ask,) = (e for e in desk.submit(algo=AlgoName.ADAPTIVE) if isinstance(e, Ask))
    assert turned(desk, ask, pace_pct=180) == (Verdict.ACCEPTED, False)


def test_what_the_boundary_took_back_is_a_clamp_and_is_named() -> None:
    desk, ask = asked()
    judged = answer(desk, ask, Advice(), checks=("mirror", "grounding"))
    assert judged.verdict is Verdict.CLAMPED
    assert "mirror" in judged.why and "grounding" in judged.why


def test_nothing_is_held_back_when_the_rest_takes_all_the_time_left() -> None:
    desk, ask = asked()
    assert answer(desk, ask, Advice(action=Action.HOLD)).effect == "hold"
    late = Desk(limits(min_order_interval_s=Decimal(80)))  # seven intervals of ten minutes
    late.submit(algo=AlgoName.ADAPTIVE)
    (question,) = (e for e in late.see(after_s=61) if isinstance(e, Ask))
    judged = answer(late, question, Advice(action=Action.HOLD), 61.5)
    assert judged.verdict is Verdict.CLAMPED
    assert judged.effect == "continue"


def test_questions_come_at_their_interval_and_not_while_one_is_open() -> None:
    desk, ask = asked()
    desk.see(after_s=30)
    assert sum(isinstance(effect, Ask) for effect in desk.effects) == 1
    answer(desk, ask, Advice(), 31)
    desk.see(after_s=31)
    assert sum(isinstance(effect, Ask) for effect in desk.effects) == 2
    desk.see(after_s=5)
    assert sum(isinstance(effect, Ask) for effect in desk.effects) == 2


def test_classic_algorithms_never_ask() -> None:
    desk = Desk()
    desk.submit(algo=AlgoName.TWAP)
    desk.see(after_s=100)
    assert not any(isinstance(effect, Ask) for effect in desk.effects)
