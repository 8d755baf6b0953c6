"""Published maker and taker fees by tier, and how one is chosen by name.

A tier is an account's, not an instrument's: the venue gives it by 30-day volume or assets (the
thresholds are in docs/costs.md). Whoever runs an order names the tier; the instrument that is
journaled then carries its fees, so a replay and the cost report never look anything up here.

As far as they could be established in November 2026: Bybit's "Trading Fee Structure" and "Benefits
of the VIP Program" (help centre), Binance's spot and USD-M fee schedules. Venues change them and
vary them by region and pair: check them against your account.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

import msgspec

from steersman.domain.instrument import Category, Instrument
from steersman.errors import UsageError

__all__ = ["BASE_TIER", "FEE_BPS_MAX", "FeeConfig", "base_fees", "with_fee_tier"]

FEE_BPS_MAX: Final = (
    100  # far above any published fee: a larger one is a fraction or a typing error
)
BASE_TIER: Final = "vip0"

Tiers = dict[str, tuple[str, str]]  # by name: maker and taker, bps of notional

_BYBIT_VIP: Final[Tiers] = {
    "vip0": ("2", "5.5"),
    "vip1": ("1.8", "4"),
    "vip2": ("1.6", "3.75"),
    "vip3": ("1.4", "3.5"),
    "vip4": ("1.2", "3.2"),
    "vip5": ("1", "3.2"),
    "supreme": ("0", "3"),
    "pro1": ("1", "3.2"),
    "pro2": ("0.5", "3.2"),
}
_TIERS: Final[dict[tuple[str, Category], Tiers]] = {
    ("bybit", Category.SPOT): {
        "vip0": ("10", "10"),
        "vip1": ("6.75", "8"),
        "vip2": ("6.5", "7.75"),
        "vip3": ("6.25", "7.5"),
        "vip4": ("5", "6"),
        "vip5": ("4", "5"),
        "supreme": ("3", "4.5"),
    },
    # PRO 3 and above are published by group of contracts: these are the largest USDT perpetuals.
    ("bybit", Category.LINEAR): {
        **_BYBIT_VIP,
        "pro3": ("0", "2.75"),
        "pro4": ("0", "2.4"),
        "pro5": ("0", "2.1"),
        "pro6": ("0", "1.8"),
    },
    ("bybit", Category.INVERSE): _BYBIT_VIP,
    ("binance", Category.SPOT): {
        "vip0": ("10", "10"),
        "vip1": ("9", "10"),
        "vip2": ("8", "10"),
        "vip3": ("4", "6"),
        "vip4": ("4", "5.2"),
        "vip5": ("2.5", "3.1"),
        "vip6": ("2", "2.9"),
        "vip7": ("1.9", "2.8"),
        "vip8": ("1.6", "2.5"),
        "vip9": ("1.1", "2.3"),
    },
    ("binance", Category.LINEAR): {
        "vip0": ("2", "5"),
        "vip1": ("1.6", "4"),
        "vip2": ("1.4", "3.5"),
        "vip3": ("1.2", "3.2"),
        "vip4": ("1", "3"),
        "vip5": ("0.8", "2.7"),
        "vip6": ("0.6", "2.5"),
        "vip7": ("0.4", "2.2"),
        "vip8": ("0.2", "2"),
        "vip9": ("0", "1.7"),
    },
}
_CUSTOM: Final = "give maker:taker in bps, such as -0.5:2.5"


class FeeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which fees apply: the name of a tier, or `maker:taker` in bps; None: the instrument's own."""

    tier: str | None = None


def base_fees(venue: str, category: Category) -> tuple[Decimal, Decimal]:
    """Return maker and taker fee of the lowest tier, in bps of notional."""
    maker, taker = _TIERS[venue, category][BASE_TIER]
    return Decimal(maker), Decimal(taker)


def with_fee_tier(instrument: Instrument, tier: str) -> Instrument:
    """Return the instrument with the fees of a tier, or with `maker:taker` in bps.

    Names may be written as `vip1`, `VIP 1` or `vip-1`; the built-in market has Bybit's tiers.
    Raises UsageError naming the choices for an unknown tier, and for fees that are no such pair.
    """
    maker, taker = _custom(tier) if ":" in tier else _published(instrument, tier)
    return msgspec.structs.replace(instrument, maker_fee_bps=maker, taker_fee_bps=taker)


def _published(instrument: Instrument, tier: str) -> tuple[Decimal, Decimal]:
    venue = "bybit" if instrument.venue == "sim" else instrument.venue
    tiers = _TIERS.get((venue, instrument.category), {})
    name = tier.lower().replace(" ", "").replace("-", "").replace("_", "")
    if name not in tiers:
        known = f"choose one of {', '.join(tiers)}, or " if tiers else ""
        raise UsageError(f"{instrument.id} has no fee tier {tier!r}", known + _CUSTOM)
    maker, taker = tiers[name]
    return Decimal(maker), Decimal(taker)


def _custom(text: str) -> tuple[Decimal, Decimal]:
    maker, _, taker = text.partition(":")
    try:
        fees = Decimal(maker), Decimal(taker)
    except InvalidOperation:
        raise UsageError(f"{text!r} is not a pair of fees", _CUSTOM) from None
    if not all(fee.is_finite() and abs(fee) <= FEE_BPS_MAX for fee in fees):
        raise UsageError(
            f"fees of {text!r} bps", f"give maker:taker between -{FEE_BPS_MAX} and {FEE_BPS_MAX}"
        )
    return fees
