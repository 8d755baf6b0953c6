"""Bybit's public archives, order books and trades, become one history in one order of time.

The archives say when the exchange acted and never when anybody heard of it, so the receive time is
the exchange time plus a declared latency. A book message is stamped with the matching engine's time
(`cts`) where the file has it, which is the clock of the trades; of equal times the trade comes
first, because the book shows what it left.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, Final, NamedTuple

from steersman.domain.instrument import Category, Instrument
from steersman.domain.specs import find
from steersman.domain.units import MS_NS
from steersman.errors import DataError, UsageError
from steersman.marketdata.importers import bybit_trades
from steersman.marketdata.importers.assembly import Assembly
from steersman.marketdata.importers.bybit_trades import TradeFile, Trades
from steersman.marketdata.importers.capture import (
    LATENCY_NS,
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
from steersman.marketdata.writer import Writer

__all__ = ["import_bybit_archive"]

_FORMAT: Final = "give Bybit's order-book archive (.data, .zip) or its trade files (.csv, .csv.gz)"


class _BookFile(NamedTuple):
    """What the first message of an order-book archive says."""

    path: Path
    symbol: str
    spot: bool | None  # None: the depth of the topic exists on both markets
    first_ms: int


class _Sources(NamedTuple):
    """All files of one instrument; the books in time order."""

    books: list[_BookFile]
    trades: list[TradeFile]

    def paths(self) -> tuple[Path, ...]:
        return (*(book.path for book in self.books), *(file.path for file in self.trades))

    def markets(self) -> set[bool]:
        """Return whether the files are of spot, as far as they tell; more than one is a mix."""
        told = [book.spot for book in self.books] + [file.spot for file in self.trades]
        return {spot for spot in told if spot is not None}


def import_bybit_archive(
    files: Sequence[Path],
    out: Path,
    *,
    category: Category | None = None,
    append: bool = False,
    latency_ns: int = LATENCY_NS,
    progress: Progress | None = None,
) -> ImportSummary:
    """Import order-book archives and trade files into the history `out`, all of them or nothing.

    Files of one symbol become one instrument; `category` may be left out where the files tell it.
    `latency_ns` is added to every exchange time to give the receive time. Raises UsageError for
    arguments that cannot be meant, and DataError, naming file, line and remedy, for archives that
    cannot be used.
    """
    started_s = perf_counter()
    if latency_ns < 0:
        raise UsageError(f"the latency is {latency_ns} ns", "give a latency of 0 or more")
    with Writer(out, append=append) as writer:
        sources = sources_of(files, writer.sources())
        reading = Reading(files, progress)
        imported, made_from, tails = [], {}, {}
        for symbol, found in _by_symbol(files).items():
            instrument = _instrument(symbol, found, category)
            assembly = Assembly(writer, out, instrument, latency_ns)
            imported.append(_merge(assembly, found, reading))
            tails[instrument.id] = assembly.tail
            made_from[instrument.id] = [sources[path] for path in found.paths()]
        sources.check_unchanged()
        writer.commit(made_from, tails)
    return ImportSummary.total(imported, perf_counter() - started_s)


class _Merge:
    """The trades that have not happened yet, given out as the book's time goes on."""

    def __init__(self, assembly: Assembly, trades: Trades, files: list[TradeFile]) -> None:
        self._assembly = assembly
        self._files = ", ".join(str(file.path) for file in files)
        self._trades = trades
        self._next = 0

    def up_to(self, exch_ns: int | None) -> None:
        """Write the trades up to and at `exch_ns`, or all that are left."""
        times, sides, ticks, lots = self._trades
        at = self._next
        while at < len(times) and (exch_ns is None or times[at] <= exch_ns):
            try:
                self._assembly.stamp(times[at], None)
            except Malformed as error:
                raise DataError(f"{self._files}: {error.what}", error.remedy) from None
            self._assembly.trade(sides[at], ticks[at], lots[at])
            at += 1
        self._next = at


class _BybitBook:
    """Bybit's rule: a snapshot, or ``u == 1``, replaces the book; deltas count up by one."""

    def __init__(self, assembly: Assembly) -> None:
        self.update_id = assembly.tail.get("update_id")
        self.unused = 0
        self._assembly = assembly

    def message(self, message: dict[str, Any], data: dict[str, Any]) -> None:
        kind = message.get("type")
        if kind not in ("snapshot", "delta"):
            raise Malformed(f"type {kind!r} is neither snapshot nor delta")
        update_id = whole_number(data, "u")
        ticks, lots = self._assembly.ticks, self._assembly.level_lots
        bids = read_levels(ticks, lots, data.get("b"))
        asks = read_levels(ticks, lots, data.get("a"))
        if kind == "snapshot" or update_id == 1:
            self._assembly.snapshot(bids, asks)
            self._assembly.depth_messages += 1
        elif self.update_id is None:
            self.unused += 1
            return
        elif update_id <= self.update_id:
            self._assembly.skipped["depth already applied"] += 1
            return
        elif update_id == self.update_id + 1:
            self._assembly.depth(update_id, bids, asks)
        else:
            self._assembly.gap()
            self.update_id = None
            self.unused += 1
            return
        self.update_id = update_id


def _merge(assembly: Assembly, found: _Sources, reading: Reading) -> Imported:
    """Read all files of one instrument in one order of time."""
    trades = bybit_trades.read_trades(found.trades, reading, assembly.ticks, assembly.trade_lots)
    merge, book = _Merge(assembly, trades, found.trades), _BybitBook(assembly)
    for file in found.books:
        for number, line in reading.lines(file.path):
            try:
                message = parse_json(line)
                data, exch_ns = _data(message), _time_ns(message)
                if data.get("s") != file.symbol:
                    raise Malformed(
                        f"symbol {data.get('s')!r} in an archive of {file.symbol}",
                        "give one symbol a file",
                    )
                merge.up_to(exch_ns)
                assembly.stamp(exch_ns, None)
                book.message(message, data)
            except Malformed as error:
                raise at_line(file.path, number, error) from None
    merge.up_to(None)
    paths = found.paths()
    if book.unused:
        if not assembly.depth_messages:
            raise DataError(
                f"{paths[0]}: no snapshot that the deltas continue",
                "begin with the archive that holds the snapshot",
            )
        assembly.skipped["depth before a snapshot"] += book.unused
    if found.books and book.update_id is None:
        assembly.warnings.append("no snapshot after the last gap: the book ends there")
    return assembly.finish(paths, {} if book.update_id is None else {"update_id": book.update_id})


def _data(message: dict[str, Any]) -> dict[str, Any]:
    data = message.get("data")
    if type(data) is not dict:
        raise Malformed("the data of the message are not an object", _FORMAT)
    return data


def _time_ns(message: dict[str, Any]) -> int:
    return whole_number(message, "cts" if "cts" in message else "ts") * MS_NS


def _by_symbol(files: Sequence[Path]) -> dict[str, _Sources]:
    """Sort the files out by what is in them, not by what they are called."""
    found: dict[str, _Sources] = {}
    for path in files:
        number, line = next(lines := read_lines(path))
        lines.close()
        if line.lstrip().startswith(b"{"):
            try:
                book = _book_head(path, parse_json(line))
            except Malformed as error:
                raise at_line(path, number, error) from None
            found.setdefault(book.symbol, _Sources([], [])).books.append(book)
        else:
            trades = bybit_trades.read_head(path)
            found.setdefault(trades.symbol, _Sources([], [])).trades.append(trades)
    for sources in found.values():
        sources.books.sort(key=lambda book: book.first_ms)
    return found


def _book_head(path: Path, message: dict[str, Any]) -> _BookFile:
    topic = text_field(message, "topic").split(".")
    if topic[0] != "orderbook" or len(topic) != 3:
        raise Malformed(f"topic {'.'.join(topic)!r} is not an order book", _FORMAT)
    # 500 levels were archived for contracts only; 200 for spot, and later for contracts too.
    return _BookFile(
        path,
        text_field(_data(message), "s"),
        False if topic[1] == "500" else None,
        whole_number(message, "ts"),
    )


def _instrument(symbol: str, found: _Sources, category: Category | None) -> Instrument:
    markets = found.markets()
    if len(markets) > 1:
        raise UsageError(f"both spot and contract files of {symbol}", "import them one by one")
    if category is None:
        if not markets:
            raise UsageError(f"the files do not say which market {symbol} is of", "give --category")
        contract = Category.INVERSE if symbol.endswith("USD") else Category.LINEAR
        category = Category.SPOT if markets == {True} else contract
    elif category is Category.EQUITY or (markets and {category is Category.SPOT} != markets):
        raise UsageError(
            f"these files of {symbol} are not {category.value}", "leave --category out"
        )
    return find(symbol, category=category, venue="bybit")
