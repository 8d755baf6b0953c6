"""Which state the market is in (F15): fast into what is urgent, slow out of it.

Every regime has an intensity, 1 where it begins. The most urgent one at 1 or more is entered at
once. A regime is left only when its intensity has been below 0.6 for half a minute: a market that
hovers at a threshold does not flicker between two plans. Urgency falls from a liquidation cascade
over news, a thin book and volatility to a trend. Pure: the state goes in and comes out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from steersman.domain.market import Regime
from steersman.models.validity import finite, not_negative

__all__ = ["Features", "Held", "intensities", "next_regime"]

STAYS: Final = 0.6
LEAVE_NS: Final = 30_000_000_000
URGENCY: Final = (
    Regime.CASCADE,
    Regime.NEWS,
    Regime.THIN,
    Regime.VOLATILE,
    Regime.TREND_UP,
    Regime.TREND_DOWN,
)

VOLATILE_TIMES: Final = 2.0  # usual volatility
THIN_SHARE: Final = 0.5  # of the usual depth
TREND_SDS: Final = 2.0  # of a minute's move
CASCADE_SDS: Final = 4.0
CASCADE_VOLUME: Final = 4.0  # times the usual rate
CASCADE_FLOW: Final = 0.6  # net share of takers, with the move
NEWS_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Features:
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
        finite(move_sds=self.move_sds, flow_imbalance=self.flow_imbalance)
        not_negative(
            volatility_ratio=self.volatility_ratio,
            depth_share=self.depth_share,
            volume_ratio=self.volume_ratio,
            news_age_s=self.news_age_s or 0.0,
        )


@dataclass(frozen=True, slots=True)
class Held:
    """The regime in force, and when it was last strong enough to stay (UTC ns)."""

    regime: Regime
    confirmed_ns: int


def intensities(f: Features) -> dict[Regime, float]:
    """Return how strong each regime is; it begins at 1."""
    with_move = f.flow_imbalance if f.move_sds > 0 else -f.flow_imbalance
    cascade = (
        abs(f.move_sds) / CASCADE_SDS,
        f.volume_ratio / CASCADE_VOLUME,
        with_move / CASCADE_FLOW,
    )
    news = 0.0 if f.news_age_s is None else max(0.0, 2.0 - f.news_age_s / NEWS_S)
    return {
        Regime.CASCADE: max(0.0, min(cascade)),
        Regime.NEWS: news,
        Regime.THIN: THIN_SHARE / max(f.depth_share, 1e-9),
        Regime.VOLATILE: f.volatility_ratio / VOLATILE_TIMES,
        Regime.TREND_UP: max(0.0, f.move_sds) / TREND_SDS,
        Regime.TREND_DOWN: max(0.0, -f.move_sds) / TREND_SDS,
    }


def next_regime(held: Held, f: Features, at_ns: int) -> Held:
    """Return the regime at a time, from the one before and what is seen now."""
    strong = intensities(f)
    entered = next((regime for regime in URGENCY if strong[regime] >= 1.0), Regime.CALM)
    if held.regime is Regime.CALM or _urgency(entered) < _urgency(held.regime):
        return Held(entered, at_ns)
    if strong[held.regime] >= STAYS:
        return Held(held.regime, at_ns)
    if at_ns - held.confirmed_ns < LEAVE_NS:
        return held
    return Held(entered, at_ns)


def _urgency(regime: Regime) -> int:
    """Return the place in the order of urgency; 0 is the most urgent."""
    return URGENCY.index(regime) if regime in URGENCY else len(URGENCY)
