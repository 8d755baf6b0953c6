"""Hold what orders were expected to cost against what they paid, one by one and over many.

A prediction is the estimate at arrival, before anything was known of the order; later ones are
shown beside it. Only an order that was filled in full counts: the cost of a part is that of another
order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from steersman.domain.impact import ImpactEstimate
from steersman.domain.messages import Effect, Input, ParentState, Submit
from steersman.models.coverage import CoverageMonitor
from steersman.runtime.own_orders import paid_bps
from steersman.tca.facts import Facts, gather

__all__ = ["Prediction", "in_messages", "monitor", "prediction_of", "rows", "told"]

CAUSE: Final = "recalibrate: the cost leaves its interval more often than 1 time in 20"


@dataclass(frozen=True, slots=True)
class Prediction:
    """One order: its estimates, the first and the last, and what it paid (None: not in full)."""

    parent: str
    instrument: str
    first: ImpactEstimate
    last: ImpactEstimate
    estimates: int
    recalibrations: int
    replanned: int
    realised_bps: float | None

    @property
    def within(self) -> bool | None:
        """Whether the cost lay within the interval predicted at arrival; None where not known."""
        return None if self.realised_bps is None else self.first.holds(self.realised_bps)

    def document(self) -> dict[str, Any]:
        """Return the prediction as plain values."""
        return {
            "predicted": msgspec.to_builtins(self.first),
            "last": msgspec.to_builtins(self.last),
            "estimates": self.estimates,
            "recalibrations": self.recalibrations,
            "replanned": self.replanned,
            "realised_bps": self.realised_bps,
            "within": self.within,
        }


def in_messages(messages: Sequence[Input | Effect]) -> list[Prediction]:
    """Return the prediction of every order of a run that arrived."""
    ids = dict.fromkeys(m.parent.id for m in messages if isinstance(m, Submit))
    found = (prediction_of(gather(messages, parent_id)) for parent_id in ids)
    return [one for one in found if one is not None]


def prediction_of(facts: Facts) -> Prediction | None:
    """Return the prediction of one order; None where it never arrived or nothing was estimated."""
    if not facts.estimates or facts.arrival is None:
        return None
    whole = facts.state is ParentState.COMPLETED and bool(facts.fills)
    return Prediction(
        parent=facts.order.id,
        instrument=facts.instrument.id,
        first=facts.estimates[0],
        last=facts.estimates[-1],
        estimates=len(facts.estimates),
        recalibrations=facts.recalibrations,
        replanned=facts.replanned,
        realised_bps=paid_bps(facts, facts.arrival) if whole else None,
    )


def monitor(predictions: Iterable[Prediction]) -> CoverageMonitor:
    """Return what the predictions, in order of time, say about their intervals."""
    watched = CoverageMonitor()
    for one in predictions:
        if one.within is not None:
            watched = watched.after(one.within)
    return watched


def told(watched: CoverageMonitor) -> dict[str, Any]:
    """Return what a monitor says as plain values."""
    return {
        "orders": watched.n,
        "misses": watched.misses,
        "evidence": watched.evidence,
        "alarm": watched.alarm,
    }


def rows(watched: CoverageMonitor) -> list[tuple[str, str]]:
    """Return what a monitor says as rows of a table."""
    evidence = f"{watched.evidence:.3g} (alarm at {1 / watched.alpha:g})"
    return [
        ("orders predicted and filled", str(watched.n)),
        ("outside their 95 % interval", str(watched.misses)),
        ("evidence against the intervals", evidence),
        ("verdict", f"alarm; {CAUSE}" if watched.alarm else "no alarm"),
    ]
