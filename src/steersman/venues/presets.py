"""What a generated market is calibrated to, one frozen record per instrument, units in the names.

The figures are those of a short recording of August 2024 where there is one (BTC, ETH), of a
recorded book of December 2024 (XRP), and of common knowledge of a liquid US share (AAPL). Rates are
daily means (session means for shares): the volume curve multiplies them by the half-hour.
`venues.parameters` turns a preset into the numbers that the compiled flow reads.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from steersman.domain.instrument import Category, Instrument
from steersman.domain.specs import find
from steersman.domain.units import SECOND_NS
from steersman.errors import UsageError

__all__ = ["PRESETS", "START_NS", "FlowPreset", "preset_for", "volume_curve"]

START_NS: Final = 1_736_175_600 * SECOND_NS
"""When every generated market begins: Monday 2025-01-06T15:00:00Z, in the US equity session."""

# Shares of a day's volume by half-hour of the UTC day.
_CRYPTO_HOURS: Final = (  # peaks at 13-16 UTC and, smaller, at the funding times 0, 8 and 16
    1.05, 0.90, 0.85, 0.80, 0.75, 0.72, 0.75, 0.85, 0.98, 0.90, 0.88, 0.90,
    1.00, 1.25, 1.60, 1.60, 1.45, 1.20, 1.05, 1.00, 0.95, 0.88, 0.82, 0.87,
)  # fmt: skip
_SESSION: Final = (  # 14:30-21:00 UTC (New York winter time): a U, with the closing rush
    1.95, 1.25, 1.00, 0.88, 0.80, 0.74, 0.70, 0.68, 0.70, 0.76, 0.86, 1.03, 1.65,
)  # fmt: skip
_OUT_OF_SESSION: Final = 0.01  # relative to the session's mean; never nothing, a curve divides


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowPreset:
    """The background of one instrument in a calm market.

    `sigma_annual_pct` is what the latent price would have without trades and jumps, about half of
    the price's volatility. `taker_quote` are quantiles (probability, quote value) of taker orders;
    `depth_quote` are the targets (bps from the mid, quote value a side within it). `impact_bps` is
    what a taker order of median size moves the latent price at once. `vol_log_sd` and `vol_s` are
    the three factors of volatility: seconds, minutes, hours. A `perpetual` has funding, open
    interest and clusters of liquidations, born `cluster_bps` away from the price (median).
    `touch_add_quote` and `deep_add_quote` are fitted so that the depth comes out at its targets.
    """

    symbol: str
    category: Category
    price: float
    span_ticks: int
    sigma_annual_pct: float
    trading_s_per_year: float = 365 * 86_400.0
    taker_orders_per_s: float
    packets_per_s: float
    taker_quote: tuple[tuple[float, float], ...]
    taker_quote_max: float
    taker_alpha: float = 1.2
    touch_quote: float
    depth_quote: tuple[tuple[float, float], ...]
    touch_add_quote: float
    deep_add_quote: float
    cancel_fraction: float = 1.0
    trim_quote: float = 0.0
    grid_ticks: int = 1
    reach_bps: float = 14.0
    stale_bps: float = 0.25
    join_bps: float = 0.15
    near_bps: float = 0.5
    impact_bps: float = 0.115
    tilt: float = 0.6
    vol_log_sd: tuple[float, float, float] = (0.8, 0.6, 0.4)
    vol_s: tuple[float, float, float] = (40.0, 1_200.0, 14_400.0)
    activity_log_sd: float = 0.45
    activity_s: float = 1.5
    coupling: float = 0.65
    jumps_per_hour: float = 40.0
    jump_bps: float = 4.0
    reaction_ms: float = 0.6
    perpetual: bool = False
    open_interest_quote: float = 0.0
    clusters_per_hour: float = 40.0
    cluster_bps: float = 100.0
    cluster_quote: float = 0.0

    @property
    def instrument(self) -> Instrument:
        """The shipped instrument at the built-in venue."""
        return find(self.symbol, category=self.category, venue="sim")

    @property
    def mid_tick(self) -> int:
        """The price at the start, in ticks."""
        return round(self.price / float(self.instrument.tick))

    def lots(self, quote: float) -> float:
        """Return how many lots are worth `quote` at the starting price."""
        one = self.instrument.quote_value(Decimal(repr(self.price)), self.instrument.lot)
        return quote / float(one)

    def ticks(self, bps: float) -> float:
        """Return how many ticks are `bps` of the starting price."""
        return self.price * bps * 1e-4 / float(self.instrument.tick)


_BTC: Final = FlowPreset(
    symbol="BTCUSDT",
    category=Category.LINEAR,
    price=60_000.0,
    span_ticks=1 << 18,
    sigma_annual_pct=19.0,
    taker_orders_per_s=12.0,
    packets_per_s=32.0,
    taker_quote=(
        (0.0, 60), (0.1, 124), (0.2, 308), (0.3, 616), (0.4, 989), (0.5, 1_852), (0.6, 3_082),
        (0.7, 6_052), (0.8, 12_636), (0.9, 40_235), (0.95, 90_882), (0.98, 222_437),
        (0.99, 438_463),
    ),
    taker_quote_max=4_500_000.0,
    touch_quote=197_000.0,
    depth_quote=((1.0, 462_000.0), (5.0, 3_400_000.0), (10.0, 9_000_000.0)),
    touch_add_quote=43_000.0,
    deep_add_quote=26_000.0,
    perpetual=True,
    open_interest_quote=3e9,
    clusters_per_hour=5.0,
    cluster_bps=150.0,
    cluster_quote=1e6,
)  # fmt: skip

_ETH: Final = replace(
    _BTC,
    symbol="ETHUSDT",
    price=2_600.0,
    span_ticks=1 << 17,
    sigma_annual_pct=24.0,
    taker_orders_per_s=7.7,
    packets_per_s=26.0,
    taker_quote=((0.0, 26), (0.2, 80), (0.5, 560), (0.8, 4_200), (0.9, 11_000), (0.99, 97_000)),
    taker_quote_max=1_500_000.0,
    taker_alpha=1.26,
    touch_quote=50_000.0,
    depth_quote=((1.0, 101_000.0), (5.0, 1_500_000.0), (10.0, 3_800_000.0)),
    touch_add_quote=10_700.0,
    deep_add_quote=22_000.0,
    open_interest_quote=1.5e9,
    cluster_quote=4e5,
    impact_bps=0.15,
)
_BTC_SPOT: Final = replace(
    _BTC,
    category=Category.SPOT,
    perpetual=False,
    span_ticks=1 << 20,
    taker_orders_per_s=8.2,
    packets_per_s=28.0,
    taker_quote=((0.0, 6), (0.2, 25), (0.5, 190), (0.8, 2_000), (0.9, 6_000), (0.99, 64_000)),
    taker_quote_max=1_000_000.0,
    taker_alpha=1.31,
    touch_quote=136_000.0,
    depth_quote=((1.0, 276_000.0), (5.0, 1_400_000.0), (10.0, 2_800_000.0)),
    touch_add_quote=27_800.0,
    deep_add_quote=19_500.0,
    grid_ticks=40,
    impact_bps=0.08,
)
_ETH_SPOT: Final = replace(
    _ETH,
    category=Category.SPOT,
    perpetual=False,
    taker_orders_per_s=5.7,
    packets_per_s=24.0,
    taker_quote=((0.0, 5), (0.2, 15), (0.5, 70), (0.8, 1_600), (0.9, 5_000), (0.99, 32_000)),
    taker_quote_max=400_000.0,
    taker_alpha=1.55,
    touch_quote=30_000.0,
    depth_quote=((1.0, 82_000.0), (5.0, 700_000.0), (10.0, 1_600_000.0)),
    touch_add_quote=7_400.0,
    deep_add_quote=8_500.0,
    impact_bps=0.09,
)
_BTC_INVERSE: Final = replace(
    _BTC,
    symbol="BTCUSD",
    category=Category.INVERSE,
    taker_orders_per_s=2.1,
    packets_per_s=20.0,
    taker_quote=(
        (0.0, 100),
        (0.2, 300),
        (0.5, 1_200),
        (0.8, 7_500),
        (0.9, 18_000),
        (0.99, 143_000),
    ),
    taker_quote_max=1_500_000.0,
    taker_alpha=1.46,
    touch_quote=105_000.0,
    depth_quote=((1.0, 173_000.0), (5.0, 1_600_000.0), (10.0, 4_000_000.0)),
    touch_add_quote=27_500.0,
    deep_add_quote=7_800.0,
    open_interest_quote=5e8,
    cluster_quote=2e5,
    impact_bps=0.18,
)
_XRP: Final = replace(
    _BTC,
    symbol="XRPUSDT",
    price=2.0,
    span_ticks=1 << 13,
    sigma_annual_pct=30.0,
    taker_orders_per_s=2.4,
    packets_per_s=12.0,
    taker_quote=((0.0, 5), (0.2, 20), (0.5, 120), (0.8, 1_000), (0.9, 2_800), (0.99, 25_000)),
    taker_quote_max=250_000.0,
    taker_alpha=1.3,
    touch_quote=25_000.0,
    depth_quote=((1.0, 60_000.0), (5.0, 350_000.0), (10.0, 800_000.0)),
    touch_add_quote=5_300.0,
    deep_add_quote=10_500.0,
    trim_quote=25_000.0,
    cancel_fraction=0.12,
    open_interest_quote=2e8,
    cluster_quote=6e4,
    impact_bps=0.3,
)
_KLP: Final = replace(  # an illiquid coin that there is not: a tenth of a day moves it by percents
    _BTC,
    symbol="KLPUSDT",
    price=0.85,
    span_ticks=1 << 11,
    sigma_annual_pct=60.0,
    taker_orders_per_s=0.25,
    packets_per_s=2.0,
    taker_quote=((0.0, 5), (0.2, 20), (0.5, 90), (0.8, 400), (0.9, 900), (0.99, 6_000)),
    taker_quote_max=60_000.0,
    taker_alpha=1.4,
    touch_quote=2_500.0,
    depth_quote=((10.0, 5_000.0), (50.0, 25_000.0), (100.0, 50_000.0)),
    touch_add_quote=600.0,
    deep_add_quote=900.0,
    trim_quote=2_500.0,
    cancel_fraction=0.12,
    reach_bps=150.0,
    stale_bps=4.0,
    join_bps=4.0,
    near_bps=12.0,
    impact_bps=6.0,
    jump_bps=20.0,
    jumps_per_hour=6.0,
    open_interest_quote=6e6,
    cluster_bps=300.0,
    cluster_quote=4e3,
)
_AAPL: Final = replace(
    _BTC,
    symbol="AAPL",
    category=Category.EQUITY,
    perpetual=False,
    price=230.0,
    span_ticks=1 << 12,
    sigma_annual_pct=8.0,
    trading_s_per_year=252 * 6.5 * 3_600,
    taker_orders_per_s=20.0,
    packets_per_s=50.0,
    taker_quote=((0.0, 230), (0.2, 1_150), (0.5, 11_000), (0.8, 2.3e4), (0.9, 4.6e4), (0.99, 2e5)),
    taker_quote_max=5_000_000.0,
    taker_alpha=1.35,
    touch_quote=160_000.0,
    depth_quote=((1.0, 400_000.0), (5.0, 3_000_000.0), (10.0, 7_000_000.0)),
    touch_add_quote=21_100.0,
    deep_add_quote=27_500.0,
    trim_quote=160_000.0,
    cancel_fraction=0.07,
    impact_bps=0.2,
    jumps_per_hour=15.0,
    jump_bps=2.0,
)  # fmt: skip

_ALL: Final = (_BTC, _BTC_SPOT, _ETH, _ETH_SPOT, _XRP, _BTC_INVERSE, _KLP, _AAPL)

PRESETS: Final[dict[tuple[str, Category], FlowPreset]] = {(p.symbol, p.category): p for p in _ALL}
"""Every generated market, keyed by symbol and category."""


def preset_for(symbol: str, category: Category) -> FlowPreset:
    """Return the preset of an instrument; raise UsageError where there is none."""
    try:
        return PRESETS[symbol, category]
    except KeyError:
        known = ", ".join(f"{name}.{kind.value}" for name, kind in PRESETS)
        raise UsageError(f"no generated market for {symbol}.{category.value}", known) from None


def volume_curve(symbol: str, category: Category) -> tuple[float, ...]:
    """Return the shares of a day's volume by half-hour of the UTC day: 48 weights that sum to 1.

    It is the curve by which generated rates rise and fall, the same for all crypto instruments.
    """
    if category is Category.EQUITY:
        weights = [_OUT_OF_SESSION] * 48
        weights[29:42] = _SESSION
    else:
        weights = [hour for hour in _CRYPTO_HOURS for _ in range(2)]
    total = sum(weights)
    return tuple(weight / total for weight in weights)
