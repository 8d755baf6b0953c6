"""Our own side of the benchmark: the kernels, the whole engine, generated flow."""

from __future__ import annotations

import gc
import tempfile
import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from steersman.domain.instrument import Instrument
from steersman.domain.limits import ExecutionConfig, SafetyLimits
from steersman.domain.messages import Effect, Input, ParentState, Wake
from steersman.domain.order import AlgoName, ParentOrder
from steersman.domain.units import HOUR_NS, MS_NS, SECOND_NS, Qty, Side
from steersman.errors import DataError
from steersman.journal import Journal
from steersman.marketdata.rows import Events
from steersman.marketdata.source import Source
from steersman.runtime.backtest import Job, run_job
from steersman.venues.flow import START_NS
from steersman.venues.latency import ORDER_LATENCY_NS
from steersman.venues.peg import FILLED, PLACED, new_peg
from steersman.venues.simulated import SimulatedVenue

__all__ = ["Ran", "Worked", "generate", "replay", "work"]

SLICE_NS: Final = 10 * SECOND_NS
SLICE_LOTS: Final = 10
REACH_TICKS: Final = 100
PEG_STEP_NS: Final = 100 * MS_NS
MARGIN_NS: Final = 40 * SECOND_NS  # of the recording that the parent order leaves out
FOREVER_NS: Final = 1 << 61


@dataclass(frozen=True, slots=True)
class Ran:
    """One replay with a compiled strategy: seconds, orders sent, and lots that should be filled."""

    s: float
    orders: int
    filled_lots: int
    wanted_lots: int


@dataclass(frozen=True, slots=True)
class Worked:
    """One parent order worked by the whole engine."""

    s: float
    wakes: int
    children: int


class _Unjournaled(Journal):
    """A journal that is off: it counts, and neither encodes nor keeps."""

    def append(self, message: Input | Effect) -> int:
        """Count a message."""
        self._records += 1
        return self._records


def replay(
    instrument: Instrument, events: Source | Events, first_ns: int, last_ns: int, *, passive: bool
) -> Ran:
    """Replay all events under a compiled strategy with one slice every 10 s; only that is timed."""
    venue = SimulatedVenue.recorded(instrument, events, tape=False)
    step_ns = PEG_STEP_NS if passive else SLICE_NS
    slices = max(1, (last_ns - first_ns) // SLICE_NS - 1)
    strategy = new_peg(
        start_ns=venue.now_ns,
        step_ns=step_ns,
        steps=SLICE_NS // step_ns,
        slices=slices,
        slice_lots=SLICE_LOTS,
        side=1,
        reach_ticks=REACH_TICKS,
        passive=passive,
        order_latency_ns=ORDER_LATENCY_NS,
    )
    begin_s = time.perf_counter()
    venue.drive(strategy, "bench")
    step = venue.run(Wake(instrument.id, FOREVER_NS, None, None))
    took_s = time.perf_counter() - begin_s
    assert step.ended, "all of it was replayed"
    return Ran(took_s, int(strategy[PLACED]), int(strategy[FILLED]), slices * SLICE_LOTS)


def work(instrument: Instrument, events: Events, *, journal: bool) -> Worked:
    """Work one TWAP order over all events through the whole engine, a slice every 10 s."""
    job = _job(instrument, events)
    gc.collect()
    with tempfile.TemporaryDirectory() as folder:
        begin_s = time.perf_counter()
        path = Path(folder) / "bench.journal"
        with Journal.create(path) if journal else _Unjournaled.create(None) as written:
            result = run_job(job, written)
        took_s = time.perf_counter() - begin_s
    if result.parent.state is not ParentState.COMPLETED:
        raise DataError(
            f"the order ended {result.parent.state.value}: {result.parent.last_refusal}",
            "give a recording with a valid book and more volume",
        )
    wakes = sum(isinstance(message, Wake) for message in result.messages)
    return Worked(took_s, wakes, result.parent.children)


def _job(instrument: Instrument, events: Events) -> Job:
    first_ns, last_ns = int(events["recv_ns"][0]), int(events["recv_ns"][-1])
    slices = (last_ns - first_ns - MARGIN_NS) // SLICE_NS
    if slices < 1:
        raise DataError("less than a minute of market", "give a longer recording")
    qty = Qty(instrument.qty(SLICE_LOTS) * slices)
    start_ns = first_ns + MARGIN_NS // 2
    order = ParentOrder(
        id="bench",
        instrument=instrument.id,
        side=Side.BUY,
        qty=qty,
        start_ns=start_ns,
        deadline_ns=start_ns + slices * SLICE_NS,
        algo=AlgoName.TWAP,
        base=AlgoName.TWAP,
        limit_price=None,
        decision_price=None,
        decision_ns=None,
        urgency=Decimal("0.5"),
    )
    return Job(
        order=order,
        instrument=instrument,
        execution=ExecutionConfig(slice_s=SLICE_NS // SECOND_NS),
        limits=SafetyLimits(max_position=qty, max_children_per_parent=10 * slices + 100),
        volume_curve=(),
        seed=1,
        venue=SimulatedVenue.recorded(instrument, events, tape=False),
    )


def generate(instrument: Instrument, hours: int) -> tuple[float, int]:
    """Run a generated market by itself; return seconds and background events."""
    end_ns = START_NS + hours * HOUR_NS
    venue = SimulatedVenue.generated(
        instrument, seed=1, start_ns=START_NS, end_ns=end_ns, tape=False
    )
    before = venue.background_events
    begin_s = time.perf_counter()
    venue.run(Wake(instrument.id, end_ns, None, None))
    return time.perf_counter() - begin_s, venue.background_events - before
