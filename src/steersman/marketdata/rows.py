"""What a row of a history may say, checked on both sides of the disk by the same code.

A market that breaks one of these rules does not fail where it is broken: it fills an order at a
price that never was. So a row is refused when it is written and again when it is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from steersman.marketdata.book import compiled
from steersman.marketdata.events import CLEAR, DEPTH, EVENT, GAP, LAST, LOTS_MAX, TIME_NS_MAX

__all__ = ["Events", "Violation", "find_violation", "pack"]

Events = npt.NDArray[np.void]
"""A one-dimensional array of `EVENT`."""

_KIND_MAX: Final = GAP
_JUMP_NS_MAX: Final = 366 * 86_400 * 10**9


class Violation(NamedTuple):
    """The first row that breaks a rule, and how."""

    row: int
    what: str


def find_violation(
    rows: Events | Mapping[str, npt.NDArray[Any]], *, exch_ns: int, recv_ns: int
) -> Violation | None:
    """Return what is wrong with `rows`, which follow a row of the given times, or None.

    `rows` holds the columns of `EVENT` by name, each of shape (n,). The rules: both times never go
    back, never jump by more than a year and end in 2096, and reception never precedes the
    exchange; kinds and flags are known; a level has a positive tick and a side, and a positive size
    of at most `LOTS_MAX` unless it is a DEPTH, where 0 deletes; CLEAR and GAP carry nothing.
    """
    if not len(rows["kind"]):
        return None
    return _time_violation(rows["exch_ns"], rows["recv_ns"], exch_ns, recv_ns) or _field_violation(
        rows["kind"], rows["side"], rows["tick"], rows["lots"], rows["flags"]
    )


def pack(
    columns: Mapping[str, npt.NDArray[Any]],
    before: npt.NDArray[np.int64],
    words: npt.NDArray[np.int64],
) -> int:
    """Put columns together as rows of `EVENT`, in one pass that checks what `find_violation` does.

    `words` int64[n, 4] takes the rows. `before` int64[2] holds the times of the row before, and on
    return those of the last. Returns the number of GAP rows, or -1 where a rule is broken.
    """
    exch, recv, lots, tick, kind, side, flags = (columns[name] for name in EVENT.names or ())
    return int(_pack(exch, recv, lots, tick, kind, side, flags, before, words))


@compiled
def _pack(
    exch: npt.NDArray[np.int64],
    recv: npt.NDArray[np.int64],
    lots: npt.NDArray[np.int64],
    tick: npt.NDArray[np.int32],
    kind: npt.NDArray[np.uint8],
    side: npt.NDArray[np.int8],
    flags: npt.NDArray[np.uint16],
    before: npt.NDArray[np.int64],
    words: npt.NDArray[np.int64],
) -> int:
    last_exch, last_recv, gaps = max(before[0], 1), before[1], 0
    for i in range(exch.shape[0]):
        e, r, q, t, k, s = exch[i], recv[i], lots[i], tick[i], np.int64(kind[i]), np.int64(side[i])
        flag = np.int64(flags[i])
        if e < last_exch or r < last_recv or r < e or r > TIME_NS_MAX or (flag & ~LAST) != 0:
            return -1
        if k == CLEAR or k == GAP:
            if s != 0 or t != 0 or q != 0:
                return -1
            gaps += k == GAP
        elif k < 1 or k > _KIND_MAX or s * s != 1 or t < 1:
            return -1
        elif q > LOTS_MAX or q < (0 if k == DEPTH else 1):
            return -1
        last_exch, last_recv = e, r
        words[i, 0], words[i, 1], words[i, 2] = e, r, q
        words[i, 3] = np.int64(t) | (k << 32) | ((s & 255) << 40) | (flag << 48)
    before[0], before[1] = last_exch, last_recv
    return gaps


def _time_violation(
    exch: npt.NDArray[np.int64], recv: npt.NDArray[np.int64], exch_ns: int, recv_ns: int
) -> Violation | None:
    for name, times, before_ns in (("exchange", exch, exch_ns), ("receive", recv, recv_ns)):
        if times[0] < before_ns:
            return Violation(0, f"{name} time goes back from {before_ns} to {times[0]}")
        back = times[1:] < times[:-1]
        if back.any():
            row = int(back.argmax())
            return Violation(
                row + 1, f"{name} time goes back from {times[row]} to {times[row + 1]}"
            )
    early = recv < exch
    if early.any():
        row = int(early.argmax())
        return Violation(row, f"received at {recv[row]}, before the exchange sent it: {exch[row]}")
    if exch[0] <= 0:
        return Violation(0, f"exchange time {exch[0]} is not a time")
    if recv[-1] > TIME_NS_MAX:
        row = int((recv > TIME_NS_MAX).argmax())
        return Violation(row, f"receive time {recv[row]} is not a time")
    if exch[-1] - (exch_ns or exch[0]) > _JUMP_NS_MAX:  # seldom: then look where
        steps = np.diff(exch, prepend=exch_ns or exch[0])
        if (steps > _JUMP_NS_MAX).any():
            row = int(steps.argmax())
            return Violation(row, f"exchange time jumps by {steps[row] / 86_400e9:.0f} days")
    return None


def _field_violation(
    kind: npt.NDArray[np.uint8],
    side: npt.NDArray[np.int8],
    tick: npt.NDArray[np.int32],
    lots: npt.NDArray[np.int64],
    flags: npt.NDArray[np.uint16],
) -> Violation | None:
    level = (kind != CLEAR) & (kind != GAP)
    empty = level & (kind != DEPTH)  # where a size of 0 says nothing
    rules = (
        ((kind == 0) | (kind > _KIND_MAX), "unknown kind", kind),
        (np.abs(side) != level, "side", side),
        (((tick > 0) != level) | (tick < 0), "price in ticks", tick),
        ((lots < empty) | (lots > LOTS_MAX), "size in lots", lots),
        ((lots > 0) & ~level, "size of a row without a level", lots),
        ((flags & ~np.uint16(LAST)) != 0, "unknown flags", flags),
    )
    for bad, what, values in rules:
        if bad.any():
            row = int(bad.argmax())
            return Violation(row, f"{what} {values[row]} (kind {kind[row]})")
    return None
