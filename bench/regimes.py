"""How the regimes of generated markets are recognised: shares of time, false alarms, changes.

    python bench/regimes.py [--hours 6] [--seeds 8]

One row a true regime, which only the generated market knows; one column what the engine's rule says
from views five seconds apart, without an advisor (severe news is read by one, so none is called
that here). Markets are mixed, and calm throughout. The first half hour of each is not counted: it
is what teaches the rule what is usual.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from steersman.domain.instrument import Category
from steersman.domain.market import Regime
from steersman.domain.messages import Wake
from steersman.domain.specs import find
from steersman.domain.units import HOUR_NS, MINUTE_NS, SECOND_NS
from steersman.models.regime import SAMPLE_NS, START, due_ns, features_of, next_regime
from steersman.venues.presets import START_NS
from steersman.venues.regimes import HiddenRegime, RegimeName
from steersman.venues.simulated import SimulatedVenue

LEARNING_NS = 30 * MINUTE_NS
TRUTHS = (  # the first that holds names the time
    RegimeName.CASCADE,
    RegimeName.NEWS,
    RegimeName.THIN,
    RegimeName.VOLATILE,
    RegimeName.TREND_UP,
    RegimeName.TREND_DOWN,
    RegimeName.FUNDING,
    RegimeName.CALM,
)
SEEN = (
    Regime.CALM,
    Regime.TREND_UP,
    Regime.TREND_DOWN,
    Regime.VOLATILE,
    Regime.THIN,
    Regime.CASCADE,
)


@dataclass
class Row:
    """What was seen in one true regime: samples by regime, and how often it changed."""

    seen: Counter[Regime] = field(default_factory=Counter)
    changes: int = 0

    @property
    def hours(self) -> float:
        return self.seen.total() * SAMPLE_NS / HOUR_NS


@dataclass
class Table:
    """The rows of several markets, and the cascades of which the rule told within a minute."""

    rows: dict[RegimeName, Row] = field(default_factory=dict)
    cascades: int = 0
    told: int = 0

    def add(self, looks: list[tuple[int, Regime]], truth: tuple[HiddenRegime, ...]) -> None:
        """Count one market."""
        before = Regime.CALM
        for at_ns, regime in looks:
            name = true_at(at_ns, truth)
            if at_ns >= START_NS + LEARNING_NS:
                row = self.rows.setdefault(name, Row())
                row.seen[regime] += 1
                row.changes += regime is not before
            before = regime
        for span in truth:
            if span.name is RegimeName.CASCADE and span.from_ns >= START_NS + LEARNING_NS:
                until_ns = span.to_ns + MINUTE_NS
                within = [r for at_ns, r in looks if span.from_ns <= at_ns <= until_ns]
                self.cascades += 1
                self.told += Regime.CASCADE in within

    def show(self, title: str) -> None:
        """Print the shares of time in percent."""
        print(f"\n{title}\n{'truth':12s} {'hours':>6s}", *(f"{r.value:>10s}" for r in SEEN), end="")
        print(f" {'changes/h':>10s}")
        for name in TRUTHS:
            if (row := self.rows.get(name)) is not None:
                shares = (100 * row.seen[regime] / row.seen.total() for regime in SEEN)
                print(f"{name.value:12s} {row.hours:6.1f}", *(f"{s:10.1f}" for s in shares), end="")
                print(f" {row.changes / row.hours:10.1f}")
        if self.cascades:
            print(f"cascades told within a minute of their end: {self.told} of {self.cascades}")


def true_at(at_ns: int, truth: tuple[HiddenRegime, ...]) -> RegimeName:
    """Return the regime that names a time."""
    held = {span.name for span in truth if span.from_ns <= at_ns < span.to_ns}
    return next((name for name in TRUTHS if name in held), RegimeName.CALM)


def looks_at(venue: SimulatedVenue, end_ns: int) -> Iterator[tuple[int, Regime]]:
    """Yield the regime that the rule holds after each look."""
    held = START
    for at_ns in range(START_NS + SAMPLE_NS, end_ns, SAMPLE_NS):
        view = venue.run(Wake(venue.instrument.id, at_ns, None, None)).view
        if view.usable and at_ns >= due_ns(held, view):
            held = next_regime(held, features_of(view, None), at_ns)
            yield at_ns, held.regime


def measure(regime: RegimeName, hours: float, seeds: int) -> Table:
    """Watch one market a seed."""
    instrument = find("BTCUSDT", category=Category.LINEAR, venue="sim")
    end_ns = START_NS + round(hours * 3_600) * SECOND_NS
    table = Table()
    for seed in range(1, seeds + 1):
        venue = SimulatedVenue.generated(
            instrument, seed=seed, start_ns=START_NS, end_ns=end_ns, regime=regime, tape=False
        )
        looks = list(looks_at(venue, end_ns))
        table.add(looks, venue.hidden_regimes())
    return table


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=6.0)
    parser.add_argument("--seeds", type=int, default=8)
    options = parser.parse_args()
    for regime in (RegimeName.MIXED, RegimeName.CALM):
        measure(regime, options.hours, options.seeds).show(f"{regime.value}, share of time in %")


if __name__ == "__main__":
    main()
