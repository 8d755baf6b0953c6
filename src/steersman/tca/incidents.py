"""What stood in an order's way: limits that refused, alerts, faults of the data, interventions.

A refusal names its rule; a rule that keeps refusing counts once a refusal. Reports that the engine
could not explain raise alerts, which is where reconciliation differences show. A fault of the data
is noted by instrument, and the alert that the engine makes of the note is not told again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from steersman.domain.market import NoteKind
from steersman.domain.messages import (
    Alert,
    Effect,
    Input,
    Intervened,
    MarketNoted,
    Refused,
    Reported,
    Unanswered,
)

__all__ = ["Incident", "Touched", "incidents", "limits_touched"]

NOTED: Final = frozenset(f"data_{kind.value}" for kind in NoteKind)  # alerts about notes


@dataclass(frozen=True, slots=True)
class Touched:
    """A limit that refused something: how often, from when to when, and what it said first."""

    rule: str
    refusals: int
    first_ns: int
    last_ns: int
    detail: str


@dataclass(frozen=True, slots=True)
class Incident:
    """Something a person should know happened, in words."""

    at_ns: int
    kind: str
    severity: str
    text: str


def limits_touched(messages: Iterable[Input | Effect], parent_id: str) -> tuple[Touched, ...]:
    """Return the rules that refused an intent of a parent, the most frequent first."""
    found: dict[str, Touched] = {}
    now_ns = 0
    for message in messages:
        if isinstance(message, Input):
            now_ns = message.at_ns
        if isinstance(message, Refused) and message.parent_id == parent_id:
            new = Touched(message.rule, 0, now_ns, now_ns, message.detail)
            before = found.get(message.rule, new)
            found[message.rule] = replace(before, refusals=before.refusals + 1, last_ns=now_ns)
    return tuple(sorted(found.values(), key=lambda touched: -touched.refusals))


def incidents(
    messages: Iterable[Input | Effect], parent_id: str, instrument: str
) -> tuple[Incident, ...]:
    """Return alerts, faults and interventions that concern a parent, in time order."""
    found: list[Incident] = []
    now_ns = 0
    for message in messages:
        if isinstance(message, Input):
            now_ns = message.at_ns
        match message:
            case Alert() if message.code in NOTED:
                pass
            case Alert() if message.parent_id in (None, parent_id):
                text = f"{message.code}: {message.text}"
                found.append(Incident(now_ns, "alert", message.severity, text))
            case MarketNoted() if message.instrument == instrument:
                kind = message.note.kind
                severity = "info" if kind is NoteKind.RECOVERED else "warning"
                found.append(Incident(now_ns, "market data", severity, kind.value))
            case Intervened() if message.parent_id in (None, parent_id):
                text = f"{message.command.value}: {message.reason}"
                found.append(Incident(now_ns, "intervention", "warning", text))
            case Reported() if isinstance(message.report, Unanswered):
                if message.report.child_id.rpartition("-")[0] == parent_id:
                    text = f"no answer about {message.report.child_id}"
                    found.append(Incident(now_ns, "venue", "warning", text))
            case _:
                pass
    return tuple(found)
