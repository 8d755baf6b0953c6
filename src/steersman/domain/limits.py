"""The limits: what is never exceeded (`SafetyLimits`), how eagerly to work (`ExecutionConfig`).

Every limit has a value; there is no "unlimited" and no way to pass one as missing. `max_position`
has no default: whoever runs an order must state it.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property

import msgspec

from steersman.domain.order import Style
from steersman.domain.units import MINUTE_NS, SECOND_NS

__all__ = ["ExecutionConfig", "SafetyLimits"]


class ExecutionConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How an order is worked (F12).

    `max_participation` is a share of volume, `max_spread_bps` the spread above which nothing is
    crossed before the finish zone, `urgency` 0 (patient) to 1 (urgent), `min_order_size` the
    smallest child in base units, `slice_s` the length of one TWAP slice, `cross_bps` how far
    beyond the touch a crossing order may reach, `envelope` the share of the quantity that advice
    may move the schedule by at mid-horizon, `advice_ttl_max_s` the longest an advice stays in
    force, `stale_move_bps` the move of the mid since the question that makes an answer stale,
    `style` how children are priced where no advice says (None: rest, then cross what is left).
    A question is asked at least every `llm_query_interval_s`, and sooner when the mid has moved
    since the last one by `shock_bps`, or by `shock_sigmas` deviations of that time.
    """

    max_participation: Decimal = Decimal("0.10")
    max_spread_bps: Decimal = Decimal(10)
    urgency: Decimal = Decimal("0.5")
    llm_adaptation_enabled: bool = True
    llm_query_interval_s: int = 60
    min_order_size: Decimal = Decimal("0.01")
    use_dark_pools: bool = True
    slice_s: int = 30
    cross_bps: Decimal = Decimal(5)
    envelope: Decimal = Decimal("0.20")
    advice_ttl_max_s: int = 300
    stale_move_bps: Decimal = Decimal(20)
    style: Style | None = None
    shock_bps: Decimal = Decimal(25)
    shock_sigmas: Decimal = Decimal(4)

    def __post_init__(self) -> None:
        _within(self, "max_participation", 0, 1, open_low=True)
        _within(self, "urgency", 0, 1)
        _within(self, "envelope", 0, Decimal("0.5"))
        _positive(
            self,
            "max_spread_bps",
            "llm_query_interval_s",
            "min_order_size",
            "slice_s",
            "cross_bps",
            "advice_ttl_max_s",
            "stale_move_bps",
            "shock_bps",
            "shock_sigmas",
        )


class SafetyLimits(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, dict=True
):
    """What no order may exceed (F13), checked before anything is sent.

    `max_position` is in base units and required. `max_order_size` is the quote value of one child,
    `max_price_deviation_bps` the distance of an order's price from the mid,
    `max_volatility_hour_pct` the hourly volatility above which nothing is sent,
    `max_is_threshold_bps` the running shortfall that raises a warning, `max_feed_age_ms` the age
    above which prices count as missing, `max_rejects_in_a_row` how many children in a row a venue
    may reject before their parent is halted, `llm_min_interval_s` the least time between two
    questions about an order, whatever happens. Limits over counts aggregate over all parents.
    """

    max_position: Decimal
    max_participation: Decimal = Decimal("0.10")
    max_order_size: Decimal = Decimal(100_000)
    min_order_interval_s: Decimal = Decimal(5)
    max_spread_bps: Decimal = Decimal(20)
    max_price_deviation_bps: Decimal = Decimal(100)
    max_is_threshold_bps: Decimal = Decimal(50)
    max_volatility_hour_pct: Decimal = Decimal(5)
    llm_timeout_s: Decimal = Decimal(10)
    llm_min_interval_s: Decimal = Decimal(10)
    max_questions_per_parent: int = 2_000
    max_orders_per_minute: int = 20
    max_feed_age_ms: int = 2_000
    max_children_per_parent: int = 10_000
    max_open_parents: int = 100
    max_rejects_in_a_row: int = 10

    def __post_init__(self) -> None:
        _within(self, "max_participation", 0, 1, open_low=True)
        _positive(self, *(name for name in self.__struct_fields__ if name != "max_participation"))

    @cached_property
    def min_order_interval_ns(self) -> int:
        """`min_order_interval_s` in ns."""
        return int(self.min_order_interval_s * SECOND_NS)

    @cached_property
    def order_pace_ns(self) -> int:
        """The shortest time between two orders that can be kept up (ns)."""
        return max(self.min_order_interval_ns, MINUTE_NS // self.max_orders_per_minute)


def _number(config: msgspec.Struct, name: str) -> Decimal:
    value = getattr(config, name)
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError(f"{name} must be a finite number, got {value}")
    return number


def _within(
    config: msgspec.Struct,
    name: str,
    low: Decimal | int,
    high: Decimal | int,
    *,
    open_low: bool = False,
) -> None:
    value = _number(config, name)
    if not (low <= value <= high) or (open_low and value == low):
        raise ValueError(f"{name} must lie between {low} and {high}, got {value}")


def _positive(config: msgspec.Struct, *names: str) -> None:
    for name in names:
        if _number(config, name) <= 0:
            raise ValueError(f"{name} must be positive, got {getattr(config, name)}")
