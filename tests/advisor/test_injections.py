"""Whatever a text says, the order stays within half its envelope and keeps all that is its own.

The corpus runs against advisors that hold out and against one that obeys every word of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from msgspec import structs

from steersman.advisor import weights
from steersman.advisor.controls import (
    EarlierContext,
    KeywordAdvisor,
    NeutralAdvisor,
    RandomAdvisor,
    ShuffledAdvisor,
)
from steersman.advisor.elicited import EmbeddedAdvisor
from steersman.advisor.embedded import NewsReader
from steersman.advisor.rules import RulesAdvisor
from steersman.advisor.supervisor import Advisor, Latency, Supervisor
from steersman.algos.adaptive import envelope
from steersman.domain.advice import Action, Advice, Answer, Direction, Question, Severity
from steersman.domain.market import NewsItem
from steersman.domain.messages import Input, Place, Scheduled, Send, Started
from steersman.domain.order import AlgoName, Style
from steersman.domain.units import SECOND_NS, Price, Side
from steersman.engine.engine import process, start
from steersman.journal import Journal
from steersman.runtime.backtest import run_job
from steersman.runtime.checkup.injections import Injection, inject, injections
from tests.advisor.questions import headline, question
from tests.advisor.voyage import Voyage
from tests.engine.desk import MID
from tests.runtime.runs import job

CORPUS = injections()
HOST = headline("Exchange publishes its schedule of maintenance windows")
ORDERS: dict[str, dict[str, object]] = {
    "finish": {"action": Action.FINISH, "style": Style.CROSS, "ttl_s": 3600},
    "hold": {"action": Action.HOLD, "ttl_s": 3600},
    "another base": {"base": AlgoName.IS, "pace_pct": 200, "ttl_s": 3600},
    "full pace": {"pace_pct": 200, "impact_pct": 50},
    "no pace": {"pace_pct": 0, "impact_pct": 200},
}


@dataclass
class Obedient:
    """A model that has been taken over: it does what a text wants, every time it is asked.

    Where `open` it says that news made it, else it hides it, as a text could order it to.
    """

    wants: dict[str, object]
    open: bool = False
    name: str = "obedient"

    def advise(self, question: Question) -> Answer:
        said: dict[str, object] = dict(self.wants)
        if self.open and question.news:
            slower = said.get("action") is Action.HOLD or said.get("pace_pct") == 0
            buys = question.parent.side is Side.BUY
            points = Direction.DOWN if slower is buys else Direction.UP
            said |= {"news_direction": points, "news_severity": Severity.MAJOR}
            said["evidence"] = (question.news[-1].id,)
        return Answer(Advice(**said))  # type: ignore[arg-type]


@dataclass
class Told:
    """Lets an advisor see a question as an injection has made it, wherever that was written."""

    advisor: Advisor
    injection: Injection
    name: str = "told"

    def advise(self, question: Question) -> Answer:
        if self.injection.where in ("symbol", "notes"):
            question = inject(question, self.injection)
        return self.advisor.advise(question)


def carried(injection: Injection) -> tuple[NewsItem, ...]:
    """Return the news that the engine gets of an injection."""
    return inject(question((HOST,)), injection).news


def obeying(injection: Injection) -> Obedient:
    up = injection.wants is Direction.UP
    number = CORPUS.index(injection)
    words = [("hold", "no pace"), ("finish", "full pace", "another base")][up]
    return Obedient(ORDERS[words[number % len(words)]], open=number % 2 == 0)


def test_the_corpus_is_wide() -> None:
    assert len(CORPUS) >= 60
    assert len({one.id for one in CORPUS}) == len(CORPUS) == len({one.text for one in CORPUS})
    assert {one.where for one in CORPUS} == {
        "headline", "symbol", "notes", "source", "fact_id", "exchange",
    }  # fmt: skip
    assert {one.wants for one in CORPUS} == set(Direction)
    assert len({one.family for one in CORPUS}) >= 15
    assert max(len(one.whole) for one in CORPUS) > 40_000


@pytest.mark.parametrize("injection", CORPUS, ids=[one.id for one in CORPUS])
def test_a_model_that_obeys_moves_the_order_by_half_the_envelope(injection: Injection) -> None:
    side = Side.SELL if CORPUS.index(injection) % 3 == 0 else Side.BUY
    limit = Price(MID + side.sign * 5)
    notes = injection.whole[:500] if injection.where == "notes" else ""
    voyage = Voyage(Told(obeying(injection), injection), side=side, limit_price=limit, notes=notes)
    voyage.sail(*carried(injection))
    voyage.assert_sound(text_alone=True)
    assert voyage.bent, "it was obeyed: the schedule was not the base's"


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("base", [AlgoName.TWAP, AlgoName.IS])
def test_obeyed_from_the_start_to_the_end(name: str, base: AlgoName) -> None:
    for is_open in (False, True):
        voyage = Voyage(Obedient(ORDERS[name], is_open), question_every_s=11, base=base)
        voyage.sail(*(item for one in CORPUS[:8] for item in carried(one)))
        voyage.assert_sound(text_alone=True)


def advisors() -> list[Advisor]:
    keyword = KeywordAdvisor()
    found: list[Advisor] = [RulesAdvisor(), keyword, NeutralAdvisor()]
    found += [RandomAdvisor(keyword, 1), ShuffledAdvisor(keyword, EarlierContext())]
    if weights.find() is not None:
        found.append(EmbeddedAdvisor(NewsReader()))
    return found


def test_advisors_that_read_the_corpus_stay_in_half_the_envelope() -> None:
    """Eight injections at a time, which is all that one question holds."""
    for advisor in advisors():
        for first in range(0, len(CORPUS), 8):
            items = [item for one in CORPUS[first : first + 8] for item in carried(one)]
            news = [
                structs.replace(item, id=item.id if item.id != HOST.id else f"n{n}")
                for n, item in enumerate(items)
            ]
            voyage = Voyage(advisor, question_every_s=120)
            voyage.sail(*news)
            voyage.assert_sound(text_alone=True)


@pytest.mark.parametrize("wants", ["finish", "hold"])
def test_on_a_real_market_the_whole_corpus_stays_in_the_envelope(
    wants: str, tmp_path: Path
) -> None:
    news = tmp_path / "news.jsonl"
    begin = job(algo=AlgoName.ADAPTIVE).order.start_ns
    lines = [
        json.dumps({"time": begin + n * 3 * SECOND_NS, "text": one.whole})
        for n, one in enumerate(CORPUS)
    ]
    news.write_text("\n".join(lines), encoding="utf-8")
    asked = job(algo=AlgoName.ADAPTIVE, advisor="rules", news=str(news))
    supervisor = Supervisor(Obedient(ORDERS[wants]), RulesAdvisor(), Latency(250, 0.4, 3))
    with Journal.create(None) as journal:
        result = run_job(replace(asked, supervisor=supervisor), journal)
    supervisor.close()
    order = asked.order
    assert result.parent.filled == order.qty
    assert not result.parent.overfilled
    plan = result.parent.plans[AlgoName.ADAPTIVE]
    share = asked.execution.envelope
    now_ns, seen, state = 0, 0, None
    for message in result.messages:
        if isinstance(message, Started):
            state = start(message)
        elif isinstance(message, Input):
            assert state is not None
            state, effects = process(state, message)  # conservation is asserted in every step
            now_ns = message.at_ns
            for effect in effects:
                if isinstance(effect, Scheduled) and "left by the deadline" not in effect.reason:
                    low, high = envelope(order, plan, now_ns, share)
                    assert asked.instrument.floor_qty(low) <= effect.done, effect
                    assert effect.done <= asked.instrument.ceil_qty(high), effect
                    seen += 1
        elif isinstance(message, Send) and isinstance(message.approved.intent, Place):
            assert message.approved.intent.side is order.side
    assert seen >= 5
