"""Controls: each lacks exactly what it is meant to lack, and repeats."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest
from msgspec.structs import replace

from steersman.advisor.controls import (
    EarlierContext,
    KeywordAdvisor,
    NeutralAdvisor,
    OracleAdvisor,
    RandomAdvisor,
    ShuffledAdvisor,
    in_context,
)
from steersman.advisor.rules import NewsReading
from steersman.advisor.supervisor import Advisor
from steersman.advisor.validation import validated
from steersman.domain.advice import Advice, Answer, Direction, NoAdvice, Question, Severity
from steersman.domain.market import NewsItem, Regime, Signals
from steersman.domain.order import Style
from steersman.domain.units import SECOND_NS, Side
from tests.advisor.questions import ANY_HOUR, headline, question
from tests.engine.desk import MID, T0, view


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


HACKED = "Exchange hacked, coins stolen"  # down, major, by the list of words
BEATS = "Profit beats forecasts"  # up, minor
MEETS = "Company holds annual meeting"  # flat


def told(count: int, text: str = BEATS) -> list[Question]:
    """Return questions of as many orders, each told a headline and seeing buyers come."""
    asked = question((headline(text),), view=view(T0, flow_imbalance=0.9))
    return [replace(asked, parent=replace(asked.parent, id=f"P{n}")) for n in range(count)]


def test_random_draws_the_side_of_a_reading_and_leaves_the_rest_as_it_is() -> None:
    matched = KeywordAdvisor(ANY_HOUR)
    drawn = [said(RandomAdvisor(matched, seed=3), asked) for asked in told(400)]
    turned = {(one.pace_pct, one.news_direction, one.news_severity) for one in drawn}
    assert turned == {
        (100 + 15 + 40, Direction.UP, Severity.MINOR),  # 15 for the flow, whatever is read
        (100 + 15 - 40, Direction.DOWN, Severity.MINOR),
    }
    assert 160 < sum(one.news_direction is Direction.UP for one in drawn) < 240
    assert {one.evidence for one in drawn} == {said(matched, told(1)[0]).evidence}
    again = [said(RandomAdvisor(matched, seed=3), asked) for asked in told(400)]
    other = [said(RandomAdvisor(matched, seed=4), asked) for asked in told(400)]
    assert drawn == again != other


def test_what_random_draws_knows_nothing_of_what_was_read() -> None:
    control = RandomAdvisor(KeywordAdvisor(ANY_HOUR), seed=3)
    asked = list(zip(told(400, HACKED), told(400, BEATS), strict=True))
    pairs = [(said(control, down), said(control, up)) for down, up in asked]
    assert all(down.news_direction is up.news_direction for down, up in pairs)


def test_a_headline_keeps_its_side_as_long_as_the_order_lasts() -> None:
    control = RandomAdvisor(KeywordAdvisor(ANY_HOUR), seed=3)
    for n, first in enumerate(told(20)):
        later = replace(first, ask_id=f"P{n}-q9", asked_ns=T0 + 600 * SECOND_NS)
        assert said(control, later) == said(control, first)


def test_random_does_what_the_other_does_where_nothing_was_read() -> None:
    """A quiet book, posted to by the rules, is no direction that chance could turn round."""
    matched = KeywordAdvisor()
    thin = replace(question(), regime=Regime.THIN)
    for asked in (question(), question((headline(MEETS),)), thin):
        advice = said(RandomAdvisor(matched, seed=1), asked)
        assert replace(advice, reasoning=said(matched, asked).reasoning) == said(matched, asked)
    assert advice.style is Style.PASSIVE and (advice.pace_pct or 0) < 100


class Flat(KeywordAdvisor):
    """It finds every headline to matter much, and to point nowhere."""

    def read(self, question: Question) -> tuple[NewsReading, ...]:
        return tuple(
            NewsReading(item, Direction.FLAT, Severity.MAJOR, 1.0) for item in question.news
        )


def test_what_points_nowhere_is_given_no_side() -> None:
    for asked in told(10):
        advice = said(RandomAdvisor(Flat(ANY_HOUR), seed=1), asked)
        assert (advice.pace_pct, advice.news_direction) == (115, None)


def test_random_shows_nothing_of_the_words_it_was_given() -> None:
    asked = question((headline(HACKED),))
    answer = RandomAdvisor(KeywordAdvisor(), 1).advise(asked)
    assert "hacked" not in repr(answer) and answer.raw == ""


def moved(asked: Question) -> Question:
    """Return the question as it is asked in another market, with a headline of its own."""
    return replace(asked, news=(headline("theirs", number=7),), view=view(T0, trend_bps=5.0))


def test_without_an_answer_there_is_none() -> None:
    nothing = NoAdvice("unavailable", "503")
    assert ShuffledAdvisor(Fixed(nothing), moved).advise(question()).said == nothing


def test_shuffled_asks_elsewhere_and_names_what_this_question_has() -> None:
    inner = Fixed(Advice(evidence=("view", "n7"), news_direction=Direction.UP))
    control = ShuffledAdvisor(inner, moved)
    assert control.name == "shuffled-2(fixed)"
    own = question((headline("ours", number=7), headline("ours, too", number=1)))
    answer = control.advise(own)
    assert isinstance(answer.said, Advice)
    assert inner.asked == [moved(own)]
    assert answer.said.evidence == ("view", "n1"), "its newest, and not another of the same id"
    assert "own words" not in repr(answer), "what it quotes is not of this market"
    assert said(control, question()).evidence == ("view",)
    assert said(ShuffledAdvisor(Fixed(Advice(evidence=("view",))), moved), own).evidence == (
        "view",
    )


def test_where_there_is_no_other_market_an_earlier_moment_is_heard() -> None:
    minutes = (0, 10, 16, 24, 30, 45)
    earlier, heard = EarlierContext(), []
    for n in minutes:
        at_ns = T0 + n * 60 * SECOND_NS
        item = NewsItem("n1", at_ns, at_ns - 7 * SECOND_NS, "wire", f"at {n}")
        signals = Signals("sim:BTCUSDT.linear", at_ns, 0.01, at_ns + 60 * SECOND_NS)
        asked = replace(
            question((item,)),
            asked_ns=at_ns,
            signals=signals,
            view=view(at_ns, trend_bps=float(n + 1), flow_imbalance=0.5),
        )
        got = earlier(asked)
        assert (got.asked_ns, got.progress, got.view.mid) == (at_ns, asked.progress, asked.view.mid)
        heard.append([one.text for one in got.news])
        assert got.view.trend_bps == (int(got.news[0].text[3:]) + 1 if got.news else 0)
        assert got.view.flow_imbalance == (0.5 if got.news else 0)
        assert (got.signals is None) is (not got.news)
        for one in got.news:
            assert at_ns - one.received_ns == 7 * SECOND_NS, "as fresh as it was"
        if got.signals is not None:
            assert (got.signals.at_ns, got.signals.next_funding_ns) == (
                at_ns,
                at_ns + 60 * SECOND_NS,
            )
    assert heard == [[], [], ["at 0"], ["at 0"], ["at 10"], ["at 30"]]
    assert len(earlier._asked) == 2, "what is no more needed is let go"


def test_prices_from_elsewhere_are_as_far_from_the_mid_as_they_were_there() -> None:
    there = view(T0, mid=MID * 2)
    signals = Signals("sim:BTCUSDT.linear", T0, liquidation_price=MID * 2 * Decimal("0.99"))
    found = in_context(question(), (), signals, there).signals
    assert found is not None and found.liquidation_price == MID * Decimal("0.99")
    blind = msgspec.structs.replace(there, best_bid=None)
    found = in_context(question(), (), signals, blind).signals
    assert found is not None and found.liquidation_price is None


@pytest.mark.parametrize(
    ("text", "direction", "severity"),
    [
        (HACKED, Direction.DOWN, Severity.MAJOR),
        (BEATS, Direction.UP, Severity.MINOR),
        (MEETS, None, None),
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


def test_shuffled_reads_nothing_where_its_own_market_has_told_nothing() -> None:
    """Else the checks leave its turn only where its own market agrees."""
    for flow in (-0.9, 0.9):
        asked = question(view=view(T0, flow_imbalance=flow))
        answer = ShuffledAdvisor(KeywordAdvisor(ANY_HOUR), moved_with(BEATS)).advise(asked)
        checked = validated(answer, asked)
        assert not checked.checks
        assert isinstance(checked.answer.said, Advice)
        assert (checked.answer.said.pace_pct, checked.answer.said.news_direction) == (100, None)


def moved_with(text: str) -> Callable[[Question], Question]:
    return lambda asked: replace(asked, news=(headline(text, number=7),), view=view(T0))
