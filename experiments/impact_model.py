"""Which model predicts what an order pays, on the generated market, out of sample (F29).

    python experiments/impact_model.py [--seeds 60] [--picture impact.png]

Taker orders of several sizes and horizons are worked by the engine on markets of several seeds. The
same market without the order is run beside each, and the cost is what was paid above that market's
mid at the moment of each fill, in bps of the arrival price, fees left out: common random numbers
take the price's own moves out, which would hide everything else. A pair still differs from the next
by its fills and by what the flow makes of them.

Each model has one or two factors, fitted by least squares to all seeds but one (no factor below
zero, each cell of size and horizon weighted by the inverse of its mean cost) and judged on the one
left out; nothing else of the market is known to it than what the engine's view says at arrival. An
error is relative to the mean cost of its cell, so that small orders count. Gains are over the
constant and over the runner-up, with intervals over the seeds.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from steersman.config import Settings
from steersman.domain.messages import Filled, Reported, Viewed, Wake
from steersman.domain.order import AlgoName
from steersman.domain.units import MINUTE_NS, SECOND_NS, Side
from steersman.errors import DataError
from steersman.journal import Journal
from steersman.models.impact import EquityImpact, power_law_bps
from steersman.models.propagator import PowerKernel, constant_rate_cost
from steersman.models.regression import Estimate
from steersman.runtime.backtest import run_job
from steersman.runtime.prepare import Request, prepare
from steersman.venues.flow import START_NS
from steersman.venues.simulated import SimulatedVenue

F64 = npt.NDArray[np.float64]
Columns = Callable[[npt.NDArray[np.void]], F64]

DAY_S: Final = 86_400.0
START: Final = "5m"  # market seen before the order, for its view
CELLS: Final = tuple(
    (minutes, qty)
    for minutes, sizes in ((5, (5, 20, 80, 320)), (20, (20, 80, 320, 1280)), (60, (80, 320, 1280)))
    for qty in sizes
)
DECAYS: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)  # of the propagator, chosen on training seeds
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
ROW: Final = np.dtype(
    [("seed", "i8"), ("cell", "i8"), ("qty", "f8"), ("seconds", "f8"), ("sigma", "f8"),
     ("rate", "f8"), ("half", "f8"), ("cost", "f8")]
)  # fmt: skip


# -- the market -----------------------------------------------------------------------------------
def observe(seeds: Sequence[int], cells: Sequence[tuple[int, int]]) -> npt.NDArray[np.void]:
    """Return one row for each order that was filled: what was known at arrival, what was paid."""
    rows = []
    for seed in seeds:
        longest = max(minutes for minutes, _ in cells)
        mids = _without(seed, longest)
        for cell, (minutes, qty) in enumerate(cells):
            row = _paid(seed, cell, minutes, qty, mids)
            if row is not None:
                rows.append(row)
    return np.array(rows, ROW)


def _without(seed: int, minutes: int) -> tuple[npt.NDArray[np.int64], F64]:
    """Return times and mids (price) of the market that no order of ours ever met."""
    instrument = prepare(_request(seed, 5, 5), EAGER, print).instrument
    end_ns = START_NS + (minutes + 10) * MINUTE_NS
    venue = SimulatedVenue.generated(instrument, seed=seed, start_ns=START_NS, end_ns=end_ns)
    while not venue.run(Wake(instrument.id, end_ns, None, None)).ended and venue.now_ns < end_ns:
        pass
    tape = venue.tape()
    whole = (tape.bid_ticks > 0) & (tape.ask_ticks > 0)
    mids = (tape.bid_ticks + tape.ask_ticks)[whole] / 2.0 * float(instrument.tick)
    return tape.touch_ns[whole], mids


def _request(seed: int, minutes: int, qty: int) -> Request:
    return Request(
        symbol="BTCUSDT", category=None, side=Side.BUY, qty=Decimal(qty), start=START,
        horizon=f"{minutes}m", limit_price=None, decision_price=None, urgency=Decimal(1),
        algo=AlgoName.TWAP, base=AlgoName.TWAP, market="generated", seed=seed, advisor="none",
        news=None, parent_id="P1",
    )  # fmt: skip


def _paid(
    seed: int, cell: int, minutes: int, qty: int, mids: tuple[npt.NDArray[np.int64], F64]
) -> tuple[float, ...] | None:
    job = prepare(_request(seed, minutes, qty), EAGER, print)
    with Journal.create(None) as journal:
        result = run_job(job, journal)
    told = result.parent.outlook
    if told is None or result.parent.filled != job.order.qty:
        return None
    arrival = float(result.parent.arrival_price)
    reports = [m.report for m in result.messages if isinstance(m, Reported)]
    fills = [report for report in reports if isinstance(report, Filled)]
    sizes = np.array([float(fill.qty) for fill in fills])
    at = np.searchsorted(mids[0], [fill.venue_ns for fill in fills], side="right") - 1
    above = np.array([float(fill.price) for fill in fills]) - mids[1][at]
    view = next(
        m.view
        for m in result.messages
        if isinstance(m, Viewed) and m.at_ns >= result.parent.arrival_ns
    )
    estimated = view.volatility_hour_pct * 100 * math.sqrt(24)
    cost = float(sizes @ above / sizes.sum()) / arrival * 1e4
    half = (view.spread_bps or 0.0) / 2
    seconds = (job.order.deadline_ns - job.order.start_ns) / SECOND_NS
    return seed, cell, float(qty), seconds, estimated, view.volume_rate_per_s, half, cost


# -- the models -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Model:
    """A model: whether the half spread is known to it, and its columns, one a factor."""

    name: str
    spread: bool
    variants: tuple[Columns, ...]


def _day(r: npt.NDArray[np.void]) -> F64:
    """Return each quantity in days of volume."""
    shares: F64 = r["qty"] / (r["rate"] * DAY_S)
    return shares


def _square_root(r: npt.NDArray[np.void]) -> F64:
    pairs = zip(_day(r), r["sigma"], strict=True)
    return np.array([[power_law_bps(day, sigma, 1.0, 0.5)] for day, sigma in pairs])


def _linear(r: npt.NDArray[np.void]) -> F64:
    """Return the columns of gamma X / 2 and eta X / T, in bps a unit: nothing of the market."""
    return np.column_stack([r["qty"] / 2, r["qty"] / r["seconds"]])


def _equity(r: npt.NDArray[np.void]) -> F64:
    lasting, passing = EquityImpact(gamma=1.0, eta=0.0), EquityImpact(gamma=0.0, eta=1.0)
    rows = zip(_day(r), r["seconds"] / DAY_S, r["sigma"], strict=True)
    return np.array([[model.cost_bps(*row) for model in (lasting, passing)] for row in rows])


def _propagator(decay: float) -> Columns:
    """Return the cost of an even rate, in units of the market's own, under G = t^-decay."""
    kernel = PowerKernel(decay)

    def columns(r: npt.NDArray[np.void]) -> F64:
        rate = r["qty"] / r["seconds"] / r["rate"]
        costs = [
            [sigma * constant_rate_cost(own, seconds, 1.0, kernel) / (own * seconds)]
            for own, seconds, sigma in zip(rate, r["seconds"], r["sigma"], strict=True)
        ]
        return np.array(costs)

    return columns


MODELS: Final = (
    Model("constant", False, (lambda r: np.ones((len(r), 1)),)),
    Model("square root", True, (_square_root,)),
    Model("Almgren-Chriss, linear", True, (_linear,)),
    Model("ATHL, 0.6", True, (_equity,)),
    Model("propagator, linear", True, tuple(_propagator(decay) for decay in DECAYS)),
)


def fitted(model: Model, rows: npt.NDArray[np.void], weight: F64) -> tuple[Columns, F64]:
    """Return the variant of least weighted squared error, and its factors, none below zero."""
    target = rows["cost"] - (rows["half"] if model.spread else 0.0)
    found = []
    for variant in model.variants:
        factors, miss = nnls(variant(rows) * weight[:, None], target * weight)
        found.append((float(miss), variant, np.asarray(factors, np.float64)))
    _, variant, factors = min(found, key=lambda one: one[0])
    return variant, factors


def predicted(model: Model, fit: tuple[Columns, F64], rows: npt.NDArray[np.void]) -> F64:
    """Return the cost (bps) that a fitted model expects of each order."""
    costs: F64 = fit[0](rows) @ fit[1] + (rows["half"] if model.spread else 0.0)
    return costs


# -- the comparison -------------------------------------------------------------------------------
@dataclass(frozen=True)
class Score:
    """A model's errors out of sample: relative to its cell's mean cost, one value a seed; bps."""

    model: Model
    fit: tuple[Columns, F64]  # to all seeds
    errors: F64
    error_bps: float


def scores(rows: npt.NDArray[np.void]) -> list[Score]:
    """Judge every model on each seed by a fit to all the others; the best first."""
    scale = _scale(rows)
    seeds = np.unique(rows["seed"])
    found = []
    for model in MODELS:
        misses = np.empty(len(rows))
        for seed in seeds:
            out = rows["seed"] == seed
            weight = 1 / _scale(rows[~out])
            fit = fitted(model, rows[~out], weight)
            misses[out] = np.abs(predicted(model, fit, rows[out]) - rows[out]["cost"])
        relative = np.array([(misses / scale)[rows["seed"] == seed].mean() for seed in seeds])
        fit = fitted(model, rows, 1 / scale)
        found.append(Score(model, fit, relative, float(misses.mean())))
    return sorted(found, key=lambda one: float(one.errors.mean()))


def _scale(rows: npt.NDArray[np.void]) -> F64:
    """Return the mean cost of each row's cell; at least a hundredth of a bp."""
    means = {cell: rows["cost"][rows["cell"] == cell].mean() for cell in np.unique(rows["cell"])}
    return np.array([max(float(means[cell]), 0.01) for cell in rows["cell"]])


def gain(first: F64, second: F64) -> Estimate:
    """Return how much smaller the second's error is, over seeds."""
    apart = first - second
    n = len(apart)
    return Estimate(float(apart.mean()), float(apart.std(ddof=1)) / math.sqrt(n), n)


def table(found: Sequence[Score]) -> str:
    """Return the result as a Markdown table."""
    naive = next(one for one in found if one.model.name == "constant")
    lines = [
        "| model | factors | error, % of cost | error, bps | gain over constant | over the next |",
        "|---|---|---|---|---|---|",
    ]
    for k, one in enumerate(found):
        factors = ", ".join(f"{factor:.3g}" for factor in one.fit[1])
        over = _told(gain(naive.errors, one.errors)) if one is not naive else ""
        then = _told(gain(found[k + 1].errors, one.errors)) if k + 1 < len(found) else ""
        error = f"{one.errors.mean() * 100:.1f} | {one.error_bps:.2f}"
        lines.append(f"| {one.model.name} | {factors} | {error} | {over} | {then} |")
    return "\n".join(lines)


def _told(estimate: Estimate) -> str:
    low, high = estimate.interval()
    return f"{estimate.value * 100:+.1f} ({low * 100:+.1f} to {high * 100:+.1f})"


def draw(rows: npt.NDArray[np.void], found: Sequence[Score], file: Path) -> None:
    """Write the picture: mean cost with two errors by size, and each model, a panel a horizon."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    horizons = np.unique(rows["seconds"])
    figure = Figure(figsize=(5 * len(horizons), 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    for at, seconds in zip(
        figure.subplots(1, len(horizons), squeeze=False)[0], horizons, strict=True
    ):
        part = rows[rows["seconds"] == seconds]
        sizes = np.unique(part["qty"])
        groups = [part[part["qty"] == size] for size in sizes]
        means = [group["cost"].mean() for group in groups]
        errors = [2 * group["cost"].std() / math.sqrt(len(group)) for group in groups]
        at.errorbar(sizes, means, yerr=errors, fmt="ko", capsize=3, label="paid")
        for one in found:
            curve = [predicted(one.model, one.fit, group).mean() for group in groups]
            at.loglog(sizes, curve, marker=".", label=one.model.name)
        at.set_title(f"{seconds / 60:.0f} min")
        at.set_xlabel("order, BTC")
        at.set_ylabel("cost, bps")
        at.grid(alpha=0.3)
    figure.axes[0].legend()
    try:
        figure.savefig(file, format="png", dpi=100, metadata={"Software": None})
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise DataError(f"{file}: {why}", "give a file that can be written") from None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--picture", type=Path)
    asked = parser.parse_args()
    rows = observe(range(1, asked.seeds + 1), CELLS)
    found = scores(rows)
    print(f"{len(rows)} orders of {asked.seeds * len(CELLS)} filled\n\n{table(found)}")
    if asked.picture is not None:
        draw(rows, found, asked.picture)


if __name__ == "__main__":
    main()
