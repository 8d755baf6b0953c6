"""Turn a preset into the one array of numbers that the compiled flow reads.

From here on prices are ticks, sizes are lots and times are nanoseconds; `P_*` are the places in the
array. Whatever the flow needs once a step or once an event is worked out here, once.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.domain.instrument import Category
from steersman.domain.units import SECOND_NS
from steersman.venues.presets import FlowPreset, volume_curve

__all__ = ["flow_params"]

F64 = npt.NDArray[np.float64]

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
P_SIZE_UNIT: Final = 12  # lots: the median taker order
P_TAIL_START: Final = 13  # lots at the 99th percentile
P_TAIL_ALPHA: Final = 14
P_SIZE_MAX: Final = 15  # lots
P_TILT: Final = 16  # how far a fast-moving latent price decides who trades
P_GRID: Final = 17  # ticks between the prices that deep orders prefer
P_FAR_LOTS: Final = 18  # size of the sparse levels far out
P_SEED_ORDERS: Final = 19  # deep orders a side at the start
P_FACTORS: Final = 20  # decay per step and innovation of each log-normal factor
FACTORS: Final = 4  # log-volatility: seconds, minutes, hours; then log-activity
P_COUPLING: Final = 28  # of log-activity to log-volatility
P_LEVELLER: Final = 29  # log terms that bring the means of variance and activity to 1
P_JUMP: Final = 31  # probability per step, mean size in ticks, log-activity it adds
P_AFTER: Final = 34  # probabilities: touch add -> deep add -> deep cancel -> touch add
P_REACTION_NS: Final = 37  # shortest reaction, width of the rest
P_HURRY: Final = 39  # extra packets per ordinary step that the latent price has moved by
P_MODES: Final = 40  # decay per step of each memory's root, then ticks per root of a median order
MODES: Final = 5
P_BLEND: Final = 50  # share by which the shifts of a regime come nearer once a second
P_OPEN_INTEREST: Final = 51  # lots held in all at the start; 0 where there is no perpetual
P_CLUSTERS: Final = 52  # births per second; median and log-sd of the distance; lots, alpha, most
P_FORCED: Final = 58  # mean gap in ns and mean lots of forced orders
P_PREMIUM: Final = 60  # bps of premium per bp that the price is above its average of a day
P_CURVE: Final = 64  # multipliers of the rates by half-hour of the week, from Thursday 0:00 on
WEEK_PARTS: Final = 336
P_DISTANCE: Final = P_CURVE + WEEK_PARTS  # quantiles of the distance of deep orders, in ticks
DISTANCES: Final = 256
P_SIZES: Final = P_DISTANCE + DISTANCES + 1  # quantiles of taker sizes: 90 to p90, 90 to p99
SIZES_BODY: Final = 90
N_PARAMS: Final = P_SIZES + 2 * SIZES_BODY + 1

STEP_NS: Final = 100_000_000  # the latent price, volatility and activity change once a step
STEPS_PER_S: Final = SECOND_NS // STEP_NS
BLEND_S: Final = 30.0  # how long it takes from one regime into the next
MEMORY_S: Final = (1.0, 10.0, 100.0, 1_000.0, 10_000.0)  # how long volume is remembered, by mode
# Of the impact at once, by mode. After an order of half an hour about two thirds are left a quarter
# of an hour later, and less and less then. None is negative: each memory makes a round trip cost
# something (the integral of root(P) dQ with dP = dQ - P dt / tau is never below zero), and so does
# their sum, whatever the round trip.
MEMORY_SHARE: Final = (0.2, 0.15, 0.17, 0.25, 0.23)


def flow_params(preset: FlowPreset) -> F64:
    """Return the parameters of the compiled flow, shape (N_PARAMS,), in ticks, lots and ns."""
    p = np.zeros(N_PARAMS)
    step_s = 1.0 / STEPS_PER_S
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
    p[P_BLEND] = 1.0 - np.exp(-1.0 / BLEND_S)
    _environment(p, preset, step_s)
    _impact(p, preset, step_s)
    _sizes(p, preset)
    _distances(p, preset)
    _perpetual(p, preset)
    p[P_CURVE : P_CURVE + WEEK_PARTS] = _week(preset)
    return p


def _week(preset: FlowPreset) -> F64:
    """Return the multipliers of a week that begins as the epoch did, on a Thursday at 0:00 UTC."""
    day = np.array(volume_curve(preset.symbol, preset.category))
    if preset.category is not Category.EQUITY:
        return np.tile(day / day.mean(), 7)
    opened = day > 0.5 * day.mean()
    week: F64 = np.tile(np.where(opened, day / day[opened].mean(), 0.0), 7)
    week[2 * 48 : 4 * 48] = 0.0  # Saturday, Sunday
    return week


def _environment(p: F64, preset: FlowPreset, step_s: float) -> None:
    """Fill in the log-normal factors (AR(1) per step) and the jumps."""
    factors = (
        *zip(preset.vol_log_sd, preset.vol_s, strict=True),
        (preset.activity_log_sd, preset.activity_s),
    )
    for n, (sd, tau_s) in enumerate(factors):
        decay = float(np.exp(-step_s / tau_s))
        p[P_FACTORS + 2 * n] = decay
        p[P_FACTORS + 2 * n + 1] = sd * (1.0 - decay * decay) ** 0.5
    vol_var = sum(sd**2 for sd in preset.vol_log_sd)
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
    """Fill in the memories of traded volume.

    A memory of volume that decays over tau has a square root that decays over 2 tau.
    """
    p[P_MODES : P_MODES + MODES] = np.exp(-step_s / (2.0 * np.array(MEMORY_S)))
    shares = np.array(MEMORY_SHARE) * preset.ticks(preset.impact_bps)
    p[P_MODES + MODES : P_MODES + 2 * MODES] = shares


def _perpetual(p: F64, preset: FlowPreset) -> None:
    """Fill in open interest and the clusters of liquidations, where the contract has them."""
    if not preset.perpetual:
        return
    p[P_OPEN_INTEREST] = preset.lots(preset.open_interest_quote)
    day_bps = 2.7 * preset.sigma_annual_pct * 100.0 / 365**0.5  # trades move it as well
    p[P_PREMIUM] = 4.6 / (day_bps * 0.5**0.5)  # a price is so far from its average of a day
    p[P_CLUSTERS : P_CLUSTERS + 6] = (
        0.0,  # a calm market has none: `regimes.with_clusters`
        preset.ticks(preset.cluster_bps),
        0.8,
        preset.lots(preset.cluster_quote),
        1.2,
        preset.lots(preset.cluster_quote) * 20.0,
    )
    p[P_FORCED : P_FORCED + 2] = 150e6, preset.lots(preset.cluster_quote) / 20.0


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
