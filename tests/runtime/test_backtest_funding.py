"""Orders that are being worked when a perpetual's funding is exchanged."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from steersman.domain.messages import Filled, FundingPaid, Reported, Viewed
from steersman.domain.specs import find
from steersman.domain.units import HOUR_NS, MINUTE_NS, SECOND_NS, Side
from steersman.journal import Journal, read, verify
from steersman.marketdata.history import History
from steersman.marketdata.importers.binance_raw import import_binance_raw
from steersman.runtime.backtest import MARKOUT_NS, Job, Result, run_job
from steersman.runtime.replay import replay
from steersman.runtime.texts import parse_time_ns
from steersman.tca.measure import measure
from steersman.venues.flow import START_NS
from steersman.venues.simulated import SimulatedVenue
from tests.engine.desk import order as parent
from tests.runtime.runs import job

DUE_NS = (START_NS // HOUR_NS + 1) * HOUR_NS
RATES = ((DUE_NS, Decimal("2.5")), (DUE_NS + HOUR_NS, Decimal("-1")))


def funded(path: Path | None = None, **changes: Any) -> tuple[Job, Result]:
    """Work two coins over five minutes around the funding time of a generated market."""
    made = job(**changes)
    start_ns = DUE_NS - 2 * MINUTE_NS
    order = msgspec.structs.replace(
        made.order, start_ns=start_ns, deadline_ns=start_ns + 5 * MINUTE_NS
    )
    venue = SimulatedVenue.generated(
        made.instrument,
        seed=3,
        start_ns=start_ns - 30 * SECOND_NS,
        end_ns=order.deadline_ns + MARKOUT_NS + 2 * SECOND_NS,
        funding=RATES,
    )
    made = replace(made, order=order, venue=venue)
    with Journal.create(path) as journal:
        return made, run_job(made, journal)


@pytest.mark.parametrize("side", Side)
def test_an_order_over_a_funding_time_pays_once_and_the_report_says_so(side: Side) -> None:
    made, result = funded(side=side)
    (paid,) = [m for m in result.messages if isinstance(m, FundingPaid)]
    fills = [m.report for m in result.messages if isinstance(m, Reported)]
    before = [f.qty for f in fills if isinstance(f, Filled) and f.venue_ns <= DUE_NS]
    assert paid.position == sum(before) * side.sign != 0
    assert paid.amount == paid.position * paid.mark * Decimal("2.5") / 10_000
    assert result.parent.funding == paid.amount
    report = measure(result.messages, "P1", result.tape)
    assert report.shortfall is not None and report.components_bps is not None
    assert report.shortfall.wagner.funding == report.shortfall.kissell.funding == paid.amount
    assert (report.components_bps.funding > 0) is (side is Side.BUY)
    touch = result.tape
    assert touch.end_ns >= made.order.deadline_ns + MARKOUT_NS - 5 * MINUTE_NS


def test_a_payment_is_told_before_the_view_of_its_time_and_after_the_fills() -> None:
    _, result = funded()
    at = next(i for i, m in enumerate(result.messages) if isinstance(m, FundingPaid))
    later = next(m for m in result.messages[at + 1 :] if isinstance(m, Viewed))
    assert later.at_ns == result.messages[at].at_ns  # type: ignore[union-attr]


def test_replay_calls_no_venue_and_gives_the_same_funding(tmp_path: Path) -> None:
    path = tmp_path / "run.journal"
    _, result = funded(path)
    _, again = funded()
    assert again.journal_hash == result.journal_hash == verify(path).head_hash
    replayed = replay(read(path))
    assert replayed.journal_hash == result.journal_hash
    assert replayed.state.parents["P1"].funding == result.parent.funding != 0


def test_mark_outs_are_measured_and_pay_no_more_funding() -> None:
    """The order ends a minute before the funding time: its mark-outs run over it."""
    made = job()
    order = msgspec.structs.replace(
        made.order, start_ns=DUE_NS - 6 * MINUTE_NS, deadline_ns=DUE_NS - MINUTE_NS
    )
    venue = SimulatedVenue.generated(
        made.instrument,
        seed=3,
        start_ns=order.start_ns - 30 * SECOND_NS,
        end_ns=order.deadline_ns + MARKOUT_NS + 2 * SECOND_NS,
        funding=RATES,
    )
    with Journal.create(None) as journal:
        result = run_job(replace(made, order=order, venue=venue), journal)
    assert not [m for m in result.messages if isinstance(m, FundingPaid)]
    assert result.parent.funding == 0
    assert result.tape.end_ns > DUE_NS + 2 * MINUTE_NS


def test_a_real_perpetual_over_its_midnight_funding(shared: Path, tmp_path: Path) -> None:
    """The capture ends a second after 00:00 UTC; the order is more than its volume allows."""
    source = shared / "data" / "binance_raw_2024" / "usdm_btcusdt_20240808.gz"
    import_binance_raw([source], tmp_path / "history")
    history = History.open(tmp_path / "history")
    spec = history.pick("BTCUSDT")
    due_ns = parse_time_ns("2024-08-09T00:00:00")
    order = parent(
        instrument=spec.id,
        qty=Decimal(95),
        start_ns=due_ns - 5 * MINUTE_NS,
        deadline_ns=due_ns + SECOND_NS // 2,
    )
    rates = ((due_ns, Decimal("0.5")),)
    venue = SimulatedVenue.recorded(spec, history.load(spec), funding=rates)
    made = replace(job(qty=Decimal(95)), order=order, instrument=spec, venue=venue, begun_ns=None)
    with Journal.create(None) as journal:
        result = run_job(made, journal)
    (paid,) = [m for m in result.messages if isinstance(m, FundingPaid)]
    assert spec == find("BTCUSDT", venue="binance")
    assert paid.venue_ns == due_ns and 80 < paid.position < 95
    assert paid.amount == paid.position * paid.mark * Decimal("0.00005")
    assert result.parent.funding == paid.amount
