"""Decisions one by one, and what counts as an adaptation."""

from __future__ import annotations

from decimal import Decimal as D

from steersman.domain.advice import Advice, NoAdvice, Usage
from steersman.domain.messages import (
    AdviceArrived,
    AdviceJudged,
    DecisionValued,
    Effect,
    Input,
    Verdict,
)
from steersman.domain.units import MS_NS
from steersman.domain.valued import Gain, Over, Worth
from steersman.tca.decisions import adaptations, decisions
from tests.tca.story import ns

GOOD = Advice()


def judged(
    at: float,
    effect: str,
    verdict: Verdict = Verdict.ACCEPTED,
    parent: str = "p",
    answer: Advice | NoAdvice = GOOD,
    checks: tuple[str, ...] = (),
    fallback: bool = False,
) -> list[Input | Effect]:
    """Tell of one answer, 250 ms after its question, and of what became of it."""
    arrived = AdviceArrived(
        at_ns=ns(at),
        parent_id=parent,
        ask_id=f"q{at}",
        asked_ns=ns(at) - 250 * MS_NS,
        arrived_ns=ns(at),
        ref_mid=D(100),
        advisor="m",
        fallback=fallback,
        answer=answer,
        checks=checks,
        usage=Usage(tokens_in=7, tokens_out=3, cost_usd=D("0.002")),
    )
    return [arrived, AdviceJudged(parent, f"q{at}", "m", verdict, fallback, effect, "because")]


def valued(
    at: float,
    gain: float,
    worth: Worth = Worth.RIGHT,
    over: dict[str, float] | None = None,
    half: float | None = 0.1,
    parent: str = "p",
) -> list[Input | Effect]:
    """Tell what the answer at a time was worth, all intervals `half` wide to each side."""

    def gained(mean: float) -> Gain:
        return Gain(mean) if half is None else Gain(mean, mean - half, mean + half)

    futures = {Worth.IDLE: 0, Worth.HINDSIGHT: 1}.get(worth, 16)
    others = tuple(Over(name, gained(mean)) for name, mean in (over or {}).items())
    return [
        DecisionValued(ns(at), parent, f"q{at}", worth, futures, gained(gain), others),
    ]


def test_what_a_decision_was_worth_comes_later_and_by_its_question() -> None:
    told = [*judged(1, "hold"), *judged(2, "finish"), *valued(2, -0.5, Worth.WRONG)]
    first, second = decisions([*told, *valued(1, 9.0, parent="other")], "p")
    assert first.valued is None
    assert second.valued is not None and second.valued.gain == Gain(-0.5, -0.6, -0.4)


def test_a_decision_carries_its_latency_and_price() -> None:
    (one,) = decisions(judged(5, "continue, pace 140 %"), "p")
    assert (one.at_ns, one.latency_ms, one.tokens, one.cost_usd) == (ns(5), 250.0, 10, D("0.002"))
    assert (one.asks_for, one.why, one.verdict) == ("continue, pace 140 %", "because", "accepted")


def test_only_a_passed_decision_that_asks_for_something_new_adapts() -> None:
    messages = [
        *judged(1, "continue"),
        *judged(2, "continue, pace 140 %"),
        *judged(3, "continue, pace 140 %"),
        *judged(4, "hold", Verdict.STALE),
        *judged(5, "hold", parent="other"),
        *judged(5.5, "continue, pace 140 %"),
        *judged(6, "continue", Verdict.CLAMPED),
    ]
    found = decisions(messages, "p")
    assert [one.changes for one in found] == [False, True, False, False, False, True]
    assert adaptations(found) == 2


def test_an_advice_that_leaves_everything_as_planned_adapts_nothing() -> None:
    messages = [
        *judged(1, "continue, pace 100 %"),
        *judged(2, "continue, impact 100 %"),
        *judged(3, "continue, pace 100 %, passive"),
        *judged(4, "continue, passive"),
        *judged(5, "continue"),
    ]
    found = decisions(messages, "p")
    assert [one.changes for one in found] == [False, False, True, False, True]
    assert found[0].asks_for == "continue, pace 100 %", "the log says what was said"


def test_only_an_advisors_own_words_are_coherent_or_not() -> None:
    messages = [
        *judged(1, "continue"),
        *judged(2, "", Verdict.INVALID, answer=NoAdvice("invalid", "no"), checks=("json",)),
        *judged(3, "", Verdict.CLAMPED, checks=("grounding",)),
        *judged(4, "", Verdict.TIMEOUT, answer=NoAdvice("timeout", "slow")),
        *judged(5, "continue", fallback=True),
        *judged(6, "", Verdict.INVALID, answer=NoAdvice("invalid", "not told by which check")),
    ]
    found = decisions(messages, "p")
    assert [one.coherent for one in found] == [True, False, False, None, None, False]
    assert found[1].checks == ("json",)
