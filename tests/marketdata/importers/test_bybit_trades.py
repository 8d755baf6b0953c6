from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from steersman.domain.instrument import Category
from steersman.domain.specs import find
from steersman.errors import DataError
from steersman.marketdata.importers.bybit_trades import Trades, read_head, read_trades
from steersman.marketdata.importers.capture import Reading, lot_steps, tick_steps

LINEAR = find("BTCUSDT", category=Category.LINEAR, venue="bybit")
HEAD = (
    "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,"
    "homeNotional,foreignNotional"
)
TAIL = "ZeroMinusTick,5fd5ccd8-ab80-5ebc-8e64-ae2b9c1c1e4f,3.0e+10,0.05,3000.0"
SPOT_HEAD = "id,timestamp,price,volume,side"


def row(time: str, side: str = "Buy", size: str = "0.05", price: str = "60000.1") -> str:
    return f"{time},BTCUSDT,{side},{size},{price},{TAIL}"


def written(path: Path, *lines: str) -> Path:
    text = "\n".join(lines).encode() + b"\n"
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def read(*paths: Path) -> Trades:
    heads = [read_head(path) for path in paths]
    return read_trades(heads, Reading(paths, None), tick_steps(LINEAR), lot_steps(LINEAR))


def rows(trades: Trades) -> list[tuple[int, int, int, int]]:
    return list(zip(*trades, strict=True))


@pytest.mark.parametrize("name", ["BTCUSDT2024-12-01.csv", "BTCUSDT2024-12-01.csv.gz", "any"])
def test_contract_trades(tmp_path: Path, name: str) -> None:
    path = written(
        tmp_path / name,
        HEAD,
        row("1733011200.1234"),
        row("1733011200.123456789123", "Sell", "1e-3", "60000"),
        row("1733011201", "Buy", "2", "59999.90"),
    )
    head = read_head(path)
    assert (head.symbol, head.spot) == ("BTCUSDT", False)
    assert rows(read(path)) == [
        (1733011200_123400000, 1, 600_001, 50),
        (1733011200_123456789, -1, 600_000, 1),
        (1733011201_000000000, 1, 599_999, 2_000),
    ]


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("BTCUSDT_2024-12-01.csv.gz", "BTCUSDT"),
        ("BTCUSDT-2024-12.csv", "BTCUSDT"),
        ("1000PEPEUSDT2023-05-04.csv", "1000PEPEUSDT"),
    ],
)
def test_spot_trades_are_named_by_their_file(tmp_path: Path, name: str, symbol: str) -> None:
    path = written(
        tmp_path / name,
        SPOT_HEAD,
        "1,1733011200123,60000.1,0.05,sell",
        "2,1733011200124,60000,1,buy",
    )
    head = read_head(path)
    assert (head.symbol, head.spot) == (symbol, True)
    assert rows(read(path)) == [
        (1733011200_123000000, -1, 600_001, 50),
        (1733011200_124000000, 1, 600_000, 1_000),
    ]


def test_more_columns_and_another_order_do_no_harm(tmp_path: Path) -> None:
    path = written(tmp_path / "a", "price,size,side,symbol,timestamp,RPI", "5,1,Buy,X,1733011200,0")
    assert rows(read(path)) == [(1733011200_000000000, 1, 50, 1_000)]


def test_files_that_run_backwards_are_turned(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a",
        HEAD,
        row("1733011202", size="4"),
        row("1733011201", size="3"),
        row("1733011201", size="2"),
        row("1733011200", size="1"),
    )
    assert [lots for _, _, _, lots in rows(read(path))] == [1_000, 2_000, 3_000, 4_000]


def test_several_files_are_one_order_of_time(tmp_path: Path) -> None:
    late = written(tmp_path / "a", HEAD, row("1733011300", size="3"), row("1733011301", size="4"))
    soon = written(tmp_path / "b", HEAD, row("1733011200", size="1"), row("1733011200", size="2"))
    assert [lots for _, _, _, lots in rows(read(late, soon))] == [1_000, 2_000, 3_000, 4_000]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (row("x"), "timestamp 'x' is not a time in seconds"),
        (row("1733011200123"), "is not a time in seconds"),
        (row("-5"), "is not a time in seconds"),
        (row("1733011200", "Short"), "side 'Short' is neither buy nor sell"),
        (row("1733011200", size="nan"), "quantity 'nan' is not a decimal number"),
        (row("1733011200", size="0.0005"), "quantity 0.0005 is not a multiple of the lot 0.001"),
        (row("1733011200", size="0"), "a trade without a price or without a size"),
        (row("1733011200", price="0"), "a trade without a price or without a size"),
        (row("1733011200", price="60000.15"), "is not a multiple of the tick 0.1"),
        (row("1733011200").removesuffix(",3000.0"), "9 fields, the header has 10"),
        ("", "is empty"),
        (row("1733011200").replace("BTCUSDT", "ETHUSDT"), "symbol 'ETHUSDT' in a file of BTCUSDT"),
        ("\udcff", "not plain text"),
    ],
)
def test_a_malformed_row_is_refused(tmp_path: Path, line: str, what: str) -> None:
    if not line:
        written(tmp_path / "a", "")
    else:
        text = "\n".join([HEAD, row("1733011200"), line]).encode("utf-8", "surrogateescape")
        (tmp_path / "a").write_bytes(text)
    with pytest.raises(DataError) as caught:
        read(tmp_path / "a")
    assert what in caught.value.message
    assert ("a:3:" in caught.value.message) == bool(line)
    assert caught.value.remedy


@pytest.mark.parametrize("keep", [0.4, 0.95])
def test_a_cut_archive_is_refused(tmp_path: Path, keep: float) -> None:
    whole = gzip.compress("\n".join([HEAD, *[row(f"17330112{n:02}") for n in range(99)]]).encode())
    (tmp_path / "a.gz").write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(DataError, match="the archive is damaged"):
        read(tmp_path / "a.gz")


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (["timestamp,symbol,price"], "no column side, size in the header"),
        (["time,price"], "no column timestamp, volume, side in the header"),
        (["\x00\x01"], "no column"),
        ([HEAD], "has a header and no trades"),
        ([HEAD, "1,2"], "2 fields, the header has 10"),
        ([SPOT_HEAD, "1,1733011200123,1,1,buy"], "does not name its symbol"),
    ],
)
def test_what_is_no_trade_file_is_refused(tmp_path: Path, lines: list[str], what: str) -> None:
    with pytest.raises(DataError, match=what) as caught:
        read_head(written(tmp_path / "trades.csv", *lines))
    assert caught.value.remedy
