"""Calibrate one instrument: from a recorded market, or from the journals of own orders.

The market says how flow moves prices, how volatile and how wide it is, and over days how its volume
is spread over the day; only own orders say what an order pays. What either cannot tell is refused
with its reason, parameter by parameter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from steersman.domain.instrument import Category, Instrument
from steersman.domain.units import MINUTE_NS, SECOND_NS
from steersman.errors import DataError, UsageError
from steersman.journal import read
from steersman.marketdata.history import History
from steersman.marketdata.tape import Tape
from steersman.models.calibration import PRIOR_Y, fit_flow, fit_impact_parts, fit_square_root
from steersman.models.coverage import CoverageMonitor
from steersman.models.facts import flow_imbalance, returns_bps
from steersman.models.parameters import (
    ImpactParameters,
    Parameter,
    Verdict,
    VolumeCurves,
    decoded,
    encoded,
    refused,
)
from steersman.models.regression import OBSERVATIONS_MIN, Estimate, mean_in_time
from steersman.models.response import ResponseFit, fit_propagator, fit_response
from steersman.models.validity import NotIdentifiedError
from steersman.models.volatility import as_deviation, mean_variance, two_scale_variances
from steersman.models.volume import BUCKET_NS, BUCKETS
from steersman.runtime.half_hours import HalfHours, half_hours
from steersman.runtime.own_orders import LATER_NS, OwnOrder, own_orders
from steersman.runtime.predictions import Prediction, in_messages, monitor
from steersman.runtime.watching import SAMPLE_NS, Watched, taker_orders, watch
from steersman.venues.simulated import SimulatedVenue

__all__ = [
    "CURVE_HEADERS",
    "HEADERS",
    "WEEKDAYS",
    "curve_rows",
    "from_journals",
    "from_market",
    "from_orders",
    "from_watched",
    "load",
    "rows",
    "save",
]

F64 = npt.NDArray[np.float64]
Advance = Callable[[float], None]

BUCKET_S: Final = 1
BLOCKS: Final = 30  # of time, for the error of the volatility
BLOCK_S: Final = (10, 60)  # the shortest and the longest of them
LAGS: Final = (1, 2, 5, 10, 20, 50)
DAY_S: Final = 86_400
BPS: Final = 1e4
ONCE: Final = "give each once: its orders would count twice"
BELOW: Final = "48 half-hours of each weekday, below"
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HEADERS: Final = ("parameter", "value>", "+-", "95 %", "n>", "unit", "verdict", "why")
CURVE_HEADERS: Final = ("UTC", "all days>", "+->", *(f"{day}>" for day in WEEKDAYS))


def from_market(
    directory: Path, symbol: str | None, category: Category | None, advance: Advance
) -> ImpactParameters:
    """Calibrate what a recorded history tells of one of its instruments."""
    history = History.open(directory)
    instrument = _picked(history, symbol, category)
    volumes = half_hours(history, instrument, advance)
    curves = VolumeCurves.of(volumes.volumes, volumes.weekdays)
    if not volumes.book:
        return _from_trades(history, instrument, volumes, curves)
    venue = SimulatedVenue.recorded(instrument, history.source(instrument))
    watched = watch(venue, history.span(instrument)[1] + SECOND_NS, advance)
    found = from_watched(watched, venue.tape(), (directory.name,))
    return msgspec.structs.replace(found, volume_curves=curves)


def _picked(history: History, symbol: str | None, category: Category | None) -> Instrument:
    if symbol is not None:
        return history.pick(symbol, category)
    known = history.instruments()
    if len(known) == 1 and category in (None, known[0].category):
        return known[0]
    choices = ", ".join(one.id for one in known)
    raise UsageError(f"{history.directory} holds {choices}", "say which with --symbol")


def _from_trades(
    history: History, instrument: Instrument, volumes: HalfHours, curves: VolumeCurves
) -> ImpactParameters:
    """Calibrate from trades alone: how much is traded and when, and nothing of prices."""
    seen = volumes.volumes[np.isfinite(volumes.volumes)]
    parts = history.parts(instrument)
    nothing = partial(refused, n=0, why="no book was recorded, only trades")
    return ImpactParameters(
        instrument=instrument.id,
        sources=(history.directory.name,),
        first_ns=parts[0].first_exch_ns,
        last_ns=parts[-1].last_exch_ns,
        volatility_day_bps=nothing("bps"),
        half_spread_bps=nothing("bps"),
        volume_per_s=_told("base/s", seen.size, lambda: _rate(seen * (SECOND_NS / BUCKET_NS))),
        volume_curves=curves,
        bucket_s=BUCKET_S,
        kyle_bps=nothing("bps/base"),
        flow_bps=nothing("bps/base"),
        lags=LAGS[:1],
        response_bps=(nothing("bps"),),
        propagator_bps=(nothing("bps"),),
    )


def from_watched(w: Watched, tape: Tape, sources: tuple[str, ...]) -> ImpactParameters:
    """Calibrate from what was seen of a market and its tape."""
    lot = float(w.instrument.lot)
    returns, signs = _by_order(tape)
    lags = tuple(lag for lag in LAGS if len(signs) >= 100 * lag) or LAGS[:1]
    return ImpactParameters(
        instrument=w.instrument.id,
        sources=sources,
        first_ns=w.start_ns,
        last_ns=w.end_ns,
        volatility_day_bps=_told("bps", w.mid.size, lambda: _volatility(w.mid)),
        half_spread_bps=_told("bps", w.samples.bid.size, lambda: _half_spread(w)),
        volume_per_s=_told("base/s", w.volume.size, lambda: _volume(w, lot)),
        bucket_s=BUCKET_S,
        kyle_bps=_told("bps/base", w.mid.size, lambda: fit_flow(*_traded(w, tape, lot)).slope),
        flow_bps=_told("bps/base", w.mid.size, lambda: fit_flow(*_imbalance(w, lot)).slope),
        lags=lags,
        response_bps=_each(lags, len(signs), lambda: fit_response(returns, signs, lags)),
        propagator_bps=_each(lags, len(signs), lambda: fit_propagator(returns, signs, lags)),
    )


def _told(unit: str, n: int, estimate: Callable[[], Estimate]) -> Parameter:
    try:
        return Parameter.identified(estimate(), unit)
    except NotIdentifiedError as error:
        return refused(unit, n, str(error))


def _each(lags: tuple[int, ...], n: int, fit: Callable[[], ResponseFit]) -> tuple[Parameter, ...]:
    try:
        return tuple(Parameter.identified(each, "bps") for each in fit().values)
    except NotIdentifiedError as error:
        return tuple(refused("bps", n, str(error)) for _ in lags)


def _volatility(mid: F64) -> Estimate:
    """Return the volatility over a day (bps) from mids a second apart, noise left out."""
    block_s = min(BLOCK_S[1], max(BLOCK_S[0], mid.size // (BLOCKS + 2)))
    return as_deviation(mean_variance(two_scale_variances(mid, block_s) * BPS**2), DAY_S)


def _half_spread(w: Watched) -> Estimate:
    s = w.samples
    half = (s.ask - s.bid) / (s.ask + s.bid) * BPS
    return mean_in_time(half[np.isfinite(half)], positive=True)


def _volume(w: Watched, lot: float) -> Estimate:
    return _rate(w.volume[np.isfinite(w.volume)] * lot)


def _rate(volumes_per_s: F64) -> Estimate:
    rate = mean_in_time(volumes_per_s, positive=True)
    if rate.value <= 0:
        raise NotIdentifiedError("nothing was traded")
    return rate


def _traded(w: Watched, tape: Tape, lot: float) -> tuple[F64, F64]:
    """Return moves (bps) and signed volume (base units) of each whole second."""
    first = tape.start_ns // SECOND_NS + 1
    at = w.orders.ns // SECOND_NS - first
    inside = (at >= 0) & (at < w.mid.size - 1)
    signed = (w.orders.sign * w.orders.lots)[inside]
    flow = np.bincount(at[inside], weights=signed, minlength=w.mid.size - 1)
    return _complete(returns_bps(w.mid, BUCKET_S), flow * lot)


def _imbalance(w: Watched, lot: float) -> tuple[F64, F64]:
    """Return moves (bps) and order-flow imbalance (base units) of each second watched closely."""
    s, every = w.samples, BUCKET_S * SECOND_NS // SAMPLE_NS
    steps = flow_imbalance(s.bid, s.bid_lots, s.ask, s.ask_lots)
    flow = steps[: steps.size // every * every].reshape(-1, every).sum(axis=1)
    moves = returns_bps((s.bid + s.ask)[: flow.size * every + 1] / 2.0, every)
    return _complete(moves, flow * lot)


def _complete(
    moves: npt.NDArray[np.floating[Any]], flow: npt.NDArray[np.floating[Any]]
) -> tuple[F64, F64]:
    known = np.isfinite(moves) & np.isfinite(flow)
    return np.asarray(moves[known], np.float64), np.asarray(flow[known], np.float64)


def _by_order(tape: Tape) -> tuple[F64, F64]:
    """Return the move (bps) from before each taker order to before the next, and its sign."""
    valid = (tape.bid_ticks > 0) & (tape.ask_ticks > 0)
    mid = np.where(valid, (tape.bid_ticks + tape.ask_ticks) / 2.0, np.nan)
    orders = taker_orders(tape, mid, np.where(valid, tape.ask_ticks - tape.bid_ticks, np.nan))
    before = np.searchsorted(tape.touch_ns, orders.ns, side="left") - 1
    logs = np.where(before >= 0, np.log(mid[np.maximum(before, 0)]) * BPS, np.nan)
    moves = np.diff(logs)
    known = np.isfinite(moves)
    return moves[known], orders.sign[:-1][known]


# -- own orders -----------------------------------------------------------------------------------
def from_journals(
    files: Sequence[Path], symbol: str | None, category: Category | None
) -> tuple[ImpactParameters, CoverageMonitor]:
    """Calibrate the laws of cost from the orders in journals of past runs.

    The second is how well the costs of the instrument's orders were predicted, in the order given.
    Raises UsageError where orders would count twice: a journal that is given again, under its own
    or another name, or orders that arrived in one and the same market.
    """
    if len({file.resolve() for file in files}) < len(files):
        raise UsageError("a journal is given twice", ONCE)
    found: list[OwnOrder] = []
    predicted: list[Prediction] = []
    heads: dict[bytes, Path] = {}
    for file in files:
        records = list(read(file))
        if records:
            first = heads.setdefault(records[-1].hash, file)
            if first is not file:
                raise UsageError(f"{first} and {file} are one journal: it is given twice", ONCE)
        messages = [record.message() for record in records]
        found += own_orders(messages)
        predicted += in_messages(messages)
    wanted = None if symbol is None else symbol.upper()
    kept = [
        one for one in found if wanted in (None, one.symbol) and category in (None, one.category)
    ]
    names = sorted({one.instrument for one in kept})
    if not found:
        raise DataError("the journals hold no order that was filled", "give journals of runs")
    if not names:
        asked = " ".join(each for each in (wanted, category) if each is not None)
        held = ", ".join(sorted({one.instrument for one in found}))
        raise UsageError(f"the journals hold {held}, no order of {asked}", "name one they hold")
    if len(names) > 1:
        raise UsageError(
            f"the journals hold {', '.join(names)}", "say which with --symbol and --category"
        )
    _expect_own_markets(kept)
    own = (one for one in predicted if one.instrument == names[0])
    return from_orders(kept, tuple(file.name for file in files)), monitor(own)


def _expect_own_markets(orders: Sequence[OwnOrder]) -> None:
    """Refuse orders that met the same prices: their noise is one, and many would count it often."""
    met = Counter(one.arrival for one in orders)
    most = max(met.values())
    if most > 1:
        raise UsageError(
            f"{most} orders arrived in one and the same market: what its price did by itself "
            "would count as often",
            "give each another --seed, or a --start after the others end",
        )


def from_orders(orders: Sequence[OwnOrder], sources: tuple[str, ...]) -> ImpactParameters:
    """Calibrate from orders of one instrument (at least one)."""
    gamma, eta = _parts(orders)
    return ImpactParameters(
        instrument=orders[0].instrument,
        sources=sources,
        first_ns=min(one.start_ns for one in orders),
        last_ns=max(one.end_ns for one in orders),
        y=_y(orders),
        gamma=gamma,
        eta=eta,
    )


def _parts(orders: Sequence[OwnOrder]) -> tuple[Parameter, Parameter]:
    """Return gamma and eta, which need a price from well after each order."""
    told = [(one, one.later) for one in orders if one.later is not None]
    if len(told) < min(len(orders), OBSERVATIONS_MIN):
        why = (
            f"{len(told)} of {len(orders)} orders have a price {LATER_NS // MINUTE_NS} min after "
            f"their end in the journal, at least {OBSERVATIONS_MIN} are needed"
        )
        return refused("1", len(told), why), refused("1", len(told), why)
    try:
        fit = fit_impact_parts(
            [one.cost_bps - one.spread_bps for one, _ in told],
            [later.move_bps for _, later in told],
            [one.sigma_day_bps for one, _ in told],
            [one.of_day for one, _ in told],
            [one.days for one, _ in told],
            [later.days for _, later in told],
        )
        return Parameter.identified(fit.gamma, "1"), Parameter.identified(fit.eta, "1")
    except NotIdentifiedError as error:
        why = str(error)
        return refused("1", len(told), why), refused("1", len(told), why)


def _y(orders: Sequence[OwnOrder]) -> Parameter:
    try:
        fit = fit_square_root(
            [one.cost_bps for one in orders],
            [one.sigma_day_bps for one in orders],
            [one.of_day for one in orders],
            [one.days for one in orders],
            half_spreads=[one.spread_bps for one in orders],
        )
        found = Parameter.towards(fit.gls, PRIOR_Y, "1")
        if found.value is not None and found.value <= 0:
            raise NotIdentifiedError(f"Y is {found.value:.2g}: trading more would earn")
        return found
    except NotIdentifiedError as error:
        return refused("1", len(orders), str(error))


# -- files and tables -----------------------------------------------------------------------------
def save(parameters: ImpactParameters, path: Path) -> None:
    """Write a parameter file, replacing one that is there."""
    try:
        path.write_bytes(encoded(parameters))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}", "name a file that can be written") from None


def load(path: Path) -> ImpactParameters:
    """Read a parameter file; raise DataError for an unknown key, a gap or another schema."""
    try:
        return decoded(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}", "make one with steersman calibrate") from None
    except ValueError as error:
        raise DataError(f"{path}: {error}", "make it again with steersman calibrate") from None


def rows(parameters: ImpactParameters) -> list[tuple[str, ...]]:
    """Return the parameters as rows of a table, each figure to what its error allows."""
    found = [(name, *_cells(one)) for name, one in parameters.named()]
    curves = parameters.volume_curves
    if curves is not None:
        why = curves.why or BELOW
        found.append(("volume_curves", "", "", "", str(curves.n), "1", curves.verdict.value, why))
    return found


def curve_rows(curves: VolumeCurves) -> list[tuple[str, ...]]:
    """Return one row a half-hour: the weight over all days with its error, and each weekday's."""
    if curves.every_day is None:
        return []
    return [
        (
            f"{bucket // 2:02}:{bucket % 2 * 30:02}",
            f"{curves.every_day.weights[bucket]:.2f}",
            f"{curves.every_day.standard_errors[bucket]:.2f}",
            *(f"{one.weights[bucket]:.2f}" for one in curves.weekdays),
        )
        for bucket in range(BUCKETS)
    ]


def _cells(one: Parameter) -> Iterable[str]:
    figures: dict[str, Any] = {"value": "", "error": "", "interval": ""}
    if one.verdict is not Verdict.REFUSED:
        figures["value"], figures["error"] = f"{one.value:.3g}", f"{one.standard_error:.2g}"
        figures["interval"] = f"{one.low:.3g} to {one.high:.3g}"
    return (*figures.values(), str(one.n), one.unit, one.verdict.value, one.why)
