"""Which state the market is in (F15): fast into what is urgent, slow out of it.

Every regime has an intensity, 1 where it begins. The most urgent one at 1 or more is entered at
once. A regime is left only when its intensity has been below 0.75 for a minute: a market that
hovers at a threshold does not flicker between two plans. Urgency falls from a liquidation cascade
over news, a thin book and volatility to a trend. Pure: the state goes in and comes out.

Thresholds are what generated markets of known regimes show (`bench/regimes.py`, docs/models.md): in
a calm one each is passed once or twice in a hundred looks.
"""

from __future__ import annotations

from math import inf
from typing import Final, assert_never

import msgspec

from steersman.domain.market import MarketView, Regime
from steersman.domain.units import SECOND_NS
from steersman.models.validity import finite, not_negative

__all__ = [
    "SAMPLE_NS",
    "START",
    "Features",
    "Held",
    "due_ns",
    "features_of",
    "intensities",
    "next_regime",
    "takes_over",
    "why",
]

SAMPLE_NS: Final = 5 * SECOND_NS  # between two looks at one market
WATCHED_NS: Final = 60 * SECOND_NS  # before the first one

STAYS: Final = 0.75
LEAVE_NS: Final = 60 * SECOND_NS
URGENT: Final = (
    Regime.CASCADE,
    Regime.NEWS,
    Regime.THIN,
    Regime.VOLATILE,
    Regime.TREND_UP,
    Regime.TREND_DOWN,
)
TRENDS: Final = {Regime.TREND_UP, Regime.TREND_DOWN}

VOLATILE_TIMES: Final = 1.5  # usual volatility
THIN_SHARE: Final = 0.45  # of the usual depth
TREND_SDS: Final = 3.0  # of a minute's move
CASCADE_SDS: Final = 2.5
CASCADE_VOLUME: Final = 2.0  # times the usual rate
CASCADE_FLOW: Final = 0.3  # net share of takers, with the move
NEWS_S: Final = 60.0
HOUR_PCT_TO_MINUTE_BPS: Final = 100 / 60**0.5
MINUTE_LEAST_BPS: Final = 0.5  # where the price hardly moves, one tick is no trend


class Features(msgspec.Struct, frozen=True, gc=False):
    """What a regime is told by, each relative to what is usual for this market.

    `move_sds` is the last minute's move in usual standard deviations of a minute (signed),
    `flow_imbalance` the takers' net share (-1 to 1), `news_age_s` the age of the last severe
    headline, None where there is none.
    """

    volatility_ratio: float
    move_sds: float
    depth_share: float
    volume_ratio: float
    flow_imbalance: float
    news_age_s: float | None = None

    def __post_init__(self) -> None:
        if (  # one look at all of them, since an order looks every few seconds
            0.0 <= self.volatility_ratio < inf
            and 0.0 <= self.depth_share < inf
            and 0.0 <= self.volume_ratio < inf
            and -inf < self.move_sds < inf
            and -inf < self.flow_imbalance < inf
            and self.news_age_s is None
        ):
            return
        finite(move_sds=self.move_sds, flow_imbalance=self.flow_imbalance)
        not_negative(
            volatility_ratio=self.volatility_ratio,
            depth_share=self.depth_share,
            volume_ratio=self.volume_ratio,
            news_age_s=self.news_age_s or 0.0,
        )


class Held(msgspec.Struct, frozen=True, gc=False):
    """The regime in force, when it was last strong enough to stay, and last looked for (UTC ns)."""

    regime: Regime
    confirmed_ns: int
    seen_ns: int = 0


START: Final = Held(Regime.CALM, 0)


def due_ns(held: Held, view: MarketView) -> int:
    """Return when the next look is due; a market too young to know what is usual is not looked at.

    Views between two looks change nothing, so it does not matter how many there are of them.
    """
    if view.observed_ns < WATCHED_NS:
        return view.at_ns - view.observed_ns + WATCHED_NS
    return held.seen_ns + SAMPLE_NS


def features_of(view: MarketView, news_age_s: float | None) -> Features:
    """Return what a view says; `news_age_s` is the age of the last severe headline."""
    usual_bps = view.usual_volatility_hour_pct * HOUR_PCT_TO_MINUTE_BPS
    return Features(
        volatility_ratio=view.volatility_ratio,
        move_sds=view.trend_bps / max(usual_bps, MINUTE_LEAST_BPS),
        depth_share=view.depth_share,
        volume_ratio=view.volume_ratio,
        flow_imbalance=view.flow_imbalance,
        news_age_s=news_age_s,
    )


def intensities(f: Features) -> tuple[float, ...]:
    """Return how strong each of `URGENT` is; it begins at 1."""
    move = f.move_sds
    up, down = (move, 0.0) if move > 0.0 else (0.0, -move)
    with_move = f.flow_imbalance if move > 0.0 else -f.flow_imbalance
    cascade = 0.0
    if with_move > 0.0:
        cascade = min(
            (up + down) / CASCADE_SDS, f.volume_ratio / CASCADE_VOLUME, with_move / CASCADE_FLOW
        )
    return (
        cascade,
        0.0 if f.news_age_s is None else max(0.0, 2.0 - f.news_age_s / NEWS_S),
        THIN_SHARE / f.depth_share if f.depth_share > 0.0 else inf,
        f.volatility_ratio / VOLATILE_TIMES,
        up / TREND_SDS,
        down / TREND_SDS,
    )


def next_regime(held: Held, f: Features, at_ns: int) -> Held:
    """Return the regime at a time, from the one before and what is seen now."""
    strong = intensities(f)
    entered = Regime.CALM
    if max(strong) >= 1.0:
        entered = next(regime for regime, much in zip(URGENT, strong, strict=True) if much >= 1.0)
    if held.regime is Regime.CALM or takes_over(entered, held.regime):
        return Held(entered, at_ns, at_ns)
    if strong[URGENT.index(held.regime)] >= STAYS:
        return Held(held.regime, at_ns, at_ns)
    if at_ns - held.confirmed_ns < LEAVE_NS:
        return Held(held.regime, held.confirmed_ns, at_ns)
    return Held(entered, at_ns, at_ns)


def takes_over(regime: Regime, held: Regime) -> bool:
    """Tell whether a regime is entered at once: it is more urgent, or the opposite trend."""
    if regime is held or regime is Regime.CALM:
        return False
    opposite = {regime, held} == TRENDS
    return opposite or held is Regime.CALM or URGENT.index(regime) < URGENT.index(held)


def why(regime: Regime, f: Features) -> str:
    """Say in words what makes a regime of these features."""
    move = f"a move of {f.move_sds:+.1f} usual deviations in a minute"
    match regime:
        case Regime.CASCADE:
            flow = f"takers' net share {f.flow_imbalance:+.2f}"
            return f"{move} on {f.volume_ratio:.1f} times the usual volume, {flow}"
        case Regime.NEWS:
            return f"severe news, read {f.news_age_s or 0.0:.0f} s ago"
        case Regime.THIN:
            return f"depth {f.depth_share:.2f} of the usual"
        case Regime.VOLATILE:
            return f"volatility {f.volatility_ratio:.1f} times the usual"
        case Regime.TREND_UP | Regime.TREND_DOWN:
            return move
        case Regime.CALM:
            return "nothing unusual any more"
        case _:
            assert_never(regime)
