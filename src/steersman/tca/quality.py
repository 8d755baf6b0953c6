"""How well child orders did at the venue: latency, queue time, chance of a fill, cancels.

Times are local, in market time. A child's decision is the input that made the engine send it, so
the way is decision -> acknowledgement -> first fill. Only what is over is counted in a rate.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from steersman.domain.messages import (
    Accepted,
    Amend,
    Amended,
    AmendRejected,
    Cancelled,
    CancelRejected,
    Effect,
    Filled,
    Input,
    Place,
    Rejected,
    Report,
    Reported,
    Resolved,
    Send,
    Unanswered,
)
from steersman.domain.order import Style, TimeInForce
from steersman.domain.units import MS_NS, ZERO_QTY, Qty

__all__ = ["ChildLife", "Quality", "child_lives", "nearest_rank", "quality"]


@dataclass(slots=True)
class ChildLife:
    """One child order at the venue; times in ns, None where it did not happen."""

    child_id: str
    style: Style
    tif: TimeInForce
    qty: Qty
    sent_ns: int
    acked_ns: int | None = None
    filled_ns: int | None = None  # its first fill
    filled: Qty = ZERO_QTY
    over: bool = False
    cancelled: bool = False
    rejected: bool = False
    unanswered: bool = False
    amends: int = 0


@dataclass(frozen=True, slots=True)
class Quality:
    """Rates and times of one order's children; percentiles by nearest rank, None without data.

    `fill_probability` is the share of the resting children that are over and were filled at least
    in part, `cancel_ratio` the share of all children that were cancelled with something left,
    `queue_s` from acknowledgement to first fill of resting children.
    """

    children: int
    resting: int
    rejected: int
    unanswered: int
    amends: int
    fill_probability: float | None
    cancel_ratio: float | None
    ack_ms_p50: float | None
    ack_ms_p95: float | None
    fill_ms_p50: float | None
    fill_ms_p95: float | None
    queue_s_p50: float | None
    queue_s_p95: float | None


def child_lives(messages: Iterable[Input | Effect], parent_id: str) -> list[ChildLife]:
    """Return the life of every child of a parent, in the order of sending."""
    lives: dict[str, ChildLife] = {}
    told: set[tuple[str, str]] = set()
    now_ns = 0
    for message in messages:
        if isinstance(message, Input):
            now_ns = message.at_ns
        match message:
            case Send() if message.approved.intent.parent_id == parent_id:
                intent = message.approved.intent
                if isinstance(intent, Place):
                    life = ChildLife(intent.child_id, intent.style, intent.tif, intent.qty, now_ns)
                    lives[intent.child_id] = life
                elif isinstance(intent, Amend):
                    lives[intent.child_id].amends += 1
            case Reported() if message.report.child_id in lives:
                _report(lives[message.report.child_id], message.report, now_ns, told)
            case _:
                pass
    return list(lives.values())


def _report(life: ChildLife, report: Report, now_ns: int, told: set[tuple[str, str]]) -> None:
    if isinstance(report, Unanswered):
        life.unanswered = True
        return
    if life.acked_ns is None:
        life.acked_ns = now_ns
    match report:
        case Filled() if (report.child_id, report.exec_id) not in told:
            told.add((report.child_id, report.exec_id))
            life.filled_ns = now_ns if life.filled_ns is None else life.filled_ns
            life.filled = Qty(life.filled + report.qty)
            life.over = life.over or life.filled >= life.qty
        case Cancelled():
            life.over = True
            life.cancelled = report.cum_filled < life.qty  # fills may still be on their way
        case Rejected():
            life.over = life.rejected = True
        case Amended():
            life.qty = report.qty
        case Resolved():
            life.over = life.over or not report.live
            life.rejected = life.rejected or not report.found
        case Accepted() | CancelRejected() | AmendRejected() | Filled():
            pass


def quality(lives: Sequence[ChildLife]) -> Quality:
    """Return the rates and times of children, of one order or of many."""
    resting = [life for life in lives if life.tif is TimeInForce.POST_ONLY]
    over = [life for life in resting if life.over]
    acks = [(life.acked_ns - life.sent_ns) / MS_NS for life in lives if life.acked_ns is not None]
    first = [
        (life.filled_ns - life.sent_ns) / MS_NS for life in lives if life.filled_ns is not None
    ]
    queue = [
        (life.filled_ns - life.acked_ns) / MS_NS / 1000
        for life in resting
        if life.filled_ns is not None and life.acked_ns is not None
    ]
    return Quality(
        children=len(lives),
        resting=len(resting),
        rejected=sum(life.rejected for life in lives),
        unanswered=sum(life.unanswered for life in lives),
        amends=sum(life.amends for life in lives),
        fill_probability=sum(life.filled > 0 for life in over) / len(over) if over else None,
        cancel_ratio=sum(life.cancelled for life in lives) / len(lives) if lives else None,
        ack_ms_p50=nearest_rank(acks, 0.50),
        ack_ms_p95=nearest_rank(acks, 0.95),
        fill_ms_p50=nearest_rank(first, 0.50),
        fill_ms_p95=nearest_rank(first, 0.95),
        queue_s_p50=nearest_rank(queue, 0.50),
        queue_s_p95=nearest_rank(queue, 0.95),
    )


def nearest_rank(values: Sequence[float], share: float) -> float | None:
    """Return the smallest value that at least this share of all do not exceed."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
