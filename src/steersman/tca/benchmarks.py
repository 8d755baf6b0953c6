"""The order against its benchmarks, its share of the market, and its own schedule.

    arrival       mid seen when the order began to run
    VWAP          mean price of all trades while it ran, weighted by volume; once with our own
                  trades in it (the usual benchmark, which we drag along by our participation) and
                  once without
    TWAP          mid while it ran, weighted by how long each prevailed
    close         mid at the deadline, whenever the order ended
    PWP           VWAP of others from arrival until the order would be done at the share p of all
                  volume that it is allowed, so until they have traded (1 - p) / p of its quantity:
                  what patience at that rate would have paid

RPM, the relative performance measure, is the share of others' volume while the order ran that
traded worse than its average price, at the same price half (Kissell and Glantz 2003): 0.5 is the
market's own average, 1 better than everybody.

Slippage is the average executed price against each, in bps of the benchmark, positive = cost.
"While it ran" is from arrival to the order's end.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from steersman.domain.units import Price, Qty
from steersman.tca.facts import Facts
from steersman.tca.tapes import TapeReader
from steersman.tca.valuation import Valuation

__all__ = ["Adherence", "Benchmark", "Benchmarks", "adherence", "compare", "participation"]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A price, and what the order's average price costs against it."""

    price: Price | None
    slippage_bps: float | None


@dataclass(frozen=True, slots=True)
class Benchmarks:
    """The order against each benchmark; None where the tape does not reach or nothing filled."""

    arrival: Benchmark
    vwap: Benchmark
    vwap_ex_own: Benchmark
    twap: Benchmark
    close: Benchmark
    pwp: Benchmark
    rpm: float | None


@dataclass(frozen=True, slots=True)
class Adherence:
    """How far the filled quantity was from the schedule, as shares of the order.

    `max_share` is the largest distance at any moment, `mean_share` the mean over time from the
    first target to the order's end.
    """

    max_share: float
    mean_share: float


def compare(
    facts: Facts, valuation: Valuation, reader: TapeReader, average: Price | None
) -> Benchmarks:
    """Return the average price against every benchmark."""

    def against(price: Price | None) -> Benchmark:
        if price is None or average is None:
            return Benchmark(price, None)
        return Benchmark(price, valuation.slippage_bps(average, price))

    start_ns, end_ns = facts.arrival_ns, facts.end_ns
    others = Qty(facts.order.qty * (1 - facts.pwp_rate) / facts.pwp_rate)
    arrival = facts.arrival.mid if facts.arrival is not None else None
    at_deadline = reader.touch_at(facts.order.deadline_ns)
    close = against(at_deadline.mid if at_deadline is not None else None)
    if start_ns is None:
        nothing = against(None)
        return Benchmarks(nothing, nothing, nothing, nothing, close, nothing, None)
    return Benchmarks(
        arrival=against(arrival),
        vwap=against(reader.vwap(start_ns, end_ns, own=True)),
        vwap_ex_own=against(reader.vwap(start_ns, end_ns, own=False)),
        twap=against(reader.twap(start_ns, end_ns)),
        close=close,
        pwp=against(reader.participation_vwap(start_ns, others)),
        rpm=None if average is None else reader.beaten(start_ns, end_ns, average, valuation.side),
    )


def participation(facts: Facts, reader: TapeReader) -> float | None:
    """Return own / (own + others) while the order ran; None where nobody traded or no tape is."""
    if facts.arrival_ns is None:
        return None
    others = reader.volume(facts.arrival_ns, facts.end_ns, own=False)
    own = sum((fill.qty for fill in facts.fills), Decimal(0))
    if others is None or not own + others:
        return None
    return float(own / (own + others))


def adherence(facts: Facts) -> Adherence | None:
    """Return the distance between the filled quantity and the schedule; None without one."""
    if not facts.schedule:
        return None
    targets = dict(facts.schedule)
    done: dict[int, Decimal] = {}
    for fill in facts.fills:
        done[fill.at_ns] = done.get(fill.at_ns, Decimal(0)) + fill.qty
    first_ns = facts.schedule[0][0]
    end_ns = max(facts.end_ns, first_ns)
    target: Decimal = Decimal(0)
    filled = worst = area = Decimal(0)
    before_ns = first_ns
    for at_ns in sorted({*targets, *done, end_ns}):
        if at_ns > end_ns:
            break
        area += abs(filled - target) * max(0, at_ns - before_ns)
        before_ns = max(before_ns, at_ns)
        filled += done.get(at_ns, Decimal(0))
        target = targets[at_ns] if at_ns in targets else target
        worst = max(worst, abs(filled - target))
    qty = facts.order.qty
    mean = area / (end_ns - first_ns) if end_ns > first_ns else worst
    return Adherence(float(worst / qty), float(mean / qty))
