"""The latent price that nobody sees, and how trades push it: the state of a generated background.

Every taker order, ours included, belongs to somebody who works a larger order, and pushes the price
by what he has traded lately: the sum over several memories of the root of the volume remembered,
each fading over its own time (`parameters.MEMORY_S`). So a large order moves the price by the root
of its size however it is cut (the square-root law, which holds for each metaorder by itself: Sato
and Kanazawa, arXiv 2411.13965), the move fades afterwards, and a round trip costs its maker
something whatever its shape, as in a book of that form that refills (Alfonsi, Fruth and Schied
2010). What several do adds up. When somebody is done his pushes go on fading among the remains.

State is `flow_i` int64[FLOW_I] and `flow_f` float64[FLOW_F]; copying both branches the background.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from steersman.venues.parameters import MODES, P_MODES, P_SIZE_UNIT

__all__ = ["FLOW_F", "FLOW_I", "Script", "fade", "latent_ticks", "leave", "note_trade", "push"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

# flow_i
CLOCK: Final = 0  # ns of the last event, or of the next where AHEAD
EVENT: Final = 1  # number of the next event
STEP: Final = 2  # number of the current step of the environment
STEP_END: Final = 3  # ns
ROLE: Final = 4  # of the next event
NEWS_ROW: Final = 5  # first row of the script's drift that is not yet over
AHEAD: Final = 6  # whether the clock already stands at the next event
PLAN_ROW: Final = 7  # first row of the script's plan that is not yet over
SLOTS: Final = 8  # hidden orders of others: signed number of taker orders left in each
HIDDEN: Final = 6
KEY: Final = 14  # random bits of the next event, where AHEAD
FORCED_NS: Final = 15  # of the next forced order; 0: none
FORCED_N: Final = 16  # forced orders so far
FUNDINGS: Final = 17  # funding rates set so far
FUNDING_NS: Final = 18  # when the first of them was set
MINUTES: Final = 19  # minutes noted so far
CASCADES: Final = 20  # cascades begun so far
CLUSTERS_BORN: Final = 21
FLOW_I: Final = 22

# flow_f
LATENT: Final = 0  # ticks, without the effect of trades, at the end of the current step
VELOCITY: Final = 1  # ticks per ns within the current step
FACTOR: Final = 2  # three of log-volatility, one of log-activity
RATE: Final = 6  # packets per ns within the current step
TILT: Final = 7  # -1..1: the pull of the current move on the signs of takers
PENDING: Final = 8  # ticks that the next step moves by: informed takers know it one step ahead
HURRY: Final = 9  # recent size of the latent price's moves, in ordinary steps
EFFECT: Final = 10  # ticks: what trades do to the latent price now
DEPTH: Final = 11  # factor on the size of what is quoted
SHIFT: Final = 12  # what the regime adds now: as the columns of a plan
TARGET: Final = 18  # and where that goes
ROOT: Final = 24  # of the volume remembered (median orders), signed, by owner and memory
INFORMED: Final = HIDDEN  # owners: the hidden orders, then these
OURS: Final = HIDDEN + 1
LIQUIDATED: Final = HIDDEN + 2
OWNERS: Final = HIDDEN + 3
REMAINS: Final = ROOT + OWNERS * MODES  # the same of those who are done, added up
OPEN_INTEREST: Final = 80  # lots
PREMIUM_NOISE: Final = 81  # bps
SLOW_MARK: Final = 82  # ticks: the mark price, averaged over a day
PREMIUM_SUM: Final = 83  # bps, of the minutes since the last funding
PREMIUM_MINUTES: Final = 84
FORCED_LEFT: Final = 85  # lots still to be sold, and bought, for those who are liquidated
NEAREST: Final = 87  # ticks: of the clusters below and above the price
CLUSTERS: Final = 90  # tick and lots of each; lots < 0: longs, to be sold
CLUSTERS_MOST: Final = 32
FUNDING: Final = CLUSTERS + 2 * CLUSTERS_MOST  # the last rates that were set, bps
FUNDING_MOST: Final = 128
MINUTE: Final = FUNDING + FUNDING_MOST  # what was published in the last minutes
MINUTE_MOST: Final = 64
MINUTE_F: Final = 8  # minute, mark, open interest, below: tick, lots, above: tick, lots, rate
CASCADE: Final = MINUTE + MINUTE_MOST * MINUTE_F  # begin and end of the last cascades, ns
CASCADE_MOST: Final = 64
FLOW_F: Final = CASCADE + 2 * CASCADE_MOST


class Script(NamedTuple):
    """What the seed has decided beforehand, whatever we do.

    `drift` (n, 3): from_ns, to_ns, ticks per second of the latent price. `plan` (m, 8): from_ns,
    to_ns, and what a regime adds: log-volatility, log-activity, log-depth, ticks per second, pull
    on the signs of takers, jumps in times of the ordinary. Both by from_ns; what overlaps adds up.
    """

    drift: F64
    plan: F64

    @staticmethod
    def empty() -> Script:
        """Return the script of a calm market without news."""
        return Script(np.zeros((0, 3)), np.zeros((0, 8)))


@njit(cache=True, inline="always")
def latent_ticks(flow_i: I64, flow_f: F64) -> float:
    """Return the latent price now, in ticks."""
    ahead = flow_f[VELOCITY] * (flow_i[STEP_END] - flow_i[CLOCK])
    return float(flow_f[LATENT] - ahead + flow_f[EFFECT])


@njit(cache=True)
def push(params: F64, flow_f: F64, owner: int, side: int, lots: int) -> None:
    """Let a taker order of `lots` on `side` (+1 bought, -1 sold) push the latent price."""
    more = side * lots / params[P_SIZE_UNIT]
    pushed = 0.0
    for k in range(MODES):
        at = ROOT + owner * MODES + k
        before = flow_f[at]
        volume = before * abs(before) + more
        after = math.copysign(math.sqrt(abs(volume)), volume)
        flow_f[at] = after
        pushed += params[P_MODES + MODES + k] * (after - before)
    flow_f[EFFECT] += pushed


@njit(cache=True)
def note_trade(params: F64, flow_f: F64, side: int, lots: int) -> None:
    """Let an own taker order that took `lots` in all push the latent price.

    To be called once for each; for the background's, `next_event` does the same.
    """
    push(params, flow_f, OURS, side, lots)


@njit(cache=True)
def leave(flow_f: F64, owner: int) -> None:
    """Let what an owner has pushed go on fading by itself: the next order begins anew."""
    for k in range(MODES):
        at = ROOT + owner * MODES + k
        flow_f[REMAINS + k] += flow_f[at]
        flow_f[at] = 0.0


@njit(cache=True)
def fade(params: F64, flow_f: F64) -> None:
    """Let a step's time pass over all that is remembered."""
    total = 0.0
    for k in range(MODES):
        decay = params[P_MODES + k]
        left = 0.0
        for owner in range(OWNERS + 1):  # the last are the remains
            at = ROOT + owner * MODES + k
            flow_f[at] *= decay
            left += flow_f[at]
        total += params[P_MODES + MODES + k] * left
    flow_f[EFFECT] = total
