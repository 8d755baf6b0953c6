"""How well the regime rule names the regime of a generated market, where the truth is known.

    python bench/regime_scores.py [--hours 24] [--seeds 24] [--market DIR --symbol BTCUSDT]

Each market is seen every five seconds, after an hour that only tells what is usual (half-life of
an hour). Three classifiers see the same: one that says calm always, the rule's thresholds without
memory, and the rule with its hysteresis; a fourth makes the rule's calls half a market too late,
which is what the same calls are worth by chance. Balanced accuracy is the mean over regimes of the
share of its time that a regime is called by its name: 1/7 for whoever always says the same. A spell
is found where its regime is named before it ends; the delay runs from its beginning. Intervals are
of 95 %, from resampling whole markets.

The truth is the most urgent regime in force. Funding minutes and weekends are calm to the rule; a
liquidation cascade lasts some five seconds and counts for the minute from its beginning. Major
headlines are taken as read right; one in eight makes the market nervous, the others are false
alarms by nature. A recording has no known truth, and one below an hour does not say what is usual.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.domain.advice import Severity
from steersman.domain.instrument import Category, Instrument
from steersman.domain.market import Regime
from steersman.domain.messages import Wake
from steersman.domain.specs import find
from steersman.domain.units import HOUR_NS, MINUTE_NS, SECOND_NS
from steersman.marketdata.history import History
from steersman.models.regime import START, Features, features_of, next_regime
from steersman.venues.news import generate_news, hidden_truth
from steersman.venues.presets import START_NS
from steersman.venues.regimes import HiddenRegime, RegimeName
from steersman.venues.simulated import SimulatedVenue

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

STEP_S: Final = 5
WARM_NS: Final = HOUR_NS
RESAMPLES: Final = 2_000
REGIMES: Final = tuple(Regime)  # the most urgent last
PLACE: Final = {regime: place for place, regime in enumerate(REGIMES)}
SHOWN: Final = {name: Regime(name.value) for name in RegimeName if name.value in PLACE}
CALM: Final = "always calm"
PLAIN: Final = "thresholds"
ELSEWHEN: Final = "calls of another time"
HELD: Final = "with hysteresis"


@dataclass(frozen=True)
class Seen:
    """One market every five seconds: times, features, and places in `REGIMES` of the truth."""

    at_ns: I64
    features: list[Features]
    truth: I64


@dataclass(frozen=True)
class Scored:
    """One classifier on one market: counts by truth and what was said, changes, and spells.

    `spells` are (place of the regime, delay in seconds, infinite where it was not found).
    """

    counts: F64
    changes: int
    spells: list[tuple[int, float]]


Arm = Sequence[Scored]  # one classifier on every market


# -- what is seen ---------------------------------------------------------------------------------
def generated(instrument: Instrument, hours: float, seed: int) -> Seen:
    """Run one market and return what was seen of it, and what it was."""
    end_ns = START_NS + round(hours * HOUR_NS)
    venue = SimulatedVenue.generated(
        instrument, seed=seed, start_ns=START_NS, end_ns=end_ns, tape=False
    )
    times = np.arange(START_NS, end_ns, STEP_S * SECOND_NS)
    ages = news_ages(instrument, times, seed, end_ns).tolist()
    features = []
    for at_ns, age in zip(times.tolist(), ages, strict=True):
        view = venue.run(Wake(instrument.id, at_ns, None, None)).view
        features.append(features_of(view, age if math.isfinite(age) else None))
    first = WARM_NS // (STEP_S * SECOND_NS)
    truth = truth_at(times, venue.hidden_regimes())
    return Seen(times[first:], features[first:], truth[first:])


def news_ages(instrument: Instrument, times: I64, seed: int, end_ns: int) -> F64:
    """Return the age (s) of the last major headline received at each time; NaN before the first."""
    asked = (seed, START_NS, end_ns, instrument.symbol, instrument.category)
    items, _ = generate_news(*asked)
    severe = {one.id for one in hidden_truth(*asked) if one.severity is Severity.MAJOR}
    came = np.sort(np.array([item.received_ns for item in items if item.id in severe], np.int64))
    at = np.searchsorted(came, times, side="right") - 1
    ages = (times - came[np.maximum(at, 0)]) / SECOND_NS if len(came) else np.zeros(len(times))
    found: F64 = np.where(at >= 0, ages, np.nan)
    return found


def truth_at(times: I64, spans: Sequence[HiddenRegime]) -> I64:
    """Return the place of the most urgent regime in force at each time."""
    truth = np.zeros(len(times), np.int64)
    for span in spans:
        if span.name in SHOWN:
            cascade = span.name is RegimeName.CASCADE
            to_ns = span.from_ns + MINUTE_NS if cascade else span.to_ns
            inside = (times >= span.from_ns) & (times < to_ns)
            truth[inside] = np.maximum(truth[inside], PLACE[SHOWN[span.name]])
    return truth


# -- what is said ---------------------------------------------------------------------------------
def said(seen: Seen, classifier: str) -> I64:
    """Return the place of the regime that a classifier names at each time."""
    held, found = START, np.zeros(len(seen.at_ns), np.int64)
    if classifier == CALM:
        return found
    for k, (at_ns, features) in enumerate(zip(seen.at_ns.tolist(), seen.features, strict=True)):
        held = next_regime(held, features, at_ns)
        found[k] = PLACE[held.regime]
        if classifier == PLAIN:
            held = START
    return np.roll(found, len(found) // 2) if classifier == ELSEWHEN else found


def score(truth: I64, named: I64) -> Scored:
    """Compare what was said with the truth."""
    counts = np.zeros((len(REGIMES), len(REGIMES)))
    np.add.at(counts, (truth, named), 1)
    edges = np.flatnonzero(np.diff(truth)) + 1
    spells = []
    for begin, end in pairwise([*edges, len(truth)]):  # the first one began before we looked
        if truth[begin] > 0:
            hits = np.flatnonzero(named[begin:end] == truth[begin])
            spells.append((int(truth[begin]), float(hits[0] * STEP_S) if len(hits) else math.inf))
    return Scored(counts, int((np.diff(named) != 0).sum()), spells)


# -- the tables -----------------------------------------------------------------------------------
def balanced(scored: Arm) -> float:
    """Return the mean over regimes of the share of its time that a regime is called by its name."""
    counts = total(scored)
    lived = counts.sum(axis=1)
    return float((np.diag(counts)[lived > 0] / lived[lived > 0]).mean()) * 100


def accuracy(scored: Arm) -> float:
    """Return the share of all time that is called by its name (%)."""
    counts = total(scored)
    return float(np.trace(counts) / counts.sum()) * 100


def false_alarms(scored: Arm) -> float:
    """Return the share of calm time that is called something else (%)."""
    calm = total(scored)[0]
    return float(1 - calm[0] / calm.sum()) * 100


def changes_an_hour(scored: Arm) -> float:
    """Return how often the name changes."""
    hours = total(scored).sum() * STEP_S / 3_600
    return float(sum(one.changes for one in scored) / hours)


def recall(scored: Arm, place: int) -> float:
    """Return the share of a regime's time that is called by its name (%)."""
    row = total(scored)[place]
    return float(row[place] / row.sum()) * 100 if row.any() else math.nan


def found_share(scored: Arm, place: int) -> float:
    """Return the share of a regime's spells that are found (%)."""
    late = delays(scored, place)
    return float(np.isfinite(late).mean()) * 100 if len(late) else math.nan


def median_delay(scored: Arm, place: int) -> float:
    """Return the median delay (s) of a regime's spells, infinite where less than half are found."""
    late = np.sort(delays(scored, place))
    return float(late[len(late) // 2]) if len(late) else math.nan


def total(scored: Arm) -> F64:
    """Return the counts of all markets."""
    found: F64 = np.sum([one.counts for one in scored], axis=0)
    return found


def delays(scored: Arm, place: int) -> F64:
    """Return the delay of every spell of a regime; infinite where it was not found."""
    return np.array([late for one in scored for at, late in one.spells if at == place])


def told(statistic: Callable[[Arm], float], arm: Arm, less: Arm | None = None) -> str:
    """Return a statistic, or by how much it is above that of another arm, with its interval."""

    def value(chosen: Sequence[int]) -> float:
        own = statistic([arm[k] for k in chosen])
        return own if less is None else own - statistic([less[k] for k in chosen])

    rng = np.random.default_rng(1)
    draws = [value(rng.integers(0, len(arm), len(arm)).tolist()) for _ in range(RESAMPLES)]
    known = np.sort([draw for draw in draws if not math.isnan(draw)])
    if not len(known):
        return ""
    low, high = (float(known[round(share * (len(known) - 1))]) for share in (0.025, 0.975))
    first, *ends = (shown(each, less is not None) for each in (value(range(len(arm))), low, high))
    return f"{first} ({' to '.join(ends)})"


def shown(value: float, signed: bool = False) -> str:
    """Return a figure; empty where there is none."""
    if math.isnan(value):
        return ""
    return f"{value:{'+' if signed else ''}.1f}" if math.isfinite(value) else "never"


def overall(arms: Mapping[str, Arm]) -> str:
    """Return the scores over all regimes in Markdown."""
    figures = (balanced, accuracy, false_alarms, changes_an_hour)
    lines = [
        "| classifier | balanced accuracy, % | accuracy, % | false alarms, % | changes an hour |",
        "|---|---|---|---|---|",
    ]
    for name, arm in arms.items():
        lines.append(f"| {name} | {' | '.join(told(each, arm) for each in figures)} |")
    for name in (CALM, PLAIN, ELSEWHEN):
        apart = " | ".join(told(each, arms[HELD], arms[name]) for each in figures)
        lines.append(f"| {HELD}, less {name} | {apart} |")
    return "\n".join(lines)


def by_regime(arms: Mapping[str, Arm]) -> str:
    """Return the scores of each regime in Markdown, with intervals for the rule itself."""
    lines = [
        f"| regime | of time, % | named, %: {PLAIN} | {HELD} | spells | found, %: {ELSEWHEN} "
        f"| {PLAIN} | {HELD} | median delay, s |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lived = total(arms[HELD]).sum(axis=1)
    for place, regime in enumerate(REGIMES):
        cells = [f"{lived[place] / lived.sum() * 100:.1f}", shown(recall(arms[PLAIN], place))]
        cells.append(told(partial(recall, place=place), arms[HELD]))
        cells.append(str(len(delays(arms[HELD], place)) or ""))
        cells += [shown(found_share(arms[name], place)) for name in (ELSEWHEN, PLAIN)]
        cells += [
            told(partial(each, place=place), arms[HELD]) for each in (found_share, median_delay)
        ]
        lines.append(f"| {regime} | {' | '.join(cells)} |")
    return "\n".join(lines)


def recorded(directory: Path, symbol: str) -> str:
    """Return what can be said of a recording."""
    history = History.open(directory)
    first_ns, last_ns = history.span(history.pick(symbol))
    if last_ns - first_ns < WARM_NS:
        minutes = (last_ns - first_ns) / MINUTE_NS
        return f"recorded: too short: {minutes:.1f} min, an hour tells what is usual"
    return "recorded: nobody knows the truth"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--seeds", type=int, default=24)
    parser.add_argument("--market", type=Path)
    parser.add_argument("--symbol", default="BTCUSDT")
    options = parser.parse_args()
    instrument = find("BTCUSDT", category=Category.LINEAR, venue="sim")
    arms: dict[str, list[Scored]] = {name: [] for name in (CALM, ELSEWHEN, PLAIN, HELD)}
    for seed in range(1, options.seeds + 1):
        seen = generated(instrument, options.hours, seed)
        for name, arm in arms.items():
            arm.append(score(seen.truth, said(seen, name)))
    print(f"{options.seeds} markets of {options.hours:g} h, the first hour not judged\n")
    print(f"{overall(arms)}\n\n{by_regime(arms)}")
    if options.market:
        print(f"\n{recorded(options.market, options.symbol)}")


if __name__ == "__main__":
    main()
