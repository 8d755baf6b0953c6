"""What a venue says of the orders it was sent: closed union of frozen messages (`Report`)."""

from __future__ import annotations

import msgspec

from steersman.domain.order import Liquidity
from steersman.domain.units import Money, Price, Qty

__all__ = [
    "Accepted",
    "AmendRejected",
    "Amended",
    "CancelRejected",
    "Cancelled",
    "Filled",
    "Rejected",
    "Report",
    "Resolved",
    "Unanswered",
]


class Accepted(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The venue took the order; it rests or is being matched."""

    child_id: str
    venue_ns: int


class Rejected(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The venue refused the order for good; nothing of it was or will be filled."""

    child_id: str
    venue_ns: int
    reason: str


class Filled(msgspec.Struct, frozen=True, tag=True, gc=False):
    """A trade of ours: quantity in base units, price, fee in settlement currency (paid: positive).

    `exec_id` is unique per venue; the same id twice is the same fill told twice.
    """

    child_id: str
    exec_id: str
    venue_ns: int
    qty: Qty
    price: Price
    fee: Money
    liquidity: Liquidity


class Cancelled(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The order is over with `cum_filled` of it filled in all (fills may still be on their way)."""

    child_id: str
    venue_ns: int
    cum_filled: Qty
    reason: str


class CancelRejected(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The cancel did nothing; the order is as it was."""

    child_id: str
    venue_ns: int
    reason: str


class Amended(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The order now stands at this price and total quantity."""

    child_id: str
    venue_ns: int
    price: Price
    qty: Qty


class AmendRejected(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The amendment did nothing; the order is as it was."""

    child_id: str
    venue_ns: int
    reason: str


class Unanswered(msgspec.Struct, frozen=True, tag=True, gc=False):
    """No answer came in time: the order's fate is unknown, which is not a rejection."""

    child_id: str
    venue_ns: int


class Resolved(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The venue's answer about an id in doubt: is it known, is it open, how much is filled."""

    child_id: str
    venue_ns: int
    found: bool
    live: bool
    cum_filled: Qty


Report = (
    Accepted
    | Rejected
    | Filled
    | Cancelled
    | CancelRejected
    | Amended
    | AmendRejected
    | Unanswered
    | Resolved
)
