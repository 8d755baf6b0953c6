from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from steersman.errors import DataError
from steersman.marketdata import manifest
from tests.marketdata.sample import PERP, random_events, write_history


@pytest.fixture
def history(tmp_path: Path) -> Path:
    return write_history(tmp_path / "history", (PERP, random_events(50)))


def edit(history: Path, old: str, new: str) -> None:
    path = history / manifest.NAME
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_what_is_written_is_read(history: Path) -> None:
    read = manifest.read(history)
    manifest.write(history, read)
    assert manifest.read(history) == read
    assert not list(history.glob(".*"))
    series = read.of(PERP)
    assert series is not None
    assert series.instrument == PERP
    assert [part.rows for part in series.parts] == [50]
    assert read.of(msgspec.structs.replace(PERP, venue="sim")) is None


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('"schema": 1', '"schema": 2', "has schema 2, this version reads 1"),
        ("steersman-history", "something-else", "is not a history's"),
        ('"rows"', '"rowz"', "is damaged"),
        ("}", "", "is damaged"),
        ('"tick": "0.1"', '"tick": "0"', "is damaged"),
        ('"rows": 50', '"rows": 0', r"part-00000\.parquet has 0 rows"),
        ("binance/BTCUSDT.linear/part-00000", "../elsewhere/part-00000", "names ../elsewhere"),
        ("/part-00000", "/part-00001", "is missing"),
        ('"bytes": ', '"bytes": 1', "the manifest says 1"),
    ],
)
def test_a_bad_manifest_is_refused(history: Path, old: str, new: str, what: str) -> None:
    edit(history, old, new)
    with pytest.raises(DataError, match=what) as caught:
        manifest.read(history)
    assert caught.value.remedy


def test_a_folder_that_is_no_history_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no manifest\.json"):
        manifest.read(tmp_path)
    with pytest.raises(DataError, match="does not exist"):
        manifest.read(tmp_path / "nowhere")
    (tmp_path / manifest.NAME).mkdir()
    with pytest.raises(DataError, match="directory"):
        manifest.read(tmp_path)
