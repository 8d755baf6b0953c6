from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from steersman.domain.instrument import Category
from steersman.errors import DataError, SteersmanError, UsageError
from steersman.marketdata.events import CLEAR, DEPTH, GAP, SNAPSHOT, TRADE
from steersman.marketdata.history import History
from steersman.marketdata.importers import import_bybit_archive
from steersman.marketdata.rows import Events
from tests.marketdata.importers.test_bybit_trades import HEAD, SPOT_HEAD, row, written
from tests.marketdata.reference import ReferenceBook, messages

T_MS = 1_733_011_200_000
MS = 1_000_000


def told(
    kind: str,
    update_id: int,
    at_ms: int,
    bids: dict[str, str] | None = None,
    asks: dict[str, str] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Return one message of an order-book archive, `at_ms` after its beginning."""
    data = {
        "s": "BTCUSDT",
        "b": [list(level) for level in (bids or {}).items()],
        "a": [list(level) for level in (asks or {}).items()],
        "u": update_id,
        "seq": update_id * 7,
    }
    message = {
        "topic": "orderbook.500.BTCUSDT",
        "type": kind,
        "ts": T_MS + at_ms + 3,
        "data": data,
        "cts": T_MS + at_ms,
    }
    return {**message, **changes}


BOOK = [
    told("snapshot", 10, 0, {"100.0": "1", "99.9": "2"}, {"100.1": "3", "100.2": "4"}),
    told("delta", 11, 100, {"100.0": "0"}, {"100.1": "5"}),
    told("delta", 12, 200, {"99.9": "7"}),
]


def archive(path: Path, book: list[dict[str, Any]]) -> Path:
    text = "\n".join(map(json.dumps, book))
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr(path.stem, text)
    else:
        path.write_text(text)
    return path


def events_of(folder: Path) -> Events:
    history = History.open(folder)
    (instrument,) = history.instruments()
    return history.load(instrument)


def book_after(events: Events) -> tuple[dict[int, int], dict[int, int]]:
    book = ReferenceBook()
    for event in events.tolist():
        book.apply(event)
    return book.bids, book.asks


@pytest.mark.parametrize("name", ["2024-12-01_BTCUSDT_ob500.data.zip", "a.data"])
def test_a_book_archive(tmp_path: Path, name: str) -> None:
    summary = import_bybit_archive([archive(tmp_path / name, BOOK)], tmp_path / "h")
    events = events_of(tmp_path / "h")
    assert summary.rows == len(events) == 8
    assert summary.symbols == ("BTCUSDT",)
    assert (summary.gaps, summary.crossed, summary.depth_messages) == (0, 0, 3)
    assert summary.clock_offset_ms is None
    assert summary.instruments[0].instrument == "bybit:BTCUSDT.linear"
    assert book_after(events) == ({999: 7_000}, {1_001: 5_000, 1_002: 4_000})
    assert ((events["exch_ns"] // MS - T_MS).tolist()) == [0] * 5 + [100] * 2 + [200]
    assert set((events["recv_ns"] - events["exch_ns"]).tolist()) == {10 * MS}
    assert any("exchange time + 10 ms" in text for text in summary.warnings)


def test_the_declared_latency_is_the_users(tmp_path: Path) -> None:
    import_bybit_archive([archive(tmp_path / "a", BOOK)], tmp_path / "h", latency_ns=0)
    events = events_of(tmp_path / "h")
    assert (events["recv_ns"] == events["exch_ns"]).all()


def test_an_archive_replaced_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "a", BOOK)

    def replace(part: float, what: str) -> None:
        archive(tmp_path / "b", BOOK[:1]).replace(path)

    with pytest.raises(DataError, match="a changed while it was read"):
        import_bybit_archive([path], tmp_path / "h", progress=replace)
    assert not (tmp_path / "h").exists()


def test_without_the_engines_time_the_message_time_counts(tmp_path: Path) -> None:
    book = [{key: value for key, value in message.items() if key != "cts"} for message in BOOK]
    import_bybit_archive([archive(tmp_path / "a", book)], tmp_path / "h")
    assert events_of(tmp_path / "h")["exch_ns"][-1] == (T_MS + 203) * MS


def test_trades_come_in_their_time_and_before_the_book_they_leave(tmp_path: Path) -> None:
    seconds = f"{T_MS // 1000}"
    trades = written(
        tmp_path / "BTCUSDT2024-12-01.csv.gz",
        HEAD,
        row(f"{seconds}.0999", "Sell", "0.001", "100.0"),
        row(f"{seconds}.1000", "Buy", "0.002", "100.1"),
        row(f"{seconds}.1001", "Buy", "0.003", "100.1"),
        row(f"{seconds}.9", "Buy", "0.004", "100.1"),
    )
    files = [trades, archive(tmp_path / "book.zip", BOOK)]
    summary = import_bybit_archive(files, tmp_path / "h")
    events = events_of(tmp_path / "h")
    assert summary.trades == 4
    order = [(row[4], row[2]) for row in events.tolist() if row[4] in (TRADE, DEPTH)]
    assert order == [
        (TRADE, 1),
        (TRADE, 2),
        (DEPTH, 0),
        (DEPTH, 5_000),
        (TRADE, 3),
        (DEPTH, 7_000),
        (TRADE, 4),
    ]
    sides = events["side"][events["kind"] == TRADE].tolist()
    assert sides == [-1, 1, 1, 1]
    part = History.open(tmp_path / "h").parts(History.open(tmp_path / "h").instruments()[0])[0]
    assert {source.name for source in part.sources} == {"book.zip", "BTCUSDT2024-12-01.csv.gz"}


def test_spot_trades_alone(tmp_path: Path) -> None:
    path = written(
        tmp_path / "BTCUSDT_2024-12-01.csv", SPOT_HEAD, f"1,{T_MS},60000.12,0.000048,sell"
    )
    summary = import_bybit_archive([path], tmp_path / "h")
    assert summary.instruments[0].instrument == "bybit:BTCUSDT.spot"
    assert events_of(tmp_path / "h").tolist() == [
        (T_MS * MS, (T_MS + 10) * MS, 48, 6_000_012, TRADE, -1, 1)
    ]
    assert any("no depth messages" in text for text in summary.warnings)


@pytest.mark.parametrize(("kind", "update_id"), [("snapshot", 99), ("delta", 1), ("snapshot", 1)])
def test_a_new_snapshot_replaces_the_book(tmp_path: Path, kind: str, update_id: int) -> None:
    book = [*BOOK, told(kind, update_id, 300, {"90.0": "1"}, {"91.0": "1"})]
    book.append(told("delta", update_id + 1, 400, {"90.1": "2"}))
    summary = import_bybit_archive([archive(tmp_path / "a", book)], tmp_path / "h")
    assert summary.gaps == 0
    events = events_of(tmp_path / "h")
    assert events["kind"].tolist().count(CLEAR) == 2
    assert book_after(events) == ({900: 1_000, 901: 2_000}, {910: 1_000})


def test_a_lost_delta_is_a_gap_until_the_next_snapshot(tmp_path: Path) -> None:
    book = [*BOOK, told("delta", 14, 300, {"90.0": "1"}), told("delta", 15, 400, {"90.0": "2"})]
    summary = import_bybit_archive([archive(tmp_path / "a", book)], tmp_path / "h")
    assert summary.gaps == 1
    assert events_of(tmp_path / "h")["kind"][-1] == GAP
    assert summary.skipped == {"depth before a snapshot": 2}
    assert any("no snapshot after the last gap" in text for text in summary.warnings)
    book.append(told("snapshot", 20, 500, {"90.0": "3"}, {"91.0": "1"}))
    archive(tmp_path / "b", book)
    summary = import_bybit_archive([tmp_path / "b"], tmp_path / "healed")
    assert summary.gaps == 1
    assert not any("no snapshot after" in text for text in summary.warnings)
    assert book_after(events_of(tmp_path / "healed")) == ({900: 3_000}, {910: 1_000})


def test_deltas_told_twice_are_skipped(tmp_path: Path) -> None:
    summary = import_bybit_archive([archive(tmp_path / "a", [*BOOK, BOOK[1]])], tmp_path / "h")
    assert summary.skipped == {"depth already applied": 1}
    assert summary.gaps == 0


def test_a_snapshot_may_hold_empty_levels(tmp_path: Path) -> None:
    book = [told("snapshot", 10, 0, {"100.0": "1", "99.9": "0"}, {"100.1": "3"})]
    import_bybit_archive([archive(tmp_path / "a", book)], tmp_path / "h")
    assert events_of(tmp_path / "h")["kind"].tolist() == [CLEAR, SNAPSHOT, SNAPSHOT]


def test_archives_are_read_in_the_order_of_time_and_may_be_appended(tmp_path: Path) -> None:
    later = [told("delta", 13, 300, {"99.8": "1"}), told("delta", 14, 400, {"99.8": "0"})]
    one, two = archive(tmp_path / "z", BOOK), archive(tmp_path / "a", later)
    joint = import_bybit_archive([two, one], tmp_path / "joint")
    import_bybit_archive([one], tmp_path / "steps")
    second = import_bybit_archive([two], tmp_path / "steps", append=True)
    assert joint.gaps == second.gaps == 0
    assert events_of(tmp_path / "joint").tolist() == events_of(tmp_path / "steps").tolist()
    with pytest.raises(DataError, match="is already in the history"):
        import_bybit_archive([one], tmp_path / "steps", append=True)


def test_a_crossed_archive_is_counted(tmp_path: Path) -> None:
    book = [*BOOK, told("delta", 13, 300, {"100.1": "1"}), told("delta", 14, 400, {"100.1": "0"})]
    summary = import_bybit_archive([archive(tmp_path / "a", book)], tmp_path / "h")
    assert summary.crossed == 1
    assert any("crossed after 1 messages" in text for text in summary.warnings)


@pytest.mark.parametrize(
    ("message", "what"),
    [
        (told("delta", 13, 300, {"100.05": "1"}), "price 100.05 is not a multiple of the tick"),
        (told("delta", 13, 300, {"NaN": "1"}), "price 'NaN' is not a decimal number"),
        (told("delta", 13, 300, {"0": "1"}), "a level without a price"),
        (told("update", 13, 300), "type 'update' is neither snapshot nor delta"),
        (told("delta", 13, 300, cts="x"), "field 'cts' is 'x', not a whole number"),
        (told("delta", 13, -100_000), "exchange time goes back by 100"),
        (told("delta", 13, 300, cts=5), "is not in this century"),
        (told("delta", 13, 300, data=[]), "the data of the message are not an object"),
        (told("delta", 13, 300, data={"s": "ETHUSDT", "u": 13}), "symbol 'ETHUSDT' in an archive"),
        (told("delta", 13, 300, data={"s": "BTCUSDT", "u": 13}), "the levels of a side are not"),
        (told("delta", 13, 300, data={"s": "BTCUSDT"}), "field 'u' is None"),
    ],
)
def test_a_malformed_message_is_refused(tmp_path: Path, message: dict[str, Any], what: str) -> None:
    path = archive(tmp_path / "a.zip", [*BOOK, message])
    (tmp_path / "out").mkdir()
    with pytest.raises(DataError) as caught:
        import_bybit_archive([path], tmp_path / "out" / "h")
    assert "a.zip:4: " in caught.value.message
    assert what in caught.value.message
    assert caught.value.remedy
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is empty"),
        ("{", "a:1: not JSON"),
        ('{"topic": "publicTrade.BTCUSDT"}', "a:1: topic 'publicTrade.BTCUSDT' is not an order"),
        ('{"type": "snapshot"}', "a:1: field 'topic' is None"),
        ("what is this?", "a:1: no column"),
        ("\n".join(map(json.dumps, BOOK[1:])), "no snapshot that the deltas continue"),
        ("\n".join(map(json.dumps, BOOK))[:-30], "a:3: not JSON"),
    ],
)
def test_what_is_no_archive_is_refused(tmp_path: Path, text: str, what: str) -> None:
    (tmp_path / "a").write_text(text)
    with pytest.raises(DataError) as caught:
        import_bybit_archive([tmp_path / "a"], tmp_path / "h")
    assert what in caught.value.message
    assert caught.value.remedy
    assert not (tmp_path / "h").exists()


def test_a_cut_zip_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", BOOK)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(DataError, match=r"a\.zip:1: the archive is damaged"):
        import_bybit_archive([path], tmp_path / "h")


def test_trades_before_the_end_of_the_history_are_refused(tmp_path: Path) -> None:
    import_bybit_archive([archive(tmp_path / "a", BOOK)], tmp_path / "h")
    early = written(tmp_path / "early", HEAD, row(f"{T_MS // 1000 - 5}"))
    with pytest.raises(DataError, match=r"early: exchange time .* before the end of the history"):
        import_bybit_archive([early], tmp_path / "h", append=True)


@pytest.mark.parametrize(
    ("files", "how", "what"),
    [
        ([], {}, "no files to import"),
        (["book"], {"latency_ns": -1}, "the latency is -1 ns"),
        (["book"], {"category": Category.SPOT}, "these files of BTCUSDT are not spot"),
        (["book"], {"category": Category.EQUITY}, "these files of BTCUSDT are not equity"),
        (["book"], {"category": Category.INVERSE}, "no BTCUSDT inverse at bybit"),
        (["ob200"], {}, "the files do not say which market BTCUSDT is of; give --category"),
        (["book", "BTCUSDT_2024-12-01.csv"], {}, "both spot and contract files of BTCUSDT"),
        (["missing"], {}, "No such file"),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused(
    tmp_path: Path, files: list[str], how: dict[str, Any], what: str
) -> None:
    archive(tmp_path / "book", BOOK)
    archive(tmp_path / "ob200", [{**BOOK[0], "topic": "orderbook.200.BTCUSDT"}])
    written(tmp_path / "BTCUSDT_2024-12-01.csv", SPOT_HEAD, f"1,{T_MS},60000.12,0.000048,sell")
    with pytest.raises(SteersmanError) as caught:
        import_bybit_archive([tmp_path / name for name in files], tmp_path / "h", **how)
    assert what in str(caught.value)
    assert not (tmp_path / "h").exists()


def test_the_category_decides_where_the_files_do_not(tmp_path: Path) -> None:
    path = archive(tmp_path / "a", [{**BOOK[0], "topic": "orderbook.200.BTCUSDT"}])
    for category in (Category.SPOT, Category.LINEAR):
        summary = import_bybit_archive([path], tmp_path / category, category=category)
        assert summary.instruments[0].instrument == f"bybit:BTCUSDT.{category}"


def test_an_inverse_contract_is_told_by_its_symbol(tmp_path: Path) -> None:
    text = "\n".join([HEAD, row("1733011200", size="250").replace("BTCUSDT", "BTCUSD")])
    (tmp_path / "BTCUSD2024-12-01.csv").write_text(text)
    summary = import_bybit_archive([tmp_path / "BTCUSD2024-12-01.csv"], tmp_path / "h")
    assert summary.instruments[0].instrument == "bybit:BTCUSD.inverse"


def test_an_unknown_symbol_is_refused(tmp_path: Path) -> None:
    text = json.dumps(BOOK[0]).replace("BTCUSDT", "BTCUSDX")
    (tmp_path / "a").write_text(text)
    with pytest.raises(UsageError, match="unknown symbol 'BTCUSDX'"):
        import_bybit_archive([tmp_path / "a"], tmp_path / "h")


def test_the_shared_archive(shared: Path, tmp_path: Path) -> None:
    path = shared / "data/2024-12-01_XRPUSDT_ob500.data.zip"
    summary = import_bybit_archive([path], tmp_path / "h")
    assert (summary.rows, summary.gaps, summary.crossed) == (3_967, 0, 0)
    assert summary.instruments[0].instrument == "bybit:XRPUSDT.linear"
    derived = json.loads(
        (shared / "fixtures/derived_orderbook50_from_ob500_XRPUSDT.json").read_text()
    )
    top = ReferenceBook()  # fed by somebody else's reading of the same archive, 50 levels deep
    ours = ReferenceBook()
    compared = 0
    for message, other in zip(messages(events_of(tmp_path / "h")), derived, strict=True):
        for event in message:
            ours.apply(event)
        data = json.loads(other)["data"]
        for side, name in ((1, "b"), (-1, "a")):
            for price, size in data[name]:
                tick, lots = round(float(price) * 10_000), round(float(size) * 10)
                top.apply((0, 0, lots, tick, DEPTH, side, 0))
        assert not ours.is_crossed()
        assert sorted(ours.bids.items())[-50:] == sorted(top.bids.items())
        assert sorted(ours.asks.items())[:50] == sorted(top.asks.items())
        compared += 1
    assert compared == 50
