"""Exchange flows: noise and transfers, of which a share is followed by a move the other way."""

from __future__ import annotations

import numpy as np
import pytest

from steersman.domain.instrument import Category
from steersman.domain.units import MINUTE_NS
from steersman.venues.netflows import generate_netflows
from steersman.venues.presets import START_NS, preset_for

BTC = preset_for("BTCUSDT", Category.LINEAR)
END_NS = START_NS + 20_000 * MINUTE_NS


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_as_many_come_true_as_asked(share: float) -> None:
    flows = generate_netflows(1, START_NS, END_NS, BTC, share)
    transfers = np.abs(np.diff(flows.pct)) > 0.7
    assert 100 < transfers.sum() < 350
    assert len(flows.drift) / transfers.sum() == pytest.approx(share, abs=0.08)
    assert flows.at(START_NS // MINUTE_NS) == flows.pct[0]


def test_inflows_are_followed_by_selling() -> None:
    flows = generate_netflows(2, START_NS, END_NS, BTC, 1.0)
    drift = flows.drift
    assert (np.diff(drift[:, 0]) >= 0).all() and (drift[:, 1] > drift[:, 0]).all()
    for begin, _, ticks in drift:
        minutes = np.arange(2, 9) * MINUTE_NS
        at = ((begin - minutes) // MINUTE_NS).astype(np.int64) - flows.first_minute
        jumps = flows.pct[np.maximum(at, 1)] - flows.pct[np.maximum(at, 1) - 1]
        assert (jumps * ticks < -0.5 * abs(ticks)).any()


def test_the_published_figures_do_not_tell_which() -> None:
    true = generate_netflows(3, START_NS, END_NS, BTC, 1.0)
    false = generate_netflows(3, START_NS, END_NS, BTC, 0.0)
    assert true.pct.tobytes() == false.pct.tobytes()
