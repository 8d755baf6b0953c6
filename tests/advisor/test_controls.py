"""Controls: each lacks exactly what it is meant to lack, and repeats."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from steersman.advisor.controls import (
    KeywordAdvisor,
    NeutralAdvisor,
    OracleAdvisor,
    RandomAdvisor,
    ShuffledAdvisor,
)
from steersman.advisor.supervisor import Advisor
from steersman.domain.advice import Advice, Answer, Direction, NoAdvice, Question, Severity
from steersman.domain.market import NewsItem
from steersman.domain.order import Style
from steersman.domain.units import SECOND_NS, Side
from tests.advisor.questions import ANY_HOUR, headline, question
from tests.engine.desk import T0, view


class Fixed:
    """An advisor that always says the same, and remembers what it was asked."""

    name = "fixed"

    def __init__(self, said: Advice | NoAdvice) -> None:
        self.said = said
        self.asked: list[Question] = []

    def advise(self, question: Question) -> Answer:
        self.asked.append(question)
        return Answer(self.said, raw="its own words")


def said(advisor: Advisor, asked: Question) -> Advice:
    answer = advisor.advise(asked).said
    assert isinstance(answer, Advice)
    return answer


def numbered(count: int, **changes: object) -> list[Question]:
    asked = question()
    return [replace(asked, ask_id=f"P1-q{n}", **changes) for n in range(count)]


def test_neutral_turns_nothing() -> None:
    advice = said(NeutralAdvisor(), question((headline("the coin crashes"),)))
    assert (advice.pace_pct, advice.style, advice.base) == (100, None, None)


def test_random_keeps_how_far_and_draws_where_to() -> None:
    advice = Advice(
        pace_pct=160,
        style=Style.CROSS,
        news_direction=Direction.UP,
        news_severity=Severity.MAJOR,
        evidence=("n1",),
    )
    control = RandomAdvisor(Fixed(advice), seed=3)
    drawn = [said(control, asked) for asked in numbered(400)]
    assert {abs((one.pace_pct or 0) - 100) for one in drawn} == {60}
    turned = {one.pace_pct: (one.style, one.news_direction) for one in drawn}
    assert turned == {160: (Style.CROSS, Direction.UP), 40: (Style.PASSIVE, Direction.DOWN)}
    assert 160 < sum(one.pace_pct == 160 for one in drawn) < 240
    again = [said(RandomAdvisor(Fixed(advice), seed=3), asked) for asked in numbered(400)]
    other = [said(RandomAdvisor(Fixed(advice), seed=4), asked) for asked in numbered(400)]
    assert drawn == again != other


def test_random_shows_nothing_of_the_words_it_was_given() -> None:
    answer = RandomAdvisor(Fixed(Advice(pace_pct=150, reasoning="a secret")), 1).advise(question())
    assert "secret" not in repr(answer) and answer.raw == ""


def test_without_an_answer_to_match_there_is_none() -> None:
    nothing = NoAdvice("unavailable", "503")
    assert RandomAdvisor(Fixed(nothing), 1).advise(question()).said == nothing
    assert ShuffledAdvisor(Fixed(nothing), 1).advise(question()).said == nothing


def test_shuffled_hears_an_earlier_context_as_fresh_as_it_was() -> None:
    inner = Fixed(Advice(evidence=("n1", "view")))
    control = ShuffledAdvisor(inner, seed=1)
    first = replace(question((headline("old news", age_s=7),)), view=view(T0, trend_bps=5.0))
    later = replace(question((headline("new news", number=2),)), asked_ns=T0 + 60 * SECOND_NS)
    control.advise(first)
    evidence = said(control, later).evidence
    assert inner.asked[0].news == ()
    (heard,) = inner.asked[1].news
    assert heard.text == "old news"
    assert inner.asked[1].asked_ns - heard.received_ns == 7 * SECOND_NS
    assert inner.asked[1].view.trend_bps == 5.0
    assert inner.asked[1].progress == later.progress
    assert evidence == ("view",), "a fact that this question does not have is not named"


@pytest.mark.parametrize(
    ("text", "direction", "severity"),
    [
        ("Exchange hacked, coins stolen", Direction.DOWN, Severity.MAJOR),
        ("Profit beats forecasts", Direction.UP, Severity.MINOR),
        ("Company holds annual meeting", None, None),
    ],
)
def test_keyword_reads_by_its_list(
    text: str, direction: Direction | None, severity: Severity | None
) -> None:
    advice = said(KeywordAdvisor(ANY_HOUR), question((headline(text),)))
    assert (advice.news_direction, advice.news_severity) == (direction, severity)


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("sign", [-1, 0, 1])
def test_an_oracle_that_is_always_right_hurries_before_what_hurts(side: Side, sign: int) -> None:
    advice = said(OracleAdvisor(lambda asked: sign, 1.0, 1), question(side=side))
    assert advice.pace_pct == 100 + 80 * sign * side.sign


def test_an_oracle_is_right_as_often_as_it_should() -> None:
    oracle = OracleAdvisor(lambda asked: 1, 0.7, 5)
    right = sum(said(oracle, asked).pace_pct == 180 for asked in numbered(2_000))
    assert 1_340 < right < 1_460
    with pytest.raises(ValueError, match="p must lie between"):
        OracleAdvisor(lambda asked: 1, 1.1, 5)


def test_no_control_reads_a_text_that_is_no_news() -> None:
    item = NewsItem("n9", T0, T0, "wire", "")
    assert said(KeywordAdvisor(ANY_HOUR), question((item,))).pace_pct == 100
