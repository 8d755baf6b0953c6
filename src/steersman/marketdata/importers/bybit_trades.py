"""Bybit's public trade files: CSV of derivatives (seconds with a fraction) and of spot (ms).

Older files run backwards in time and none promises an order within a millisecond, so a file is read
whole, turned the right way round, and sorted by time without disturbing equals.
"""

from __future__ import annotations

import re
from array import array
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from steersman.domain.units import MS_NS, SECOND_NS
from steersman.errors import DataError
from steersman.marketdata.importers.capture import Malformed, Reading, Steps, at_line, read_lines

__all__ = ["TradeFile", "Trades", "read_head", "read_trades"]

_DERIVATIVE: Final = ("timestamp", "symbol", "side", "size", "price")
_SPOT: Final = ("timestamp", "price", "volume", "side")
_SECONDS: Final = re.compile(r"([0-9]{9,10})(?:\.([0-9]{1,9})[0-9]*)?")
_MILLISECONDS: Final = re.compile(r"[0-9]{12,13}")
_NAMED: Final = re.compile(r"([A-Z0-9]+?)[_-]?\d{4}-\d{2}")  # BTCUSDT2020-03-25, BTCUSDT_2022-11
_SIDES: Final = {"buy": 1, "sell": -1}
_HEADER: Final = (
    "give a file with the columns timestamp,symbol,side,size,price,... "
    "or id,timestamp,price,volume,side"
)


class TradeFile(NamedTuple):
    """What the name and the header of a trade file say: `columns` maps names to positions."""

    path: Path
    symbol: str
    spot: bool
    columns: dict[str, int]
    width: int


class Trades(NamedTuple):
    """Trades in time order: exchange time in ns, aggressor +1/-1, price in ticks, size in lots."""

    exch_ns: array[int]
    side: array[int]
    tick: array[int]
    lots: array[int]


def read_head(path: Path) -> TradeFile:
    """Read the header and the first row; raise DataError where this is not a trade file."""
    lines = read_lines(path)
    number, line = next(lines)
    try:
        names = _fields(line)
        columns = {name: at for at, name in enumerate(names)}
        spot = "symbol" not in columns
        missing = [name for name in (_SPOT if spot else _DERIVATIVE) if name not in columns]
        if missing:
            raise Malformed(f"no column {', '.join(missing)} in the header", _HEADER)
        file = TradeFile(path, "", spot, columns, len(names))
        if spot:
            return file._replace(symbol=_symbol_in_name(path))
        number, line = next(lines, (0, b""))
        if number:
            return file._replace(symbol=_row(file, line)[columns["symbol"]])
    except Malformed as error:
        raise at_line(path, number, error) from None
    finally:
        lines.close()
    raise DataError(f"{path} has a header and no trades", "leave it out")


def read_trades(files: list[TradeFile], reading: Reading, ticks: Steps, lots: Steps) -> Trades:
    """Read the trades of one instrument; raise DataError naming file and line."""
    trades = Trades(array("q"), array("b"), array("i"), array("q"))
    for file in files:
        _read_file(file, reading, ticks, lots, trades)
    order = np.argsort(np.array(trades.exch_ns, np.int64), kind="stable")
    return Trades(*(array(a.typecode, np.array(a)[order].tobytes()) for a in trades))


def _read_file(
    file: TradeFile, reading: Reading, ticks: Steps, lots: Steps, trades: Trades
) -> None:
    begin = len(trades.exch_ns)
    at = file.columns
    size, symbol = ("volume", None) if file.spot else ("size", at["symbol"])
    lines = reading.lines(file.path)
    next(lines)  # the header
    for number, line in lines:
        try:
            row = _row(file, line)
            if symbol is not None and row[symbol] != file.symbol:
                raise Malformed(
                    f"symbol {row[symbol]!r} in a file of {file.symbol}", "give one symbol a file"
                )
            side = _SIDES.get(row[at["side"]].lower())
            if side is None:
                raise Malformed(f"side {row[at['side']]!r} is neither buy nor sell")
            trades.tick.append(ticks[row[at["price"]]])
            trades.lots.append(lots[row[at[size]]])
            trades.exch_ns.append(_time_ns(row[at["timestamp"]], file.spot))
            trades.side.append(side)
        except Malformed as error:
            raise at_line(file.path, number, error) from None
        if not trades.tick[-1] or not trades.lots[-1]:
            raise at_line(file.path, number, Malformed("a trade without a price or without a size"))
    if len(trades.exch_ns) > begin and trades.exch_ns[begin] > trades.exch_ns[-1]:
        for column in trades:  # newest first
            turned = column[begin:]
            turned.reverse()
            column[begin:] = turned


def _fields(line: bytes) -> list[str]:
    try:
        return line.decode("ascii").strip().split(",")
    except UnicodeDecodeError:
        raise Malformed("not plain text", _HEADER) from None


def _row(file: TradeFile, line: bytes) -> list[str]:
    row = _fields(line)
    if len(row) != file.width:
        raise Malformed(f"{len(row)} fields, the header has {file.width}")
    return row


def _time_ns(text: str, spot: bool) -> int:
    if spot:
        if not _MILLISECONDS.fullmatch(text):
            raise Malformed(f"timestamp {text!r} is not a time in ms")
        return int(text) * MS_NS
    match = _SECONDS.fullmatch(text)
    if match is None:
        raise Malformed(f"timestamp {text!r} is not a time in seconds")
    return int(match[1]) * SECOND_NS + int((match[2] or "").ljust(9, "0"))


def _symbol_in_name(path: Path) -> str:
    match = _NAMED.match(path.name)
    if match is None:
        raise Malformed(
            f"{path.name} does not name its symbol", "name it as Bybit does: BTCUSDT_2024-12-01.csv"
        )
    return match[1]
