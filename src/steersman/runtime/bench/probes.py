"""Whether a market is right: six questions with one right answer each, put to every engine.

The book of all: asks 0.004, 0.003, 5 at 100,000.1, .2, .3, bids of 5 at 100,000.0 and 99,999.0.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np

from steersman.domain.units import SECOND_NS
from steersman.errors import DataError
from steersman.marketdata.events import CLEAR, DEPTH, EVENT, LAST, SNAPSHOT, TRADE
from steersman.marketdata.rows import Events
from steersman.runtime.bench.files import BTC, START_NS
from steersman.runtime.bench.peers import HFTBACKTEST, NAUTILUS, Peer, find_interpreter
from steersman.venues.latency import ORDER_LATENCY_NS
from steersman.venues.peg import new_peg
from steersman.venues.simulated import SimulatedVenue

__all__ = ["Asked", "measure_probes", "probe_rows", "probes_document"]

Row = tuple[float, int, int, int, int]
ALONE_NS: Final = 10**15  # a step so long that there is no second one
AT_NS: Final = 1_500_000_000  # when the order is sent

_BOOK: Final[tuple[Row, ...]] = (
    (0, CLEAR, 0, 0, 0),
    (0, SNAPSHOT, 1, 1_000_000, 5_000),
    (0, SNAPSHOT, 1, 999_990, 5_000),
    (0, SNAPSHOT, -1, 1_000_001, 4),
    (0, SNAPSHOT, -1, 1_000_002, 3),
    (0, SNAPSHOT, -1, 1_000_003, 5_000),
)
_QUIET: Final[tuple[Row, ...]] = tuple((k + 1, DEPTH, 1, 999_900 - k, 1_000) for k in range(10))
_QUEUED: Final[tuple[Row, ...]] = (
    *_BOOK,
    (1, DEPTH, 1, 999_900, 1_000),
    (3, TRADE, -1, 1_000_000, 50),
    (3, DEPTH, 1, 1_000_000, 4_950),
    (4, DEPTH, 1, 999_899, 1_000),
    (5, DEPTH, 1, 999_898, 1_000),
)
_AFTER: Final[tuple[Row, ...]] = ((7, DEPTH, 1, 999_897, 1_000), (9, DEPTH, 1, 999_896, 1_000))
_TRADED: Final[tuple[Row, ...]] = (
    *_QUEUED,
    (6, TRADE, -1, 1_000_000, 4_950),
    (6.1, TRADE, -1, 1_000_000, 20),
    (6.2, DEPTH, 1, 1_000_000, 0),
    *_AFTER,
)
_CROSSED: Final[tuple[Row, ...]] = (
    *_QUEUED,
    (6, DEPTH, 1, 1_000_000, 0),
    (6.1, DEPTH, -1, 1_000_000, 2_000),
    *_AFTER,
)
_BROKEN: Final[tuple[Row, ...]] = (*_QUEUED, (6, DEPTH, 1, 999_990, -1), *_AFTER)


@dataclass(frozen=True, slots=True)
class _Probe:
    name: str
    what: str
    rows: tuple[Row, ...]
    qty: str
    cost: str
    lots: int = 10
    slices: int = 1
    passive: bool = True
    fails: bool = False


_PROBES: Final = (
    _Probe("sweep", "buy 0.010: every level at its price", (*_BOOK, *_QUIET), "0.010",
           "1000.00190", passive=False),
    _Probe("retake", "buy 0.004 twice: no lot is sold twice", (*_BOOK, *_QUIET), "0.008",
           "800.00130", lots=4, slices=2, passive=False),
    _Probe("queue", "join 5 at the bid, 0.050 trades: no fill", _QUEUED, "0", "0"),
    _Probe("level", "then all of the level trades: a fill", _TRADED, "0.010", "1000"),
    _Probe("cross", "the book moves through us: a fill", _CROSSED, "0.010", "1000"),
    _Probe("error", "a size of -1: an error, not the end", _BROKEN, "0", "0", fails=True),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """One probe: the right answer and those of the engines, None where an engine is absent."""

    name: str
    what: str
    right: str
    answers: dict[str, str | None]


def measure_probes(named: Path | None) -> list[Asked]:
    """Put every probe to us and to the peers that are there."""
    interpreter = find_interpreter(named)
    asked = []
    for probe in _PROBES:
        events = _events(probe.rows)
        with ExitStack() as stack:
            path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "events.npy"
            np.save(path, events)
            hft, nautilus = (
                stack.enter_context(Peer(interpreter, script, path, BTC))
                for script in (HFTBACKTEST, NAUTILUS)
            )
            answers = {
                "ours": _ours(probe, events),
                "hftbacktest partial": _said(probe, hft.ask(f"probe {probe.name} partial")),
                "hftbacktest whole": _said(probe, hft.ask(f"probe {probe.name} whole")),
                "nautilus": _said(probe, nautilus.ask(f"probe {probe.name}")),
            }
        right = "an error" if probe.fails else _figures(Decimal(probe.qty), Decimal(probe.cost))
        asked.append(Asked(probe.name, probe.what, right, answers))
    return asked


def _events(rows: tuple[Row, ...]) -> Events:
    events = np.zeros(len(rows), EVENT)
    for i, (second, kind, side, tick, lots) in enumerate(rows):
        exch_ns = START_NS + round(second * SECOND_NS)
        last = i + 1 == len(rows) or rows[i + 1][0] != second
        events[i] = (exch_ns, exch_ns + 1_000_000, lots, tick, kind, side, LAST if last else 0)
    return events


def _ours(probe: _Probe, events: Events) -> str:
    venue = SimulatedVenue.recorded(BTC, events)
    step_ns = ALONE_NS if probe.passive else SECOND_NS // 10
    strategy = new_peg(
        start_ns=START_NS + AT_NS - step_ns,
        step_ns=step_ns,
        steps=1_000 if probe.passive else 1,
        slices=probe.slices,
        slice_lots=probe.lots,
        side=1,
        reach_ticks=100,
        passive=probe.passive,
        order_latency_ns=ORDER_LATENCY_NS,
    )
    try:
        venue.drive(strategy, probe.name)
    except DataError as error:
        return "an error" if probe.fails else error.message
    tape = venue.tape()
    qty = BTC.qty(int(tape.trade_lots[tape.trade_own].sum()))
    moment = int((tape.trade_lots * tape.trade_ticks)[tape.trade_own].sum())
    return _figures(qty, moment * BTC.tick * BTC.lot)


def _said(probe: _Probe, answer: dict[str, Any] | None) -> str | None:
    if answer is None:
        return None
    if probe.fails:
        return "end of data" if answer["end"] == "end of data" else "an error"
    return _figures(Decimal(repr(answer["qty"])), Decimal(repr(answer["cost"])))


def _figures(qty: Decimal, cost: Decimal) -> str:
    return f"{qty:.3f} for {cost:.5f}" if qty else "nothing"


def probes_document(asked: list[Asked]) -> dict[str, Any]:
    """Return what was answered as plain data; an absent engine's answers are null."""
    return {
        "schema": "steersman.bench_probes/1",
        "probes": [
            {
                "name": one.name,
                "what": one.what,
                "right": one.right,
                **{engine.replace(" ", "_"): said for engine, said in one.answers.items()},
            }
            for one in asked
        ],
    }


def probe_rows(asked: list[Asked]) -> list[tuple[str, ...]]:
    """Return one row a probe: the right answer, then each engine's, marked where it is wrong."""

    def cell(one: Asked, said: str | None) -> str:
        if said is None:
            return "absent"
        return said if said == one.right else f"WRONG {said}"

    return [
        (one.name, one.what, one.right, *(cell(one, said) for said in one.answers.values()))
        for one in asked
    ]
