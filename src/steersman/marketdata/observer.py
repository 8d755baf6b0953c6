"""What one pass over the events says about the market: running features in two small arrays.

Volumes are added as trades come; everything with a memory is folded once a second, at whole UTC
seconds of local time, from the book as it then stood. So a feature is a function of the events and
of the time it is read at, whenever and however often the market is stopped. There is no clock and
no randomness here, and branching copies `obs_i` int64[OBS_I] and `obs_f` float64[OBS_F].

Volatility is sampled, not ticked: the mid every 5 s, squared log returns averaged with a half-life
of 5 min, so that the bouncing of the touch between two samples counts for nothing. Averages divide
by the weight seen so far, so they are unbiased from the first second on.

What is usual for this market is an average with a half-life of an hour. What is going on is put
beside it with a short one: volatility of two minutes, volume of one, depth of half a minute.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.domain.instrument import Instrument
from steersman.domain.market import MarketView
from steersman.domain.units import SECOND_NS
from steersman.marketdata.book import best, compiled, compiled_part, depth, size_at

__all__ = [
    "NEXT",
    "OBS_F",
    "OBS_I",
    "SHIFTED",
    "VIEW_F",
    "VIEW_I",
    "VOLUME",
    "VOLUME_MAX",
    "market_view",
    "new_observer",
    "note_trade",
    "read",
    "roll",
]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

# obs_i
NEXT: Final = 0  # the next whole second
START: Final = 1  # local time of the first event
TRADES: Final = 2  # since the last view
BOUGHT: Final = 3  # by aggressors, since the last view
SOLD: Final = 4
VOLUME: Final = 5  # traded by others since the start
NOW_BOUGHT: Final = 6  # within the current second
NOW_SOLD: Final = 7
NOW_VOLUME: Final = 8
MIDS: Final = 9  # samples in the ring
RING: Final = 10  # the sum of best bid and ask (twice the mid, in ticks) at the last 61 seconds
_RING: Final = 61
SHIFTED: Final = RING + _RING  # ticks by which all prices differ from the book's (own impact)
OBS_I: Final = SHIFTED + 1

# obs_f
FLOW_BOUGHT: Final = 0  # exponential sums
FLOW_SOLD: Final = 1
RATE: Final = 2
RATE_S: Final = 3  # the seconds behind RATE
VAR: Final = 4  # squared 5 s returns, and their weight
VAR_N: Final = 5
RECENT_VAR: Final = 6  # the same with a short memory
RECENT_VAR_N: Final = 7
USUAL_VAR: Final = 8  # and with a long one
USUAL_VAR_N: Final = 9
RECENT_NEAR: Final = 10  # lots within 5 bps, and their weight
RECENT_NEAR_N: Final = 11
USUAL_NEAR: Final = 12
USUAL_NEAR_N: Final = 13
RECENT_RATE: Final = 14  # as RATE, and its seconds
RECENT_RATE_S: Final = 15
USUAL_RATE: Final = 16
USUAL_RATE_S: Final = 17
LAST_MID: Final = 18  # at the last 5 s sample, 0 before the first
OBS_F: Final = 19

# What `read` writes: view_i, view_f
_BID, _ASK, _BID_LOTS, _ASK_LOTS, _DEPTH = 0, 1, 2, 3, 4  # depth: 3 of bids, 3 of asks
_VOLUME, _BOUGHT, _SOLD, _TRADES, _OBSERVED = 10, 11, 12, 13, 14
VIEW_I: Final = 15
_MICRO, _IMBALANCE, _TREND, _VOLATILITY, _RATE = 0, 1, 2, 3, 4
_USUAL_VOLATILITY, _VOLATILITY_RATIO, _DEPTH_SHARE, _VOLUME_RATIO = 5, 6, 7, 8
VIEW_F: Final = 9

VOLUME_MAX: Final = 1 << 62  # lots: beyond it sizes are not sizes, and sums would wrap
_FLOW_S: Final = 60.0  # half-lives
_RATE_S: Final = 300.0
_VAR_S: Final = 300.0
_USUAL_S: Final = 3_600.0
_RECENT_VAR_S: Final = 120.0
_RECENT_RATE_S: Final = 60.0
_RECENT_NEAR_S: Final = 30.0
_SAMPLE_S: Final = 5


def new_observer() -> tuple[I64, F64]:
    """Return the state of an observer that has seen nothing."""
    return np.zeros(OBS_I, dtype=np.int64), np.zeros(OBS_F, dtype=np.float64)


@compiled
def note_trade(obs_i: I64, side: int, lots: int, others: int) -> None:
    """Count a trade of `lots` by an aggressor of `side`, of which `others` were not with us."""
    if obs_i[VOLUME] > VOLUME_MAX:  # no sum wraps: who reads the view raises
        return
    obs_i[TRADES] += 1
    obs_i[VOLUME] += others
    obs_i[NOW_VOLUME] += others
    if side > 0:
        obs_i[BOUGHT] += lots
        obs_i[NOW_BOUGHT] += lots
    else:
        obs_i[SOLD] += lots
        obs_i[NOW_SOLD] += lots


@compiled
def roll(obs_i: I64, obs_f: F64, levels: I64, top: I64, far: I64, now_ns: int, valid: bool) -> None:
    """Fold every whole second up to `now_ns`, with the book as it stands and stood since.

    To be called before an event at `now_ns` is applied, when `now_ns` has reached `obs_i[NEXT]`.
    """
    if obs_i[START] == 0:
        obs_i[START] = now_ns
        obs_i[NEXT] = (now_ns // SECOND_NS + 1) * SECOND_NS
    while obs_i[NEXT] <= now_ns:  # one by one, so that stopping in between changes no bit
        begin_ns = max(obs_i[START], obs_i[NEXT] - SECOND_NS)
        decay = 0.5 ** (1.0 / _FLOW_S)
        obs_f[FLOW_BOUGHT] = (obs_f[FLOW_BOUGHT] + obs_i[NOW_BOUGHT]) * decay
        obs_f[FLOW_SOLD] = (obs_f[FLOW_SOLD] + obs_i[NOW_SOLD]) * decay
        seconds = (obs_i[NEXT] - begin_ns) / SECOND_NS
        for at, half_life_s in (
            (RATE, _RATE_S),
            (RECENT_RATE, _RECENT_RATE_S),
            (USUAL_RATE, _USUAL_S),
        ):
            decay = 0.5 ** (1.0 / half_life_s)
            obs_f[at] = (obs_f[at] + obs_i[NOW_VOLUME]) * decay
            obs_f[at + 1] = (obs_f[at + 1] + seconds) * decay
        obs_i[NOW_BOUGHT] = obs_i[NOW_SOLD] = obs_i[NOW_VOLUME] = 0
        _sample(obs_i, obs_f, levels, top, far, valid)
        obs_i[NEXT] += SECOND_NS


@compiled_part
def _sample(obs_i: I64, obs_f: F64, levels: I64, top: I64, far: I64, valid: bool) -> None:
    """Sample the mid at a whole second, and volatility and depth at every fifth."""
    bid, ask = best(top, far, 0), best(top, far, 1)
    if not valid or bid == 0 or ask == 0:
        obs_i[MIDS] = 0
        return
    twice = bid + ask + 2 * obs_i[SHIFTED]
    second = obs_i[NEXT] // SECOND_NS
    obs_i[RING + second % _RING] = twice
    obs_i[MIDS] = min(_RING, obs_i[MIDS] + 1)
    if second % _SAMPLE_S != 0:
        return
    if obs_f[LAST_MID] > 0.0:
        move = math.log(twice / obs_f[LAST_MID])
        _average(obs_f, VAR, move * move, _VAR_S)
        _average(obs_f, RECENT_VAR, move * move, _RECENT_VAR_S)
        _average(obs_f, USUAL_VAR, move * move, _USUAL_S)
    obs_f[LAST_MID] = twice
    shift = obs_i[SHIFTED]
    near = _near(levels, top, far, twice, shift, 0, 5) + _near(levels, top, far, twice, shift, 1, 5)
    _average(obs_f, RECENT_NEAR, near, _RECENT_NEAR_S)
    _average(obs_f, USUAL_NEAR, near, _USUAL_S)


@compiled_part
def _average(obs_f: F64, at: int, value: float, half_life_s: float) -> None:
    """Add `value` to an exponential sum and 1 to its weight, which follows it."""
    decay = 0.5 ** (_SAMPLE_S / half_life_s)
    obs_f[at] = obs_f[at] * decay + value
    obs_f[at + 1] = obs_f[at + 1] * decay + 1.0


@compiled_part
def _near(levels: I64, top: I64, far: I64, twice: int, shift: int, row: int, bps: int) -> int:
    """Return the lots of a side within `bps` of the mid, to the exact tick."""
    if row == 0:
        last = -((-twice * (10_000 - bps)) // 20_000)
    else:
        last = twice * (10_000 + bps) // 20_000
    return depth(levels, top, far, row, last - shift)


# -- reading --------------------------------------------------------------------------------------
@compiled
def read(
    obs_i: I64,
    obs_f: F64,
    levels: I64,
    top: I64,
    far: I64,
    now_ns: int,
    valid: bool,
    view_i: I64,
    view_f: F64,
) -> None:
    """Write the features at `now_ns` into `view_i`, `view_f`; begin the next view's volumes."""
    roll(obs_i, obs_f, levels, top, far, now_ns, valid)
    view_i[:] = 0
    view_f[:] = 0.0
    if valid:
        view_i[_BID], view_i[_ASK] = best(top, far, 0), best(top, far, 1)
    bid, ask = view_i[_BID], view_i[_ASK]
    view_i[_BID_LOTS] = size_at(levels, top, far, 0, bid) if bid > 0 else 0
    view_i[_ASK_LOTS] = size_at(levels, top, far, 1, ask) if ask > 0 else 0
    shift = obs_i[SHIFTED]
    view_i[_BID] = bid = bid + shift if bid > 0 else 0
    view_i[_ASK] = ask = ask + shift if ask > 0 else 0
    twice = bid + ask if bid > 0 and ask > 0 else 0
    if twice > 0:
        for row in range(2):
            for k, bps in enumerate((1, 5, 10)):
                view_i[_DEPTH + 3 * row + k] = _near(levels, top, far, twice, shift, row, bps)
        total = view_i[_BID_LOTS] + view_i[_ASK_LOTS]
        crossed = float(bid) * view_i[_ASK_LOTS] + float(ask) * view_i[_BID_LOTS]
        view_f[_MICRO] = crossed / total  # in floats: ticks times lots may exceed 2^63
    view_i[_VOLUME] = obs_i[VOLUME]
    view_i[_BOUGHT], view_i[_SOLD] = obs_i[BOUGHT], obs_i[SOLD]
    view_i[_TRADES] = obs_i[TRADES]
    view_i[_OBSERVED] = now_ns - obs_i[START] if obs_i[START] > 0 else 0
    obs_i[TRADES] = obs_i[BOUGHT] = obs_i[SOLD] = 0
    _read_memories(obs_i, obs_f, now_ns, twice, view_i, view_f)


@compiled_part
def _read_memories(
    obs_i: I64, obs_f: F64, now_ns: int, twice: int, view_i: I64, view_f: F64
) -> None:
    bought = obs_f[FLOW_BOUGHT] + obs_i[NOW_BOUGHT]
    sold = obs_f[FLOW_SOLD] + obs_i[NOW_SOLD]
    if bought + sold > 0.0:
        view_f[_IMBALANCE] = (bought - sold) / (bought + sold)
    running_s = 0.0
    if obs_i[START] > 0:
        running_s = (now_ns - max(obs_i[START], obs_i[NEXT] - SECOND_NS)) / SECOND_NS
        view_f[_RATE] = _rate(obs_i, obs_f, RATE, running_s)
    if twice > 0 and obs_i[MIDS] > 0:
        at = obs_i[NEXT] // SECOND_NS - obs_i[MIDS]  # 60 seconds before the last, or the oldest
        view_f[_TREND] = (twice / obs_i[RING + at % _RING] - 1.0) * 1e4
    if obs_f[VAR_N] > 0.0:
        view_f[_VOLATILITY] = _hour_pct(obs_f[VAR] / obs_f[VAR_N])
        view_f[_USUAL_VOLATILITY] = _hour_pct(obs_f[USUAL_VAR] / obs_f[USUAL_VAR_N])
    view_f[_VOLATILITY_RATIO] = math.sqrt(_times_usual(obs_f, RECENT_VAR, USUAL_VAR))
    view_f[_DEPTH_SHARE] = _times_usual(obs_f, RECENT_NEAR, USUAL_NEAR)
    view_f[_VOLUME_RATIO] = 1.0
    usual = _rate(obs_i, obs_f, USUAL_RATE, running_s)
    if usual > 0.0:
        view_f[_VOLUME_RATIO] = _rate(obs_i, obs_f, RECENT_RATE, running_s) / usual


@compiled_part
def _rate(obs_i: I64, obs_f: F64, at: int, running_s: float) -> float:
    """Return the lots a second of an average, the second that is running included."""
    seconds = obs_f[at + 1] + running_s
    return (obs_f[at] + obs_i[NOW_VOLUME]) / seconds if seconds > 0.0 else 0.0


@compiled_part
def _times_usual(obs_f: F64, recent: int, usual: int) -> float:
    """Return one average in terms of the same with a long memory; 1 where nothing is known."""
    if obs_f[usual] <= 0.0:
        return 1.0
    usually: float = obs_f[usual] / obs_f[usual + 1]
    times: float = obs_f[recent] / obs_f[recent + 1] / usually
    return times


@compiled_part
def _hour_pct(var: float) -> float:
    """Turn the variance of a 5 s log return into percent per square-root hour."""
    return 100.0 * math.sqrt(var * 3_600.0 / _SAMPLE_S)


def market_view(
    instrument: Instrument,
    view_i: I64,
    view_f: F64,
    *,
    at_ns: int,
    exch_ns: int,
    feed_age_ns: int,
    invalid: str = "",
) -> MarketView:
    """Return what `read` wrote as the message that the engine takes, in prices and quantities."""
    # In the order of the indices that `read` writes to, and then in that of the view's fields.
    bid, ask, *lots, trades, observed_ns = view_i.tolist()
    micro, flow_imbalance, trend_bps, volatility_hour_pct, rate, *usual = view_f.tolist()
    usual_hour_pct, volatility_ratio, depth_share, volume_ratio = usual
    bid_qty, ask_qty, b1, b5, b10, a1, a5, a10, volume, bought, sold = instrument.quantities(lots)
    return MarketView(
        instrument.id,
        at_ns,
        exch_ns,
        feed_age_ns,
        instrument.price(bid) if bid else None,
        instrument.price(ask) if ask else None,
        bid_qty,
        ask_qty,
        (b1, b5, b10),
        (a1, a5, a10),
        micro * float(instrument.tick) if bid and ask else None,
        volume,
        bought,
        sold,
        trades,
        flow_imbalance,
        trend_bps,
        volatility_hour_pct,
        rate * float(instrument.lot),
        observed_ns,
        usual_hour_pct,
        volatility_ratio,
        depth_share,
        volume_ratio,
        invalid,
    )
