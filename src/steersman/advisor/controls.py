"""Controls: advisors that show what an advisor is worth, because of what they do not know.

`neutral` asks for nothing. `random` turns as often and as far as another advisor, in a direction of
its own: what is left of that advisor's gain is what turning alone is worth. `shuffled` hears the
news and the signals of an earlier question. `keyword` reads the same news by a word list. `oracle`
is told the truth with a given probability: how good must advice be to pay?

All are pure functions of the questions they were asked and of a seed, so that runs repeat.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from steersman.advisor.keywords import read_keywords
from steersman.advisor.rules import NewsReading, compose, fresh_news
from steersman.advisor.supervisor import Advisor
from steersman.domain.advice import Advice, Answer, Direction, Origin, Question
from steersman.domain.facts import STATE_FACTS
from steersman.domain.order import Style
from steersman.signals.lean import DEFAULT_RULES, SignalRules

__all__ = [
    "KeywordAdvisor",
    "NeutralAdvisor",
    "OracleAdvisor",
    "RandomAdvisor",
    "ShuffledAdvisor",
]

ORACLE_TURN_PCT: Final = 80
EARLIER_MAX: Final = 64
_MIRRORED: Final = {
    Direction.UP: Direction.DOWN,
    Direction.DOWN: Direction.UP,
    Style.PASSIVE: Style.CROSS,
    Style.CROSS: Style.PASSIVE,
}


def _draw(seed: int, what: str, ask_id: str) -> float:
    """Return a number in (0, 1): a function of the seed, the use and the question."""
    digest = hashlib.blake2b(f"{seed}/{what}/{ask_id}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") + 0.5) / 2**64


class NeutralAdvisor:
    """Always the schedule as it is: what asking costs, without advice."""

    name = "neutral-1"

    def advise(self, question: Question) -> Answer:
        """Answer that nothing speaks against the schedule."""
        return Answer(Advice(pace_pct=100, reasoning="the control that changes nothing"))


class RandomAdvisor:
    """Turn as often and as far as `matched`, to a side drawn for each question."""

    def __init__(self, matched: Advisor, seed: int) -> None:
        self._matched = matched
        self._seed = seed
        self.name = f"random-1({matched.name})"

    def advise(self, question: Question) -> Answer:
        """Answer with the other's advice, or its mirror image: each half of the time."""
        answer = self._matched.advise(question)
        said = answer.said
        if not isinstance(said, Advice):
            return answer
        if _draw(self._seed, "random", question.ask_id) < 0.5:
            said = _mirror(said)
        return replace(answer, said=replace(said, reasoning="a side drawn by chance"), raw="")


def _mirror(advice: Advice) -> Advice:
    return replace(
        advice,
        pace_pct=None if advice.pace_pct is None else 200 - advice.pace_pct,
        style=_MIRRORED.get(advice.style, advice.style) if advice.style else None,
        news_direction=(
            _MIRRORED.get(advice.news_direction, advice.news_direction)
            if advice.news_direction
            else None
        ),
    )


class ShuffledAdvisor:
    """Put every question to `inner` with the context of an earlier one: nothing it hears is due.

    The context is news, signals, flow and trend; times in it are moved, so that it is as fresh as
    it was. The first question has an empty context.
    """

    def __init__(self, inner: Advisor, seed: int) -> None:
        self._inner = inner
        self._seed = seed
        self._earlier: list[Question] = []
        self.name = f"shuffled-1({inner.name})"

    def advise(self, question: Question) -> Answer:
        """Answer as `inner` would have with another question's context."""
        earlier = self._earlier
        asked = replace(question, news=(), signals=None)
        if earlier:
            n = int(_draw(self._seed, "shuffled", question.ask_id) * len(earlier))
            asked = _with_context(question, earlier[n])
        self._earlier = [*earlier, question][-EARLIER_MAX:]
        answer = self._inner.advise(asked)
        if not isinstance(answer.said, Advice):
            return answer
        facts = STATE_FACTS | {item.id for item in question.news}
        evidence = tuple(fact for fact in answer.said.evidence if fact in facts)
        return replace(answer, said=replace(answer.said, evidence=evidence))


def _with_context(question: Question, other: Question) -> Question:
    later_ns = question.asked_ns - other.asked_ns
    news = tuple(
        replace(
            item,
            published_ns=item.published_ns + later_ns,
            received_ns=item.received_ns + later_ns,
        )
        for item in other.news
    )
    view = replace(
        question.view,
        flow_imbalance=other.view.flow_imbalance,
        trend_bps=other.view.trend_bps,
    )
    return replace(question, news=news, signals=other.signals, view=view)


class KeywordAdvisor:
    """Read the news by a word list, and compose like everybody else."""

    name = "keyword-1"

    def __init__(self, rules: SignalRules = DEFAULT_RULES) -> None:
        self._rules = rules

    def advise(self, question: Question) -> Answer:
        """Answer from signals and counted words."""
        readings = tuple(
            NewsReading(item, *read_keywords(item.text), probability=1.0)
            for item in fresh_news(question)
        )
        return Answer(compose(question, readings, Origin.RULE, self._rules))


class OracleAdvisor:
    """Know where the price goes, with probability `p`; else be sure of the opposite.

    `truth` tells the sign of the price's move after a question's time, 0 where it does not move or
    nobody can know. Only a generated market has a future that can be asked.
    """

    def __init__(self, truth: Callable[[Question], int], p: float, seed: int) -> None:
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"p must lie between 0 and 1, got {p}")
        self._truth = truth
        self._p = p
        self._seed = seed
        self.name = f"oracle-1({p:g})"

    def advise(self, question: Question) -> Answer:
        """Answer with a turn for the move that is believed to come."""
        sign = self._truth(question)
        if _draw(self._seed, "oracle", question.ask_id) >= self._p:
            sign = -sign
        turn = ORACLE_TURN_PCT * sign * question.parent.side.sign
        word = {1: "rise", 0: "stay", -1: "fall"}[sign]
        reasoning = f"the price is believed to {word}"
        by_rule = {"pace_pct": Origin.RULE}  # no text is behind it
        advice = Advice(pace_pct=100 + turn, reasoning=reasoning, provenance=by_rule)
        return Answer(advice)
