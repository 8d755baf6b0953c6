"""How fast the journal is: appends per second in memory and on file, and how long a sync takes.

    python bench/journal.py [FOLDER]

The folder (default: a temporary one) decides which disk is measured.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import apsw

from steersman.domain.market import MarketView
from steersman.domain.messages import Viewed
from steersman.domain.units import SECOND_NS, Price, Qty
from steersman.journal import Journal

APPENDS = 100_000
SYNCS = 2_000
PER_SYNC = 5


def view(at_ns: int) -> Viewed:
    """Return a message of the most frequent kind, of typical size."""
    qty = Qty(Decimal("12.345"))
    return Viewed(
        at_ns,
        MarketView(
            instrument="sim:BTCUSDT.linear",
            at_ns=at_ns,
            exch_ns=at_ns,
            feed_age_ns=0,
            best_bid=Price(Decimal("60000.1")),
            best_ask=Price(Decimal("60000.2")),
            bid_qty=qty,
            ask_qty=qty,
            depth_bid=(qty, qty, qty),
            depth_ask=(qty, qty, qty),
            microprice=60000.1512345678,
            market_volume=qty,
            buy_volume=qty,
            sell_volume=qty,
            trades=17,
            flow_imbalance=0.123456789,
            trend_bps=-1.23456789,
            volatility_hour_pct=0.456789,
            volume_rate_per_s=1.2345678,
            observed_ns=at_ns,
        ),
    )


def main() -> None:
    """Print the figures, one per line."""
    print(f"SQLite {apsw.sqlite_lib_version()}, payload {len(repr(view(0)))} characters of repr")
    with Journal.create(None) as journal:
        print(f"append, in memory     {_rate(journal):>9,.0f} /s")
    with _folder() as folder:
        with Journal.create(folder / "append.journal") as journal:
            rate = _rate(journal)
            print(f"append, on file       {rate:>9,.0f} /s in {journal.commits} transactions")
        with Journal.create(folder / "sync.journal") as journal:
            waits_ms = sorted(_sync_ms(journal) for _ in range(SYNCS))
        p50_ms, p99_ms = waits_ms[SYNCS // 2], waits_ms[SYNCS * 99 // 100]
        print(f"sync of {PER_SYNC} appends     p50 {p50_ms:.3f} ms   p99 {p99_ms:.3f} ms")
        print(f"sync, longest         {waits_ms[-1]:.3f} ms of {SYNCS}")


def _rate(journal: Journal) -> float:
    messages = [view(n * SECOND_NS) for n in range(1_000)]
    seconds = _seconds(lambda: [journal.append(messages[n % 1_000]) for n in range(APPENDS)])
    journal.sync()
    return APPENDS / seconds


def _sync_ms(journal: Journal) -> float:
    for n in range(PER_SYNC):
        journal.append(view(n))
    return 1_000 * _seconds(journal.sync)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@contextmanager
def _folder() -> Iterator[Path]:
    if len(sys.argv) > 1:
        yield Path(sys.argv[1])
    else:
        with tempfile.TemporaryDirectory() as name:
            yield Path(name)


if __name__ == "__main__":
    main()
