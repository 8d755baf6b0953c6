"""What an order believes of its market, from the view it sees and the law it was given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from steersman.algos.base import AlgoContext
from steersman.domain.impact import CostLaw
from steersman.domain.market import MarketView
from steersman.domain.order import ParentOrder
from steersman.domain.units import SECOND_NS
from steersman.models.impact_estimate import Conditions
from steersman.models.recalibration import Learned, begin, conditions_of
from steersman.models.volume import FadingVolume, expected_volume

__all__ = ["conditions_at", "known_at", "volume_ahead"]

HOUR_PCT_TO_DAY_BPS: Final = 100 * 24**0.5


def known_at(view: MarketView, law: CostLaw) -> Learned:
    """Return what is known at an order's arrival; the view has a mid."""
    assert view.mid is not None
    sigma_day_bps = view.volatility_hour_pct * HOUR_PCT_TO_DAY_BPS
    watched_s = view.observed_ns / SECOND_NS
    return begin(law, view.at_ns, float(view.mid), sigma_day_bps, watched_s)


def conditions_at(
    order: ParentOrder, start_ns: int, view: MarketView, curve: Sequence[float], learned: Learned
) -> Conditions:
    """Return what is believed now; the volume is the mean of the order's time, by the curve."""
    horizon_s = (order.deadline_ns - start_ns) / SECOND_NS
    rate_per_s = view.volume_rate_per_s
    volume = expected_volume(
        rate_per_s, start_ns, order.deadline_ns, curve, view.at_ns, view.observed_ns
    )
    return conditions_of(learned, volume / horizon_s)


def volume_ahead(view: MarketView, context: AlgoContext) -> FadingVolume:
    """Return what others are expected to trade from the view's time on."""
    return FadingVolume.of(
        view.at_ns,
        view.volume_rate_per_s,
        view.at_ns - view.observed_ns,
        float(view.market_volume),
        context.day_volume,
        context.curve,
    )
