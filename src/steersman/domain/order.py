"""Orders: the parent a person gives, the children the engine sends, and what is done of it."""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from steersman.domain.units import Price, Qty, Side

__all__ = [
    "AlgoName",
    "Liquidity",
    "ParentOrder",
    "Progress",
    "Style",
    "Target",
    "TimeInForce",
]

_PARENT_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,24}")


class AlgoName(StrEnum):
    """The algorithms; `adaptive` bends one of the others by advice."""

    TWAP = "twap"
    VWAP = "vwap"
    POV = "pov"
    IS = "is"
    OW = "ow"
    ADAPTIVE = "adaptive"


class Style(StrEnum):
    """How eagerly a child is priced: join our side, the middle, or cross."""

    PASSIVE = "passive"
    MID = "mid"
    CROSS = "cross"


class TimeInForce(StrEnum):
    """How long a child lives: rest and never take, or take now and cancel the rest."""

    POST_ONLY = "post_only"
    IOC = "ioc"


class Liquidity(StrEnum):
    """Whether a fill made or took liquidity."""

    MAKER = "maker"
    TAKER = "taker"


class ParentOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The order a person gives (F1): side, quantity, instrument, horizon, algorithm.

    `qty` is in base units, times are UTC ns, prices in quote currency, `urgency` 0..1,
    `alpha_bps` an expected favourable-to-wait-not move in bps with half-life `alpha_half_life_s`.
    Raises ValueError where the order could never be valid.
    """

    id: str
    instrument: str
    side: Side
    qty: Qty
    start_ns: int
    deadline_ns: int
    algo: AlgoName = AlgoName.TWAP
    base: AlgoName = AlgoName.TWAP
    limit_price: Price | None = None
    decision_price: Price | None = None
    decision_ns: int | None = None
    urgency: Decimal = Decimal("0.5")
    benchmark: str = "arrival"
    alpha_bps: Decimal | None = None
    alpha_half_life_s: int | None = None
    notes: str = ""

    def __post_init__(self) -> None:
        if not _PARENT_ID.fullmatch(self.id):
            raise ValueError(f"parent id {self.id!r} must be 1-24 characters of A-Z a-z 0-9 _ -")
        if not self.qty.is_finite() or self.qty <= 0:
            raise ValueError(f"quantity must be positive, got {self.qty}")
        if self.deadline_ns <= self.start_ns:
            raise ValueError("the deadline must lie after the start")
        if self.base is AlgoName.ADAPTIVE:
            raise ValueError("base must be a classic algorithm")
        for name in ("limit_price", "decision_price"):
            price: Decimal | None = getattr(self, name)
            if price is not None and not (price.is_finite() and price > 0):
                raise ValueError(f"{name} must be positive, got {price}")
        if not (self.urgency.is_finite() and 0 <= self.urgency <= 1):
            raise ValueError(f"urgency must lie between 0 and 1, got {self.urgency}")

    @property
    def horizon_ns(self) -> int:
        """The time from start to deadline."""
        return self.deadline_ns - self.start_ns


class Progress(msgspec.Struct, frozen=True, gc=False):
    """What is done of a parent order; the four quantities always sum to the order's quantity.

    `others_volume` is what others have traded since the order's start, `expected_volume` what they
    are expected to trade from start to deadline (base units).
    """

    at_ns: int
    filled: Qty
    open: Qty
    unknown: Qty
    unfilled: Qty
    arrival_price: Price
    avg_price: Price | None
    others_volume: Qty
    expected_volume: Qty
    scheduled: Qty
    children: int


class Target(msgspec.Struct, frozen=True, gc=False):
    """What an algorithm wants: done by now, at what price at worst, how eagerly, asked again when.

    `done` is cumulative (base units) and due by `slice_end_ns`. `style` None leaves the pricing to
    the tactic; `finishing` says that the deadline presses. `next_ns` is when the target changes by
    the mere passing of time.
    """

    done: Qty
    worst_price: Price | None
    style: Style | None
    finishing: bool
    slice_start_ns: int
    slice_end_ns: int
    next_ns: int
    reason: str
