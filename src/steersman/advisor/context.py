"""Everything an advisor is told beside the order, as facts of one shape (F14).

Pure: the same question gives the same facts in the same order.
"""

from __future__ import annotations

from collections.abc import Iterator

from steersman.domain.advice import Question
from steersman.domain.facts import Fact, FactKind
from steersman.domain.units import SECOND_NS

__all__ = ["gather"]


def gather(question: Question) -> tuple[Fact, ...]:
    """Return the facts: what is known of market and order, then what was told."""
    return (*_state(question), *_told(question))


def _state(question: Question) -> Iterator[Fact]:
    view, progress, at_ns = question.view, question.progress, question.asked_ns
    numbers = {
        "spread_bps": view.spread_bps or 0.0,
        "flow_imbalance": view.flow_imbalance,
        "trend_bps": view.trend_bps,
        "volatility_hour_pct": view.volatility_hour_pct,
    }
    yield Fact("view", FactKind.MARKET, "market", view.at_ns, 0.0, 100, numbers=numbers)
    done = {"filled_pct": float(progress.filled / question.parent.qty * 100)}
    yield Fact("progress", FactKind.PROGRESS, "engine", at_ns, 0.0, 100, numbers=done)


def _told(question: Question) -> Iterator[Fact]:
    for item in question.news:
        age_s = (question.asked_ns - item.received_ns) / SECOND_NS
        yield Fact(
            item.id,
            item.kind,
            item.source,
            item.received_ns,
            age_s,
            item.trust_pct,
            item.text,
            item.numbers,
        )
