"""Whether volatility, regimes and volume profiles forecast better than the naive answer.

    python bench/forecasts.py [--hours 12] [--seeds 2] [--market DIR --symbol BTCUSDT]

On generated markets, and on a recorded one if given. Each line compares two forecasts of the same
thing, out of sample: the mean difference of their losses (naive less ours: positive is better) with
a 95 % interval that allows for the memory of losses (Diebold and Mariano, 1995, with the cosine
long-run error). The loss of a variance is QLIKE, truth / forecast - log(truth / forecast) - 1, with
the mean squared mid return over the five minutes to come (recorded: 30 s) as the truth, which is
the same for all; that of a volume the squared log error.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from steersman.domain.instrument import Category
from steersman.domain.market import Regime
from steersman.domain.specs import find
from steersman.domain.units import SECOND_NS
from steersman.marketdata.history import History
from steersman.models.regime import Features, Held, next_regime
from steersman.models.regression import mean_in_time
from steersman.models.validity import NotIdentifiedError
from steersman.models.volatility import (
    garman_klass,
    parkinson,
    realised_variance,
    rogers_satchell,
    two_scale_variance,
)
from steersman.models.volume_profile import fit_profile
from steersman.runtime.watching import Watched, watch
from steersman.venues.presets import START_NS, volume_curve
from steersman.venues.simulated import SimulatedVenue

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Spans:
    """Seconds of past to forecast from, ahead to forecast, between forecasts, of one bar."""

    past: int
    ahead: int
    step: int
    bar: int


LONG = Spans(900, 300, 60, 60)
SHORT = Spans(90, 30, 5, 15)  # for recordings of minutes


def generated(hours: float, seed: int) -> Watched:
    """Watch a generated market."""
    instrument = find("BTCUSDT", category=Category.LINEAR, venue="sim")
    end_ns = START_NS + round(hours * 3_600 * SECOND_NS)
    venue = SimulatedVenue.generated(instrument, seed=seed, start_ns=START_NS, end_ns=end_ns)
    return watch(venue, end_ns, lambda share: None)


def recorded(directory: Path, symbol: str) -> Watched:
    """Watch a recorded market."""
    history = History.open(directory)
    instrument = history.pick(symbol)
    venue = SimulatedVenue.recorded(instrument, history.load(instrument))
    return watch(venue, history.span(instrument)[1] + SECOND_NS, lambda share: None)


def qlike(truth: float, forecast: float) -> float:
    """Return the loss of a forecast of a variance."""
    ratio = truth / max(forecast, 1e-16)
    return ratio - math.log(ratio) - 1.0


def ohlc(mid: F64, bar_s: int) -> tuple[F64, F64, F64, F64]:
    """Return bars of mids."""
    cut = np.array([mid[k : k + bar_s + 1] for k in range(0, len(mid) - bar_s, bar_s)])
    return cut[:, 0], cut.max(axis=1), cut.min(axis=1), cut[:, -1]


def past_variances(past: F64, bar: int) -> dict[str, float]:
    """Return forecasts of the variance a second from the past: the first is the naive one."""
    o, h, low, c = ohlc(past, bar)
    return {
        "close to close": realised_variance(past[::bar]) / bar,
        "every second": realised_variance(past),
        "two scales": two_scale_variance(past, 10),
        "Parkinson": float(parkinson(h, low).mean()) / bar,
        "Garman-Klass": float(garman_klass(o, h, low, c).mean()) / bar,
        "Rogers-Satchell": float(rogers_satchell(o, h, low, c).mean()) / bar,
    }


def volatility_losses(mid: F64, spans: Spans) -> dict[str, list[float]]:
    """Return the losses of every forecast, in time order."""
    losses: dict[str, list[float]] = {}
    for now in range(spans.past, len(mid) - spans.ahead, spans.step):
        window = mid[now - spans.past : now + spans.ahead + 1]
        if not np.isfinite(window).all():
            continue
        truth = realised_variance(window[spans.past :: 5]) / 5
        if truth > 0:
            for name, forecast in past_variances(window[: spans.past + 1], spans.bar).items():
                losses.setdefault(name, []).append(qlike(truth, forecast))
    return losses


def regime_losses(w: Watched, spans: Spans) -> tuple[list[float], list[float]]:
    """Return losses of one variance for all times, and of one for each regime, one a minute.

    Both are learnt on the first half and judged on the second.
    """
    mid, depth = w.mid, w.samples.depth.sum(axis=1)
    held, rows = Held(Regime.CALM, 0), []
    usual = realised_variance(mid[np.isfinite(mid)][: len(mid) // 2 : 5]) / 5
    usual_depth = float(np.nanmean(depth[: len(depth) // 2]))
    usual_rate = float(np.nanmean(w.volume[: len(mid) // 2]))
    for now in range(120, min(len(mid) - spans.ahead, len(depth) // 10), 10):
        window = mid[now - 60 : now + spans.ahead + 1]
        near = float(np.nanmean(depth[now * 10 - 20 : now * 10]))
        if not np.isfinite(window).all() or not math.isfinite(near):
            continue
        features = Features(
            volatility_ratio=math.sqrt(realised_variance(window[:61:5]) / 5 / usual),
            move_sds=math.log(window[60] / window[0]) / math.sqrt(60 * usual),
            depth_share=near / usual_depth,
            volume_ratio=float(np.nanmean(w.volume[now - 60 : now])) / usual_rate,
            flow_imbalance=0.0,
        )
        held = next_regime(held, features, now * SECOND_NS)
        rows.append((now, held.regime, realised_variance(window[60::5]) / 5))
    half = len(rows) // 2
    known = np.array([truth for _, _, truth in rows[:half]])
    by_regime = {
        regime: float(np.mean([t for _, r, t in rows[:half] if r is regime]))
        for regime in {r for _, r, _ in rows[:half]}
    }
    naive, ours = [], []
    for now, regime, truth in rows[half:]:
        if now % spans.step == 0 and truth > 0:
            naive.append(qlike(truth, float(known.mean())))
            ours.append(qlike(truth, by_regime.get(regime, float(known.mean()))))
    return naive, ours


def volume_losses(days: int, seed: int) -> tuple[list[float], list[float], list[float]]:
    """Return losses of the day's rest at 06:00: the rate so far, the last day's, and ours.

    Days have the generated market's curve, levels that follow each other, and half-hours about it.
    """
    rng = np.random.default_rng(seed)
    curve = np.array(volume_curve("BTCUSDT", Category.LINEAR))
    level, rows = 0.0, []
    for _ in range(days):
        level = 0.6 * level + 0.3 * rng.normal()
        rows.append(100 * curve * math.exp(level) * np.exp(0.4 * rng.normal(size=48)))
    history = np.array(rows)
    rate, last, ours = [], [], []
    for day in range(30, days):
        profile = fit_profile(history[:day], [d % 7 for d in range(day)], day % 7)
        done, truth = float(history[day, :12].sum()), float(history[day, 12:].sum())
        rate.append(math.log(done * 3 / truth) ** 2)
        last.append(math.log(float(history[day - 1, 12:].sum()) / truth) ** 2)
        ours.append(math.log(profile.rest(done, 12) / truth) ** 2)
    return rate, last, ours


def show(what: str, naive: list[float], ours: list[float]) -> None:
    """Print one comparison."""
    gain = np.array(naive) - np.array(ours)
    said = f"{what:58s} n {len(gain):5d}  naive {np.mean(naive):6.3f}"
    try:
        if len(gain) < 30:
            raise NotIdentifiedError("too short")
        low, high = mean_in_time(gain).interval()
    except NotIdentifiedError as error:
        print(f"{what:58s} n {len(gain):5d}  {error}")
        return
    print(f"{said}  ours {np.mean(ours):6.3f}  gain {gain.mean():+.3f} ({low:+.3f} to {high:+.3f})")


def compare(name: str, w: Watched, spans: Spans) -> None:
    """Print every comparison on one market."""
    losses = volatility_losses(w.mid, spans)
    naive = losses.pop("close to close")
    for forecast, ours in losses.items():
        show(f"{name}: variance, {forecast}", naive, ours)
    show(f"{name}: variance by regime, against one for all", *regime_losses(w, spans))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=12.0)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--market", type=Path)
    parser.add_argument("--symbol", default="BTCUSDT")
    options = parser.parse_args()
    for seed in range(1, options.seeds + 1):
        compare(f"generated, seed {seed}", generated(options.hours, seed), LONG)
    if options.market:
        compare("recorded", recorded(options.market, options.symbol), SHORT)
    rate, last, ours = volume_losses(200, 1)
    show("days with the generated curve: rest, against the rate so far", rate, ours)
    show("days with the generated curve: rest, against the last day's", last, ours)


if __name__ == "__main__":
    main()
