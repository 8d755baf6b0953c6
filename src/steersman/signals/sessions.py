"""What the hour and the day mean for an order in a market that never closes (F18).

Crypto trades all day, yet its liquidity follows people: Asia, Europe and the United States in turn,
deepest where the last two overlap, thinnest between them and Asia, and thinner at weekends, where
prices jump further. The turn is small: the volume curve of a schedule knows the hours already.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from steersman.domain.order import Style
from steersman.domain.units import SECOND_NS
from steersman.signals.lean import Lean, SignalRules

__all__ = ["Session", "lean_on_session", "session_at"]

_SATURDAY: Final = 5
_ASIA: Final = range(8)  # hours UTC
_EUROPE: Final = range(7, 16)
_UNITED_STATES: Final = range(13, 21)


@dataclass(frozen=True, slots=True)
class Session:
    """Who is at work at a time: `open` names the regions, `hour` is UTC."""

    hour: int
    weekend: bool
    open: tuple[str, ...]

    @property
    def name(self) -> str:
        """The session in words, such as `Europe and United States` or `weekend, Asia`."""
        regions = " and ".join(self.open) or "between United States and Asia"
        return f"weekend, {regions}" if self.weekend else regions


def session_at(at_ns: int) -> Session:
    """Return the session of a time (UTC ns)."""
    at = datetime.fromtimestamp(at_ns // SECOND_NS, tz=UTC)
    regions = (("Asia", _ASIA), ("Europe", _EUROPE), ("United States", _UNITED_STATES))
    here = tuple(name for name, hours in regions if at.hour in hours)
    return Session(at.hour, at.weekday() >= _SATURDAY, here)


def lean_on_session(at_ns: int, rules: SignalRules) -> Lean | None:
    """Return what the hour says: patience where the market is thin, no hurry to leave it deep."""
    if rules.session_turn_pct == 0:
        return None
    session = session_at(at_ns)
    if session.weekend:
        why = "weekend: thin books and jumps, go gently"
        return Lean("session", 100 - rules.session_turn_pct, Style.PASSIVE, why)
    if not session.open:
        why = f"{session.hour} h UTC, between United States and Asia: thin, go gently"
        return Lean("session", 100 - rules.session_turn_pct, None, why)
    if {"Europe", "United States"} <= set(session.open):
        why = f"{session.hour} h UTC, Europe and United States: deep, use it"
        return Lean("session", 100 + rules.session_turn_pct, None, why)
    return None
