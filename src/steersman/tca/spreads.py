"""Effective, realised and quoted spread of the fills, and whether the price came back afterwards.

    quoted      width of the touch just before a fill
    effective   2 s (p - m)       paid around the mid m just before it; a maker's is negative
    realised    2 s (p - m_h)     what is left of it a horizon later: what the other side earned
    impact      2 s (m_h - m)     the mid's move meanwhile

effective = realised + impact for every fill; all in bps of m, weighted by quantity, over the fills
whose mid at the horizon is known (Huang and Stoll 1996). Views are too far apart to tell the mid
just before a fill to less than a spread: of them nothing is measured.

Reversion is the mid's move from what the order's last fill left, against the order's direction, in
bps: positive where the price came back, so that a part of the impact was temporary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from steersman.domain.order import Liquidity
from steersman.domain.units import SECOND_NS
from steersman.tca.facts import Facts
from steersman.tca.markouts import HORIZONS_S, FillMarks
from steersman.tca.tapes import TapeReader
from steersman.tca.valuation import Valuation

__all__ = ["Reversion", "Spreads", "reversions", "spreads"]


@dataclass(frozen=True, slots=True)
class Spreads:
    """Mean spreads of one liquidity at one horizon (bps), over `measured` of `fills`.

    `effective_over_quoted` is 1 where a taker paid exactly the touch.
    """

    which: Liquidity
    horizon_s: int
    quoted_bps: float | None
    effective_bps: float | None
    realised_bps: float | None
    impact_bps: float | None
    effective_over_quoted: float | None
    measured: int
    fills: int


@dataclass(frozen=True, slots=True)
class Reversion:
    """How far the mid came back after the last fill; None where it is not known."""

    horizon_s: int
    bps: float | None


def spreads(marks: Sequence[FillMarks], *, blind: bool) -> tuple[Spreads, ...]:
    """Return the spreads of makers and takers at each horizon; `blind` where marked by views."""
    return tuple(
        _mean([mark for mark in marks if mark.liquidity is which], which, index, horizon_s, blind)
        for which in Liquidity
        for index, horizon_s in enumerate(HORIZONS_S)
    )


def reversions(facts: Facts, valuation: Valuation, reader: TapeReader) -> tuple[Reversion, ...]:
    """Return the reversion at each horizon after the last fill."""
    if not facts.fills:
        return tuple(Reversion(horizon_s, None) for horizon_s in HORIZONS_S)
    last_ns = facts.fills[-1].venue_ns
    then = reader.touch_left(last_ns)
    found = []
    for horizon_s in HORIZONS_S:
        later = reader.touch_later(last_ns, horizon_s * SECOND_NS)
        known = then is not None and later is not None
        bps = -valuation.slippage_bps(later.mid, then.mid) if known else None  # type: ignore[union-attr]
        found.append(Reversion(horizon_s, bps))
    return tuple(found)


def _mean(
    marks: Sequence[FillMarks], which: Liquidity, index: int, horizon_s: int, blind: bool
) -> Spreads:
    known = [mark for mark in marks if mark.vs_mid_bps[index] is not None and not blind]
    weight = sum(float(mark.qty) for mark in known)
    if not weight:
        return Spreads(which, horizon_s, None, None, None, None, None, 0, len(marks))

    def mean(values: Sequence[float]) -> float:
        pairs = zip(known, values, strict=True)
        return sum(float(mark.qty) * value for mark, value in pairs) / weight

    quoted = mean([mark.quoted_bps for mark in known])
    effective = mean([mark.effective_bps for mark in known])
    impact = mean([2 * (mark.vs_mid_bps[index] or 0.0) for mark in known])
    return Spreads(
        which=which,
        horizon_s=horizon_s,
        quoted_bps=quoted,
        effective_bps=effective,
        realised_bps=effective - impact,
        impact_bps=impact,
        effective_over_quoted=effective / quoted,
        measured=len(known),
        fills=len(marks),
    )
