"""What algorithm tests stand on: contexts, progress and plans made by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from steersman.algos.base import AlgoContext
from steersman.domain.instrument import Instrument
from steersman.domain.limits import ExecutionConfig, SafetyLimits
from steersman.domain.order import ParentOrder, Progress, Style, Target
from steersman.domain.units import SECOND_NS, Price, Qty
from tests.engine.desk import BTC, MID, T0, limits, order

SHARES = msgspec.structs.replace(
    BTC, symbol="AAPL", lot=Decimal(1), min_qty=Decimal(1), min_notional=Decimal(0),
    tick=Decimal("0.01"),
)  # fmt: skip


def context(
    instrument: Instrument = BTC,
    execution: ExecutionConfig | None = None,
    safety: SafetyLimits | None = None,
    curve: tuple[float, ...] = (),
) -> AlgoContext:
    return AlgoContext(instrument, execution or ExecutionConfig(), safety or limits(), curve)


def progress(parent: ParentOrder, after_s: float = 0, **changes: Any) -> Progress:
    filled = Qty(Decimal(changes.pop("filled", 0)))
    values: dict[str, Any] = {
        "at_ns": parent.start_ns + int(after_s * SECOND_NS),
        "filled": filled,
        "open": Qty(Decimal(0)),
        "unknown": Qty(Decimal(0)),
        "unfilled": Qty(parent.qty - filled),
        "arrival_price": Price(MID),
        "avg_price": None,
        "others_volume": Qty(Decimal(0)),
        "expected_volume": Qty(Decimal(1000)),
        "scheduled": Qty(Decimal(0)),
        "children": 0,
        **changes,
    }
    return Progress(**values)


def target(parent: ParentOrder, done: str, **changes: Any) -> Target:
    values: dict[str, Any] = {
        "done": Qty(Decimal(done)),
        "worst_price": parent.limit_price,
        "style": None,
        "finishing": False,
        "slice_start_ns": T0,
        "slice_end_ns": T0 + 30 * SECOND_NS,
        "next_ns": T0 + 30 * SECOND_NS,
        "reason": "a test",
        **changes,
    }
    return Target(**values)


__all__ = ["BTC", "MID", "SHARES", "T0", "Style", "context", "order", "progress", "target"]
