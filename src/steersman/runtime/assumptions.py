"""What a recording cannot say and a run has to assume: latencies, queues, our own impact.

Each is given as text and becomes a model of the market; `fitted` asks the recording itself. Where
it cannot tell, a model that was asked for by name is an error, and one that was not is left out
with a line that says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from steersman.domain.instrument import Instrument
from steersman.domain.messages import Wake
from steersman.errors import DataError, UsageError
from steersman.marketdata.events import EVENT
from steersman.marketdata.rows import Events
from steersman.marketdata.source import Source
from steersman.models.propagator import ShiftedPowerKernel
from steersman.runtime.texts import parse_duration_ns, parse_spread
from steersman.venues.impact_fit import ImpactFit, fit_own_impact
from steersman.venues.latency import Delay, Latency
from steersman.venues.own_impact import OwnImpact
from steersman.venues.queue_fit import fit_queue
from steersman.venues.queues import CAUTIOUS, QueueModel, front_power, power
from steersman.venues.simulated import SimulatedVenue

__all__ = ["Assumptions", "assume", "parse_latency"]

FIT_EVENTS_MAX: Final = 2_000_000  # of a recording that are looked at
IMPACT_QUOTE: Final = 100_000  # what the impact is given for, in quote currency
NEVER_NS: Final = 1 << 62

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Assumptions:
    """The models of a recorded market, and each in words for the result."""

    queue: QueueModel
    impact: OwnImpact | None
    words: dict[str, str]


def assume(
    instrument: Instrument, source: Source, queue: str | None, impact: str | None, say: Say
) -> Assumptions:
    """Return the models of a recording; None asks for the defaults: risk-averse, impact fitted.

    Raises UsageError for text that names no model, and DataError where a model that was asked for
    cannot be fitted.
    """
    queue_model, queue_words = _queue(queue or "risk-averse", source)
    own, impact_words = _impact(impact, instrument, source, say)
    return Assumptions(queue_model, own, {"queue": queue_words, "own impact": impact_words})


def parse_latency(text: str | None, feed: str | None) -> Latency:
    """Return the latency of our requests and the venue's reports, and of its feed.

    `10ms` is always so, `10ms~0.4` log-normal with that median and deviation of the logarithm, and
    a `.csv` file holds recorded round trips (of requests and reports). None keeps the defaults, of
    the feed that of the market. Raises UsageError or DataError for anything else.
    """
    if text is None:
        legs = Latency()
    elif text.endswith(".csv"):
        legs = Latency.from_round_trips(Path(text))
    else:
        legs = Latency(_delay(text), _delay(text))
    return legs if feed is None else replace(legs, feed=_delay(feed))


def _delay(text: str) -> Delay:
    ns, log_sd = parse_spread(text)
    return Delay.log_normal(ns, log_sd) if log_sd else Delay.constant(ns)


def _queue(text: str, source: Source) -> tuple[QueueModel, str]:
    name, _, exponent = text.partition(":")
    remedy = "choose risk-averse, power:2, front-power:1.5 or fitted"
    families = {"power": power, "front-power": front_power}
    if text == "risk-averse":
        return CAUTIOUS, text
    if text == "fitted":
        fit = fit_queue(_first_events(source))
        return fit.model, f"front-power:{fit.exponent:.3g} ± {fit.error:.2g}, fitted"
    if name in families and exponent:
        return families[name](_number(exponent, "queue", remedy)), text
    raise UsageError(f"there is no queue model {text!r}", remedy)


def _impact(
    text: str | None, instrument: Instrument, source: Source, say: Say
) -> tuple[OwnImpact | None, str]:
    if text == "none":
        return None, "none beyond what is consumed"
    if text is None or text == "fitted":
        try:
            fit = _fit_impact(instrument, source)
        except DataError as error:
            if text is not None:
                raise
            say(f"{error.message}: orders move nothing beyond what they consume")
            return None, "none beyond what is consumed: it could not be fitted"
        per_quote = _bps(fit.ticks_per_lot, instrument, source)
        words = f"{per_quote:.3g} ± {per_quote * fit.error / fit.ticks_per_lot:.2g} bps"
        return fit.impact, f"{words} at once for {IMPACT_QUOTE:,} {instrument.quote}, fitted"
    parts = text.split(":")
    remedy = "write none, fitted, or BPS:SCALE:EXPONENT such as 0.5:6s:0.5"
    if len(parts) != 3:
        raise UsageError(f"there is no impact {text!r}", remedy)
    bps, exponent = (_number(part, "impact", remedy) for part in (parts[0], parts[2]))
    scale_s = parse_duration_ns(parts[1]) / 1e9
    if bps < 0.0 or exponent < 0.0:
        raise UsageError(f"an impact of {text}", remedy)
    per_lot = bps / _bps(1.0, instrument, source)
    said = f"{bps:g} bps at once for {IMPACT_QUOTE:,} {instrument.quote}"
    return OwnImpact(per_lot, ShiftedPowerKernel(scale_s, exponent)), said


def _fit_impact(instrument: Instrument, source: Source) -> ImpactFit:
    venue = SimulatedVenue.recorded(instrument, _first_events(source))
    venue.run(Wake(instrument.id, NEVER_NS, None, None))
    return fit_own_impact(venue.tape())


def _first_events(source: Source) -> list[Events]:
    """Return the first batches of a recording, as arrays of `EVENT`."""
    batches: list[Events] = []
    rows = number = 0
    while rows < FIT_EVENTS_MAX:
        words = source.batch(number)
        batches.append(np.ascontiguousarray(words).view(EVENT).reshape(-1))
        rows += len(words)
        if source.is_last(number):
            break
        number += 1
    return batches


def _bps(ticks_per_lot: float, instrument: Instrument, source: Source) -> float:
    """Return what `IMPACT_QUOTE` moves the price, in bps, at the recording's first price."""
    prices = (batch["tick"][batch["tick"] > 0] for batch in _first_events(source))
    first = next((int(ticks[0]) for ticks in prices if len(ticks)), None)
    if first is None:
        raise DataError(f"{instrument.id}: no price in the recording", "use --impact none")
    price = instrument.price(first)
    lots = IMPACT_QUOTE / float(instrument.quote_value(price, instrument.lot))
    return ticks_per_lot * lots * float(instrument.tick) / float(price) * 1e4


def _number(text: str, what: str, remedy: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UsageError(f"{text!r} is not a number for the {what}", remedy)
    return number
