"""Raw Binance captures, lines of ``<local ns> <json>``, become a history.

Spot carries one clock on every stream, the time `E` at which a message left the exchange; futures
also carry `T`, the time of the matching engine. Each market is stamped with the best clock that all
of its streams have (spot `E`, futures `T`), because two clocks in one book put trades before the
quotes that they hit. Of the streams, `depthUpdate`, `trade` and the REST snapshot make the history;
`bookTicker` is compared with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, Final, NamedTuple

from steersman.domain.instrument import Category, Instrument
from steersman.domain.specs import find
from steersman.domain.units import MS_NS, SECOND_NS
from steersman.errors import DataError, UsageError
from steersman.marketdata.importers.assembly import Assembly
from steersman.marketdata.importers.binance_book import BinanceBook, Delta, Snapshot
from steersman.marketdata.importers.capture import (
    LATENCY_NS,
    LevelLots,
    Levels,
    Malformed,
    Progress,
    Reading,
    at_line,
    parse_json,
    read_levels,
    read_lines,
    sources_of,
    text_field,
    whole_number,
)
from steersman.marketdata.importers.summary import Imported, ImportSummary
from steersman.marketdata.importers.touch import Touch
from steersman.marketdata.writer import Writer

__all__ = ["import_binance_raw"]

_HEAD_LINES_MAX: Final = 10_000
_BACK_NS_MAX: Final = 60 * SECOND_NS
_NS_2001: Final = 10**18
_NS_2096: Final = 4 * 10**18
_FORMAT: Final = 'give lines like 1723161255030314667 {"stream": "btcusdt@trade", "data": {...}}'


class _Head(NamedTuple):
    """What the beginning of a file says about all of it."""

    path: Path
    symbol: str
    futures: bool
    recv_ns: int


def import_binance_raw(
    files: Sequence[Path],
    out: Path,
    *,
    category: Category | None = None,
    append: bool = False,
    latency_ns: int = LATENCY_NS,
    progress: Progress | None = None,
) -> ImportSummary:
    """Import captures (gzip or plain) into the history `out`, all of them or nothing.

    Files of one symbol and market are one continued stream, in the order of their first line; each
    symbol becomes an instrument. `category` must agree with the data, and may be left out. With
    `append` the book goes on where the history ended, if the update ids do. `latency_ns` is added
    to the exchange time where a receive time is impossible. Raises UsageError for arguments that
    cannot be meant, and DataError, naming file, line and remedy, for captures that cannot be used.
    """
    started_s = perf_counter()
    if latency_ns < 0:
        raise UsageError(f"the latency is {latency_ns} ns", "give a latency of 0 or more")
    with Writer(out, append=append) as writer:
        sources = sources_of(files, writer.sources())
        streams = _streams([_head(path) for path in files])
        reading = Reading(files, progress)
        imported, made_from, tails = [], {}, {}
        for heads in streams:
            instrument = _instrument(heads[0], category)
            assembly = Assembly(writer, out, instrument, latency_ns)
            imported.append(_Stream(assembly, futures=heads[0].futures).read(heads, reading))
            tails[instrument.id] = assembly.tail
            made_from[instrument.id] = [sources[path] for path in (head.path for head in heads)]
        sources.check_unchanged()
        writer.commit(made_from, tails)
    return ImportSummary.total(imported, perf_counter() - started_s)


class _Stream:
    """One continued stream of one instrument, over one or more files."""

    def __init__(self, assembly: Assembly, *, futures: bool) -> None:
        self._assembly = assembly
        self._futures = futures
        self._clock = "T" if futures else "E"
        self._symbol = assembly.instrument.symbol
        self._ticks = assembly.ticks
        self._touch_lots = LevelLots(assembly.instrument)
        self._book = BinanceBook(
            assembly, futures=futures, update_id=assembly.tail.get("update_id")
        )
        self._trade_id = assembly.tail.get("trade_id")
        self._trades_missing = 0
        self._recv_ns = 0

    def read(self, heads: Sequence[_Head], reading: Reading) -> Imported:
        for head in heads:
            if head.recv_ns < self._recv_ns:
                raise DataError(
                    f"{head.path} begins before the file in front of it ends",
                    "give captures that do not overlap",
                )
            for number, line in reading.lines(head.path):
                try:
                    self._message(*_parse(line))
                except Malformed as error:
                    raise at_line(head.path, number, error) from None
        return self._account(tuple(head.path for head in heads))

    def _message(self, recv_ns: int, data: dict[str, Any]) -> None:
        if recv_ns < self._recv_ns - _BACK_NS_MAX:
            raise Malformed(f"local time goes back by {(self._recv_ns - recv_ns) / 1e9:.1f} s")
        self._recv_ns = max(self._recv_ns, recv_ns)
        if data.get("s", self._symbol) != self._symbol:
            raise Malformed(
                f"symbol {data['s']!r} in a capture of {self._symbol}", "give one symbol a file"
            )
        match _kind(data):
            case "depthUpdate":
                self._assembly.stamp(whole_number(data, self._clock) * MS_NS, recv_ns)
                self._book.delta(self._delta(data))
            case "trade":
                self._trade(recv_ns, data)
            case "bookTicker":
                self._assembly.check.say(self._touch(data))
            case "snapshot":
                if "T" in data:
                    self._assembly.stamp(whole_number(data, "T") * MS_NS, recv_ns)
                else:
                    self._assembly.stamp_untimed(recv_ns)
                self._book.snapshot(self._snapshot(data))
            case other:
                self._assembly.skipped[f"message {other}"] += 1

    def _delta(self, data: dict[str, Any]) -> Delta:
        if ("pu" in data) != self._futures:
            raise Malformed("spot and futures messages in one capture", "give one market a file")
        first = whole_number(data, "U")
        return Delta(
            first,
            whole_number(data, "u"),
            whole_number(data, "pu") if self._futures else first - 1,
            self._levels(data.get("b")),
            self._levels(data.get("a")),
        )

    def _snapshot(self, data: dict[str, Any]) -> Snapshot:
        return Snapshot(
            whole_number(data, "lastUpdateId"),
            self._levels(data.get("bids")),
            self._levels(data.get("asks")),
        )

    def _levels(self, raw: Any) -> Levels:
        return read_levels(self._ticks, self._assembly.level_lots, raw)

    def _touch(self, data: dict[str, Any]) -> Touch:
        ticks, lots = self._ticks, self._touch_lots
        return Touch(
            whole_number(data, "u"),
            ticks[text_field(data, "b")],
            lots[text_field(data, "B")],
            ticks[text_field(data, "a")],
            lots[text_field(data, "A")],
        )

    def _trade(self, recv_ns: int, data: dict[str, Any]) -> None:
        trade_id = whole_number(data, "t")
        if self._trade_id is not None and trade_id <= self._trade_id:
            self._assembly.skipped["trade already seen"] += 1
            return
        if self._trade_id is not None:
            self._trades_missing += trade_id - self._trade_id - 1
        self._trade_id = trade_id
        tick = self._ticks[text_field(data, "p")]
        lots = self._assembly.trade_lots[text_field(data, "q")]
        # The insurance fund and auto-deleveraging settle outside of the book.
        if not tick or data.get("X", "MARKET") != "MARKET":
            self._assembly.skipped["trade outside of the book"] += 1
            return
        buyer_is_maker = data.get("m")
        if type(buyer_is_maker) is not bool:
            raise Malformed(f"field 'm' is {buyer_is_maker!r}, not true or false")
        self._assembly.stamp(whole_number(data, self._clock) * MS_NS, recv_ns)
        self._assembly.trade(-1 if buyer_is_maker else 1, tick, lots)

    def _account(self, paths: tuple[Path, ...]) -> Imported:
        """Close the stream, refuse it if it made no book, and say what is missing."""
        book, assembly = self._book, self._assembly
        tail = {} if self._trade_id is None else {"trade_id": self._trade_id}
        if book.update_id is not None:
            tail["update_id"] = book.update_id
        elif waiting := len(book.waiting):
            if not assembly.depth_messages:
                raise DataError(
                    f"{paths[0]}: no snapshot that the depth messages continue",
                    "import it together with the capture before it, or --append it to its history",
                )
            assembly.skipped["depth before a snapshot"] += waiting
            assembly.warnings.append(
                f"no snapshot after the last gap: {waiting} depth messages could not be used"
            )
        if not assembly.depth_messages and not assembly.trades:
            raise DataError(f"{paths[0]}: neither depth messages nor trades", _FORMAT)
        if book.snapshots_unusable:
            assembly.warnings.append(
                f"{book.snapshots_unusable} snapshots are older than the depth messages"
            )
        if self._trades_missing:
            assembly.warnings.append(f"{self._trades_missing} trades are missing by their ids")
        return assembly.finish(paths, tail)


def _parse(line: bytes) -> tuple[int, dict[str, Any]]:
    """Return the receive time and the payload of a line, without the wrapper of its stream."""
    stamp, _, body = line.partition(b" ")
    recv_ns = int(stamp) if stamp.isdigit() and len(stamp) < 20 else 0
    if not _NS_2001 < recv_ns < _NS_2096:
        raise Malformed("the line does not begin with a local time in ns", _FORMAT)
    message = parse_json(body)
    data = message.get("data", message)
    if type(data) is not dict:
        raise Malformed("the data of the message are not an object")
    return recv_ns, data


def _kind(data: dict[str, Any]) -> str:
    if "lastUpdateId" in data:
        return "snapshot"
    kind = data.get("e")
    if kind is None and all(name in data for name in "ubBaA"):
        return "bookTicker"  # on spot it does not name itself
    return str(kind)


def _is_futures(data: dict[str, Any]) -> bool | None:
    match _kind(data):
        case "depthUpdate":
            return "pu" in data
        case "trade":
            return "M" not in data
        case "bookTicker":
            return "T" in data
    return None


def _head(path: Path) -> _Head:
    """Read as much of a file as tells its symbol and market."""
    first_ns = 0
    for number, line in read_lines(path):
        try:
            recv_ns, data = _parse(line)
            first_ns = first_ns or recv_ns
            futures = _is_futures(data)
            if futures is not None:
                return _Head(path, text_field(data, "s"), futures, first_ns)
        except Malformed as error:
            raise at_line(path, number, error) from None
        if number >= _HEAD_LINES_MAX:
            break
    raise DataError(f"{path}: no depthUpdate, trade or bookTicker at its beginning", _FORMAT)


def _streams(heads: Sequence[_Head]) -> list[list[_Head]]:
    streams: dict[tuple[str, bool], list[_Head]] = {}
    for head in sorted(heads, key=lambda head: head.recv_ns):
        streams.setdefault((head.symbol, head.futures), []).append(head)
    return list(streams.values())


def _instrument(head: _Head, category: Category | None) -> Instrument:
    if category is None:
        inverse = head.symbol.partition("_")[0].endswith("USD")
        perpetual = Category.INVERSE if inverse else Category.LINEAR
        category = perpetual if head.futures else Category.SPOT
    if category is Category.EQUITY or (category is Category.SPOT) is head.futures:
        market = "futures" if head.futures else "spot"
        raise UsageError(
            f"{head.path} is a capture of the {market} market, not {category.value}",
            "leave --category out",
        )
    return find(head.symbol, category=category, venue="binance")
