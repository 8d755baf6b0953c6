from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.domain.instrument import Category, Instrument
from steersman.errors import DataError, SteersmanError, UsageError
from steersman.marketdata.events import CLEAR, GAP, TRADE
from steersman.marketdata.history import History
from steersman.marketdata.importers import ImportSummary, import_binance_raw
from steersman.marketdata.rows import Events
from tests.marketdata.importers.toy import (
    MS_NS,
    Message,
    State,
    Toy,
    binance,
    capture,
    write_lines,
)
from tests.marketdata.reference import ReferenceBook, messages
from tests.marketdata.sample import PERP, SPOT, START_NS

MARKETS = pytest.mark.parametrize("instrument", [PERP, SPOT], ids=["futures", "spot"])


def states_of(events: Events) -> list[State]:
    """Return the book after each message that changed it, by the reference book."""
    book, states = ReferenceBook(), []
    for message in messages(events):
        for row in message:
            book.apply(row)
        if message[0][4] != TRADE:
            states.append((dict(book.bids), dict(book.asks)))
    return states


def trades_of(events: Events) -> list[tuple[int, int, int]]:
    rows = events[events["kind"] == TRADE]
    return [(row["side"], row["tick"], row["lots"]) for row in rows]


def events_of(folder: Path) -> Events:
    history = History.open(folder)
    (instrument,) = history.instruments()
    return history.load(instrument)


def assert_truth(toy: Toy, events: Events) -> None:
    """Check that the book went through the states of the exchange, from some state to the last."""
    truth = list(toy.states.values())
    _, *rest = states_of(events)  # the snapshot is a state between two depth messages
    assert rest == truth[len(truth) - len(rest) :]
    assert len(rest) > 5
    assert trades_of(events) == toy.trades


@pytest.mark.parametrize("name", ["a.gz", "a.txt"])
@MARKETS
def test_the_book_is_the_exchanges(tmp_path: Path, instrument: Instrument, name: str) -> None:
    toy = binance(tmp_path / name, 3, 200, instrument)
    summary = import_binance_raw([tmp_path / name], tmp_path / "h")
    events = events_of(tmp_path / "h")
    assert_truth(toy, events)
    assert History.open(tmp_path / "h").instruments() == (instrument,)
    assert summary.rows == len(events)
    assert summary.symbols == ("BTCUSDT",)
    assert (summary.gaps, summary.crossed) == (0, 0)
    assert summary.trades == len(toy.trades)
    assert summary.touch_checked == summary.touch_agreed > 20
    assert summary.instruments[0].instrument == instrument.id
    assert summary.first_exch_ns == events["exch_ns"][0]
    assert summary.last_exch_ns == events["exch_ns"][-1]
    assert summary.warnings == ()


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from([PERP, SPOT]), st.integers(0, 6))
def test_the_book_is_the_exchanges_whatever_happens(
    tmp_path_factory: pytest.TempPathFactory, seed: int, instrument: Instrument, late: int
) -> None:
    folder = tmp_path_factory.mktemp("toy")
    toy = Toy(seed, instrument)
    begin_ms = toy.now_ms
    lines = capture(toy, toy.tell(150, late), begin_ms=begin_ms)
    summary = import_binance_raw([write_lines(folder / "a", lines)], folder / "h")
    assert_truth(toy, events_of(folder / "h"))
    assert (summary.gaps, summary.crossed) == (0, 0)
    assert summary.touch_checked == summary.touch_agreed


@MARKETS
def test_a_lost_message_is_a_gap_until_the_next_snapshot(
    tmp_path: Path, instrument: Instrument
) -> None:
    toy = Toy(5, instrument)
    begin_ms = toy.now_ms
    before = toy.tell(80)
    lost = max(at for at, message in enumerate(before) if "U" in message)
    del before[lost]
    during, after = toy.tell(30, late=None), toy.tell(120)
    lines = capture(toy, before + during + after, begin_ms=begin_ms)
    summary = import_binance_raw([write_lines(tmp_path / "a", lines)], tmp_path / "h")
    events = events_of(tmp_path / "h")
    assert summary.gaps == 1
    assert summary.crossed == 0
    kinds = events["kind"].tolist()
    gap = kinds.index(GAP)
    assert kinds.count(CLEAR) == 2
    between = kinds[gap + 1 : kinds.index(CLEAR, gap)]
    assert set(between) == {TRADE}
    assert states_of(events)[-1] == toy.state()
    assert trades_of(events) == toy.trades
    assert summary.skipped["depth before a snapshot"] > 0


def test_a_kept_snapshot_heals_a_gap_at_once(tmp_path: Path) -> None:
    # A capture that continues another one with a hole between them, its snapshot first.
    toy = Toy(5)
    begin_ms = toy.now_ms
    first = capture(toy, toy.tell(80), begin_ms=begin_ms)
    toy.tell(20)
    toy.now_ms += 100_000
    begin_ms = toy.now_ms
    snapshot = toy.snapshot()
    second = capture(toy, [snapshot, *toy.tell(80, late=None)], begin_ms=begin_ms)
    files = [write_lines(tmp_path / "b", second), write_lines(tmp_path / "a", first)]
    summary = import_binance_raw(files, tmp_path / "h")
    events = events_of(tmp_path / "h")
    assert summary.gaps == 1
    kinds = events["kind"].tolist()
    assert kinds[kinds.index(GAP) + 1] == CLEAR
    assert states_of(events)[-1] == toy.state()
    assert any("trades are missing by their ids" in text for text in summary.warnings)


def test_a_gap_without_another_snapshot_ends_the_book(tmp_path: Path) -> None:
    toy = Toy(5)
    begin_ms = toy.now_ms
    told = toy.tell(80)
    toy.tell(20)
    lines = capture(toy, told + toy.tell(40, late=None), begin_ms=begin_ms)
    summary = import_binance_raw([write_lines(tmp_path / "a", lines)], tmp_path / "h")
    assert summary.gaps == 1
    assert any("no snapshot after the last gap" in text for text in summary.warnings)


@MARKETS
def test_files_and_imports_are_one_stream(tmp_path: Path, instrument: Instrument) -> None:
    toy = Toy(7, instrument)
    begin_ms = toy.now_ms
    first = write_lines(tmp_path / "z.gz", capture(toy, toy.tell(100), begin_ms=begin_ms))
    begin_ms = toy.now_ms
    lines = capture(toy, toy.tell(100, late=None), begin_ms=begin_ms)
    second = write_lines(tmp_path / "a.gz", lines)
    joint = import_binance_raw([second, first], tmp_path / "joint")
    one = import_binance_raw([first], tmp_path / "steps")
    two = import_binance_raw([second], tmp_path / "steps", append=True)
    assert joint.gaps == one.gaps == two.gaps == 0
    assert joint.rows == one.rows + two.rows
    assert joint.crossed == two.crossed == 0
    assert np.array_equal(events_of(tmp_path / "joint"), events_of(tmp_path / "steps"))
    assert_truth(toy, events_of(tmp_path / "joint"))
    with pytest.raises(DataError, match=r"a\.gz is already in the history"):
        import_binance_raw([second], tmp_path / "steps", append=True)
    with pytest.raises(UsageError, match="add --append"):
        import_binance_raw([second], tmp_path / "steps")


def test_an_appended_capture_must_come_after(tmp_path: Path) -> None:
    binance(tmp_path / "a", 7, 2_000)
    binance(tmp_path / "b", 8, 50)
    import_binance_raw([tmp_path / "a"], tmp_path / "h")
    with pytest.raises(DataError, match=r"b:\d+: exchange time .* before the end of the history"):
        import_binance_raw([tmp_path / "b"], tmp_path / "h", append=True)
    assert History.open(tmp_path / "h").parts(PERP)[-1].file.endswith("part-00000.parquet")


def test_several_symbols_and_markets_at_once(tmp_path: Path) -> None:
    ether = msgspec.structs.replace(SPOT, symbol="ETHUSDT", lot=PERP.lot / 10)
    for name, instrument in (("p", PERP), ("s", SPOT), ("e", ether)):
        binance(tmp_path / name, 9, 80, instrument)
    summary = import_binance_raw([tmp_path / name for name in "pse"], tmp_path / "h")
    assert set(summary.symbols) == {"BTCUSDT", "ETHUSDT"}
    assert summary.rows == sum(one.rows for one in summary.instruments)
    history = History.open(tmp_path / "h")
    assert {one.id for one in history.instruments()} == {
        "binance:BTCUSDT.linear",
        "binance:BTCUSDT.spot",
        "binance:ETHUSDT.spot",
    }
    for one in history.instruments():
        assert [source.name for source in history.parts(one)[0].sources] == [
            {"linear": "p", "spot": "s"}[one.category] if one.symbol == "BTCUSDT" else "e"
        ]


def test_a_clock_that_is_right_is_kept(tmp_path: Path) -> None:
    binance(tmp_path / "a", 1, 100, behind_ms=-5)
    summary = import_binance_raw([tmp_path / "a"], tmp_path / "h")
    events = events_of(tmp_path / "h")
    assert summary.clock_offset_ms == -5.0
    assert summary.replaced_receive_times == 0
    assert set((events["recv_ns"] - events["exch_ns"]).tolist()) == {5 * MS_NS + 17}


def test_a_clock_that_is_behind_is_replaced(tmp_path: Path) -> None:
    binance(tmp_path / "a", 1, 100, behind_ms=1270)
    summary = import_binance_raw([tmp_path / "a"], tmp_path / "h", latency_ns=3 * MS_NS)
    events = events_of(tmp_path / "h")
    assert summary.clock_offset_ms == 1270.0
    assert summary.replaced_receive_times > 50
    assert set((events["recv_ns"] - events["exch_ns"]).tolist()) == {3 * MS_NS}
    (warning,) = summary.warnings
    assert "1270.0 ms behind" in warning
    assert "exchange time + 3 ms" in warning


def test_times_that_overtake_each_other_are_put_in_order(tmp_path: Path) -> None:
    toy = Toy(2)
    begin_ms = toy.now_ms
    told = toy.tell(100)
    for message in told[20::10]:
        if message.get("e") == "trade":
            message["T"] -= 40
    lines = capture(toy, told, begin_ms=begin_ms)
    summary = import_binance_raw([write_lines(tmp_path / "a", lines)], tmp_path / "h")
    assert summary.adjusted_times > 0
    assert trades_of(events_of(tmp_path / "h")) == toy.trades


def test_progress_goes_from_nothing_to_all(tmp_path: Path) -> None:
    binance(tmp_path / "a", 1, 4_000)
    told: list[tuple[float, str]] = []
    import_binance_raw(
        [tmp_path / "a"], tmp_path / "h", progress=lambda part, what: told.append((part, what))
    )
    parts = [part for part, _ in told]
    assert parts == sorted(parts)
    assert parts[-1] == 1.0
    assert len(parts) > 1
    assert {what for _, what in told} == {"a"}


def test_a_capture_replaced_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    binance(path, 1, 4_000)

    def replace(part: float, what: str) -> None:
        (tmp_path / "b").write_bytes(b"another capture")
        (tmp_path / "b").replace(path)

    with pytest.raises(DataError, match="a changed while it was read"):
        import_binance_raw([path], tmp_path / "h", progress=replace)
    assert not (tmp_path / "h").exists()


def edited(tmp_path: Path, **changes: Any) -> Path:
    """Write a toy capture whose first trade after the snapshot has some fields changed."""
    toy = Toy(4)
    begin_ms = toy.now_ms
    told = toy.tell(80)
    begun = next(at for at, message in enumerate(told) if "lastUpdateId" in message)
    trade = next(message for message in told[begun:] if message.get("e") == "trade")
    trade.update(changes)
    return write_lines(tmp_path / "a", capture(toy, told, begin_ms=begin_ms))


@pytest.mark.parametrize(
    "changes", [{"X": "INSURANCE_FUND"}, {"X": "NA", "p": "0", "q": "0"}, {"p": "0", "q": "0"}]
)
def test_trades_outside_of_the_book_are_skipped(tmp_path: Path, changes: Message) -> None:
    summary = import_binance_raw([edited(tmp_path, **changes)], tmp_path / "h")
    assert summary.skipped["trade outside of the book"] == 1
    assert summary.trades == len(trades_of(events_of(tmp_path / "h")))


def test_trades_told_twice_are_skipped(tmp_path: Path) -> None:
    toy = Toy(4)
    begin_ms = toy.now_ms
    told = [m for message in toy.tell(80) for m in [message] * (1 + (message.get("e") == "trade"))]
    lines = capture(toy, told, begin_ms=begin_ms)
    summary = import_binance_raw([write_lines(tmp_path / "a", lines)], tmp_path / "h")
    assert summary.skipped["trade already seen"] == len(toy.trades)
    assert trades_of(events_of(tmp_path / "h")) == toy.trades


def test_depth_told_twice_is_skipped(tmp_path: Path) -> None:
    toy = Toy(4)
    begin_ms = toy.now_ms
    told = toy.tell(80)
    told.append(next(message for message in reversed(told) if "U" in message))
    lines = capture(toy, told, begin_ms=begin_ms)
    summary = import_binance_raw([write_lines(tmp_path / "a", lines)], tmp_path / "h")
    assert summary.skipped["depth already applied"] == 1
    assert summary.gaps == 0


def test_other_streams_are_counted_and_left_out(tmp_path: Path) -> None:
    toy = Toy(4)
    begin_ms = toy.now_ms
    told = [{"result": None, "id": 1}, *toy.tell(80), {"e": "markPriceUpdate", "s": "BTCUSDT"}]
    lines = capture(toy, told, begin_ms=begin_ms)
    summary = import_binance_raw([write_lines(tmp_path / "a", lines)], tmp_path / "h")
    assert summary.skipped["message markPriceUpdate"] == 1
    assert summary.skipped["message None"] == 1


def test_level_sizes_are_floored_and_counted(tmp_path: Path) -> None:
    toy = Toy(4, SPOT)
    begin_ms = toy.now_ms
    told = toy.tell(80)
    depth = [message for message in told if "U" in message][-1]
    depth["a"].append(["200000.00", "25.426189"])
    lines = capture(toy, told, begin_ms=begin_ms)
    summary = import_binance_raw([write_lines(tmp_path / "a", lines)], tmp_path / "h")
    assert summary.floored_sizes == 1
    assert any("1 sizes of book levels floored to the lot 0.00001" in t for t in summary.warnings)
    asks = states_of(events_of(tmp_path / "h"))[-1][1]
    assert asks[20_000_000] == 2_542_618


def test_a_trade_finer_than_the_lot_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a:\d+: BTCUSDT quantity 0\.0005 is not a multiple of"):
        import_binance_raw([edited(tmp_path, q="0.0005")], tmp_path / "h")


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"p": 61800.2}, "field 'p' is 61800.2, not text"),
        ({"p": "NaN"}, "price 'NaN' is not a decimal number"),
        ({"p": "-61800.2"}, "price '-61800.2' is not a decimal number"),
        ({"p": "61800.25"}, "price 61800.25 is not a multiple of the tick 0.1"),
        ({"p": "999999999999"}, "price 999999999999 is too large"),
        ({"q": "0.000"}, "without a price or without a size"),
        ({"q": None}, "field 'q' is None, not text"),
        ({"m": "true"}, "field 'm' is 'true', not true or false"),
        ({"t": "12"}, "field 't' is '12', not a whole number"),
        ({"T": 1.5}, "field 'T' is 1.5, not a whole number"),
        ({"T": 12}, "exchange time 12000000 ns is not in this century"),
        ({"T": START_NS // MS_NS + 10**9}, "more than a day apart"),
        ({"T": START_NS // MS_NS - 10**6}, "exchange time goes back by 1000"),
        ({"s": "ETHUSDT"}, "symbol 'ETHUSDT' in a capture of BTCUSDT"),
    ],
)
def test_a_malformed_message_is_refused(tmp_path: Path, changes: Message, what: str) -> None:
    refused(edited(tmp_path, **changes), what, r"a:\d+")


def refused(path: Path, what: str, where: str) -> None:
    """Check that an import names the file, the line and a remedy, and leaves nothing behind."""
    out = path.parent / "out"
    out.mkdir()
    with pytest.raises(DataError) as caught:
        import_binance_raw([path], out / "h")
    assert what in caught.value.message
    assert caught.value.remedy
    assert re.search(where, caught.value.message)
    assert not list(out.iterdir())


def lines_of(seed: int = 4) -> list[bytes]:
    toy = Toy(seed)
    begin_ms = toy.now_ms
    return capture(toy, toy.tell(80), begin_ms=begin_ms)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b'1723161600000000017 {"stream":"btcusdt@trade","data":{"e":"tra\n', "not JSON"),
        (b'1723161600000000017 {"stream":"btcusdt@trade","data":{"p":NaN}}\n', "not JSON"),
        (b"1723161600000000017 [1, 2]\n", "not a JSON object"),
        (b'1723161600000000017 {"stream":"x","data":[1]}\n', "not an object"),
        (b"1723161600000000017\n", "does not begin with a local time in ns"),
        (b'1723161600.5 {"e":"trade"}\n', "does not begin with a local time in ns"),
        (b'1723161600000 {"e":"trade"}\n', "does not begin with a local time in ns"),
        (b'{"e":"trade"}\n', "does not begin with a local time in ns"),
        (b'1723161600000000017 {"e":"depthUpdate","E":1723161600000}\n', "field 'T' is None"),
        (b'1723161400000000017 {"e":"x"}\n', "local time goes back by"),
        (b"\xff\xfe\x00\n", "does not begin with a local time in ns"),
    ],
)
def test_a_broken_line_is_refused(tmp_path: Path, line: bytes, what: str) -> None:
    lines = lines_of()
    at = len(lines) // 2
    path = write_lines(tmp_path / "a", [*lines[:at], line, *lines[at:]])
    refused(path, what, f"a:{at + 1}:")


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"U": None}, "field 'U' is None"),
        ({"u": 3}, "go back"),
        ({"pu": -1}, "field 'pu' is -1"),
        ({"b": None}, "the levels of a side are not a list"),
        ({"b": [["61800.10"]]}, "a level is not a pair"),
        ({"b": [["61800.10", "1", "2"]]}, "a level is not a pair"),
        ({"b": [7]}, "a level is not a pair"),
        ({"b": [[["61800.10"], "1"]]}, "a level is not a pair"),
        ({"b": [["61800.10", 1.0]]}, "quantity 1.0 is not a decimal number in text"),
        ({"a": [["0", "1"]]}, "a level without a price"),
        ({"a": [["1_000", "1"]]}, "price '1_000' is not a decimal number"),
        ({"a": [["61800.10", "1" * 40]]}, "is not a decimal number in text"),
        ({"a": [["61800.10", "1" * 30]]}, "is too large"),
    ],
)
def test_a_malformed_depth_message_is_refused(tmp_path: Path, changes: Message, what: str) -> None:
    toy = Toy(4)
    begin_ms = toy.now_ms
    told = toy.tell(80)
    [message for message in told if "U" in message][-1].update(changes)
    refused(write_lines(tmp_path / "a", capture(toy, told, begin_ms=begin_ms)), what, r"a:\d+")


def test_spot_and_futures_do_not_mix(tmp_path: Path) -> None:
    toy = Toy(4)
    begin_ms = toy.now_ms
    told = toy.tell(80)
    del [message for message in told if "U" in message][-1]["pu"]
    path = write_lines(tmp_path / "a", capture(toy, told, begin_ms=begin_ms))
    refused(path, "spot and futures messages in one capture", r"a:\d+")


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.99])
def test_a_cut_archive_is_refused(tmp_path: Path, keep: float) -> None:
    whole = gzip.compress(b"".join(lines_of()))
    (tmp_path / "a.gz").write_bytes(whole[: int(len(whole) * keep)])
    refused(tmp_path / "a.gz", "the archive is damaged", r"a\.gz:\d+")


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    whole = bytearray(gzip.compress(b"".join(lines_of())))
    whole[len(whole) // 2] ^= 0xFF
    (tmp_path / "a.gz").write_bytes(whole)
    refused(tmp_path / "a.gz", "", r"a\.gz:\d+")


def test_a_cut_last_line_is_refused(tmp_path: Path) -> None:
    lines = lines_of()
    path = write_lines(tmp_path / "a", [*lines[:-1], lines[-1][:-20]])
    refused(path, "not JSON", f"a:{len(lines)}:")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"time,price\n1,2\n", "does not begin with a local time in ns"),
        (b'1723161600000000017 {"e":"markPriceUpdate","s":"BTCUSDT"}\n', "no depthUpdate, trade"),
        (b'1723161600000000017 {"e":"markPriceUpdate"}\n' * 10_001, "no depthUpdate, trade"),
        (b'1723161600000000017 {"e":"trade","M":true}\n', "field 's' is None, not text"),
    ],
)
def test_what_is_no_capture_is_refused(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "a").write_bytes(content)
    refused(tmp_path / "a", what, "a")


def test_best_prices_alone_are_refused(tmp_path: Path) -> None:
    toy = Toy(4)
    told = [message for message in toy.tell(80) if "A" in message]
    refused(write_lines(tmp_path / "a", capture(toy, told)), "neither depth messages nor", "a:")


@MARKETS
def test_a_book_without_a_snapshot_is_refused(tmp_path: Path, instrument: Instrument) -> None:
    toy = Toy(4, instrument)
    path = write_lines(tmp_path / "a", capture(toy, toy.tell(80, late=None)))
    refused(path, "no snapshot that the depth messages continue", "a:")


def test_a_snapshot_older_than_the_depth_messages_is_refused(tmp_path: Path) -> None:
    toy = Toy(4)
    snapshot = toy.snapshot()
    toy.tell(50)
    path = write_lines(tmp_path / "a", capture(toy, [snapshot, *toy.tell(50, late=None)]))
    refused(path, "no snapshot that the depth messages continue", "a:")


def test_trades_alone_are_a_history_without_a_book(tmp_path: Path) -> None:
    toy = Toy(4)
    begin_ms = toy.now_ms
    told = [message for message in toy.tell(80) if message.get("e") == "trade"]
    lines = capture(toy, told, begin_ms=begin_ms)
    summary = import_binance_raw([write_lines(tmp_path / "a", lines)], tmp_path / "h")
    assert summary.rows == summary.trades == len(toy.trades)
    assert any("no depth messages" in text for text in summary.warnings)


def test_a_book_alone_is_a_history_without_volume(tmp_path: Path) -> None:
    toy = Toy(4)
    begin_ms = toy.now_ms
    told = [message for message in toy.tell(80) if message.get("e") != "trade"]
    lines = capture(toy, told, begin_ms=begin_ms)
    summary = import_binance_raw([write_lines(tmp_path / "a", lines)], tmp_path / "h")
    assert summary.trades == 0
    assert any("no trades" in text for text in summary.warnings)


def test_files_that_overlap_are_refused(tmp_path: Path) -> None:
    lines = lines_of()
    first = write_lines(tmp_path / "a", lines)
    second = write_lines(tmp_path / "b", lines[len(lines) // 2 :])
    with pytest.raises(DataError, match="begins before the file in front of it ends"):
        import_binance_raw([first, second], tmp_path / "h")
    copy = write_lines(tmp_path / "c", lines)
    with pytest.raises(DataError, match="is the same as"):
        import_binance_raw([first, copy], tmp_path / "h")


@pytest.mark.parametrize(
    ("files", "how", "what"),
    [
        ([], {}, "no files to import"),
        (["a"], {"category": Category.SPOT}, "is a capture of the futures market, not spot"),
        (["a"], {"category": Category.EQUITY}, "is a capture of the futures market, not equity"),
        (["a"], {"category": Category.INVERSE}, "no BTCUSDT inverse at binance"),
        (["a"], {"latency_ns": -1}, "the latency is -1 ns"),
        (["missing"], {}, "No such file"),
        (["."], {}, "Is a directory"),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused(
    tmp_path: Path, files: list[str], how: dict[str, Any], what: str
) -> None:
    write_lines(tmp_path / "a", lines_of())
    with pytest.raises(SteersmanError, match=what) as caught:
        import_binance_raw([tmp_path / name for name in files], tmp_path / "h", **how)
    assert caught.value.remedy
    assert not (tmp_path / "h").exists()


def test_an_unknown_symbol_is_refused(tmp_path: Path) -> None:
    binance(tmp_path / "a", 1, 60, msgspec.structs.replace(PERP, symbol="BTCUSDX"))
    with pytest.raises(UsageError, match="unknown symbol 'BTCUSDX'; did you mean BTCUSD"):
        import_binance_raw([tmp_path / "a"], tmp_path / "h")


def test_the_category_may_be_said(tmp_path: Path) -> None:
    binance(tmp_path / "a")
    summary = import_binance_raw([tmp_path / "a"], tmp_path / "h", category=Category.LINEAR)
    assert summary.instruments[0].instrument == PERP.id


# -- the shared captures --------------------------------------------------------------------------
CAPTURES = {
    "perp": (["usdm_btcusdt_20240808.gz"], "binance:BTCUSDT.linear", 466_576, 21_313),
    "btc": (
        ["spot_btcusdt_20240809.gz", "spot_btcusdt_20240808.gz"],
        "binance:BTCUSDT.spot",
        319_999,
        19_904,
    ),
    "eth": (
        ["spot_ethusdt_20240808.gz", "spot_ethusdt_20240809.gz"],
        "binance:ETHUSDT.spot",
        289_268,
        14_515,
    ),
}


@pytest.mark.parametrize("name", CAPTURES)
def test_shared_capture(shared: Path, tmp_path: Path, name: str) -> None:
    names, instrument, rows, trades = CAPTURES[name]
    files = [shared / "data/binance_raw_2024" / one for one in names]
    summary = import_binance_raw(files, tmp_path / "h")
    assert summary.instruments[0].instrument == instrument
    assert (summary.rows, summary.trades) == (rows, trades)
    assert (summary.gaps, summary.crossed) == (0, 0)
    assert summary.clock_offset_ms == pytest.approx(1270, abs=5)
    assert summary.touch_checked > 6_000
    assert summary.touch_agreed >= 0.999 * summary.touch_checked
    agree_with_best_prices(files, events_of(tmp_path / "h"), summary)


def agree_with_best_prices(files: list[Path], events: Events, summary: ImportSummary) -> None:
    """Replay with the reference book: never crossed, and at the end the best prices are its touch.

    Update id by update id, since between depth messages the best prices run ahead of the book.
    """
    depth_ids = {row[0] for row in raw_of(files, "U")}
    assert len(depth_ids) >= summary.depth_messages
    book, crossed = ReferenceBook(), 0
    for message in messages(events):
        for row in message:
            book.apply(row)
        if message[0][4] != TRADE:
            crossed += book.is_crossed()
        assert book.valid
    assert crossed == 0
    # The last best price up to the last depth message is the touch that the replay ends with.
    last_id = max(depth_ids)
    at_end = [row for row in raw_of(files, "A") if row[0] <= last_id][-1]
    tick, lot = map(float, instrument_steps(summary))
    bid, bid_lots, ask, ask_lots = book.touch()
    assert [round(float(value), 8) for value in at_end[1:]] == [
        round(bid * tick, 8),
        round(bid_lots * lot, 8),
        round(ask * tick, 8),
        round(ask_lots * lot, 8),
    ]


def instrument_steps(summary: ImportSummary) -> tuple[str, str]:
    return {
        "binance:BTCUSDT.linear": ("0.1", "0.001"),
        "binance:BTCUSDT.spot": ("0.01", "0.00001"),
        "binance:ETHUSDT.spot": ("0.01", "0.0001"),
    }[summary.instruments[0].instrument]


def raw_of(files: list[Path], name: str) -> list[tuple[Any, ...]]:
    """Return update id and best prices of the raw messages that have a field of this name."""
    rows = []
    for path in sorted(files):
        with gzip.open(path) as lines:
            for line in lines:
                data = orjson.loads(line.partition(b" ")[2]).get("data", {})
                if name in data:
                    rows.append((data["u"], *(data.get(key) for key in "bBaA")))
    return rows
