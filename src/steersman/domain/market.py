"""What the engine is told about the market: one compact view, the news, the slow signals.

A view is what we knew at `at_ns` (local time), never more. Sizes and prices are Decimal; what is
only ever used in statistics is float.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from steersman.domain.facts import FactKind
from steersman.domain.units import Price, Qty

__all__ = ["MarketNote", "MarketView", "NewsItem", "NoteKind", "Regime", "Signals"]


class Regime(StrEnum):
    """The state of the market (F15)."""

    CALM = "calm"
    TREND_UP = "trend_up"
    TREND_DOWN = "trend_down"
    VOLATILE = "volatile"
    THIN = "thin"
    NEWS = "news"
    CASCADE = "cascade"


class MarketView(msgspec.Struct, frozen=True, gc=False):
    """One instrument as seen at `at_ns`.

    `market_volume` is the volume traded by others since the market's start (base units);
    `buy_volume` and `sell_volume` are what aggressors bought and sold since the previous view.
    Depth is the quantity within 1, 5 and 10 bps of the mid on each side. `flow_imbalance` is the
    signed share of aggressor volume (-1..1) with a 60 s half-life, `trend_bps` the mid's move over
    the last 60 s, `volatility_hour_pct` a standard deviation per square-root hour in percent,
    `volume_rate_per_s` others' traded volume per second with a 5 min half-life. `exch_ns` is the
    exchange time of the newest event in the view and `feed_age_ns` the time since it was received.

    What is usual has a half-life of an hour: `usual_volatility_hour_pct` (0 where nothing has moved
    yet), and what the last minutes are in terms of it: `volatility_ratio` (half-life 2 min),
    `volume_ratio` (of others, 1 min), `depth_share` (within 5 bps of the mid, both sides, 30 s),
    each 1 where nothing is known.
    """

    instrument: str
    at_ns: int
    exch_ns: int
    feed_age_ns: int
    best_bid: Price | None
    best_ask: Price | None
    bid_qty: Qty
    ask_qty: Qty
    depth_bid: tuple[Qty, Qty, Qty]
    depth_ask: tuple[Qty, Qty, Qty]
    microprice: float | None
    market_volume: Qty
    buy_volume: Qty
    sell_volume: Qty
    trades: int
    flow_imbalance: float
    trend_bps: float
    volatility_hour_pct: float
    volume_rate_per_s: float
    observed_ns: int
    usual_volatility_hour_pct: float = 0.0
    volatility_ratio: float = 1.0
    depth_share: float = 1.0
    volume_ratio: float = 1.0
    invalid: str = ""

    @property
    def mid(self) -> Decimal | None:
        """The middle of the touch, or None where a side is missing."""
        if self.best_bid is None or self.best_ask is None:
            return None
        return (self.best_bid + self.best_ask) / 2

    @property
    def spread_bps(self) -> float | None:
        """The touch's width in bps of the mid, or None where a side is missing."""
        mid = self.mid
        if mid is None or self.best_bid is None or self.best_ask is None:
            return None
        return float((self.best_ask - self.best_bid) / mid) * 1e4

    @property
    def usable(self) -> bool:
        """Whether prices may be acted on: both sides there, not crossed, the book valid."""
        return (
            not self.invalid
            and self.best_bid is not None
            and self.best_ask is not None
            and 0 < self.best_bid < self.best_ask
        )


class NoteKind(StrEnum):
    """What can happen to a market's data itself."""

    GAP = "gap"
    CROSSED = "crossed"
    RECOVERED = "recovered"
    ENDED = "ended"


class MarketNote(msgspec.Struct, frozen=True, gc=False):
    """Something happened to the data: `event` is the number of the event (from 0) that says so.

    Messages were lost (`gap`), the book was crossed after a whole message (`crossed`), it can be
    used again (`recovered`), or `event` events were all there are (`ended`).
    """

    kind: NoteKind
    event: int
    exch_ns: int
    recv_ns: int


class NewsItem(msgspec.Struct, frozen=True, gc=False):
    """One thing that was told, such as a headline: untrusted text, its source and times (UTC ns).

    `numbers` are what a feed gives in figures (names with units), `trust_pct` 0..100 what its
    source is trusted with.
    """

    id: str
    published_ns: int
    received_ns: int
    source: str
    text: str
    kind: FactKind = FactKind.NEWS
    numbers: dict[str, float] = {}
    trust_pct: int = 50


class Signals(msgspec.Struct, frozen=True, gc=False):
    """Slow crypto signals of one instrument (F17); None means not known.

    Rates and changes are in percent; `liquidation_*` name the nearest cluster of liquidations
    (price in quote currency, size in quote currency, `long` = longs would be sold),
    `last_funding_*` the last snapshot, `chain_congestion_pct` how full the coin's blocks are.
    """

    instrument: str
    at_ns: int
    funding_rate_pct: float | None = None
    next_funding_ns: int | None = None
    open_interest_change_pct: float | None = None
    price_change_pct: float | None = None
    liquidation_price: Decimal | None = None
    liquidation_quote: Decimal | None = None
    liquidation_long: bool | None = None
    exchange_netflow_pct: float | None = None
    last_funding_ns: int | None = None
    last_funding_rate_pct: float | None = None
    chain_congestion_pct: float | None = None
    deposits_halted: bool | None = None
    withdrawals_halted: bool | None = None
