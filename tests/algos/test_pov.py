"""POV: a bounded share of what others really trade."""

from __future__ import annotations

from decimal import Decimal

import pytest

from steersman.algos import pov
from steersman.domain.units import Qty
from tests.algos.stage import context, order, progress


def test_percentage_of_volume_follows_what_is_traded() -> None:
    parent = order()
    # 10 of 1,010 with a tenth in hand is 1.089 % of the total.
    now = progress(parent, others_volume=Qty(Decimal(500)))
    share = pov.rate(parent, now, context())
    assert share == pytest.approx(Decimal("0.010891"), abs=Decimal("1e-6"))
    assert pov.done_by_volume(parent, now, context()) == Decimal("5.505")
    assert pov.done_by_volume(parent, progress(parent), context()) == 0
    much = progress(parent, others_volume=Qty(Decimal(10**6)))
    assert pov.done_by_volume(parent, much, context()) == parent.qty


def test_percentage_of_volume_is_bounded() -> None:
    parent = order(qty=Qty(Decimal(900)))
    assert pov.rate(parent, progress(parent), context()) == Decimal("0.10")
    unknown = progress(parent, expected_volume=Qty(Decimal(0)))
    assert pov.rate(parent, unknown, context()) == Decimal("0.10")
    tiny = order(qty=Qty(Decimal("0.1")))
    assert pov.rate(tiny, progress(tiny), context()) == Decimal("0.01")
