"""Another market of the same kind: as lively, told no sooner, and knowing nothing of this one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from steersman.advisor.controls import ShuffledAdvisor
from steersman.advisor.supervisor import Supervisor
from steersman.config import Settings
from steersman.domain.advice import Question
from steersman.domain.market import NewsItem
from steersman.domain.messages import AdviceArrived, AnswerOutcome, Ask
from steersman.domain.order import AlgoName
from steersman.domain.units import MINUTE_NS, SECOND_NS
from steersman.runtime.answering import Setting, build
from steersman.runtime.backtest import Job
from steersman.runtime.sibling import Sibling, seed_of_sibling
from steersman.venues.presets import START_NS
from steersman.venues.simulated import SimulatedVenue
from tests.advisor.questions import question
from tests.runtime.runs import job, run

EMPTY = Settings({})
NEWS: dict[str, Any] = {"regime": "news", "horizon": "10m"}
SHUFFLED: dict[str, Any] = {**NEWS, "algo": AlgoName.ADAPTIVE, "advisor": "shuffled"}


def market(seed: int, end_s: int = 2_700) -> SimulatedVenue:
    instrument = job().instrument
    return SimulatedVenue.generated(
        instrument,
        seed=seed,
        start_ns=START_NS,
        end_ns=START_NS + end_s * SECOND_NS,
        regime="news",
        informativeness=1.0,
    )


def asked(minutes: float) -> Question:
    return replace(question(), asked_ns=START_NS + round(minutes * MINUTE_NS))


def test_what_is_heard_is_what_the_other_market_has_told_by_then() -> None:
    sibling, alone = Sibling(lambda: market(9)), market(9)
    told: list[NewsItem] = []
    for n in range(1, 41):
        at = asked(n + 0.3)
        heard = sibling(at)
        told += alone.news_until(at.asked_ns)
        assert all(item in told and item.received_ns <= at.asked_ns for item in heard.news)
        missing = [item for item in told if item not in heard.news]
        assert all(at.asked_ns - item.received_ns >= 10 * MINUTE_NS for item in missing)
        signals = heard.signals
        assert signals is not None and at.asked_ns - MINUTE_NS <= signals.at_ns <= at.asked_ns
        assert (heard.asked_ns, heard.view.mid) == (at.asked_ns, at.view.mid)
        assert heard.view.flow_imbalance != 0 != heard.view.trend_bps
    assert missing, "what is too old for its kind is heard no more"
    assert len(told) > 20


def test_the_other_market_is_made_when_it_is_first_listened_to() -> None:
    made: list[int] = []

    def make() -> SimulatedVenue:
        made.append(1)
        return market(9, 600)

    sibling = Sibling(make)
    assert made == []
    first, second = sibling(asked(1)), sibling(asked(2))
    assert made == [1] and first.view != second.view


def test_each_seed_has_a_sibling_of_its_own() -> None:
    seeds = [seed_of_sibling(seed + (chance << 60)) for seed in range(50) for chance in range(2)]
    assert len(set(seeds)) == 100 and not set(seeds) & set(range(50))
    assert max(seeds) < 1 << 53, "as the seeds of markets are"


def control(made: Job) -> ShuffledAdvisor:
    assert isinstance(made.supervisor, Supervisor)
    made.supervisor.close()
    assert isinstance(made.supervisor.advisor, ShuffledAdvisor)
    return made.supervisor.advisor


def test_an_order_on_a_generated_market_hears_its_sibling() -> None:
    """The same instrument and regime, from the same time on, under the other seed."""
    made = job(**SHUFFLED)
    at = asked(8)
    heard = control(made)._elsewhere(at)
    other = job(**{**NEWS, "seed": seed_of_sibling(3)}).venue
    expected = Sibling(lambda: other)(at)
    assert heard == expected and len(heard.news) > 3
    own = {item.text for item in made.venue.copy().news_until(at.asked_ns)}
    assert not own & {item.text for item in heard.news}
    again = control(job(**SHUFFLED, chance=1))._elsewhere(at)
    assert again.news != heard.news, "shuffled#2 listens to another one"


def test_a_run_with_it_repeats_and_its_advice_passes_the_checks() -> None:
    first, again = run(**SHUFFLED), run(**SHUFFLED)
    assert first.journal_hash == again.journal_hash
    arrived = [m for m in first.messages if isinstance(m, AdviceArrived)]
    assert {m.outcome for m in arrived} == {AnswerOutcome.ANSWERED} and len(arrived) > 5
    told = {m.question.ask_id: m.question.fact_ids for m in first.messages if isinstance(m, Ask)}
    assert all(set(getattr(m.answer, "evidence", ())) <= told[m.ask_id] for m in arrived)


def test_without_another_market_an_earlier_moment_is_heard() -> None:
    limits = EMPTY.limits(max_position=Decimal(1))
    advisor = build("shuffled", Setting(1, limits, EMPTY, None, lambda line: None)).advisor
    assert isinstance(advisor, ShuffledAdvisor)
    assert advisor._elsewhere(asked(1)).view.trend_bps == 0
