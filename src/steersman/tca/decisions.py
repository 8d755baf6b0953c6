"""The decisions of the advisor about one order, one by one.

A decision that passes (accepted or clamped) and asks for something else than the one before, or
than following the schedule at first, is an adaptation. A pace or an impact of 100 % asks for
nothing. What a decision was worth is known where it was judged by counterfactual
(docs/decisions.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from steersman.domain.advice import Advice
from steersman.domain.messages import (
    AdviceArrived,
    AdviceJudged,
    AnswerOutcome,
    DecisionValued,
    Effect,
    Input,
    Verdict,
)
from steersman.domain.units import MS_NS

__all__ = ["PASSED", "Decision", "adaptations", "decisions"]

PASSED: Final = (Verdict.ACCEPTED, Verdict.CLAMPED)
FOLLOW: Final = "continue"  # what an advice that bends nothing asks for
PLANNED: Final = ("pace 100 %", "impact 100 %")


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer and what became of it; `latency_ms` from question to answer in market time.

    `outcome` is how it came about, `checks` what it failed on the way (advisor/validation.py has
    the table); `coherent` that it failed none, None where the advisor itself said nothing.
    """

    at_ns: int
    ask_id: str
    advisor: str
    verdict: Verdict
    fallback: bool
    latency_ms: float
    asks_for: str
    why: str
    changes: bool
    tokens: int
    cost_usd: Decimal
    outcome: AnswerOutcome
    checks: tuple[str, ...]
    coherent: bool | None
    valued: DecisionValued | None = None


def decisions(messages: Iterable[Input | Effect], parent_id: str) -> tuple[Decision, ...]:
    """Return the decisions in time order."""
    found: list[Decision] = []
    values: dict[str, DecisionValued] = {}
    arrived: AdviceArrived | None = None
    in_force = FOLLOW
    for message in messages:
        match message:
            case AdviceArrived() if message.parent_id == parent_id:
                arrived = message
            case AdviceJudged() if message.parent_id == parent_id and arrived is not None:
                passed = message.verdict in PASSED
                asks = _bending(message.effect)
                found.append(_decision(arrived, message, passed and asks != in_force))
                in_force = asks if passed else in_force
            case DecisionValued() if message.parent_id == parent_id:
                values[message.ask_id] = message
            case _:
                pass
    if not values:
        return tuple(found)
    return tuple(replace(one, valued=values.get(one.ask_id)) for one in found)


def _bending(effect: str) -> str:
    """Return what an advice asks for, without what leaves everything as planned."""
    return ", ".join(part for part in effect.split(", ") if part not in PLANNED)


def adaptations(found: Iterable[Decision]) -> int:
    """Return how often a decision changed what was asked for."""
    return sum(decision.changes for decision in found)


def _decision(arrived: AdviceArrived, judged: AdviceJudged, changes: bool) -> Decision:
    usage = arrived.usage
    return Decision(
        at_ns=arrived.at_ns,
        ask_id=judged.ask_id,
        advisor=judged.advisor,
        verdict=judged.verdict,
        fallback=judged.fallback,
        latency_ms=(arrived.arrived_ns - arrived.asked_ns) / MS_NS,
        asks_for=judged.effect,
        why=judged.why,
        changes=changes,
        tokens=usage.tokens_in + usage.tokens_out,
        cost_usd=usage.cost_usd,
        outcome=arrived.outcome,
        checks=arrived.checks,
        coherent=_coherent(arrived),
    )


def _coherent(arrived: AdviceArrived) -> bool | None:
    """Whether the advisor's own words hold; None where there are none."""
    if arrived.fallback:
        return None
    if isinstance(arrived.answer, Advice):
        return not arrived.checks
    return False if arrived.answer.kind == Verdict.INVALID else None
