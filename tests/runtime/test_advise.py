"""One answer whole: the state before and after it, and a schedule that the run then follows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from steersman.advisor.rules import RulesAdvisor
from steersman.advisor.supervisor import Advisor, Latency, Supervisor
from steersman.config import Settings
from steersman.domain.advice import Action, Advice, Answer, Question
from steersman.domain.messages import AdviceJudged, Ask, Scheduled, Verdict, Viewed
from steersman.domain.order import AlgoName
from steersman.domain.units import MINUTE_NS, SECOND_NS
from steersman.errors import UsageError
from steersman.runtime.advise import Shown, advise, around, document
from steersman.runtime.backtest import Job
from steersman.runtime.prepare import prepare
from steersman.venues.flow import START_NS
from tests.runtime.runs import job, request, run

ADAPTIVE: dict[str, Any] = {"algo": AlgoName.ADAPTIVE, "advisor": "rules"}


class Holds:
    """Holds, for reasons of its own."""

    name = "holds"

    def advise(self, question: Question) -> Answer:
        said = Advice(action=Action.HOLD, ttl_s=150, reasoning="it falls 12.34 %")
        return Answer(said, raw="hold!")


def steered(advisor: Advisor, **changes: Any) -> Job:
    supervisor = Supervisor(advisor, RulesAdvisor(), Latency(100, 0.0, 3))
    return replace(job(**ADAPTIVE, **changes), supervisor=supervisor)


def shown(asked: Job, at_s: int) -> Shown:
    told: list[float] = []
    found = advise(asked, asked.order.start_ns + at_s * SECOND_NS, told.append)
    assert told == sorted(told) and told[-1] == 1.0
    return found


def test_it_shows_the_first_answer_from_a_time_on() -> None:
    found = shown(job(**ADAPTIVE), 90)
    from_ns = job(**ADAPTIVE).order.start_ns + 90 * SECOND_NS
    asked = [m.question for m in run(**ADAPTIVE).messages if isinstance(m, Ask)]
    assert found.question == next(one for one in asked if one.asked_ns >= from_ns) != asked[0]
    assert found.arrived.ask_id == found.judged.ask_id == found.question.ask_id
    assert [fact.id for fact in found.facts][:2] == ["view", "progress"]
    assert "[view]" in found.prompt.user


def test_what_it_shows_is_what_a_whole_run_does() -> None:
    found = shown(job(**ADAPTIVE), 90)
    messages = run(**ADAPTIVE).messages
    asked = [m.question for m in messages if isinstance(m, Ask)]
    assert found.question in asked
    assert found.judged in messages and found.arrived in messages
    now_ns, done = 0, {}
    for message in messages:
        if isinstance(message, Viewed):
            now_ns = message.at_ns
        elif isinstance(message, Scheduled):
            done[now_ns] = message.done
    # What is due now is what the run has scheduled last, at that time or before.
    first = found.path[0]
    assert first.at_ns == found.arrived.at_ns
    assert first.after == done[max(at for at in done if at <= first.at_ns)]


def test_the_schedule_with_the_answer_parts_from_that_without() -> None:
    found = shown(steered(Holds()), 0)
    assert (found.judged.verdict, found.arrived.raw) == (Verdict.CLAMPED, "hold!")
    assert [row.name for row in found.checks] == ["grounding"]
    assert len(found.path) >= 4
    assert all(point.after < point.before == point.base for point in found.path[1:])
    for point in found.path:
        assert float(point.low) - 0.001 <= point.after <= point.before


def test_the_document_is_whole() -> None:
    told = document(shown(steered(Holds()), 90))
    assert told["schema"] == "steersman.advise/1"
    assert told["reply"] == "hold!"
    assert told["checks"][0]["act"] == "clamp"
    assert told["verdict"]["effect"] == "hold"
    assert told["schedule"] and told["prompt"].user and told["facts"]


@pytest.mark.parametrize(
    ("at", "start_s"),
    [("20m", 17 * 60 + 30), ("2025-01-06T15:20:00", 17 * 60 + 30), ("10s", 30), ("2m", 30)],
)
def test_the_time_is_in_the_middle_of_the_order_where_it_can_be(at: str, start_s: int) -> None:
    asked, at_ns = around(request(**ADAPTIVE), at)
    assert at_ns - START_NS in (20 * MINUTE_NS, 10 * SECOND_NS, 2 * MINUTE_NS)
    prepared = prepare(asked, Settings({}), lambda line: None)
    assert prepared.order.start_ns == START_NS + start_s * SECOND_NS


@pytest.mark.parametrize(
    ("asked", "at_s", "words"),
    [
        (job(**ADAPTIVE), 300, "the order is over"),
        (job(**ADAPTIVE), 295, "no answer to a question"),
        (job(algo=AlgoName.ADAPTIVE), 60, "nobody advises"),
    ],
)
def test_where_no_answer_comes_it_says_so(asked: Job, at_s: int, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        advise(asked, asked.order.start_ns + at_s * SECOND_NS, lambda share: None)


def test_it_stops_at_the_answer() -> None:
    asked = job(**ADAPTIVE)
    found = shown(asked, 0)
    assert isinstance(found.judged, AdviceJudged)
    assert asked.venue.now_ns < asked.order.start_ns + 10 * SECOND_NS
