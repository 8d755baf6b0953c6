"""What an import did, counted: nothing is dropped, adjusted or assumed without a number here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
import numpy as np

__all__ = ["ImportSummary", "Imported"]


class Imported(msgspec.Struct, frozen=True):
    """The import of one instrument.

    `clock_offset_ms` is the median of exchange time minus receive time (positive: the local clock
    is behind), None where there is no receive time. `touch_checked` counts the states of the book
    that could be compared with an independent stream of best prices, `touch_agreed` those equal to
    it in both prices and both sizes. `floored_sizes` counts sizes of levels that were not whole
    lots. Times are UTC ns.
    """

    instrument: str
    symbol: str
    files: tuple[str, ...]
    rows: int
    trades: int
    depth_messages: int
    gaps: int
    crossed: int
    clock_offset_ms: float | None
    adjusted_times: int
    replaced_receive_times: int
    touch_checked: int
    touch_agreed: int
    floored_sizes: int
    skipped: dict[str, int]
    first_exch_ns: int
    last_exch_ns: int
    warnings: tuple[str, ...]


class ImportSummary(msgspec.Struct, frozen=True):
    """A whole import: totals over its instruments, then each of them. `seconds` is wall time."""

    rows: int
    symbols: tuple[str, ...]
    gaps: int
    crossed: int
    clock_offset_ms: float | None
    trades: int
    depth_messages: int
    skipped: dict[str, int]
    adjusted_times: int
    replaced_receive_times: int
    touch_checked: int
    touch_agreed: int
    floored_sizes: int
    first_exch_ns: int
    last_exch_ns: int
    seconds: float
    warnings: tuple[str, ...]
    instruments: tuple[Imported, ...]

    @classmethod
    def total(cls, imported: Sequence[Imported], seconds: float) -> ImportSummary:
        """Add up the import of at least one instrument."""
        offsets = [one.clock_offset_ms for one in imported if one.clock_offset_ms is not None]
        skipped: Counter[str] = Counter()
        for one in imported:
            skipped.update(one.skipped)
        return cls(
            rows=sum(one.rows for one in imported),
            symbols=tuple(dict.fromkeys(one.symbol for one in imported)),
            gaps=sum(one.gaps for one in imported),
            crossed=sum(one.crossed for one in imported),
            clock_offset_ms=round(float(np.median(offsets)), 3) if offsets else None,
            trades=sum(one.trades for one in imported),
            depth_messages=sum(one.depth_messages for one in imported),
            skipped=dict(skipped),
            adjusted_times=sum(one.adjusted_times for one in imported),
            replaced_receive_times=sum(one.replaced_receive_times for one in imported),
            touch_checked=sum(one.touch_checked for one in imported),
            touch_agreed=sum(one.touch_agreed for one in imported),
            floored_sizes=sum(one.floored_sizes for one in imported),
            first_exch_ns=min(one.first_exch_ns for one in imported),
            last_exch_ns=max(one.last_exch_ns for one in imported),
            seconds=round(seconds, 3),
            warnings=tuple(
                f"{one.instrument}: {text}" for one in imported for text in one.warnings
            ),
            instruments=tuple(imported),
        )
