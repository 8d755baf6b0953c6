"""Presets: each instrument's numbers hang together and reach the compiled flow in its units."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from steersman.domain.instrument import Category
from steersman.errors import UsageError
from steersman.venues.presets import (
    PRESETS,
    START_NS,
    preset_for,
    volume_curve,
)

EACH = pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda p: p.symbol + p.category)


def test_what_there_is() -> None:
    assert set(PRESETS) == {
        ("BTCUSDT", Category.LINEAR),
        ("BTCUSDT", Category.SPOT),
        ("ETHUSDT", Category.LINEAR),
        ("ETHUSDT", Category.SPOT),
        ("XRPUSDT", Category.LINEAR),
        ("BTCUSD", Category.INVERSE),
        ("KLPUSDT", Category.LINEAR),
        ("AAPL", Category.EQUITY),
    }
    with pytest.raises(UsageError, match=r"no generated market for DOGEUSDT\.spot"):
        preset_for("DOGEUSDT", Category.SPOT)


def test_start_is_a_monday_in_the_us_session() -> None:
    start = datetime.fromtimestamp(START_NS / 1e9, tz=UTC)
    assert start.isoformat() == "2025-01-06T15:00:00+00:00"
    assert start.weekday() == 0


def test_units_of_lots_and_ticks() -> None:
    btc = preset_for("BTCUSDT", Category.LINEAR)
    assert btc.mid_tick == 600_000
    assert btc.ticks(1.0) == pytest.approx(60.0)
    assert btc.lots(60_000.0) == pytest.approx(1_000.0)
    assert preset_for("BTCUSD", Category.INVERSE).lots(500.0) == pytest.approx(500.0)
    assert preset_for("AAPL", Category.EQUITY).lots(2_300.0) == pytest.approx(10.0)


@pytest.mark.parametrize("category", list(Category))
def test_volume_curve(category: Category) -> None:
    curve = np.array(volume_curve("ANY", category))
    assert curve.shape == (48,)
    assert (curve > 0).all()
    assert curve.sum() == pytest.approx(1.0)


def test_volume_curve_shapes() -> None:
    crypto = np.array(volume_curve("BTCUSDT", Category.LINEAR))
    assert 26 <= crypto.argmax() <= 32  # 13-16 UTC
    share = np.array(volume_curve("AAPL", Category.EQUITY))
    session = share[29:42]  # 14:30-21:00 UTC
    assert session.sum() > 0.97
    assert session.argmax() == 0
    assert session.argmin() == 7
    assert session[-1] > 2 * session[7]
