"""Questions for advisor tests, made from the engine tests' desk."""

from __future__ import annotations

from typing import Any

from steersman.domain.advice import Question
from steersman.domain.market import NewsItem
from steersman.domain.order import AlgoName
from steersman.domain.units import SECOND_NS
from steersman.engine.state import progress_of
from steersman.signals.lean import SignalRules
from tests.engine.desk import T0, Desk, view

ANY_HOUR = SignalRules(session_turn_pct=0)


def headline(text: str, age_s: int = 10, number: int = 1) -> NewsItem:
    at_ns = T0 - age_s * SECOND_NS
    return NewsItem(f"n{number}", at_ns, at_ns, "wire", text)


def question(news: tuple[NewsItem, ...] = (), ask_id: str = "P1-q1", **changes: Any) -> Question:
    desk = Desk()
    market = changes.pop("view", None) or view(T0)
    signals = changes.pop("signals", None)
    desk.submit(algo=AlgoName.ADAPTIVE, **changes)
    parent = desk.parent()
    return Question(
        ask_id, T0, parent.order, progress_of(desk.state, parent), market, news, signals
    )
