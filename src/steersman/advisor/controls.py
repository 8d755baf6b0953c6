"""Controls: advisors that show what an advisor is worth, because of what they do not know.

`neutral` asks for nothing. `random` reads as another advisor reads, with the directions drawn by
chance: what that advisor gains on it is what its reading is worth. `shuffled` hears what is told
elsewhere: what is gained on it is what is known of this market now. `keyword` reads the same news
by a word list. `oracle` is told the truth with a given probability: how good must advice be to pay?

All are pure functions of the questions they were asked and of a seed, so that runs repeat.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from steersman.advisor.keywords import read_keywords
from steersman.advisor.rules import (
    NEWS_FRESH_NS,
    NewsReading,
    ReadingAdvisor,
    compose,
    fresh_news,
)
from steersman.advisor.supervisor import Advisor
from steersman.domain.advice import Advice, Answer, Direction, Origin, Question
from steersman.domain.facts import STATE_FACTS
from steersman.domain.market import MarketView, NewsItem, Signals
from steersman.signals.lean import DEFAULT_RULES, SignalRules

__all__ = [
    "EarlierContext",
    "KeywordAdvisor",
    "NeutralAdvisor",
    "OracleAdvisor",
    "RandomAdvisor",
    "ShuffledAdvisor",
    "in_context",
]

ORACLE_TURN_PCT: Final = 80
EARLIER_NS: Final = NEWS_FRESH_NS  # what was read then is read no more


def _draw(seed: int, what: str, of: str) -> float:
    """Return a number in (0, 1): a function of the seed, the use and what it is drawn for."""
    digest = hashlib.blake2b(f"{seed}/{what}/{of}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") + 0.5) / 2**64


class NeutralAdvisor:
    """Always the schedule as it is: what asking costs, without advice."""

    name = "neutral-1"

    def advise(self, question: Question) -> Answer:
        """Answer that nothing speaks against the schedule."""
        return Answer(Advice(pace_pct=100, reasoning="the control that changes nothing"))


class RandomAdvisor:
    """Answer as `matched` would have, had it read its headlines up or down by chance.

    A headline keeps the side that is drawn for it as long as the order lasts, its severity and its
    certainty: so the order is bent as far, and for as long, as by the readings themselves. What
    says no direction goes on saying none. All that is not read (signals, regime, hour, flow, and
    the style that follows from them) is the other's: without news the two do the same.
    """

    def __init__(self, matched: ReadingAdvisor, seed: int) -> None:
        self._matched = matched
        self._seed = seed
        self.name = f"random-2({matched.name})"

    def advise(self, question: Question) -> Answer:
        """Answer with the other's composition of readings whose sides were drawn."""
        drawn = tuple(self._drawn(question, one) for one in self._matched.read(question))
        answer = self._matched.advise_on(question, drawn)
        assert isinstance(answer.said, Advice)  # rules compose nothing else
        said = replace(answer.said, reasoning="the sides of headlines drawn by chance")
        return replace(answer, said=said, raw="")

    def _drawn(self, question: Question, reading: NewsReading) -> NewsReading:
        if reading.direction is Direction.FLAT:
            return reading
        up = _draw(self._seed, "random", f"{question.parent.id}/{reading.item.id}") < 0.5
        return dataclasses.replace(reading, direction=Direction.UP if up else Direction.DOWN)


class ShuffledAdvisor:
    """Put every question to `inner` in the context that `elsewhere` gives it.

    The context is news, signals, flow and trend. Where a headline from elsewhere was read, the
    newest one of the question's own news stands for it as evidence; where there is none, nothing
    does, and no reading without evidence passes the checks.
    """

    def __init__(self, inner: Advisor, elsewhere: Callable[[Question], Question]) -> None:
        self._inner = inner
        self._elsewhere = elsewhere
        self.name = f"shuffled-2({inner.name})"

    def advise(self, question: Question) -> Answer:
        """Answer as `inner` would have with another context."""
        asked = self._elsewhere(question)
        if not question.news:  # its checks would pass such a turn where its own market agrees
            asked = replace(asked, news=())
        answer = self._inner.advise(asked)
        if not isinstance(answer.said, Advice):
            return answer
        named = answer.said.evidence
        evidence = tuple(fact for fact in named if fact in STATE_FACTS)
        if len(evidence) < len(named) and question.news:
            evidence += (question.news[-1].id,)
        # Its reasons quote another place's figures, which no check of this one could know.
        said = replace(answer.said, evidence=evidence, reasoning="what was told elsewhere")
        return replace(answer, said=said, raw="")


class EarlierContext:
    """Where there is no other market to listen to: the same one, long enough ago.

    The context is that of the newest question at least as old as news stays fresh, moved in time
    and price, so that it is as fresh and as near as it was; before there is one it is empty.
    """

    def __init__(self) -> None:
        self._asked: deque[Question] = deque()

    def __call__(self, question: Question) -> Question:
        """Return the question as it would be in the earlier context."""
        asked, latest_ns = self._asked, question.asked_ns - EARLIER_NS
        asked.append(question)
        while len(asked) > 1 and asked[1].asked_ns <= latest_ns:
            asked.popleft()
        then = asked[0]
        if then.asked_ns > latest_ns:
            view = replace(question.view, flow_imbalance=0.0, trend_bps=0.0)
            return replace(question, news=(), signals=None, view=view)
        return in_context(
            question,
            then.news,
            then.signals,
            then.view,
            later_ns=question.asked_ns - then.asked_ns,
        )


def in_context(
    question: Question,
    news: tuple[NewsItem, ...],
    signals: Signals | None,
    view: MarketView,
    *,
    later_ns: int = 0,
) -> Question:
    """Return a question that is told `news` and `signals`, and sees the flow and trend of `view`.

    All that was told is moved by `later_ns`, and prices as far from the mid as they are in `view`.
    """
    moved = tuple(
        replace(
            item,
            published_ns=item.published_ns + later_ns,
            received_ns=item.received_ns + later_ns,
        )
        for item in news
    )
    own = replace(question.view, flow_imbalance=view.flow_imbalance, trend_bps=view.trend_bps)
    if signals is not None:
        signals = _moved(signals, later_ns, view.mid, own.mid)
    return replace(question, news=moved, signals=signals, view=own)


def _moved(signals: Signals, later_ns: int, there: Decimal | None, here: Decimal | None) -> Signals:
    price, next_ns, last_ns = (
        signals.liquidation_price,
        signals.next_funding_ns,
        signals.last_funding_ns,
    )
    if price is not None:
        price = price * here / there if there and here else None
    return replace(
        signals,
        at_ns=signals.at_ns + later_ns,
        next_funding_ns=None if next_ns is None else next_ns + later_ns,
        last_funding_ns=None if last_ns is None else last_ns + later_ns,
        liquidation_price=price,
    )


class KeywordAdvisor:
    """Read the news by a word list, and compose like everybody else."""

    name = "keyword-1"

    def __init__(self, rules: SignalRules = DEFAULT_RULES) -> None:
        self._rules = rules

    def advise(self, question: Question) -> Answer:
        """Answer from signals and counted words."""
        return self.advise_on(question, self.read(question))

    def read(self, question: Question) -> tuple[NewsReading, ...]:
        """Return what the list says of what is fresh."""
        return tuple(
            NewsReading(item, *read_keywords(item.text), probability=1.0)
            for item in fresh_news(question)
        )

    def advise_on(self, question: Question, readings: tuple[NewsReading, ...]) -> Answer:
        """Compose an advice of readings and the rest."""
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
