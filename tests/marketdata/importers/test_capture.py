from __future__ import annotations

import gzip
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.errors import DataError, UsageError
from steersman.marketdata.importers import capture
from steersman.marketdata.importers.capture import (
    LevelLots,
    Malformed,
    Reading,
    lot_steps,
    parse_json,
    read_levels,
    read_lines,
    sources_of,
    text_field,
    tick_steps,
    whole_number,
)
from tests.marketdata.sample import PERP, SPOT

TEXT = b"one\n\n  \ntwo\nthree"
LINES = [(1, b"one\n"), (4, b"two\n"), (5, b"three")]


def packed(path: Path, how: str) -> Path:
    if how == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("folder/", b"")
            archive.writestr("folder/inside.data", TEXT)
    else:
        path.write_bytes(gzip.compress(TEXT) if how == "gzip" else TEXT)
    return path


@pytest.mark.parametrize("how", ["plain", "gzip", "zip"])
def test_lines_are_numbered_and_blank_ones_left_out(tmp_path: Path, how: str) -> None:
    assert list(read_lines(packed(tmp_path / "a", how))) == LINES


def test_an_archive_of_several_files_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a", "w") as archive:
        archive.writestr("b", b"1")
        archive.writestr("c", b"2")
    with pytest.raises(DataError, match="holds 2 files"):
        list(read_lines(tmp_path / "a"))


def test_a_broken_zip_is_refused(tmp_path: Path) -> None:
    raw = packed(tmp_path / "a", "zip").read_bytes()
    (tmp_path / "a").write_bytes(raw[:-30])
    with pytest.raises(DataError, match="a:1: the archive is damaged"):
        list(read_lines(tmp_path / "a"))


def test_a_line_without_an_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "LINE_BYTES_MAX", 4)
    (tmp_path / "a").write_bytes(b"123\n12345678\n")
    with pytest.raises(DataError, match="a:2: the line has no end"):
        list(read_lines(tmp_path / "a"))


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a", "plain")
    lines = read_lines(path)
    next(lines)
    path.write_bytes(TEXT * 2)
    with pytest.raises(DataError, match="changed while it was read"):
        list(lines)


def test_progress_counts_all_files(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_bytes(b"x\n" * 10_000)
    told: list[float] = []
    reading = Reading([tmp_path / "a", tmp_path / "b"], lambda part, what: told.append(part))
    assert sum(1 for name in "ab" for _ in reading.lines(tmp_path / name)) == 20_000
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert 0.5 in told


def test_sources_are_told_apart_by_content(tmp_path: Path) -> None:
    for name, text in (("a", b"1"), ("b", b"2"), ("c", b"1")):
        (tmp_path / name).write_bytes(text)
    a, b, c = (tmp_path / name for name in "abc")
    sources = sources_of([a, b], frozenset())
    assert [source.name for source in sources.values()] == ["a", "b"]
    assert sources[a].sha256.startswith("6b86b273ff34fce1")
    with pytest.raises(DataError, match=r"c is the same as .*a; give it once"):
        sources_of([a, b, c], frozenset())
    with pytest.raises(DataError, match="b is already in the history"):
        sources_of([a, b], frozenset([sources[b].sha256]))
    with pytest.raises(UsageError, match="no files"):
        sources_of([], frozenset())


@given(st.integers(0, 2**31 - 1))
def test_prices_are_exact(ticks: int) -> None:
    price = PERP.price(ticks)
    for text in (f"{price:f}", f"{price:.8f}", str(price)):
        assert tick_steps(PERP)[text] == ticks


@pytest.mark.parametrize(
    ("text", "lots"),
    [("2.909", 2909), ("1e-3", 1), ("1E2", 100_000), ("5", 5000), ("0.0000", 0), ("007", 7000)],
)
def test_quantities_are_exact(text: str, lots: int) -> None:
    steps = lot_steps(PERP)
    assert steps[text] == lots
    assert steps[text] == lots  # remembered
    assert dict(steps) == {text: lots}


@pytest.mark.parametrize(
    "text",
    ["", " 1", "+1", "-1", ".5", "1.", "1_0", "NaN", "Infinity", "\u0661", "1e999", 1, 1.0, None],
)
def test_what_is_not_a_number_in_text_is_malformed(text: str) -> None:
    with pytest.raises(Malformed, match="is not a decimal number in text"):
        lot_steps(PERP)[text]


def test_what_is_off_the_step_or_too_large_is_malformed() -> None:
    with pytest.raises(Malformed, match=r"price 0\.15 is not a multiple of the tick 0\.1"):
        tick_steps(PERP)["0.15"]
    with pytest.raises(Malformed, match="too large"):
        tick_steps(PERP)["214748364.8"]
    assert tick_steps(PERP)["214748364.7"] == 2**31 - 1
    with pytest.raises(Malformed, match="too large"):
        lot_steps(PERP)["1e30"]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "_REMEMBERED_MAX", 10)
    steps = lot_steps(PERP)
    assert [steps[str(n)] for n in range(100)] == [n * 1000 for n in range(100)]
    assert len(steps) <= 10


def test_level_sizes_are_floored_and_each_is_counted() -> None:
    lots = LevelLots(SPOT)
    assert [lots[text] for text in ("25.426189", "1.5", "25.426189", "0.000001")] == [
        2_542_618,
        150_000,
        2_542_618,
        0,
    ]
    assert lots.floored == 3
    assert list(lots) == ["1.5"]
    with pytest.raises(Malformed):
        lots["NaN"]


def test_levels_are_pairs_of_text() -> None:
    ticks, lots = tick_steps(PERP), lot_steps(PERP)
    assert read_levels(ticks, lots, [["1.5", "2"], ["0.1", "0"]]) == [(15, 2000), (1, 0)]
    assert read_levels(ticks, lots, []) == []
    wrong: list[object] = [None, {}, "12", [1], [["1"]], [["1", "2", "3"]], [[["1"], "2"]]]
    for raw in wrong:
        with pytest.raises(Malformed):
            read_levels(ticks, lots, raw)


def test_fields_are_what_they_must_be() -> None:
    message = parse_json(b'{"n": 7, "t": "x", "b": true, "d": -1}')
    assert whole_number(message, "n") == 7
    assert text_field(message, "t") == "x"
    for name in ("t", "b", "d", "absent"):
        with pytest.raises(Malformed, match=f"field '{name}'"):
            whole_number(message, name)
    with pytest.raises(Malformed, match="field 'n' is 7, not text"):
        text_field(message, "n")
    for text in (b"[]", b"1", b"{", b"", b'{"a": NaN}', b"\xff"):
        with pytest.raises(Malformed):
            parse_json(text)


def test_the_rules_of_the_instrument_are_the_remedy() -> None:
    with pytest.raises(Malformed) as caught:
        lot_steps(PERP)[str(PERP.lot / Decimal(2))]
    assert "binance:BTCUSDT.linear has tick 0.1 and lot 0.001" in caught.value.remedy
