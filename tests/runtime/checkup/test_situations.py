"""The suite is balanced, fixed, and right by the rules it names."""

from __future__ import annotations

from collections import Counter

import pytest

from steersman.advisor.rules import NewsReading, RulesAdvisor, compose
from steersman.advisor.validation import validated
from steersman.domain.advice import Advice, Direction, Origin, Severity
from steersman.domain.units import Side
from steersman.runtime.checkup.situations import HEADLINES, Situation, perturbed, situations

SUITE = situations()


def test_the_suite_is_balanced() -> None:
    assert 24 <= len(SUITE) <= 40
    assert len({one.name for one in SUITE}) == len(SUITE)
    assert len({one.question.ask_id for one in SUITE}) == len(SUITE)
    wants = Counter(one.wants for one in SUITE)
    assert min(wants[1], wants[-1]) >= 12
    assert wants[0] >= 4
    assert Counter(one.side for one in SUITE)[Side.BUY] == len(SUITE) // 2
    assert len({one.question.regime for one in SUITE}) >= 4


def test_pairs_are_mirrors_and_opposites_want_another_turn() -> None:
    by_name = {one.name: one for one in SUITE}
    pairs: dict[str, list[int]] = {}
    for one in SUITE:
        if one.pair:
            pairs.setdefault(one.pair, []).append(one.wants)
        if one.opposite:
            other = by_name[one.opposite]
            assert (other.opposite, other.side) == (one.name, one.side)
            assert other.wants == -one.wants != 0
    assert all(len(wants) == 2 and sum(wants) == 0 for wants in pairs.values())


def perfect(situation: Situation) -> Advice:
    """Read the headline as it is meant, and compose."""
    readings: tuple[NewsReading, ...] = ()
    if situation.headline is not None:
        points = situation.headline.points
        severity = Severity.NONE if points is Direction.FLAT else Severity.MAJOR
        readings = (NewsReading(situation.question.news[-1], points, severity, 0.9),)
    return compose(situation.question, readings, Origin.MODEL)


@pytest.mark.parametrize("situation", SUITE, ids=[one.name for one in SUITE])
def test_who_reads_the_news_right_turns_right_everywhere(situation: Situation) -> None:
    assert perfect(situation).leaning == situation.wants


def test_the_rules_know_every_market_and_pass_every_check() -> None:
    for one in SUITE:
        answer = RulesAdvisor().advise(one.question)
        assert isinstance(answer.said, Advice)
        assert validated(answer, one.question).checks == ()
        assert answer.said.leaning == (0 if one.headline else one.wants)


def test_perturbations_change_what_they_name_and_no_more() -> None:
    one = next(one for one in SUITE if one.headline is not None)
    changed = dict(perturbed(one))
    assert len(changed) == 5
    for name, question in changed.items():
        assert question != one.question
        assert question.view == one.question.view
        texts = sorted(item.text for item in question.news)
        same = texts == sorted(item.text for item in one.question.news)
        assert same is (name != "other words")
    market = next(one for one in SUITE if one.headline is None)
    assert [name for name, _ in perturbed(market)] == ["another instrument"]


def test_every_headline_has_other_words_of_its_own() -> None:
    texts = [text for headline in HEADLINES for text in (headline.text, headline.again)]
    assert len(set(texts)) == len(texts)
