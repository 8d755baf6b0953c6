"""Every input and effect is journaled in order, and nothing leaves before it is durable."""

from __future__ import annotations

from pathlib import Path

import pytest

from steersman.domain.limits import ExecutionConfig
from steersman.domain.messages import Effect, Input, Send, Started, Submit, Viewed
from steersman.journal import Journal, read
from steersman.runtime.session import Session
from tests.engine.desk import BTC, T0, limits, order, view


def started() -> Started:
    return Started(T0, 1, (BTC,), ExecutionConfig(), limits(), {}, 1)


def test_both_sides_of_every_step_are_journaled_in_order(tmp_path: Path) -> None:
    file = tmp_path / "s.journal"
    watched: list[Input | Effect] = []
    with Journal.create(file) as journal:
        session = Session.begin(started(), journal, watched.append)
        session.feed(Viewed(T0, view(T0)))
        effects = session.feed(Submit(T0, order()))
    records = [record.message() for record in read(file)]
    assert records == watched
    assert tuple(records[3:]) == effects
    assert any(isinstance(effect, Send) for effect in effects)


def test_a_send_is_durable_before_it_is_handed_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    with Journal.create(tmp_path / "s.journal") as journal:
        session = Session.begin(started(), journal)
        true_sync = journal.sync

        def sync() -> None:
            synced.append(journal.records)
            true_sync()

        monkeypatch.setattr(journal, "sync", sync)
        session.feed(Viewed(T0, view(T0)))
        assert not synced, "nothing is sent, nothing need be durable"
        effects = session.feed(Submit(T0, order()))
        assert synced == [3 + len(effects)]
