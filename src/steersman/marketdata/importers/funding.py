"""Read the funding rates of one perpetual from a table (CSV, plain, gzip or zip).

Any table with a column of times and one of rates is read: `time,rate`; Binance's `calc_time`,
`last_funding_rate` or `fundingTime`, `fundingRate`; Bybit's `fundingRateTimestamp`, `fundingRate`;
`Symbol,Date,Funding Rate`. Rates are shares (0.0001 = 1 bp). Times are ISO 8601 or epoch
milliseconds. Venues stamp a payment some milliseconds late: within a second, the whole hour counts.

A wrong rate is a wrong cost that nobody sees, so what cannot be a schedule is refused. Periods are
1, 2, 4 or 8 hours, and payments lie on their multiples in UTC: that tells a table in local time, or
one with a hole, from a whole one.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from steersman.domain.instrument import Instrument
from steersman.domain.units import BPS, HOUR_NS, MS_NS, SECOND_NS
from steersman.errors import DataError
from steersman.marketdata.importers.capture import Malformed, at_line, read_lines

__all__ = ["RATE_MAX", "Rates", "read_funding"]

Rates = tuple[tuple[int, Decimal], ...]
"""Funding times (UTC ns, whole hours, rising), each with its rate in bps."""

RATE_MAX: Final = Decimal("0.05")  # twice what venues cap an 8-hour rate at: more is in percent
PERIODS_H: Final = (1, 2, 4, 8)
ROWS_MAX: Final = 1_000_000
_LATE_NS_MAX: Final = SECOND_NS
_TIME: Final = ("time", "date", "calctime", "fundingtime", "fundingratetimestamp")
_RATE: Final = ("rate", "fundingrate", "lastfundingrate")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def read_funding(path: Path, instrument: Instrument, utc_offset_h: int = 0) -> Rates:
    """Return the instrument's funding times and rates in bps.

    `utc_offset_h` is that of times which state no offset themselves; other symbols' rows are left
    out. Raises DataError naming the file, the line and the remedy.
    """
    rows = _rows(path)
    _, header = next(rows)
    time_at, rate_at, symbol_at = _columns(path, header)
    rates: list[tuple[int, Decimal]] = []
    for number, row in rows:
        try:
            if len(row) != len(header):
                raise Malformed(f"{len(row)} fields, the header has {len(header)}")
            if symbol_at is not None and _plain(row[symbol_at]) != _plain(instrument.symbol):
                continue
            at_ns = _time_ns(row[time_at], utc_offset_h)
            if rates:
                _follows(rates[-1][0], at_ns)
            rates.append((at_ns, _rate_bps(row[rate_at])))
            if len(rates) > ROWS_MAX:
                raise Malformed(f"more than {ROWS_MAX} rates", "cut the table")
        except Malformed as error:
            raise at_line(path, number, error) from None
    if not rates:
        raise DataError(f"{path} has no rate of {instrument.symbol}", "give a table that has")
    return tuple(rates)


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    for number, line in read_lines(path):
        try:
            yield number, [cell.strip() for cell in next(csv.reader([line.decode("utf-8-sig")]))]
        except (UnicodeDecodeError, csv.Error) as error:
            raise at_line(path, number, Malformed(f"not a row of text: {error}")) from None


def _columns(path: Path, header: Sequence[str]) -> tuple[int, int, int | None]:
    names = [_plain(name) for name in header]
    found = [[at for at, name in enumerate(names) if name in known] for known in (_TIME, _RATE)]
    if [len(one) for one in found] != [1, 1]:
        raise DataError(
            f"{path} has the columns {', '.join(header)[:80]}", "begin it with a line `time,rate`"
        )
    return found[0][0], found[1][0], names.index("symbol") if "symbol" in names else None


def _plain(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())


def _time_ns(text: str, utc_offset_h: int) -> int:
    try:
        if text.isascii() and text.isdigit():
            at_ns = int(text) * MS_NS
            moment = _EPOCH + timedelta(milliseconds=int(text))
        else:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=UTC) - timedelta(hours=utc_offset_h)
            at_ns = (moment - _EPOCH) // timedelta(microseconds=1) * 1_000
    except (ValueError, OverflowError):
        raise Malformed(f"{text!r} is not a time", "write ISO 8601 or milliseconds") from None
    if not 2009 <= moment.year < 2100:
        raise Malformed(f"{text!r} is not a time of this century", "write ISO 8601 or milliseconds")
    late_ns = at_ns % HOUR_NS
    if late_ns >= _LATE_NS_MAX:
        raise Malformed(f"{text!r} is not at a whole hour", "give the times of the payments")
    return at_ns - late_ns


def _rate_bps(text: str) -> Decimal:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        raise Malformed(f"the rate {text!r} is not a number", "write a share like 0.0001") from None
    if not (rate.is_finite() and abs(rate) <= RATE_MAX):
        raise Malformed(
            f"the rate {text} is out of range", f"write a share of at most {RATE_MAX} either way"
        )
    return rate * BPS


def _follows(before_ns: int, at_ns: int) -> None:
    """Check that a payment may come next; raise Malformed where it may not."""
    hours = (at_ns - before_ns) // HOUR_NS
    at = datetime.fromtimestamp(at_ns // SECOND_NS, tz=UTC).strftime("%Y-%m-%dT%H:%MZ")
    if hours == 0:
        raise Malformed(f"a second rate for {at}", "keep one")
    if hours < 0:
        raise Malformed(f"{at} comes after a later time", "sort the table by time")
    if hours not in PERIODS_H:
        raise Malformed(f"nothing for the {hours} h before {at}", "add the rates that are missing")
    if at_ns % (hours * HOUR_NS):
        raise Malformed(
            f"{hours} h periods do not end at {at}",
            "state the table's --funding-utc-offset, or add the rates that are missing",
        )
