"""Whether a VWAP that follows the volume as it comes tracks better than the curve alone (F3).

    python experiments/vwap_tracking.py [--seeds 240] [--first 1001] [--symbol BTCUSDT]

Orders of 30 and 60 minutes are worked by the engine on generated markets, eagerly, so that what is
done is what was planned. Each market is met three times: by the plan at arrival, never made anew
(static); planned anew with nothing known but what was seen of the market since 5 minutes before the
order (dynamic); and knowing what others usually trade in a day, too (with history). That is fitted
to twelve days of the same generator with seeds of its own. Reported are the distance between the
share done and the share that the whole interval's volume had reached, each 10 s (root mean square
and largest, in per cent of the order), the distance from the VWAP without own trades (bps), and the
gains over static, paired by seed, with 95 % intervals.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from decimal import Decimal
from typing import Final
from unittest.mock import patch

import numpy as np
import numpy.typing as npt

from steersman.algos.base import Plans
from steersman.algos.decide import replan
from steersman.config import Settings
from steersman.domain.instrument import Category, Instrument
from steersman.domain.messages import Filled, Reported, Wake
from steersman.domain.order import AlgoName
from steersman.domain.units import HOUR_NS, SECOND_NS, Side
from steersman.domain.volume import DayVolume
from steersman.errors import DataError
from steersman.journal import Journal
from steersman.models.regression import Estimate
from steersman.models.volume import BUCKET_NS, BUCKETS
from steersman.models.volume_profile import fit_profile
from steersman.runtime.backtest import Result, run_job
from steersman.runtime.prepare import Request, prepare
from steersman.tca.tapes import TapeReader
from steersman.venues.flow import START_NS
from steersman.venues.simulated import SimulatedVenue

F64 = npt.NDArray[np.float64]

ARMS: Final = ("static", "dynamic", "with history")
MINUTES: Final = (30, 60)
GRID_NS: Final = 10 * SECOND_NS
DAYS: Final = 12
MIDNIGHT_NS: Final = START_NS + 9 * HOUR_NS  # the first of the generated market
EAGER: Final = Settings(
    {
        "limits": {
            "max_order_size": "2e6",
            "max_participation": "0.9",
            "max_is_threshold_bps": 999,
        },
        "execution": {"max_participation": "0.9", "max_spread_bps": "20"},
    }
)


def usual_day(instrument: Instrument, days: int) -> DayVolume:
    """Return what a day usually trades, from days of their own seeds."""
    rows = []
    for number in range(days):
        end_ns = MIDNIGHT_NS + 24 * HOUR_NS
        venue = SimulatedVenue.generated(
            instrument, seed=10_000 + number, start_ns=MIDNIGHT_NS, end_ns=end_ns
        )
        while (
            not venue.run(Wake(instrument.id, end_ns, None, None)).ended and venue.now_ns < end_ns
        ):
            pass
        tape = venue.tape()
        at = (tape.trade_ns - MIDNIGHT_NS) // BUCKET_NS
        inside = (at >= 0) & (at < BUCKETS)
        lots = np.bincount(at[inside], tape.trade_lots[inside], BUCKETS)
        rows.append(lots * float(instrument.lot))
    found = fit_profile(np.array(rows), [1] * days)
    return DayVolume(found.day_volume, found.level_spread, found.shape_spread)


def _as_before(order: object, plans: Plans, *_: object) -> Plans:
    """Stand in for `replan` where no plan is to be made anew."""
    return plans


def measure(symbol: str, seed: int, minutes: int, arm: str, day: DayVolume) -> tuple[float, ...]:
    """Return an order's distances from the market: root mean square and largest (%), bps."""
    job = prepare(_request(symbol, seed, minutes), EAGER, print)
    if arm == "with history":
        job = dataclasses.replace(job, day_volume=day)
    anew = _as_before if arm == "static" else replan
    with Journal.create(None) as journal, patch("steersman.engine.outlook.replan", anew):
        result = run_job(job, journal)
    if result.parent.filled != job.order.qty:
        raise DataError(f"seed {seed}, {minutes} min: {result.parent.closing_reason}", "enlarge")
    apart = _shares_apart(result)
    reader = TapeReader(result.tape, job.instrument)
    order = job.order
    vwap = reader.vwap(order.start_ns, order.deadline_ns, own=False)
    assert vwap is not None
    paid = result.parent.filled_value / result.parent.filled
    return (
        float(np.sqrt((apart**2).mean())),
        float(np.abs(apart).max()),
        abs(float(paid / vwap - 1)) * 1e4,
    )


def _request(symbol: str, seed: int, minutes: int) -> Request:
    qty = {"BTCUSDT": Decimal(20), "ETHUSDT": Decimal(460)}[symbol]  # 1.2 M
    return Request(
        symbol=symbol, category=Category.LINEAR, side=Side.BUY, qty=qty, start="5m",
        horizon=f"{minutes}m", limit_price=None, decision_price=None, urgency=Decimal(1),
        algo=AlgoName.VWAP, base=AlgoName.TWAP, market="generated", seed=seed, advisor="none",
        news=None, parent_id="P1",
    )  # fmt: skip


def _shares_apart(result: Result) -> F64:
    """Return the share done less the market's, in per cent, at regular times."""
    order, tape = result.parent.order, result.tape
    grid = np.arange(order.start_ns + GRID_NS, order.deadline_ns + 1, GRID_NS)
    reports = [m.report for m in result.messages if isinstance(m, Reported)]
    fills = [report for report in reports if isinstance(report, Filled)]
    done = np.cumsum([0.0, *(float(fill.qty) for fill in fills)])
    own = done[np.searchsorted([fill.venue_ns for fill in fills], grid, side="right")]
    others = ~tape.trade_own & (tape.trade_ns > order.start_ns)
    volume = np.cumsum(np.append(0.0, tape.trade_lots[others]))
    market = volume[np.searchsorted(tape.trade_ns[others], grid, side="right")]
    apart: F64 = 100 * (own / done[-1] - market / market[-1])
    return apart


def said(values: F64) -> str:
    """Return a mean with its 95 % interval over the seeds."""
    mean = Estimate(
        float(values.mean()), float(values.std(ddof=1)) / len(values) ** 0.5, len(values)
    )
    low, high = mean.interval()
    return f"{mean.value:+.2f} ({low:+.2f} to {high:+.2f})"


def table(symbol: str, seeds: Sequence[int], minutes: int, day: DayVolume) -> list[str]:
    """Return the rows of one horizon."""
    rows = {
        arm: np.array([measure(symbol, seed, minutes, arm, day) for seed in seeds]) for arm in ARMS
    }
    lines = []
    for arm, found in rows.items():
        cells = [f"{minutes} min", arm, *(f"{mean:.2f}" for mean in found.mean(axis=0))]
        if arm != "static":
            cells += [said(gain) for gain in (rows["static"] - found).T]
        lines.append(" | ".join(cells))
    return lines


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=240)
    parser.add_argument("--first", type=int, default=1001)
    parser.add_argument("--symbol", default="BTCUSDT")
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    instrument = prepare(_request(options.symbol, 1, 30), EAGER, print).instrument
    day = usual_day(instrument, DAYS)
    print(f"{options.symbol}: {len(seeds)} seeds, a usual day of {day}")
    print("horizon | arm | rms % | largest % | bps | gains of the three")
    for minutes in MINUTES:
        for line in table(options.symbol, seeds, minutes, day):
            print(line, flush=True)


if __name__ == "__main__":
    main()
