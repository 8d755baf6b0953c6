"""Our own cases do the work they are timed for."""

from __future__ import annotations

from pathlib import Path

import pytest

from steersman.errors import DataError
from steersman.runtime.bench.files import BTC, generated_history, read_events
from steersman.runtime.bench.ours import generate, replay, work


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STEERSMAN_CACHE", str(tmp_path))
    return generated_history(40_000)


def test_every_case_trades_what_it_should(folder: Path) -> None:
    instrument, events = read_events(folder)
    span = int(events["recv_ns"][0]), int(events["recv_ns"][-1])
    taken = replay(instrument, events, *span, passive=False)
    pegged = replay(instrument, events, *span, passive=True)
    assert taken.filled_lots == taken.wanted_lots == pegged.filled_lots == 10 * taken.orders
    assert pegged.orders > taken.orders > 20
    quiet, kept = work(instrument, events, journal=False), work(instrument, events, journal=True)
    assert quiet.wakes == kept.wakes > quiet.children == kept.children > 20


def test_generated_events_are_counted() -> None:
    took_s, made = generate(BTC, 1)
    assert took_s > 0 and made > 10_000


def test_a_recording_of_seconds_is_too_short(folder: Path) -> None:
    instrument, events = read_events(folder)
    with pytest.raises(DataError, match="less than a minute"):
        work(instrument, events[:2_000], journal=False)
