"""Turn what a person asked for into a `Job`: which market, which instrument, when, who advises.

Everything that can be wrong with the request is found here, before anything runs: each problem has
a one-line message with its remedy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from steersman.advisor.base import AnswerSource
from steersman.config import Settings
from steersman.domain.fees import with_fee_tier
from steersman.domain.instrument import Category, Instrument
from steersman.domain.limits import ExecutionConfig, SafetyLimits
from steersman.domain.order import AlgoName, ParentOrder
from steersman.domain.specs import find
from steersman.domain.units import HOUR_NS, SECOND_NS, Price, Qty, Side
from steersman.domain.volume import DayVolume
from steersman.errors import UsageError
from steersman.models.impact_estimate import PRIOR_LAW, law_of
from steersman.models.parameters import ImpactParameters
from steersman.models.volume import weekday
from steersman.runtime.answering import Setting, answers_for
from steersman.runtime.assumptions import assume, parse_latency
from steersman.runtime.backtest import MARKOUT_NS, Job
from steersman.runtime.calibrating import WEEKDAYS, load
from steersman.runtime.news import gather_news
from steersman.runtime.sibling import seed_of_sibling
from steersman.runtime.texts import LONGEST_NS, is_duration, parse_duration_ns, parse_time_ns
from steersman.venues.flow import START_NS, volume_curve
from steersman.venues.funding import Rates
from steersman.venues.regimes import RegimeName
from steersman.venues.simulated import SimulatedVenue

if TYPE_CHECKING:
    from steersman.marketdata.history import History

__all__ = [
    "GENERATED",
    "SETTLE_NS",
    "WARM_UP_NS",
    "Begun",
    "Request",
    "prepare",
]

GENERATED: Final = "generated"
YEAR_9999_NS: Final = 253_370_764_800 * SECOND_NS
WARM_UP_NS: Final = 30 * SECOND_NS  # market seen before the order: volatility, volume, flow
SHORTEST_S: Final = 30  # below this a shorter horizon is no remedy
SETTLE_NS: Final = 2 * SECOND_NS  # market needed after the deadline to see the last cancel through

CHANCE_STEP: Final = 1 << 60  # no market's seed is another one's with a chance

FUNDING_NS: Final = 8 * HOUR_NS  # every perpetual settles at 00, 08 and 16 UTC, some more often


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asked for, as given on the command line (times and durations as text).

    `chance` numbers the advisor's own random numbers in one and the same market.
    """

    symbol: str
    category: Category | None
    side: Side
    qty: Decimal
    start: str | None
    horizon: str
    limit_price: Decimal | None
    decision_price: Decimal | None
    urgency: Decimal | None
    algo: AlgoName
    base: AlgoName
    market: str
    seed: int
    advisor: str
    news: str | None
    parent_id: str
    fee_tier: str | None = None
    funding: Path | None = None
    funding_utc_offset_h: int = 0
    latency: str | None = None
    feed_latency: str | None = None
    queue: str | None = None
    impact: str | None = None
    regime: str | None = None
    parameters: Path | None = None
    watch_after: str | None = None
    chance: int = 0
    advisor_latency: str | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """A recorded market that was built before, began at `begun_ns`, and may have gone on since."""

    venue: SimulatedVenue
    assumed: dict[str, str]
    begun_ns: int


def prepare(
    request: Request,
    settings: Settings,
    say: Callable[[str], None],
    begun: Begun | None = None,
) -> Job:
    """Build the job; `say` gets one line for anything a person should know (a fallback, a caveat).

    `begun` is the market to work in, where one of the same request was built before.
    Raises UsageError, ConfigError, DataError or RefusedByLimit before anything has run.
    """
    horizon_ns = parse_duration_ns(request.horizon)
    after_ns = 0 if request.watch_after is None else parse_duration_ns(request.watch_after)
    if request.regime is not None and request.market != GENERATED:
        raise UsageError("a recorded market has the regimes it had", "leave --regime out")
    if request.market == GENERATED:
        instrument = find(request.symbol, category=request.category, venue="sim")
        history = None
        start_ns = _generated_start_ns(request, instrument)
    else:
        from steersman.marketdata.history import History  # what reads Parquet takes its time

        history = History.open(Path(request.market))
        instrument = history.pick(request.symbol, request.category)
        begin_ns, end_ns = history.span(instrument)
        start_ns = _recorded_start_ns(request, begin_ns, end_ns, horizon_ns)
    instrument = _with_fees(instrument, request, settings)
    order = _order(request, instrument, start_ns, horizon_ns)
    execution = settings.execution()
    if request.urgency is None:
        order = msgspec.structs.replace(order, urgency=execution.urgency)
    _check(order, instrument, execution)
    limits = settings.limits(max_position=order.qty)
    funding = _funding(request, order, instrument, say)
    end_ns = order.deadline_ns + max(MARKOUT_NS, after_ns) + SETTLE_NS
    begun = begun or _market(request, instrument, end_ns, history, funding, say)
    assumed = begun.assumed
    if request.advisor_latency is not None:
        assumed = {**assumed, "advisor latency": request.advisor_latency}
    setting = _setting(request, limits, settings, say, begun.venue, end_ns, funding)
    calibrated = _calibrated(request.parameters, instrument)
    return Job(
        order=order,
        instrument=instrument,
        execution=execution,
        limits=limits,
        volume_curve=_curve(request.parameters, calibrated, instrument, order, say),
        seed=request.seed,
        venue=begun.venue,
        supervisor=_supervisor(request, setting),
        news=gather_news(request.news, settings.feeds(), order, say),
        assumed=assumed,
        begun_ns=begun.begun_ns,
        watch_after_ns=after_ns,
        law=PRIOR_LAW if calibrated is None else law_of(calibrated),
        day_volume=_day_volume(calibrated, instrument, order),
    )


def _market(
    request: Request,
    instrument: Instrument,
    end_ns: int,
    history: History | None,
    funding: Rates,
    say: Callable[[str], None],
) -> Begun:
    """Return the market, generated to `end_ns` or recorded, and what is assumed of it in words."""
    latency = parse_latency(request.latency, request.feed_latency)
    if history is None:
        if request.queue is not None or request.impact is not None:
            raise UsageError(
                "in the generated market queues are exact and impact is what the others do",
                "leave --queue and --impact out",
            )
        venue = SimulatedVenue.generated(
            instrument,
            seed=request.seed,
            start_ns=START_NS,
            end_ns=end_ns,
            regime=request.regime or RegimeName.MIXED,
            latency=latency,
            funding=funding,
        )
        return Begun(venue, {}, venue.now_ns)
    source = history.source(instrument)
    assumed = assume(instrument, source, request.queue, request.impact, say)
    venue = SimulatedVenue.recorded(
        instrument,
        source,
        latency=latency,
        queue=assumed.queue,
        impact=assumed.impact,
        seed=request.seed,
        tape=False,
        funding=funding,
    )
    return Begun(venue, assumed.words, venue.now_ns)


def _setting(
    request: Request,
    limits: SafetyLimits,
    settings: Settings,
    say: Callable[[str], None],
    venue: SimulatedVenue,
    end_ns: int,
    funding: Rates,
) -> Setting:
    """Return what advisors are built for; of a generated market its future and its siblings."""
    seed = request.seed + request.chance * CHANCE_STEP
    if request.market != GENERATED:
        return Setting(seed, limits, settings, None, say)
    other = replace(request, seed=seed_of_sibling(seed))

    def sibling() -> SimulatedVenue:
        return _market(other, venue.instrument, end_ns, None, funding, say).venue

    return Setting(seed, limits, settings, venue, say, sibling)


def _calibrated(path: Path | None, instrument: Instrument) -> ImpactParameters | None:
    """Return what a parameter file says of the contract, None where none was given.

    Own orders on one venue say what the same contract pays on another, so the venue may differ.
    """
    if path is None:
        return None
    parameters = load(path)
    if parameters.instrument.partition(":")[2] != instrument.id.partition(":")[2]:
        raise UsageError(
            f"{path} is of {parameters.instrument}, the order of {instrument.id}",
            "give the parameters of what is traded",
        )
    return parameters


def _curve(
    path: Path | None,
    calibrated: ImpactParameters | None,
    instrument: Instrument,
    order: ParentOrder,
    say: Callable[[str], None],
) -> tuple[float, ...]:
    """Return the volume curve the order meets: a parameter file's, or the one that is shipped."""
    shipped = volume_curve(instrument.symbol, instrument.category)
    curves = None if calibrated is None else calibrated.volume_curves
    if curves is None:
        return shipped
    curve = curves.curve_from(order.start_ns)
    if not curve:
        say(f"{path} has no volume curve ({curves.why}): the usual one is used")
        return shipped
    day = WEEKDAYS[weekday(order.start_ns)]
    say(f"volumes are expected by the curve of {day} (UTC) in {path}, from {curves.n} days")
    return curve


def _day_volume(
    calibrated: ImpactParameters | None, instrument: Instrument, order: ParentOrder
) -> DayVolume | None:
    """Return what is usually traded in a day: what another venue trades says nothing of that."""
    if calibrated is None or calibrated.volume_curves is None:
        return None
    if calibrated.instrument != instrument.id:
        return None
    return calibrated.volume_curves.day_volume(order.start_ns)


def _start_ns(start: str | None, begin_ns: int, default_ns: int) -> int:
    """Return the start: an ISO time, or a duration after the market's beginning, or the default."""
    if start is None:
        return default_ns
    if is_duration(start):
        return begin_ns + parse_duration_ns(start)
    return parse_time_ns(start)


def _generated_start_ns(request: Request, instrument: Instrument) -> int:
    start_ns = _start_ns(request.start, START_NS, START_NS + WARM_UP_NS)
    if not START_NS < start_ns <= START_NS + LONGEST_NS:
        raise UsageError(
            f"the generated market of {instrument.id} begins at {_iso(START_NS)}; "
            f"no order starts at {request.start}",
            "leave --start out, or give a time after the beginning such as 2m",
        )
    return start_ns


def _recorded_start_ns(request: Request, begin_ns: int, end_ns: int, horizon_ns: int) -> int:
    latest_ns = end_ns - SETTLE_NS - horizon_ns
    default_ns = max(begin_ns + SECOND_NS, min(begin_ns + WARM_UP_NS, latest_ns))
    start_ns = _start_ns(request.start, begin_ns, default_ns)
    if start_ns < begin_ns or start_ns > latest_ns:
        longest_s = (end_ns - SETTLE_NS - start_ns) // SECOND_NS if start_ns >= begin_ns else 0
        raise UsageError(
            f"{request.market} holds {request.symbol} from {_iso(begin_ns)} to {_iso(end_ns)}; "
            f"an order of {request.horizon} from {_iso(start_ns)} does not fit",
            f"use --horizon {longest_s}s at most, or another --start"
            if longest_s >= SHORTEST_S
            else "use another --start, or a longer recording",
        )
    return start_ns


def _iso(ns: int) -> str:
    if not 0 <= ns < YEAR_9999_NS:
        return f"{ns} ns"
    return datetime.fromtimestamp(ns // SECOND_NS, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _with_fees(instrument: Instrument, request: Request, settings: Settings) -> Instrument:
    """Return the instrument with the fees that were asked for, or with its own."""
    tier = request.fee_tier if request.fee_tier is not None else settings.fees().tier
    return instrument if tier is None else with_fee_tier(instrument, tier)


def _funding(
    request: Request, order: ParentOrder, instrument: Instrument, say: Callable[[str], None]
) -> Rates:
    """Return the funding rates that were given; say where none is known of what is worked."""
    first_h = order.start_ns // FUNDING_NS + 1
    settles = instrument.perpetual and first_h * FUNDING_NS <= order.deadline_ns
    if request.funding is None:
        if settles and request.market != GENERATED:
            say("no funding is charged: give the rates with --funding FILE")
        return ()
    if not instrument.perpetual:
        raise UsageError(f"{instrument.id} has no funding", "leave --funding out")
    from steersman.marketdata.importers.funding import read_funding  # needs Parquet, too

    rates = read_funding(request.funding, instrument, request.funding_utc_offset_h)
    within = [at_ns for at_ns, _ in rates if order.start_ns < at_ns <= order.deadline_ns]
    if settles and not within:
        say(
            f"no funding is charged: {request.funding} has rates from {_iso(rates[0][0])} "
            f"to {_iso(rates[-1][0])}"
        )
    return rates


def _order(request: Request, instrument: Instrument, start_ns: int, horizon_ns: int) -> ParentOrder:
    try:
        return ParentOrder(
            id=request.parent_id,
            instrument=instrument.id,
            side=request.side,
            qty=Qty(request.qty),
            start_ns=start_ns,
            deadline_ns=start_ns + horizon_ns,
            algo=request.algo,
            base=request.base,
            limit_price=None if request.limit_price is None else Price(request.limit_price),
            decision_price=(
                None if request.decision_price is None else Price(request.decision_price)
            ),
            decision_ns=None if request.decision_price is None else start_ns,
            urgency=Decimal("0.5") if request.urgency is None else request.urgency,
        )
    except ValueError as error:
        raise UsageError(str(error), "correct the order; see steersman run --help") from None


def _check(order: ParentOrder, instrument: Instrument, execution: ExecutionConfig) -> None:
    """Refuse an order that could never be valid, before the market is even opened."""
    instrument.lots(order.qty)
    if order.limit_price is not None:
        instrument.ticks(order.limit_price)
    minimum = max(instrument.min_qty, execution.min_order_size)
    if order.qty < minimum:
        raise UsageError(
            f"{instrument.symbol} quantity {order.qty} is below the minimum {minimum}",
            f"order at least {minimum} {instrument.base}",
        )
    if order.horizon_ns < execution.slice_s * SECOND_NS:
        raise UsageError(
            f"a horizon of {order.horizon_ns // SECOND_NS} s is shorter than one slice "
            f"of {execution.slice_s} s",
            "lengthen --horizon, or lower slice_s in [execution]",
        )


def _supervisor(request: Request, setting: Setting) -> AnswerSource | None:
    if request.algo is not AlgoName.ADAPTIVE or request.advisor == "none":
        return None
    return answers_for(request.advisor, request.advisor_latency, setting)
