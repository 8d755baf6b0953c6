"""Folding a journal again gives the same hash, and anything else is found."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import msgspec
import numpy as np
import pytest

from steersman.domain.instrument import Category
from steersman.domain.messages import Recalibrated, Send, Viewed
from steersman.domain.order import AlgoName
from steersman.errors import JournalError
from steersman.journal import Record, read, verify
from steersman.models.parameters import ImpactParameters, VolumeCurves, encoded
from steersman.runtime.replay import replay
from steersman.venues.flow import volume_curve as curve
from tests.runtime.runs import run


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("replay") / "run.journal"
    run(path, algo=AlgoName.ADAPTIVE, advisor="rules")
    return path


def test_replay_gives_the_same_hash_and_state(file: Path) -> None:
    replayed = replay(read(file))
    assert replayed.journal_hash == verify(file).head_hash
    parent = replayed.state.parents["P1"]
    assert parent.filled == 2
    assert replayed.inputs > 50


@pytest.mark.parametrize(
    ("algo", "history"),
    [(AlgoName.VWAP, True), (AlgoName.VWAP, False), (AlgoName.ADAPTIVE, False)],
)
def test_plans_made_anew_are_made_again(tmp_path: Path, algo: AlgoName, history: bool) -> None:
    file, path = tmp_path / "p.json", tmp_path / "run.journal"
    days = np.outer(np.linspace(0.8, 1.2, 7), 5e5 * np.array(curve("BTCUSDT", Category.LINEAR)))
    known = VolumeCurves.of(days, range(7))
    file.write_bytes(
        encoded(ImpactParameters("sim:BTCUSDT.linear", ("h",), 1, 2, volume_curves=known))
    )
    result = run(
        path, algo=algo, base=AlgoName.IS, start="5m", horizon="30m", seed=2,
        advisor="rules", parameters=file if history else None,
    )  # fmt: skip
    assert any(m.replanned for m in result.messages if isinstance(m, Recalibrated))
    assert result.parent.filled == result.parent.order.qty
    assert replay(read(path)).journal_hash == result.journal_hash == verify(path).head_hash


def records(file: Path) -> list[Record]:
    return list(read(file))


def forged(record: Record, **changes: object) -> Record:
    message = msgspec.structs.replace(record.message(), **changes)
    return dataclasses.replace(record, payload=msgspec.json.encode(message))


def test_a_decision_that_is_not_the_engines_is_found(file: Path) -> None:
    kept = records(file)
    at = next(i for i, r in enumerate(kept) if r.type == "Wake")
    wake = kept[at].message()
    kept[at] = forged(kept[at], at_ns=wake.at_ns + 1)  # type: ignore[union-attr]
    with pytest.raises(JournalError, match="not what the engine decides"):
        replay(kept)


def test_a_missing_decision_is_found(file: Path) -> None:
    kept = records(file)
    at = next(i for i, r in enumerate(kept) if isinstance(r.message(), Send))
    del kept[at]
    with pytest.raises(JournalError):
        replay(kept)


def test_a_changed_input_changes_what_follows(file: Path) -> None:
    kept = records(file)
    at = next(i for i, r in enumerate(kept) if isinstance(r.message(), Viewed))
    view = kept[at].message().view  # type: ignore[union-attr]
    kept[at] = forged(kept[at], view=msgspec.structs.replace(view, best_bid=None))
    with pytest.raises(JournalError):
        replay(kept)


def test_journals_without_their_start_are_refused(file: Path) -> None:
    with pytest.raises(JournalError, match="empty"):
        replay([])
    with pytest.raises(JournalError, match="before the journal's start"):
        replay(records(file)[1:])
