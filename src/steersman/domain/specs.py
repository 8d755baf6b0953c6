"""The instruments that ship: a rule of trading is written once, here, and looked up by symbol.

Ticks, lots, minimums and base-tier fees (`fees` has the other tiers) follow the venues' published
rules; where two published figures differ, the stricter one stands, because an order that is valid
under it is valid under both. The built-in market (`sim`) trades under Bybit's rules, so that what
works on it works there.
"""

from __future__ import annotations

import difflib
from decimal import Decimal
from typing import Final

import msgspec

from steersman.domain.fees import base_fees
from steersman.domain.instrument import Category, Instrument
from steersman.errors import UsageError

__all__ = ["SPECS", "find"]

_SPOT, _LINEAR, _INVERSE = Category.SPOT, Category.LINEAR, Category.INVERSE


def _crypto(
    venue: str,
    symbol: str,
    category: Category,
    tick: str,
    lot: str,
    min_qty: str,
    min_notional: str,
) -> Instrument:
    base = symbol[:3]
    quote = symbol[3:]
    maker, taker = base_fees(venue, category)
    return Instrument(
        symbol=symbol,
        category=category,
        venue=venue,
        base=base,
        quote=quote,
        settle=base if category is _INVERSE else quote,
        tick=Decimal(tick),
        lot=Decimal(lot),
        min_qty=Decimal(min_qty),
        min_notional=Decimal(min_notional),
        maker_fee_bps=maker,
        taker_fee_bps=taker,
    )


_BYBIT: Final = (
    _crypto("bybit", "BTCUSDT", _LINEAR, "0.1", "0.001", "0.001", "5"),
    _crypto("bybit", "BTCUSDT", _SPOT, "0.01", "0.000001", "0.000048", "5"),
    _crypto("bybit", "ETHUSDT", _LINEAR, "0.01", "0.01", "0.01", "5"),
    _crypto("bybit", "ETHUSDT", _SPOT, "0.01", "0.00001", "0.00062", "5"),
    _crypto("bybit", "XRPUSDT", _LINEAR, "0.0001", "0.1", "0.1", "5"),
    _crypto("bybit", "XRPUSDT", _SPOT, "0.0001", "0.01", "0.01", "5"),
    _crypto("bybit", "BTCUSD", _INVERSE, "0.1", "1", "1", "1"),
)
_BINANCE: Final = (
    _crypto("binance", "BTCUSDT", _LINEAR, "0.1", "0.001", "0.001", "100"),
    _crypto("binance", "BTCUSDT", _SPOT, "0.01", "0.00001", "0.00001", "5"),
    _crypto("binance", "ETHUSDT", _LINEAR, "0.01", "0.001", "0.001", "20"),
    _crypto("binance", "ETHUSDT", _SPOT, "0.01", "0.0001", "0.0001", "5"),
)
# Maker-taker rates of US exchanges, -0.0020 and +0.0030 USD a share, at about 200 USD a share.
_AAPL: Final = Instrument(
    symbol="AAPL",
    category=Category.EQUITY,
    venue="sim",
    base="AAPL",
    quote="USD",
    settle="USD",
    tick=Decimal("0.01"),
    lot=Decimal(1),
    min_qty=Decimal(1),
    min_notional=Decimal(1),
    maker_fee_bps=Decimal("-0.10"),
    taker_fee_bps=Decimal("0.15"),
)
# No such coin: the illiquid contract of the built-in market, with a tick of about 6 bps.
_KLP: Final = _crypto("bybit", "KLPUSDT", _LINEAR, "0.0005", "1", "1", "5")
_SIM: Final = (
    *(
        msgspec.structs.replace(spec, venue="sim")
        for spec in _BYBIT
        if (spec.symbol, spec.category) != ("XRPUSDT", _SPOT)
    ),
    msgspec.structs.replace(_KLP, venue="sim"),
    _AAPL,
)

SPECS: Final[tuple[Instrument, ...]] = (*_SIM, *_BYBIT, *_BINANCE)
"""Every shipped instrument, in the order in which `find` prefers them: sim, bybit, binance."""


def find(symbol: str, *, category: Category | None = None, venue: str | None = None) -> Instrument:
    """Return the shipped instrument of `symbol`, in the category and at the venue if given.

    Where several match, the first of `SPECS` is meant: the built-in market before Bybit before
    Binance, the perpetual before spot. Raises UsageError naming close matches where none does.
    """
    wanted = symbol.upper()
    same = [spec for spec in SPECS if spec.symbol == wanted]
    if not same:
        raise UsageError(f"unknown symbol {symbol!r}", _symbols_like(wanted))
    for spec in same:
        if category in (None, spec.category) and venue in (None, spec.venue):
            return spec
    asked = " ".join(filter(None, (category, f"at {venue}" if venue else "")))
    raise UsageError(f"no {wanted} {asked}", f"there is {', '.join(spec.id for spec in same)}")


def _symbols_like(symbol: str) -> str:
    known = list(dict.fromkeys(spec.symbol for spec in SPECS))
    close = difflib.get_close_matches(symbol, known, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(close)}?" if close else f"known: {', '.join(known)}"
