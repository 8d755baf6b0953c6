"""Measure the generated background beside the figures it is calibrated to.

    python bench/flow_facts.py [--symbol BTCUSDT] [--category linear] [--seeds 4] [--minutes 30]

The targets are those of one short, volatile recording (BTC and ETH) and of common knowledge (the
rest); a calm market is quieter than they are. Nothing here is timed but the events per second.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from numba import njit

from steersman.domain.instrument import Category
from steersman.models.facts import autocorrelation, excess_kurtosis, hill, weighted_quantile
from steersman.venues.flow import (
    MARKET,
    OUT,
    START_NS,
    FlowPreset,
    Script,
    apply_event,
    flow_params,
    new_flow,
    next_event,
    next_ns,
    note_trade,
    preset_for,
    seed_book,
    warm_up,
)

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
SECOND_NS = 1_000_000_000
WARM_UP_S = 60
BANDS_BPS = (1.0, 5.0, 10.0)


@dataclass(frozen=True)
class Recording:
    """One generated market: events (n,), depth per second (m, 2, 3) in lots."""

    preset: FlowPreset
    out: I64  # (n, 5) events as written
    touch: I64  # (n, 4) bid, ask, bid lots, ask lots after the event
    depth: I64
    wall_s: float

    @property
    def mid(self) -> F64:
        return (self.touch[:, 0] + self.touch[:, 1]) / 2.0


@njit(cache=True)
def _run(params, seed, flow_i, flow_f, levels, top, end_ns, out, touch, depth, bands, own, script):  # type: ignore[no-untyped-def]
    event = np.zeros(OUT, dtype=np.int64)
    second = 0
    begin = START_NS
    n = 0
    o = 0
    while n < out.shape[0]:
        ns = next_ns(params, seed, flow_i, flow_f, script)
        if ns >= end_ns:
            break
        while second < depth.shape[0] and ns >= begin + (second + 1) * SECOND_NS:
            _depth(levels, top, bands, depth[second])
            second += 1
        while o < own.shape[0] and own[o, 0] <= ns:
            event[:] = (own[o, 0], MARKET, own[o, 1], 0, own[o, 2])
            note_trade(params, flow_f, own[o, 1], apply_event(levels, top, event))
            o += 1
        next_event(params, seed, flow_i, flow_f, script, levels, top, event)
        apply_event(levels, top, event)
        out[n] = event
        touch[n, 0] = top[0] + top[2]
        touch[n, 1] = top[1] + top[2]
        touch[n, 2] = levels[0, top[0]] if top[0] >= 0 else 0
        touch[n, 3] = levels[1, top[1]] if top[1] < top[3] else 0
        n += 1
    return n


@njit(cache=True)
def _depth(levels, top, bands, found):  # type: ignore[no-untyped-def]
    """Add up what lies within each band of the best, found int64[2, bands]."""
    for row in range(2):
        away = -1 if row == 0 else 1
        for b in range(bands.size):
            for i in range(bands[b] + 1):
                col = top[row] + away * i
                if 0 <= col < top[3]:
                    found[row, b] += levels[row, col]


def record(preset: FlowPreset, seed: int, minutes: float, own: I64 | None = None) -> Recording:
    """Generate a market and keep what it did; `own` rows are ns, side, lots of own taker orders."""
    params = flow_params(preset)
    levels = np.zeros((2, preset.span_ticks), dtype=np.int64)
    top = np.zeros(4, dtype=np.int64)
    seed_book(params, seed, preset.mid_tick, levels, top)
    flow_i, flow_f = new_flow(params, seed, START_NS - WARM_UP_S * SECOND_NS, preset.mid_tick)
    warm_up(params, seed, flow_i, flow_f, levels, top, START_NS)
    size = int(minutes * 60 * preset.packets_per_s * 24) + 1_000
    out = np.zeros((size, OUT), dtype=np.int64)
    touch = np.zeros((size, 4), dtype=np.int64)
    depth = np.zeros((int(minutes * 60), 2, len(BANDS_BPS)), dtype=np.int64)
    bands = np.array([round(preset.ticks(b)) for b in BANDS_BPS], dtype=np.int64)
    mine = np.zeros((0, 3), dtype=np.int64) if own is None else own
    end_ns = START_NS + int(minutes * 60) * SECOND_NS
    begin = time.perf_counter()
    calm = Script.empty()
    state = (flow_i, flow_f, levels, top)
    n = _run(params, seed, *state, end_ns, out, touch, depth, bands, mine, calm)
    wall_s = time.perf_counter() - begin
    return Recording(preset, out[:n], touch[:n], depth, wall_s)


def sampled_bps(r: Recording, every_s: float) -> F64:
    """Return mid returns in bps over a regular grid."""
    first, last = r.out[0, 0], r.out[-1, 0]
    grid = np.arange(first, last, int(every_s * SECOND_NS))
    at = np.searchsorted(r.out[:, 0], grid, side="right") - 1
    returns: F64 = np.diff(np.log(r.mid[at])) * 1e4
    return returns


def acf(x: F64, lag: int) -> float:
    """Return the autocorrelation at a lag."""
    return float(autocorrelation(x, [lag])[0])


def facts(r: Recording) -> dict[str, float]:
    """Measure one recording."""
    p = r.preset
    per_lot = 1.0 / p.lots(1.0)
    ns = r.out[:, 0]
    weight = np.diff(ns)
    spread = (r.touch[:, 1] - r.touch[:, 0])[:-1]
    found: dict[str, float] = {
        "events/s": len(ns) / ((ns[-1] - ns[0]) / 1e9),
        "spread 1 tick % of time": 100 * weight[spread == 1].sum() / weight.sum(),
        "spread p99 ticks (time)": weighted_quantile(spread, weight, 0.99),
        "spread max bps": spread.max() / r.mid.mean() * 1e4,
        "L1 median kUSD": weighted_quantile(r.touch[:-1, 2], weight, 0.5) * per_lot / 1e3,
    }
    for b, bps in enumerate(BANDS_BPS):
        found[f"depth {bps:g} bps median kUSD"] = np.median(r.depth[:, :, b]) * per_lot / 1e3
    found |= _taker_facts(r, per_lot) | _price_facts(r)
    return found


def _taker_facts(r: Recording, per_lot: float) -> dict[str, float]:
    at = np.flatnonzero(r.out[:, 1] == MARKET)
    ns, sign, quote = r.out[at, 0], r.out[at, 2].astype(float), r.out[at, 4] * per_lot
    gaps = np.diff(ns)
    seconds = np.bincount((ns - ns[0]) // SECOND_NS)[:-1]
    found = {
        "taker orders/s": float(seconds.mean()),
        "inter-arrival CV": float(gaps.std() / gaps.mean()),
        "inter-arrival median ms": float(np.median(gaps)) / 1e6,
        "Fano 1 s": float(seconds.var() / seconds.mean()),
        "size mean kUSD": float(quote.mean()) / 1e3,
    }
    for q in (50, 90, 99):
        found[f"size p{q} kUSD"] = float(np.percentile(quote, q)) / 1e3
    found["Hill alpha top 2%"] = hill(quote, 0.02)
    for lag in (1, 10, 50):
        found[f"sign ACF {lag}"] = acf(sign, lag)
    before = r.mid[at - 1]
    later = np.searchsorted(r.out[:, 0], ns + SECOND_NS, side="right") - 1
    moved = sign * (r.mid[later] / before - 1.0) * 1e4
    edges = np.percentile(quote, [0, 50, 90, 99, 100])
    for name, low, high in zip(
        ("p0-50", "p50-90", "p90-99", "p99+"), edges, edges[1:], strict=False
    ):
        found[f"move 1 s {name} bps"] = float(moved[(quote >= low) & (quote <= high)].mean())
    return found


def _price_facts(r: Recording) -> dict[str, float]:
    one, ten, minute = (sampled_bps(r, s) for s in (1.0, 10.0, 60.0))
    year_s = r.preset.trading_s_per_year
    volume = _per(r, 60.0)
    n = min(len(volume), len(minute))
    return {
        "sd 1 s return bps": float(one.std()),
        "kurtosis 1 s": excess_kurtosis(one),
        "kurtosis 1 min": excess_kurtosis(minute),
        "annual vol % from 0.1 s": float(sampled_bps(r, 0.1).std()) * (10 * year_s) ** 0.5 / 100,
        "annual vol % from 1 s": float(one.std()) * year_s**0.5 / 100,
        "annual vol % from 10 s": float(ten.std()) * (year_s / 10) ** 0.5 / 100,
        "annual vol % from 1 min": float(minute.std()) * (year_s / 60) ** 0.5 / 100,
        "ACF return 1 s lag 1": acf(one, 1),
        "ACF return 1 min lag 1": acf(minute, 1),
        "ACF |return 1 s| lag 10": acf(np.abs(one), 10),
        "ACF |return 1 s| lag 60": acf(np.abs(one), 60),
        "corr(volume, |return|) 1 min": float(np.corrcoef(volume[:n], np.abs(minute[:n]))[0, 1]),
    }


def _per(r: Recording, every_s: float) -> F64:
    taken = r.out[r.out[:, 1] == MARKET]
    bins = (taken[:, 0] - r.out[0, 0]) // int(every_s * SECOND_NS)
    volume: F64 = np.bincount(bins, weights=taken[:, 4].astype(float)).astype(np.float64)
    return volume


TARGETS = {
    "taker orders/s": "15.8", "inter-arrival CV": "1.5", "inter-arrival median ms": "27",
    "Fano 1 s": "26", "size p50 kUSD": "1.9", "size p90 kUSD": "40", "size p99 kUSD": "438",
    "Hill alpha top 2%": "1.10", "sign ACF 1": ".20", "sign ACF 10": ".12", "sign ACF 50": ".03",
    "move 1 s p0-50 bps": ".25", "move 1 s p50-90 bps": ".46", "move 1 s p90-99 bps": ".73",
    "move 1 s p99+ bps": "2.12", "sd 1 s return bps": "1.34 (volatile)", "kurtosis 1 s": "24",
    "kurtosis 1 min": "3-30", "spread 1 tick % of time": "94 (> 90)", "spread max bps": "0.97",
    "L1 median kUSD": "197", "depth 1 bps median kUSD": "462", "depth 5 bps median kUSD": "3400",
    "depth 10 bps median kUSD": "9000", "annual vol % from 1 min": "50-60 (calm)",
    "ACF return 1 min lag 1": "|.| < .05", "corr(volume, |return|) 1 min": "> .3",
}  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--symbol", default="BTCUSDT")
    parser.add_argument("--category", default="linear")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--set", nargs="*", default=[], metavar="FIELD=VALUE", help="try a value")
    args = parser.parse_args()
    preset = preset_for(args.symbol, Category(args.category))
    for change in args.set:
        name, value = change.split("=")
        preset = replace(preset, **{name: type(getattr(preset, name))(value)})
    record(preset, 0, 0.1)  # compiles
    rows = []
    for seed in range(1, args.seeds + 1):
        r = record(preset, seed, args.minutes)
        rows.append(facts(r) | {"M events/s of wall time": len(r.out) / r.wall_s / 1e6})
    known = preset.symbol == "BTCUSDT" and preset.category is Category.LINEAR
    print(f"{'':34}{'mean':>9}{'lowest':>9}{'highest':>9}  measured in MARKET.md (BTC perp)")
    for name in rows[0]:
        values = np.array([row[name] for row in rows])
        target = TARGETS.get(name, "") if known else ""
        print(f"{name:34}{values.mean():9.3g}{values.min():9.3g}{values.max():9.3g}  {target}")


if __name__ == "__main__":
    main()
