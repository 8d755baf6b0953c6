"""An answer acts only if it was asked for, in time, still true of the market, and grounded."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from steersman.domain.advice import Advice, Direction, NoAdvice, Severity
from steersman.domain.market import NewsItem
from steersman.domain.messages import AdviceArrived, AdviceJudged, Ask, NewsArrived, Verdict
from steersman.domain.order import AlgoName
from steersman.domain.units import SECOND_NS
from tests.engine.desk import BTC, MID, T0, Desk

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
    (judged,) = desk.feed(AdviceArrived(**values))
    assert isinstance(judged, AdviceJudged)
    return judged


def test_the_question_holds_the_news_and_the_view() -> None:
    _, ask = asked()
    assert ask.question.news == (ITEM,)
    assert ask.question.view.mid == MID
    assert ask.question.ask_id == "P1-q1"


def test_good_advice_is_in_force() -> None:
    desk, ask = asked()
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


def test_text_alone_is_marked_and_an_agreeing_market_lifts_the_mark() -> None:
    advice = Advice(
        pace_pct=180,
        news_direction=Direction.UP,
        news_severity=Severity.MAJOR,
        evidence=("n1",),
    )
    desk, ask = asked()
    assert answer(desk, ask, advice).verdict is Verdict.CLAMPED
    assert desk.parent().steering.text_only
    agreeing, question = asked()
    agreeing.see(after_s=1, flow_imbalance=0.5)
    assert answer(agreeing, question, advice).verdict is Verdict.ACCEPTED
    assert not agreeing.parent().steering.text_only


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
