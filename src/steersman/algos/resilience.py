"""Obizhaeva-Wang: a block at each end and an even rate between, in a book that refills (F4).

A block is traded within its slice, in children as large as the limits allow. So no block is larger
than what a slice holds: the participation limit of the volume expected in it, and as many of the
largest children as the pace of orders allows. What is cut off moves inwards, the cheapest way the
model knows (`models.constrained`). Where the slices together hold less than the order, every one is
filled in proportion, and the rest waits for the deadline's finish like that of any algorithm.

How fast the book forgets is a prior, half of it in a minute: between the seconds in which its depth
is back and the quarter of an hour after which a third of an order's impact is gone. On horizons
where that is nothing (hours) the optimum is an even rate, and so is this.
"""

from __future__ import annotations

import math
from itertools import accumulate, pairwise
from typing import Final

from steersman.algos.base import (
    AlgoContext,
    Plan,
    borders,
    largest_child,
    plan_from_shares,
)
from steersman.domain.market import MarketView
from steersman.domain.order import ParentOrder
from steersman.domain.units import SECOND_NS, Price
from steersman.models.constrained import obizhaeva_wang_within, participation_caps
from steersman.models.obizhaeva_wang import ObizhaevaWang
from steersman.models.volume import expected_volume

__all__ = ["plan"]

HALF_LIFE_S: Final = 60.0
BLOCKS_MAX: Final = 120  # the matrix is dense; slices beyond are grouped
PARTICIPATION_MAX: Final = 0.999
FULL: Final = 1 - 1e-9


def plan(order: ParentOrder, view: MarketView, price: Price, context: AlgoContext) -> Plan:
    """Return the blocks within limits, one a slice (or a group of slices on long horizons)."""
    times_ns = borders(order, view.at_ns, context.execution)
    slices = len(times_ns) - 1
    group = math.ceil(slices / BLOCKS_MAX)
    ends = [*range(group, slices, group), slices]
    starts = [0, *ends[:-1]]
    caps = _caps(order, view, price, context, times_ns)
    blocks = _blocks(
        [math.fsum(caps[a:b]) for a, b in zip(starts, ends, strict=True)],
        group * (times_ns[-1] - times_ns[0]) / SECOND_NS / slices,
    )
    # Within a group the block is spread evenly.
    even = [
        block / (b - a)
        for block, a, b in zip(blocks, starts, ends, strict=True)
        for _ in range(b - a)
    ]
    shares = [min(share, 1.0) for share in accumulate(even)]
    return plan_from_shares(order, times_ns, shares, context, price)


def _blocks(caps: list[float], apart_s: float) -> list[float]:
    """Return the blocks (shares of the order) that caps leave, `apart_s` seconds apart."""
    whole = math.fsum(caps)
    if len(caps) == 1:
        return [1.0]
    if whole * FULL <= 1.0:
        return [cap / whole for cap in caps] if whole > 0 else [1 / len(caps)] * len(caps)
    model = ObizhaevaWang(depth=1.0, resilience=math.log(2) / HALF_LIFE_S)
    return list(obizhaeva_wang_within(model, 1.0, apart_s * (len(caps) - 1), caps))


def _caps(
    order: ParentOrder,
    view: MarketView,
    price: Price,
    context: AlgoContext,
    times_ns: tuple[int, ...],
) -> list[float]:
    """Return what each slice holds, in shares of the order."""
    most = min(context.execution.max_participation, context.limits.max_participation)
    slices = list(pairwise(times_ns))
    rate_per_s, curve = view.volume_rate_per_s, context.curve
    volumes = [
        expected_volume(rate_per_s, a, b, curve, view.at_ns, view.observed_ns) for a, b in slices
    ]
    shares = participation_caps(volumes, min(float(most), PARTICIPATION_MAX))
    child, pace_ns = float(largest_child(price, context)), context.limits.order_pace_ns
    paced = [child * max(1, (b - a) // pace_ns) for a, b in slices]
    return [min(caps) / float(order.qty) for caps in zip(shares, paced, strict=True)]
