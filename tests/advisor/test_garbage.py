"""A thousand garbage replies: no exception, no limit exceeded, each in the right bin."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

import pytest

from steersman.advisor.rules import RulesAdvisor
from steersman.advisor.supervisor import Latency, Supervisor
from steersman.advisor.validation import TABLE, validated
from steersman.domain.advice import Advice, Answer, NoAdvice, Question, parse_advice
from steersman.domain.messages import AdviceJudged, AnswerOutcome, Ask, NewsArrived, Verdict
from steersman.domain.order import AlgoName
from tests.advisor.garbage import JUDGED, KINDS, Reply, replies
from tests.advisor.questions import headline, question
from tests.advisor.voyage import Voyage
from tests.engine.desk import BTC, T0, Desk

COUNT, SEED = 1_000, 20_261_127
ASKED = question((headline("Exchange halts withdrawals"),))
REPLIES = list(replies(COUNT, SEED))


@dataclass
class Babbler:
    """An advisor that says the given replies, one after the other."""

    said: list[Reply]
    name: str = "babbler"
    asked: int = 0

    def advise(self, question: Question) -> Answer:
        reply = self.said[self.asked].text
        self.asked += 1
        return Answer(parse_advice(reply), raw=reply)


@pytest.mark.parametrize("kind", KINDS)
def test_each_reply_is_counted_in_the_bin_of_its_kind(kind: str) -> None:
    told = [reply for reply in REPLIES if reply.kind == kind]
    assert len(told) >= COUNT // len(KINDS)
    for reply in told:
        found = validated(Answer(parse_advice(reply.text), raw=reply.text), ASKED)
        if isinstance(found.answer.said, NoAdvice):
            assert found.answer.said.kind == "invalid"
            assert found.checks[-1:] == (found.answer.said.check,)
            assert found.answer.said.check in reply.bins, reply.text[:200]
        else:
            assert JUDGED in reply.bins, reply.text[:200]
        found.answer.raw.encode()


def test_every_check_of_a_reply_has_met_what_it_refuses() -> None:
    bins = {name for reply in REPLIES for name in reply.bins} - {JUDGED}
    rejecting = {row.name for row in TABLE if row.place != "engine" and row.act.value == "reject"}
    assert bins == rejecting


def test_a_thousand_replies_through_supervisor_and_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every order is worked to its end with a new garbage reply at every question.

    Nobody loses patience here: else three in a row would be the last for a while.
    """
    monkeypatch.setattr("steersman.advisor.breaker.FAILURES_MAX", COUNT)
    babbler = Babbler(REPLIES)
    verdicts: Counter[Verdict] = Counter()
    checks: Counter[str] = Counter()
    while babbler.asked < COUNT:
        voyage = Voyage(babbler, question_every_s=5, asks_max=COUNT - babbler.asked)
        voyage.sail(headline("Exchange halts withdrawals"))
        voyage.assert_sound(text_alone=True)
        verdicts.update(judged.verdict for judged in voyage.judged)
        checks.update(name for arrived in voyage.arrived for name in arrived.checks)
    assert sum(verdicts.values()) == COUNT
    taken = sum(JUDGED in reply.bins for reply in REPLIES)
    assert verdicts[Verdict.INVALID] == COUNT - taken
    assert verdicts[Verdict.ACCEPTED] + verdicts[Verdict.CLAMPED] == taken
    refusals = {row.name for row in TABLE if row.act.value == "reject"}
    assert sum(checks[name] for name in refusals) == COUNT - taken


def test_after_three_in_a_row_the_rules_go_on_without_it() -> None:
    babbler = Babbler([reply for reply in REPLIES if JUDGED not in reply.bins])
    voyage = Voyage(babbler)
    voyage.sail(headline("Exchange halts withdrawals"))
    voyage.assert_sound(text_alone=False)
    outcomes = [arrived.outcome for arrived in voyage.arrived]
    assert outcomes[:4] == [AnswerOutcome.INVALID] * 3 + [AnswerOutcome.CIRCUIT_OPEN]
    assert babbler.asked < len(voyage.arrived) / 2


def test_a_reply_repeated_counts_once() -> None:
    """What an advisor says again to a question that is answered changes nothing."""
    desk = Desk()
    desk.feed(NewsArrived(T0, BTC.id, (headline("Exchange halts withdrawals"),)))
    (ask,) = (e for e in desk.submit(algo=AlgoName.ADAPTIVE) if isinstance(e, Ask))
    advisor = Babbler([Reply("", '{"pace_pct": 150}', frozenset())])
    supervisor = Supervisor(advisor, RulesAdvisor(), Latency(100, 0.0, 1))
    supervisor.ask(ask.question)
    (arrived,) = supervisor.collect(T0 + 10**9)
    supervisor.close()
    assert isinstance(arrived.answer, Advice)
    verdicts = []
    for _ in range(3):
        (judged,) = desk.feed(arrived)
        assert isinstance(judged, AdviceJudged)
        verdicts.append(judged.verdict)
    assert verdicts == [Verdict.CLAMPED, Verdict.LATE, Verdict.LATE]
    assert desk.parent().order.qty == Decimal(10)
