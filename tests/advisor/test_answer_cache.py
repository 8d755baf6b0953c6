"""The cache: equal content, equal answer, as long as the answer itself holds."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from steersman.advisor.answer_cache import KEPT_MAX, AnswerCache, content_key
from steersman.domain.advice import Advice, Answer, NoAdvice, Question, Usage
from steersman.domain.units import SECOND_NS
from tests.advisor.questions import headline, question
from tests.engine.desk import T0

ASKED = question((headline("news"),))
ANSWER = Answer(Advice(pace_pct=120, ttl_s=60), Usage("v1", "h", 9, 8, Decimal(7)), raw="words")


@dataclass
class Kept:
    cache: AnswerCache

    def at(self, after_s: float, **changes: Any) -> Answer | None:
        asked_ns = T0 + int(after_s * SECOND_NS)
        return self.cache.get("model", replace(ASKED, asked_ns=asked_ns, **changes))


@pytest.fixture
def kept() -> Kept:
    cache = AnswerCache()
    cache.put("model", ASKED, ANSWER)
    return Kept(cache)


def test_an_answer_is_given_again_free_of_charge_while_it_holds(kept: Kept) -> None:
    again = kept.at(59.9, ask_id="P1-q9")
    assert again == replace(ANSWER, usage=Usage("v1", "h", cached=True))
    assert kept.at(60) is None


def test_ids_and_times_are_no_content() -> None:
    later = replace(
        ASKED,
        ask_id="P2-q5",
        asked_ns=T0 + 9,
        parent=replace(ASKED.parent, id="P2"),
        progress=replace(ASKED.progress, at_ns=T0 + 9),
        view=replace(ASKED.view, at_ns=T0 + 9, exch_ns=T0 + 8, feed_age_ns=3, observed_ns=77),
        news=(replace(ASKED.news[0], received_ns=T0 - 3, published_ns=T0 - 4),),
    )
    assert content_key("model", later) == content_key("model", ASKED)


@pytest.mark.parametrize(
    "other",
    [
        replace(ASKED, news=()),
        replace(ASKED, news=(replace(ASKED.news[0], text="other news"),)),
        replace(ASKED, news=(replace(ASKED.news[0], id="n2"),)),  # evidence would not be known
        replace(ASKED, view=replace(ASKED.view, flow_imbalance=0.1)),
        replace(ASKED, parent=replace(ASKED.parent, urgency=Decimal("0.9"))),
        replace(ASKED, progress=replace(ASKED.progress, children=5)),
    ],
)
def test_everything_else_is(other: Question) -> None:
    assert content_key("model", other) != content_key("model", ASKED)


def test_an_answer_is_its_advisors_own(kept: Kept) -> None:
    assert kept.cache.get("another", ASKED) is None


def test_only_advice_is_kept_and_not_without_end() -> None:
    cache = AnswerCache()
    cache.put("model", ASKED, Answer(NoAdvice("unavailable", "503")))
    assert cache.get("model", ASKED) is None
    for n in range(KEPT_MAX + 1):
        cache.put(f"model {n}", ASKED, ANSWER)
    assert cache.get("model 0", ASKED) is None
    assert cache.get("model 1", ASKED) is not None
