"""Whether volatility, regimes and volume profiles forecast better than the naive answer.

    python bench/forecasts.py [--hours 12] [--seeds 6] [--days 45] [--market DIR]

On generated markets, all seeds together, and on a recorded one if given; how well regimes are told
is in `regime_scores`. Each line compares two forecasts of the same thing, out of sample: the mean
difference of their losses (naive less ours: positive is better) with a 95 % interval that allows
for the memory of losses (Diebold and Mariano, 1995, with the cosine long-run error). The loss of a
variance is QLIKE, truth / forecast - log(truth / forecast) - 1, with the mean squared mid return
over the five minutes to come (recorded: 30 s) as the truth, which is the same for all; that of a
volume the squared log error, a day's mean over 06:00, 12:00 and 18:00.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from steersman.domain.instrument import Category
from steersman.domain.market import Regime
from steersman.domain.messages import Wake
from steersman.domain.specs import find
from steersman.domain.units import HOUR_NS, SECOND_NS
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
    yang_zhang,
)
from steersman.models.volume import BUCKET_NS, BUCKETS
from steersman.models.volume_profile import fit_profile
from steersman.runtime.watching import Watched, watch
from steersman.venues.presets import START_NS
from steersman.venues.simulated import SimulatedVenue

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Spans:
    """Seconds of past to forecast from, ahead to forecast, between forecasts, of one bar."""

    past: int
    ahead: int
    step: int
    bar: int


DAY_NS = 24 * HOUR_NS
FORTNIGHT = 14  # days that a profile is fitted to, at least
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
        "Yang-Zhang": yang_zhang(o, h, low, c) / bar,
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


def volume_days(days: int, seed: int) -> F64:
    """Return a generated market's volume by half-hour, shape (days, 48), from a Tuesday on."""
    instrument = find("BTCUSDT", category=Category.LINEAR, venue="sim")
    first_ns = (START_NS // DAY_NS + 1) * DAY_NS
    venue = SimulatedVenue.generated(
        instrument, seed=seed, start_ns=first_ns, end_ns=first_ns + days * DAY_NS, tape=False
    )
    volume = [0.0]
    for half_hour in range(1, days * BUCKETS + 1):
        at_ns = first_ns + half_hour * BUCKET_NS
        view = venue.run(Wake(instrument.id, at_ns, None, None)).view
        volume.append(float(view.market_volume))
    return np.diff(volume).reshape(days, BUCKETS)


def volume_losses(days: F64) -> tuple[list[float], list[float], list[float]]:
    """Return losses of what is left of each day: the rate so far, the last day's, and ours.

    A profile is fitted to all days before, a fortnight at least, and asked for the weekday.
    """
    arms: tuple[list[float], list[float], list[float]] = ([], [], [])
    for day in range(FORTNIGHT, len(days)):
        profile = fit_profile(days[:day], [d % 7 for d in range(day)], day % 7)
        found = []
        for done in (12, 24, 36):
            came, truth = float(days[day, :done].sum()), float(days[day, done:].sum())
            naive = came / done * (BUCKETS - done), float(days[day - 1, done:].sum())
            found.append([math.log(x / truth) ** 2 for x in (*naive, profile.rest(came, done))])
        for arm, loss in zip(arms, np.mean(found, axis=0).tolist(), strict=True):
            arm.append(loss)
    return arms


def show_volumes(name: str, markets: Sequence[F64]) -> None:
    """Print what a profile of days is worth, or that there are too few."""
    longest = max(int(np.isfinite(days).all(axis=1).sum()) for days in markets)
    if longest <= FORTNIGHT:
        print(f"{f'{name}: volume of the rest of a day':58s} too short: {longest} whole days")
        return
    arms: tuple[list[float], ...] = ([], [], [])
    for days in markets:
        for arm, losses in zip(arms, volume_losses(days), strict=True):
            arm += losses
    rate, last, ours = arms
    show(f"{name}: rest of the day, against the rate so far", rate, ours)
    show(f"{name}: rest of the day, against the last day's", last, ours)


def show(what: str, naive: list[float], ours: list[float]) -> None:
    """Print one comparison."""
    gain = np.array(naive) - np.array(ours)
    said = f"{what:58s} n {len(gain):5d}  naive {np.mean(naive):6.3f}"
    try:
        if len(gain) < 30:
            raise NotIdentifiedError("at least 30 are needed")
        low, high = mean_in_time(gain).interval()
    except NotIdentifiedError as error:
        print(f"{what:58s} n {len(gain):5d}  too short: {error}")
        return
    print(f"{said}  ours {np.mean(ours):6.3f}  gain {gain.mean():+.3f} ({low:+.3f} to {high:+.3f})")


def compare(name: str, markets: Sequence[Watched], spans: Spans) -> None:
    """Print every comparison of variances on markets of one kind."""
    losses: dict[str, list[float]] = {}
    plain: list[float] = []
    by_regime: list[float] = []
    for market in markets:
        for forecast, found in volatility_losses(market.mid, spans).items():
            losses.setdefault(forecast, []).extend(found)
        for arm, found in zip((plain, by_regime), regime_losses(market, spans), strict=True):
            arm += found
    naive = losses.pop("close to close")
    for forecast, ours in losses.items():
        show(f"{name}: variance, {forecast}", naive, ours)
    show(f"{name}: variance by regime, against one for all", plain, by_regime)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=12.0)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--days", type=int, default=45)
    parser.add_argument("--market", type=Path)
    parser.add_argument("--symbol", default="BTCUSDT")
    options = parser.parse_args()
    seeds = range(1, options.seeds + 1)
    compare("generated", [generated(options.hours, seed) for seed in seeds], LONG)
    show_volumes("generated", [volume_days(options.days, seed) for seed in seeds])
    if options.market:
        seen = recorded(options.market, options.symbol)
        compare("recorded", [seen], SHORT)
        show_volumes("recorded", [seen.by_half_hour.reshape(1, BUCKETS)])


if __name__ == "__main__":
    main()
