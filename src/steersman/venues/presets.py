"""What a generated market is calibrated to, one frozen record per instrument, units in the names.

The figures are those of a short recording of August 2024 where there is one (BTC, ETH), of a
recorded book of December 2024 (XRP), and of common knowledge of a liquid US share (AAPL). Rates are
daily means (session means for shares): the volume curve multiplies them by the half-hour.
`flow_params` turns a preset into the one array of numbers that the compiled flow reads; from there
on prices are ticks, sizes are lots and times are nanoseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.domain.instrument import Category, Instrument
from steersman.domain.specs import find
from steersman.domain.units import SECOND_NS
from steersman.errors import UsageError

__all__ = ["PRESETS", "START_NS", "FlowPreset", "flow_params", "preset_for", "volume_curve"]

F64 = npt.NDArray[np.float64]

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

# -- places in the array of parameters ------------------------------------------------------------
P_PACKETS_PER_NS: Final = 0  # heads of packets at activity 1
P_MARKET_SHARE: Final = 1  # of heads that are taker orders
P_SIGMA_STEP: Final = 2  # ticks per step at volatility 1
P_SPAN_MARGIN: Final = 3  # ticks the latent price keeps from the book's ends
P_STALE: Final = 4  # ticks: a quote this far on the wrong side of the latent price is cancelled
P_JOIN: Final = 5  # ticks: the touch closes to one tick if its middle comes this near the latent
P_NEAR: Final = 6  # ticks behind the touch that are trimmed of what a moving touch left
P_TOUCH_LOTS: Final = 7  # mean of an order placed at the touch
P_TOUCH_SEED: Final = 8  # lots at the touch at the start
P_DEEP_LOTS: Final = 9  # mean of an order placed deep
P_TRIM_LOTS: Final = 10  # a near level above this is trimmed
P_CANCEL_FRACTION: Final = 11  # of a deep level that one cancel takes
P_IMPACT: Final = 12  # ticks moved by a taker order of median size at once
P_IMPACT_EXPONENT: Final = 13
P_SIZE_UNIT: Final = 14  # lots: the median taker order
P_TAIL_START: Final = 15  # lots at the 99th percentile
P_TAIL_ALPHA: Final = 16
P_SIZE_MAX: Final = 17  # lots
P_TILT: Final = 18  # how far a fast-moving latent price decides who trades
P_GRID: Final = 19  # ticks between the prices that deep orders prefer
P_FAST: Final = 20  # decay per step and innovation of the fast log-volatility
P_SLOW: Final = 22
P_ACTIVITY: Final = 24
P_COUPLING: Final = 26  # of log-activity to log-volatility
P_LEVELLER: Final = 27  # log terms that bring the means of variance and activity to 1
P_JUMP: Final = 29  # probability per step, mean size in ticks, log-activity it adds
P_AFTER: Final = 32  # probabilities: touch add -> deep add -> deep cancel -> touch add
P_REACTION_NS: Final = 35  # shortest reaction, width of the rest
P_PRESSURE_DECAY: Final = 37  # per step: memory of recent signed volume
P_MODES: Final = 38  # decay per step of each mode of the propagator, then their weights
MODES: Final = 5
P_FAR_LOTS: Final = 48  # size of the sparse levels far out
P_SEED_ORDERS: Final = 49  # deep orders a side at the start
P_HURRY: Final = 50  # extra packets per ordinary step that the latent price has moved by
P_CURVE: Final = 64  # 48 multipliers of the rates
P_DISTANCE: Final = 112  # quantiles of the distance of deep orders, in ticks
DISTANCES: Final = 256
P_SIZES: Final = P_DISTANCE + DISTANCES + 1  # quantiles of taker sizes: 90 to p90, 90 to p99
SIZES_BODY: Final = 90
N_PARAMS: Final = P_SIZES + 2 * SIZES_BODY + 1

STEP_NS: Final = 100_000_000  # the latent price, volatility and activity change once a step
_STEPS_PER_S: Final = SECOND_NS / STEP_NS


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowPreset:
    """The background of one instrument in a calm market.

    `sigma_annual_pct` is what the latent price would have without trades and jumps, about half of
    the price's volatility. `taker_quote` are quantiles (probability, quote value) of taker orders;
    `depth_quote` are the targets (bps from the mid, quote value a side within it). `impact_bps` is
    what a taker order of median size moves the latent price at once; the effect grows with
    size^`impact_exponent` and decays as (1 + t / `impact_decay_s`)^-`impact_decay_exponent`.
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
    impact_bps: float = 0.09
    impact_exponent: float = 0.4
    pressure_s: float = 0.2
    impact_decay_s: float = 6.0
    impact_decay_exponent: float = 0.5
    tilt: float = 0.6
    fast_vol_log_sd: float = 0.65
    fast_vol_s: float = 40.0
    slow_vol_log_sd: float = 0.5
    slow_vol_s: float = 1_800.0
    activity_log_sd: float = 0.45
    activity_s: float = 1.5
    coupling: float = 1.0
    jumps_per_hour: float = 40.0
    jump_bps: float = 4.0
    reaction_ms: float = 0.6

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
    span_ticks=1 << 17,
    sigma_annual_pct=30.0,
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
)  # fmt: skip

_ETH: Final = replace(
    _BTC,
    symbol="ETHUSDT",
    price=2_600.0,
    span_ticks=1 << 16,
    sigma_annual_pct=33.0,
    taker_orders_per_s=7.7,
    packets_per_s=26.0,
    taker_quote=((0.0, 26), (0.2, 80), (0.5, 560), (0.8, 4_200), (0.9, 11_000), (0.99, 97_000)),
    taker_quote_max=1_500_000.0,
    taker_alpha=1.26,
    touch_quote=50_000.0,
    depth_quote=((1.0, 101_000.0), (5.0, 1_500_000.0), (10.0, 3_800_000.0)),
    touch_add_quote=10_700.0,
    deep_add_quote=22_000.0,
    impact_bps=0.11,
)
_BTC_SPOT: Final = replace(
    _BTC,
    category=Category.SPOT,
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
    impact_bps=0.18,
)
_XRP: Final = replace(
    _BTC,
    symbol="XRPUSDT",
    price=2.0,
    span_ticks=1 << 12,
    sigma_annual_pct=40.0,
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
    impact_bps=0.3,
)
_AAPL: Final = replace(
    _BTC,
    symbol="AAPL",
    category=Category.EQUITY,
    price=230.0,
    span_ticks=1 << 12,
    sigma_annual_pct=22.0,
    trading_s_per_year=252 * 6.5 * 3_600,
    taker_orders_per_s=20.0,
    packets_per_s=50.0,
    taker_quote=((0.0, 230), (0.2, 1_150), (0.5, 11_000), (0.8, 2.3e4), (0.9, 4.6e4), (0.99, 2e5)),
    taker_quote_max=5_000_000.0,
    taker_alpha=1.5,
    touch_quote=160_000.0,
    depth_quote=((1.0, 400_000.0), (5.0, 3_000_000.0), (10.0, 7_000_000.0)),
    touch_add_quote=21_100.0,
    deep_add_quote=27_500.0,
    trim_quote=160_000.0,
    cancel_fraction=0.07,
    impact_bps=0.05,
    jumps_per_hour=15.0,
    jump_bps=2.0,
)  # fmt: skip

_ALL: Final = (_BTC, _BTC_SPOT, _ETH, _ETH_SPOT, _XRP, _BTC_INVERSE, _AAPL)

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


def flow_params(preset: FlowPreset) -> F64:
    """Return the parameters of the compiled flow, shape (N_PARAMS,), in ticks, lots and ns."""
    p = np.zeros(N_PARAMS)
    step_s = 1.0 / _STEPS_PER_S
    p[P_PACKETS_PER_NS] = preset.packets_per_s / SECOND_NS
    p[P_MARKET_SHARE] = preset.taker_orders_per_s / preset.packets_per_s
    sigma_bps = preset.sigma_annual_pct * 100.0 / preset.trading_s_per_year**0.5
    p[P_SIGMA_STEP] = preset.ticks(sigma_bps) * step_s**0.5
    p[P_SPAN_MARGIN] = min(preset.span_ticks / 8, 4 * preset.ticks(preset.reach_bps))
    p[P_STALE] = max(0.6, preset.ticks(preset.stale_bps))
    p[P_JOIN] = max(0.8, preset.ticks(preset.join_bps))
    p[P_NEAR] = max(2.0, preset.ticks(preset.near_bps))
    p[P_TOUCH_LOTS] = preset.lots(preset.touch_add_quote)
    p[P_TOUCH_SEED] = preset.lots(preset.touch_quote)
    p[P_DEEP_LOTS] = preset.lots(preset.deep_add_quote)
    p[P_TRIM_LOTS] = max(p[P_DEEP_LOTS] * 1.5, preset.lots(preset.trim_quote))
    p[P_CANCEL_FRACTION] = preset.cancel_fraction
    p[P_GRID] = preset.grid_ticks
    p[P_TILT] = preset.tilt
    p[P_AFTER : P_AFTER + 3] = (0.55, 0.85, 1.0)
    p[P_REACTION_NS : P_REACTION_NS + 2] = np.array([0.2, 1.6]) * preset.reaction_ms * 1e6
    _environment(p, preset, step_s)
    _impact(p, preset, step_s)
    _sizes(p, preset)
    _distances(p, preset)
    curve = np.array(volume_curve(preset.symbol, preset.category))
    mean = curve[29:42].mean() if preset.category is Category.EQUITY else curve.mean()
    p[P_CURVE : P_CURVE + 48] = curve / mean
    return p


def _environment(p: F64, preset: FlowPreset, step_s: float) -> None:
    """Fill in the three log-normal factors (AR(1) per step) and the jumps."""
    for at, sd, tau_s in (
        (P_FAST, preset.fast_vol_log_sd, preset.fast_vol_s),
        (P_SLOW, preset.slow_vol_log_sd, preset.slow_vol_s),
        (P_ACTIVITY, preset.activity_log_sd, preset.activity_s),
    ):
        decay = float(np.exp(-step_s / tau_s))
        p[at : at + 2] = decay, sd * (1.0 - decay * decay) ** 0.5
    vol_var = preset.fast_vol_log_sd**2 + preset.slow_vol_log_sd**2
    p[P_COUPLING] = preset.coupling
    p[P_LEVELLER] = vol_var  # E exp(2 (y - var)) = 1
    p[P_LEVELLER + 1] = 0.5 * (preset.coupling**2 * vol_var + preset.activity_log_sd**2)
    p[P_JUMP : P_JUMP + 3] = (
        preset.jumps_per_hour * step_s / 3600,
        preset.ticks(preset.jump_bps),
        0.7,
    )
    p[P_HURRY] = 0.5


def _impact(p: F64, preset: FlowPreset, step_s: float) -> None:
    """Fill in the propagator: a sum of exponentials that follows a power of time."""
    p[P_IMPACT] = preset.ticks(preset.impact_bps)
    p[P_IMPACT_EXPONENT] = preset.impact_exponent
    p[P_PRESSURE_DECAY] = np.exp(-step_s / preset.pressure_s)
    tau_s = np.array([0.6, 4.0, 30.0, 240.0, 2_400.0])
    lag_s = np.geomspace(0.1, 7_200.0, 200)
    kernel = (1.0 + lag_s / preset.impact_decay_s) ** -preset.impact_decay_exponent
    modes = np.exp(-lag_s[:, None] / tau_s)
    weights = np.linalg.lstsq(modes, kernel, rcond=None)[0]
    p[P_MODES : P_MODES + MODES] = np.exp(-step_s / tau_s)
    p[P_MODES + MODES : P_MODES + 2 * MODES] = weights


def _sizes(p: F64, preset: FlowPreset) -> None:
    """Fill in the quantiles of taker sizes (lots, log-linear between the given points)."""
    at, quote = (np.array(column) for column in zip(*preset.taker_quote, strict=True))
    body = np.linspace(0.0, 0.9, SIZES_BODY + 1)
    tail = np.linspace(0.9, 0.99, SIZES_BODY + 1)[1:]
    quantiles = np.exp(np.interp(body, at, np.log(quote)))
    # between p90 and p99 the survival function is a power: log size is linear in log(1 - u)
    upper = np.exp(np.interp(-np.log(1.0 - tail), -np.log(1.0 - at), np.log(quote)))
    lots = np.array([preset.lots(float(q)) for q in np.concatenate([quantiles, upper])])
    p[P_SIZES : P_SIZES + lots.size] = np.maximum(lots, 1.0)
    p[P_SIZE_UNIT] = p[P_SIZES + round(SIZES_BODY * 0.5 / 0.9)]
    p[P_TAIL_START] = lots[-1]
    p[P_TAIL_ALPHA] = preset.taker_alpha
    p[P_SIZE_MAX] = preset.lots(preset.taker_quote_max)


def _distances(p: F64, preset: FlowPreset) -> None:
    """Fill in where deep orders go: the shape of the depth targets behind the touch."""
    bps = np.array([0.0, *(d for d, _ in preset.depth_quote)])
    behind = np.array([0.0, *(q - preset.touch_quote for _, q in preset.depth_quote)])
    slope = np.log(behind[-1] / behind[-2]) / np.log(bps[-1] / bps[-2])
    edge = behind[-1] * (preset.reach_bps / bps[-1]) ** slope
    grid = np.linspace(0.0, preset.reach_bps, 4_000)
    logs = np.interp(
        np.log(np.maximum(grid, 1e-9)),
        np.log([1e-9, *bps[1:], preset.reach_bps]),
        np.log([behind[1] * 1e-9, *behind[1:], edge]),
    )
    share = np.exp(logs - np.log(edge))
    share[0] = 0.0
    quantiles = np.interp(np.linspace(0.0, 1.0, DISTANCES + 1), share, grid)
    p[P_DISTANCE : P_DISTANCE + DISTANCES + 1] = [preset.ticks(float(d)) for d in quantiles]
    p[P_SEED_ORDERS] = edge / preset.deep_add_quote
    p[P_FAR_LOTS] = preset.lots(preset.depth_quote[-1][1] * 0.1)
