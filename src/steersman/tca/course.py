"""How an order went over time: prices, schedule, fills, share of the market, cost of each child.

What charts draw. Times are UTC ns; quantities in base units, as floats, since nothing here is
added up to a figure of the report.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np

from steersman.domain.units import Qty
from steersman.tca.facts import Facts, Fill
from steersman.tca.tapes import TapeReader
from steersman.tca.valuation import Valuation

__all__ = ["Bucket", "ChildCost", "Course", "course"]

BUCKETS_MAX: Final = 60
BUCKET_NS_MIN: Final = 30_000_000_000

Points = tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Bucket:
    """A stretch of the order's time, and what was traded in it (base units)."""

    start_ns: int
    end_ns: int
    own: float
    others: float

    @property
    def share(self) -> float | None:
        """Own / (own + others); None where nothing was traded."""
        total = self.own + self.others
        return self.own / total if total else None


@dataclass(frozen=True, slots=True)
class ChildCost:
    """A child's average price against the mid seen when it was first sent, in bps; positive = cost.

    Following the market by amendments does not move what it is held against.
    """

    child_id: str
    at_ns: int
    qty: Qty
    bps: float


@dataclass(frozen=True, slots=True)
class Course:
    """An order over time; `schedule` and `filled` are cumulative and hold from each time on."""

    facts: Facts
    mids: Points
    schedule: Points
    filled: Points
    buckets: tuple[Bucket, ...]
    children: tuple[ChildCost, ...]

    @property
    def start_ns(self) -> int:
        """When the order arrived, or where it never did, was to start."""
        return self.facts.arrival_ns or self.facts.order.start_ns


def course(facts: Facts, reader: TapeReader) -> Course:
    """Return the course of an order in its market."""
    done, filled = Decimal(0), []
    for fill in facts.fills:
        done += fill.qty
        filled.append((fill.at_ns, float(done)))
    return Course(
        facts=facts,
        mids=_mids(facts, reader),
        schedule=tuple((at_ns, float(target)) for at_ns, target in facts.schedule),
        filled=tuple(filled),
        buckets=_buckets(facts, reader),
        children=_children(facts),
    )


def _mids(facts: Facts, reader: TapeReader) -> Points:
    """Return the mids from the order's arrival to its end, those that are known."""
    tape = reader.tape
    start_ns = facts.arrival_ns or facts.order.start_ns
    first, last = np.searchsorted(tape.touch_ns, [start_ns, facts.end_ns], side="right")
    window = slice(max(0, int(first) - 1), int(last))
    bid, ask = tape.bid_ticks[window], tape.ask_ticks[window]
    valid = (bid > 0) & (ask > bid)
    mids = (bid + ask)[valid] * (float(facts.instrument.tick) / 2)
    times = np.maximum(tape.touch_ns[window][valid], start_ns)
    return tuple(zip(times.tolist(), mids.tolist(), strict=True))


def _buckets(facts: Facts, reader: TapeReader) -> tuple[Bucket, ...]:
    if facts.arrival_ns is None or facts.end_ns <= facts.arrival_ns:
        return ()
    span_ns = facts.end_ns - facts.arrival_ns
    count = max(1, min(BUCKETS_MAX, span_ns // BUCKET_NS_MIN))
    edges = [facts.arrival_ns + span_ns * i // count for i in range(count + 1)]
    tape, lot = reader.tape, float(facts.instrument.lot)
    others = ~tape.trade_own
    theirs, _ = np.histogram(tape.trade_ns[others], edges, weights=tape.trade_lots[others])
    ours, _ = np.histogram(
        [fill.at_ns for fill in facts.fills], edges, weights=[float(f.qty) for f in facts.fills]
    )
    spans = itertools.pairwise(edges)
    return tuple(
        Bucket(start, end, float(own), float(lots) * lot)
        for (start, end), own, lots in zip(spans, ours, theirs, strict=True)
    )


def _children(facts: Facts) -> tuple[ChildCost, ...]:
    valuation = Valuation(facts.instrument, facts.order.side)
    by_child: dict[str, list[Fill]] = {}
    for fill in facts.fills:
        by_child.setdefault(fill.child_id, []).append(fill)
    found = []
    for child_id, fills in by_child.items():
        average = valuation.average((fill.qty, fill.price) for fill in fills)
        assert average is not None, "a fill has a quantity"
        qty = Qty(sum((fill.qty for fill in fills), Decimal(0)))
        bps = valuation.slippage_bps(average, fills[0].placed.mid)
        found.append(ChildCost(child_id, fills[0].at_ns, qty, bps))
    return tuple(found)
