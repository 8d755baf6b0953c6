"""What is published about a generated perpetual: signals once a minute, and funding rates.

The kernel notes a minute when it begins (`derivatives`); it is published a second later, so that
nothing is known before the market has reached it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.domain.instrument import Instrument
from steersman.domain.market import Signals
from steersman.domain.units import MINUTE_NS, SECOND_NS
from steersman.errors import UsageError
from steersman.venues import latent as l_
from steersman.venues.derivatives import FUNDING_EVERY_NS
from steersman.venues.netflows import Netflows

__all__ = ["funding_between", "newest_minute", "signals_of"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

PUBLISHED_AFTER_NS: Final = SECOND_NS
_RATE_PLACES: Final = Decimal("0.0001")


def newest_minute(now_ns: int) -> int:
    """Return the last minute (number since the epoch) that is published by `now_ns`."""
    return (now_ns - PUBLISHED_AFTER_NS) // MINUTE_NS


def signals_of(
    instrument: Instrument, flow_i: I64, flow_f: F64, netflows: Netflows, minute: int
) -> Signals | None:
    """Return what was published in a minute; None where the market did not see it begin.

    Changes are over the last hour, or since the market's first minute where that is shorter.
    """
    noted = min(int(flow_i[l_.MINUTES]), l_.MINUTE_MOST)
    rows = flow_f[l_.MINUTE : l_.CASCADE].reshape(l_.MINUTE_MOST, l_.MINUTE_F)[:noted]
    now = rows[rows[:, 0] == minute]
    if now.size == 0:
        return None
    row = now[0]
    before = rows[(rows[:, 0] <= minute) & (rows[:, 0] >= minute - 60)]
    old = before[np.argmin(before[:, 0])]
    at_ns = minute * MINUTE_NS
    price, lots, longs = _cluster(row)
    last = _last_funding(flow_i, flow_f, at_ns)
    return Signals(
        instrument=instrument.id,
        at_ns=at_ns,
        funding_rate_pct=float(row[7]) / 100.0,
        next_funding_ns=(at_ns // FUNDING_EVERY_NS + 1) * FUNDING_EVERY_NS,
        open_interest_change_pct=float(row[2] / old[2] - 1.0) * 100.0,
        price_change_pct=float(row[1] / old[1] - 1.0) * 100.0,
        liquidation_price=None if lots == 0 else instrument.price(price),
        liquidation_quote=(
            None
            if lots == 0
            else instrument.quote_value(instrument.price(price), instrument.qty(lots))
        ),
        liquidation_long=None if lots == 0 else longs,
        exchange_netflow_pct=netflows.at(minute),
        last_funding_ns=None if last is None else last[0],
        last_funding_rate_pct=None if last is None else float(last[1]) / 100.0,
    )


def _last_funding(flow_i: I64, flow_f: F64, at_ns: int) -> tuple[int, Decimal] | None:
    """Return time and rate (bps) of the last funding by a time, where the market has seen it."""
    set_ns = at_ns // FUNDING_EVERY_NS * FUNDING_EVERY_NS
    found = funding_between(flow_i, flow_f, set_ns, at_ns + 1)
    return found[-1] if found else None


def _cluster(row: F64) -> tuple[int, int, bool]:
    """Return tick, lots and whether they are longs of the nearest cluster; 0 lots: there is none.

    Sizes are what is known of them: two digits.
    """
    below, above = row[1] - row[3], row[5] - row[1]
    longs = bool(row[4] > 0.0 and (row[6] == 0.0 or below <= above))
    tick, lots = (row[3], row[4]) if longs else (row[5], row[6])
    return (round(tick), round(float(f"{lots:.2g}")), longs) if lots > 0.0 else (0, 0, False)


def funding_between(
    flow_i: I64, flow_f: F64, from_ns: int, to_ns: int
) -> tuple[tuple[int, Decimal], ...]:
    """Return time and rate (bps) of each funding in [from_ns, to_ns) that has been set.

    Raises UsageError where the first of them is no longer kept.
    """
    found = []
    total = int(flow_i[l_.FUNDINGS])
    for n in range(total):
        at_ns = int(flow_i[l_.FUNDING_NS]) + n * FUNDING_EVERY_NS
        if not from_ns <= at_ns < to_ns:
            continue
        if n < total - l_.FUNDING_MOST:
            raise UsageError(f"the funding at {at_ns} is no longer known", "ask for it in time")
        rate = Decimal(float(flow_f[l_.FUNDING + n % l_.FUNDING_MOST])).quantize(_RATE_PLACES)
        found.append((at_ns, rate))
    return tuple(found)
