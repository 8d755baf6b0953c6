"""The recording that is measured on: generated once and cached, or a file of the user's.

Everything is kept as a history (what a run reads from Parquet) and as one array in memory (what the
kernels and the peers replay).
"""

from __future__ import annotations

import shutil
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from steersman.cache import cache_dir
from steersman.domain.instrument import Category, Instrument
from steersman.domain.specs import find
from steersman.errors import DataError, UsageError
from steersman.marketdata.events import CLEAR, EVENT, LAST
from steersman.marketdata.history import History, Writer
from steersman.marketdata.rows import Events, find_violation
from steersman.venues.level_stream import ROWS_LEAST, new_stream, write_stream

__all__ = ["BTC", "ROWS_DEFAULT", "generated_history", "read_events", "write_history"]

ROWS_DEFAULT: Final = 5_000_000
ROWS_MIN: Final = 10_000
ROWS_MAX: Final = 200_000_000
BATCH_ROWS: Final = 1 << 18
START_NS: Final = 1_760_000_000_000_000_000
SEED: Final = 7
VERSION: Final = 1  # of the generated stream: part of the cache's name

BTC: Final = find("BTCUSDT", category=Category.LINEAR, venue="sim")
_COLUMNS: Final = ("exch_ts", "local_ts", "kind", "side", "tick", "px", "qty")


def generated_history(rows: int) -> Path:
    """Return the cached history of a generated stream of `rows` events, written if need be."""
    if not ROWS_MIN <= rows <= ROWS_MAX:
        raise UsageError(f"{rows} rows", f"give --rows {ROWS_MIN} to {ROWS_MAX}")
    folder = cache_dir() / "bench" / f"stream-{VERSION}-{SEED}-{rows}"
    if folder.is_dir():
        try:
            History.open(folder)
            return folder
        except DataError:
            shutil.rmtree(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    book, state = new_stream(START_NS)
    left = rows
    with Writer(folder) as writer:
        while left > 0:
            out = np.zeros((max(ROWS_LEAST, min(left, BATCH_ROWS)), 4), np.int64)
            count = write_stream(SEED, book, state, out)
            if count < 0:
                raise DataError("the generated stream left its prices", "give fewer --rows")
            events = out[:count].reshape(-1).view(EVENT)
            kept = min(count, left) if left < ROWS_LEAST else count
            events = events[:kept]
            while not events["flags"][-1] & LAST:  # a whole message at the end
                events = events[:-1]
            writer.append(BTC, events)
            left -= max(kept, 1)
        writer.commit()
    return folder


def read_events(path: Path) -> tuple[Instrument, Events]:
    """Return instrument and events of a history folder or of a columnar `.npz`.

    Raises DataError where there is no such file, its columns are others, or a row is impossible.
    """
    if path.is_dir():
        history = History.open(path)
        instruments = history.instruments()
        if len(instruments) != 1:
            names = ", ".join(one.id for one in instruments)
            raise UsageError(f"{path} holds {names}", "give a history of one instrument")
        return instruments[0], history.load(instruments[0])
    try:
        with np.load(path) as archive:
            table = archive["data"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        what = getattr(error, "strerror", None) or "is not an .npz with an array named data"
        raise DataError(f"{path}: {what}", "give a .npz of columns or a history folder") from None
    missing = [name for name in _COLUMNS if name not in (table.dtype.names or ())]
    if missing:
        raise DataError(f"{path} has no column {', '.join(missing)}", f"needed: {_COLUMNS}")
    if len(table) < ROWS_MIN:
        raise DataError(f"{path} has {len(table)} rows", f"give at least {ROWS_MIN}")
    return _converted(path, table)


def _converted(path: Path, table: Events) -> tuple[Instrument, Events]:
    tick = Decimal(repr(round(float(np.median(table["px"] / table["tick"])), 9)))
    rules = msgspec.structs.replace(BTC, tick=tick)
    lots = table["qty"] / float(rules.lot)
    if not np.allclose(lots, np.rint(lots), atol=1e-3):
        raise DataError(f"{path} has quantities between lots of {rules.lot}", "round them")
    events = np.zeros(len(table) + 1, EVENT)
    for ours, theirs in (
        ("exch_ns", "exch_ts"), ("recv_ns", "local_ts"), ("tick", "tick"), ("side", "side"),
        ("kind", "kind"),
    ):  # fmt: skip
        events[ours][1:] = table[theirs]
    events["lots"][1:] = np.rint(lots)
    events["exch_ns"][0], events["recv_ns"][0] = events["exch_ns"][1], events["recv_ns"][1]
    events["kind"][0] = CLEAR  # the snapshot follows
    ends = np.append(events["exch_ns"][1:] != events["exch_ns"][:-1], True)
    events["flags"] = np.where(ends, LAST, 0)
    wrong = find_violation(events, exch_ns=0, recv_ns=0)
    if wrong is not None:
        raise DataError(f"{path} row {wrong.row - 1}: {wrong.what}", "correct the file")
    return rules, events


def write_history(folder: Path, instrument: Instrument, events: Events) -> Path:
    """Write events as a history of its own and return its folder."""
    ends = np.flatnonzero(events["flags"] & LAST) + 1
    with Writer(folder) as writer:
        begin = 0
        while begin < len(events):
            at = min(int(np.searchsorted(ends, begin + BATCH_ROWS)), len(ends) - 1)
            writer.append(instrument, events[begin : ends[at]])
            begin = int(ends[at])
        writer.commit()
    return folder
