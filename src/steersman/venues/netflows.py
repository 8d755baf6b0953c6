"""Coins to and from exchanges: what is published each minute, and what it is worth.

The figure is net inflow over the last hour in percent of what exchanges hold: noise that lasts, and
large transfers now and then. A share of the transfers (the informativeness of the market's news,
zero included) comes true: a large inflow is followed by selling, an outflow by buying, as a drift
of the latent price that begins minutes later. Nobody is told which. Everything is a function of the
seed and the minute; it does not depend on what we do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.domain.units import MINUTE_NS
from steersman.venues.draws import NETFLOWS, Stream
from steersman.venues.presets import FlowPreset

__all__ = ["Netflows", "generate_netflows", "netflows_after"]

F64 = npt.NDArray[np.float64]

_TRANSFER_CHANCE: Final = 1.0 / 90.0  # a minute
_TRANSFER_PCT: Final = (1.0, 3.0)
_REMAIN: Final = 1.0 - 1.0 / 30.0  # of the figure, a minute later
_NOISE_PCT: Final = 0.08
_LAG_MINUTES: Final = (2.0, 8.0)
_RAMP_MINUTES: Final = (10.0, 25.0)
_MOVE_BPS: Final = 4.0  # per percent of a transfer that comes true

_COMES, _SIZE, _SIDE, _TRUE, _LAG, _RAMP, _NOISE = range(7)


@dataclass(frozen=True, slots=True)
class Netflows:
    """The published figure (percent) of each minute from `first_minute` on, and its drift.

    `drift` has the rows of `Script.drift`, by start; `transfers` the minute of the transfer behind
    each of them.
    """

    first_minute: int
    pct: F64
    drift: F64
    transfers: F64

    def at(self, minute: int) -> float:
        """Return the figure published in a minute."""
        return float(self.pct[minute - self.first_minute])


def generate_netflows(
    seed: int, start_ns: int, end_ns: int, preset: FlowPreset, informativeness: float
) -> Netflows:
    """Return the net flows of the minutes from `start_ns` to `end_ns`."""
    none = Netflows(start_ns // MINUTE_NS, np.zeros(0), np.zeros((0, 3)), np.zeros(0))
    return netflows_after(none, seed, start_ns, end_ns, preset, informativeness)


def netflows_after(
    before: Netflows,
    seed: int,
    from_ns: int,
    end_ns: int,
    preset: FlowPreset,
    informativeness: float,
) -> Netflows:
    """Return the net flows up to `end_ns`: as before where the minute has begun by `from_ns`."""
    draw = Stream(seed, NETFLOWS)
    first = before.first_minute
    pct = before.pct[: from_ns // MINUTE_NS + 1 - first].tolist()
    rows = [
        (*row, minute)
        for row, minute in zip(before.drift.tolist(), before.transfers.tolist(), strict=True)
        if minute < first + len(pct)
    ]
    level = pct[-1] if pct else 0.0
    for minute in range(first + len(pct), end_ns // MINUTE_NS + 2):
        level = level * _REMAIN + _NOISE_PCT * draw.normal(minute, _NOISE)
        if draw.uniform(minute, _COMES) < _TRANSFER_CHANCE:
            size = _between(_TRANSFER_PCT, draw.uniform(minute, _SIZE))
            size *= 1.0 if draw.uniform(minute, _SIDE) < 0.5 else -1.0
            level += size
            if draw.uniform(minute, _TRUE) < informativeness:
                rows.append((*_drift(draw, minute, size, preset), float(minute)))
        pct.append(level)
    table = np.array(sorted(rows), np.float64).reshape(-1, 4)
    return Netflows(first, np.array(pct), table[:, :3], table[:, 3])


def _drift(
    draw: Stream, minute: int, size: float, preset: FlowPreset
) -> tuple[float, float, float]:
    lag_s = 60.0 * _between(_LAG_MINUTES, draw.uniform(minute, _LAG))
    ramp_s = 60.0 * _between(_RAMP_MINUTES, draw.uniform(minute, _RAMP))
    begin = minute * MINUTE_NS + int(lag_s * 1e9)
    ticks = -preset.ticks(abs(size) * _MOVE_BPS) * (1.0 if size > 0.0 else -1.0)
    return float(begin), float(begin + int(ramp_s * 1e9)), ticks / ramp_s


def _between(ends: tuple[float, float], u: float) -> float:
    return ends[0] + (ends[1] - ends[0]) * u
