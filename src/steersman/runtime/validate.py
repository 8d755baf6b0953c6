"""Hold generated and recorded markets against the stylised facts, side by side.

Everything is a function of the request: the same seed gives the same figures to the last digit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steersman.domain.instrument import Category, Instrument
from steersman.domain.specs import find
from steersman.domain.units import HOUR_NS, MINUTE_NS, SECOND_NS
from steersman.errors import UsageError
from steersman.marketdata.history import History
from steersman.runtime.picture import Drawn, draw
from steersman.runtime.stylised import (
    FACTS,
    GENERATED,
    HOLD_LEAST,
    INF,
    RECORDED,
    Finding,
    Judged,
    Pairs,
    Verdict,
    judge,
)
from steersman.runtime.watching import SESSION_S, Watched, watch
from steersman.venues.pairs import evenly, open_path
from steersman.venues.presets import PRESETS, START_NS, preset_for
from steersman.venues.regimes import RegimeName, parse_regime
from steersman.venues.simulated import SimulatedVenue

__all__ = [
    "DEFAULT_PRESETS",
    "Request",
    "complaints",
    "document",
    "headers",
    "parse_presets",
    "request",
    "run",
    "run_pairs",
    "table_rows",
    "watch_generated",
    "watch_recorded",
]

F64 = npt.NDArray[np.float64]
Advance = Callable[[float], None]

DEFAULT_PRESETS: Final = "BTCUSDT.linear,ETHUSDT.linear,AAPL.equity"
HOURS_MAX: Final = 24.0 * 7
PAIRS_MAX: Final = 1_000
ORDER_NS: Final = HOUR_NS // 2  # how long a metaorder is worked
SLICE_NS: Final = 10 * SECOND_NS
SHARES: Final = (0.001, 0.1)  # of the market's volume: two decades
SIZES: Final = 5
WATCHING: Final = 0.6  # share of the work that is not pairs


@dataclass(frozen=True, slots=True)
class Request:
    """Which markets to hold against the facts, and where to draw them."""

    presets: tuple[Instrument, ...]
    history: History | None
    hours: float
    seed: int
    pairs: int
    picture: Path | None
    regime: str = RegimeName.MIXED


def request(
    presets: str | None,
    market: Path | None,
    hours: float,
    seed: int,
    pairs: int,
    picture: Path | None,
    regime: str = RegimeName.MIXED,
) -> Request:
    """Return a request that can be run; raise UsageError or DataError for any other."""
    if not 0.0 < hours <= HOURS_MAX:
        raise UsageError(f"{hours:g} hours", f"give more than 0 and at most {HOURS_MAX:g}")
    if not 0 <= pairs <= PAIRS_MAX:
        raise UsageError(f"{pairs} pairs", f"give 0 to {PAIRS_MAX}")
    if picture is not None and (picture.suffix.lower() != ".png" or not picture.parent.is_dir()):
        raise UsageError(f"{picture} cannot be drawn", "name a .png file in a folder that is there")
    chosen = parse_presets(DEFAULT_PRESETS if presets is None else presets)
    for rules in chosen:
        parse_regime(regime, preset_for(rules.symbol, rules.category))
    history = None if market is None else History.open(market)
    if not chosen and history is None:
        raise UsageError("no market to validate", "give --presets or --market")
    return Request(chosen, history, hours, seed, pairs, picture, regime)


def run(request: Request, advance: Callable[[float, str], None]) -> tuple[Judged, ...]:
    """Watch and judge every market, generated ones first, and draw them where that was asked."""
    recorded = request.history.instruments() if request.history is not None else ()
    total = len(request.presets) + len(recorded)
    judged: list[Judged] = []
    drawn: list[Drawn] = []

    def stage(number: int, name: str, begin: float, share: float) -> Advance:
        return lambda done: advance((number + begin + share * done) / total, name)

    for number, rules in enumerate(request.presets):
        name = f"{rules.symbol}.{rules.category.value}"
        watching = stage(number, name, 0.0, WATCHING)
        watched = watch_generated(rules, request.seed, request.hours, watching, request.regime)
        pairing = stage(number, f"{name} pairs", WATCHING, 1.0 - WATCHING)
        pairs = run_pairs(rules, request.seed, request.pairs, pairing)
        judged.append(judge(watched, GENERATED, pairs))
        drawn.append(Drawn(f"{name} {GENERATED}", watched, pairs))
    for number, rules in enumerate(recorded, len(request.presets)):
        assert request.history is not None
        name = f"{rules.symbol}.{rules.category.value}"
        watched = watch_recorded(request.history, rules, stage(number, name, 0.0, 1.0))
        judged.append(judge(watched, RECORDED))
        drawn.append(Drawn(f"{name} {RECORDED}", watched))
    if request.picture is not None:
        draw(drawn, request.picture)
    return tuple(judged)


# -- markets --------------------------------------------------------------------------------------
def parse_presets(text: str) -> tuple[Instrument, ...]:
    """Return the instruments named like BTCUSDT.linear, separated by commas; raise UsageError."""
    found = []
    for name in (part.strip() for part in text.split(",") if part.strip()):
        symbol, _, kind = name.partition(".")
        known = ", ".join(f"{symbol}.{category.value}" for symbol, category in PRESETS)
        if kind not in set(Category):
            raise UsageError(f"{name!r} is not a preset", f"choose of {known}")
        preset = preset_for(symbol.upper(), Category(kind))
        found.append(find(preset.symbol, category=preset.category, venue="sim"))
    return tuple(dict.fromkeys(found))


def watch_generated(
    instrument: Instrument,
    seed: int,
    hours: float,
    advance: Advance,
    regime: str = RegimeName.MIXED,
) -> Watched:
    """Generate `hours` of open market (shares: as many whole sessions as that takes), watch it."""
    start_ns = START_NS
    span_ns = int(hours * HOUR_NS)
    if instrument.category is Category.EQUITY:
        opens_s, closes_s = SESSION_S
        midnight_ns = START_NS - START_NS % (24 * HOUR_NS)
        start_ns = midnight_ns + opens_s * SECOND_NS
        session_ns = (closes_s - opens_s) * SECOND_NS
        days = -(-span_ns // session_ns)
        span_ns = min(span_ns, session_ns) if days == 1 else (days - 1) * 24 * HOUR_NS + session_ns
    end_ns = start_ns + span_ns
    venue = SimulatedVenue.generated(
        instrument, seed=seed, start_ns=start_ns, end_ns=end_ns, regime=regime
    )
    return watch(venue, end_ns, advance)


def watch_recorded(history: History, instrument: Instrument, advance: Advance) -> Watched:
    """Replay a recorded market and watch it."""
    venue = SimulatedVenue.recorded(instrument, history.source(instrument))
    return watch(venue, history.span(instrument)[1] + SECOND_NS, advance)


# -- paired runs ----------------------------------------------------------------------------------
def run_pairs(
    instrument: Instrument, seed: int, pairs: int, advance: Advance, slice_ns: int = SLICE_NS
) -> Pairs | None:
    """Run the calm market `pairs` times without an order and with each of five sizes.

    Each order is cut into equal parts, one each `slice_ns`.
    """
    if pairs < 1:
        return None
    preset = preset_for(instrument.symbol, instrument.category)
    begin_ns = START_NS + 60 * SECOND_NS
    end_ns = begin_ns + ORDER_NS
    minutes = np.arange(begin_ns, end_ns + ORDER_NS + 1, MINUTE_NS)
    at_ns = np.concatenate([[begin_ns - 1], minutes])
    nothing = np.zeros((0, 3), np.int64)
    paths = [open_path(preset, seed + k, START_NS) for k in range(pairs)]
    plain = [path.run(at_ns, nothing) for path in paths]
    volume = float(np.mean([lots for _, lots in plain])) * ORDER_NS / (at_ns[-1] - START_NS)
    share = np.geomspace(*SHARES, SIZES)
    moved = np.empty((pairs, SIZES, at_ns.size))
    for k, (path, (without, _)) in enumerate(zip(paths, plain, strict=True)):
        for size in range(SIZES):
            lots = max(1, round(share[size] * volume))
            own = evenly(lots, 1, begin_ns, end_ns, slice_ns)
            moved[k, size] = (path.run(at_ns, own)[0] / without - 1.0) * 1e4
        advance((k + 1) / pairs)
    returns = np.diff(np.log([mids[1:] for mids, _ in plain]), axis=1) * 1e4
    sigma_bps = math.sqrt(float((returns**2).mean()) * (ORDER_NS / MINUTE_NS))
    return Pairs(share, moved[:, :, 0], moved[:, :, 1:], ORDER_NS // MINUTE_NS, sigma_bps)


# -- printing -------------------------------------------------------------------------------------
def headers(markets: Sequence[Judged]) -> tuple[str, ...]:
    """Return the heads of the table's columns."""
    return ("stylised fact", "accepted", *(f"{one.name}\n{one.source}" for one in markets))


def complaints(markets: Sequence[Judged]) -> tuple[str, ...]:
    """Return one line for each generated market of which too few facts hold."""
    return tuple(
        f"{one.name}: {one.count(Verdict.PASS)} facts hold, at least {HOLD_LEAST} must"
        for one in markets
        if not one.believed
    )


def table_rows(markets: Sequence[Judged]) -> list[tuple[str, ...]]:
    """Return one row a fact: its title, the accepted ranges, and what each market shows."""
    rows = []
    for number, fact in enumerate(FACTS):
        found = [market.findings[number] for market in markets]
        ranges = dict.fromkeys(_range(finding.low, finding.high) for finding in found)
        rows.append((fact.title, ", ".join(ranges), *(_cell(finding) for finding in found)))
    rows.append(("hold", "", *(str(market.count(Verdict.PASS)) for market in markets)))
    return rows


def _range(low: float, high: float) -> str:
    return f"> {low:g}" if high == INF else f"{low:g}..{high:g}"


def _cell(finding: Finding) -> str:
    figure = finding.figure
    if finding.verdict is Verdict.SHORT:
        return f"too short (n {figure.n})" if figure.n else "too short"
    error = "" if figure.error is None else f" ±{figure.error:.1g}"
    return f"{figure.value:.3g}{error} {finding.verdict.value}"


def document(markets: Sequence[Judged], seed: int) -> dict[str, Any]:
    """Return what was found as plain data: figures without a value, and open ends, are null."""
    return {
        "schema": "steersman.validate/1",
        "seed": seed,
        "required": HOLD_LEAST,
        "markets": [
            {
                "name": market.name,
                "source": market.source,
                "hours": market.hours,
                **{verdict.name.lower(): market.count(verdict) for verdict in Verdict},
                "facts": [_fact_document(finding) for finding in market.findings],
                "impact": None if market.pairs is None else _impact_document(market.pairs),
            }
            for market in markets
        ],
    }


def _impact_document(pairs: Pairs) -> dict[str, Any]:
    """Return the curve of impact: mean and standard error by size, and the path of the largest."""
    mean, error = pairs.curve()
    return {
        "share": pairs.share.tolist(),
        "mean_bps": mean.tolist(),
        "error_bps": error.tolist(),
        "sigma_bps": pairs.sigma_bps,
        "path_bps": pairs.path[:, -1].mean(axis=0).tolist(),
    }


def _fact_document(finding: Finding) -> dict[str, Any]:
    figure = finding.figure
    return {
        "key": finding.fact.key,
        "title": finding.fact.title,
        "value": figure.value if math.isfinite(figure.value) else None,
        "error": figure.error if math.isfinite(figure.value) else None,
        "n": figure.n,
        "low": finding.low,
        "high": None if finding.high == INF else finding.high,
        "verdict": finding.verdict.value,
    }
