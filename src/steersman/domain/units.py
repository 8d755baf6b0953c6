"""Money is Decimal, time is integer nanoseconds UTC, and every name says its unit."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, NewType

__all__ = [
    "BPS",
    "HOUR_NS",
    "MINUTE_NS",
    "MS_NS",
    "SECOND_NS",
    "ZERO_QTY",
    "Money",
    "Price",
    "Qty",
    "Side",
    "utc_ns",
]

Price = NewType("Price", Decimal)  # quote currency per base unit
Qty = NewType("Qty", Decimal)  # base units (contracts for inverse)
Money = NewType("Money", Decimal)  # an amount in the instrument's settlement currency

ZERO_QTY: Final = Qty(Decimal(0))
BPS: Final = Decimal(10_000)  # basis points in one

MS_NS: Final = 1_000_000
SECOND_NS: Final = 1_000_000_000
MINUTE_NS: Final = 60 * SECOND_NS
HOUR_NS: Final = 60 * MINUTE_NS

BELOW_US: Final = re.compile(r"[.,]\d{6}(\d{1,3})")  # what a datetime cuts off


class Side(StrEnum):
    """The direction of an order; `sign` is +1 for buy, -1 for sell."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        return 1 if self is Side.BUY else -1


def utc_ns(text: str) -> int:
    """Return an ISO 8601 time (UTC unless it names an offset) in ns, or raise ValueError."""
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    beyond = BELOW_US.search(text)
    ns = since.microseconds * 1_000 + (int(beyond[1].ljust(3, "0")) if beyond else 0)
    return (since.days * 86_400 + since.seconds) * SECOND_NS + ns
