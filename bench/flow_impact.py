"""Measure what our own orders do to the generated market: paired runs, with and without them.

    python bench/flow_impact.py [--symbol BTCUSDT] [--category linear] [--seeds 40]

Prints the mean difference of the mid (bps, in the order's direction, with its standard error) for
metaorders of several sizes bought evenly over 30 minutes, at their end and after, beside
sigma_D sqrt(Q / V_D); and how fast depth comes back after one order has taken it.
"""

from __future__ import annotations

import argparse

import numpy as np
import numpy.typing as npt
from flow_facts import SECOND_NS, Recording, record

from steersman.domain.instrument import Category
from steersman.venues.flow import MARKET, START_NS, FlowPreset, preset_for

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
HORIZON_S = 1_800
EVERY_S = 10


def mid_at(r: Recording, seconds: list[float]) -> F64:
    """Return the mid at times since the start."""
    at = np.searchsorted(r.out[:, 0], START_NS + (np.array(seconds) * 1e9).astype(np.int64))
    return r.mid[np.maximum(at - 1, 0)]


def metaorder(lots: int) -> I64:
    """Return taker orders that buy `lots` evenly over the horizon, the first after one interval."""
    n = HORIZON_S // EVERY_S
    done = np.round(np.linspace(0, lots, n + 1)).astype(np.int64)
    rows = [
        (START_NS + i * EVERY_S * SECOND_NS, 1, done[i] - done[i - 1])
        for i in range(1, n + 1)
        if done[i] > done[i - 1]
    ]
    return np.array(rows, dtype=np.int64)


def impact(preset: FlowPreset, seeds: int) -> None:
    """Print the table of metaorders."""
    marks = [HORIZON_S / 2, HORIZON_S + 1, HORIZON_S + 300, HORIZON_S + 1_700]
    plain = [record(preset, seed, 60) for seed in range(seeds)]
    taken = [r.out[r.out[:, 1] == MARKET] for r in plain]
    half_hour = np.mean([t[t[:, 0] < START_NS + HORIZON_S * SECOND_NS, 4].sum() for t in taken])
    sigma = np.std([np.log(r.mid[-1] / r.mid[0]) for r in plain]) * 1e4 / 2**0.5
    volume = half_hour / preset.lots(1e6)
    print(f"\n30 min: volume {volume:.3g} M, sd of the return {sigma:.3g} bps")
    heads = "".join(f"{name:>17}" for name in ("half-way", "end", "+5 min", "+28 min"))
    print(f"{'Q / V':>8}{heads}  sigma sqrt(Q/V)")
    for share in (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1):
        own = metaorder(round(share * half_hour))
        moved = []
        for seed, r in enumerate(plain):
            with_own = record(preset, seed, 60, own)
            moved.append((mid_at(with_own, marks) / mid_at(r, marks) - 1) * 1e4)
        mean, error = np.mean(moved, axis=0), np.std(moved, axis=0) / seeds**0.5
        cells = " ".join(f"{m:7.2f} +- {e:5.2f}" for m, e in zip(mean, error, strict=True))
        print(f"{share:8.4f} {cells}  {sigma * share**0.5:8.2f}")


def resilience(preset: FlowPreset, seeds: int) -> None:
    """Print the share of ask depth within 5 bps that is back after one order took all of it."""
    size = round(preset.lots(preset.depth_quote[1][1]))
    own = np.array([(START_NS + 60 * SECOND_NS, 1, size)], dtype=np.int64)
    shares, spreads, moves = [], [], []
    after = [60, 61, 62, 65, 70, 80, 100, 115]
    for seed in range(seeds):
        a, b = record(preset, seed, 2), record(preset, seed, 2, own)
        shares.append(b.depth[after, 1, 1] / np.maximum(1, a.depth[after, 1, 1]))
        seconds = [60.01, *(s + 1 for s in after)]
        grid = START_NS + (np.array(seconds) * 1e9).astype(np.int64)
        at = np.searchsorted(b.out[:, 0], grid) - 1
        spreads.append(b.touch[at, 1] - b.touch[at, 0])
        moves.append((mid_at(b, seconds) / mid_at(a, seconds) - 1) * 1e4)
    print(f"\nafter buying {preset.depth_quote[1][1]:,.0f} at once, by seconds since:")
    back = zip(after, np.median(shares, 0), strict=True)
    print("ask depth within 5 bps: ", " ".join(f"{s - 59}s {v:.2f}" for s, v in back))
    print("mid moved, bps: ", " ".join(f"{v:.2f}" for v in np.mean(moves, 0)))
    print("spread, ticks: ", " ".join(f"{v:.0f}" for v in np.median(spreads, 0)))


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--symbol", default="BTCUSDT")
    parser.add_argument("--category", default="linear")
    parser.add_argument("--seeds", type=int, default=40)
    args = parser.parse_args()
    preset = preset_for(args.symbol, Category(args.category))
    resilience(preset, args.seeds)
    impact(preset, args.seeds)


if __name__ == "__main__":
    main()
