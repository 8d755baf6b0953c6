"""What a seed decides beforehand: complete, in order, and with no more truth than was asked for."""

from __future__ import annotations

import numpy as np
import pytest

from steersman.domain.instrument import Category
from steersman.domain.units import HOUR_NS
from steersman.errors import ConfigError, UsageError
from steersman.venues.parameters import P_CLUSTERS
from steersman.venues.presets import START_NS, preset_for
from steersman.venues.regimes import RegimeName
from steersman.venues.scripts import Told, script_of

BTC = preset_for("BTCUSDT", Category.LINEAR)
AAPL = preset_for("AAPL", Category.EQUITY)


def told(share: float | None = None, regime: str = "mixed", seed: int = 1) -> Told:
    return script_of(BTC, seed, START_NS, START_NS + 24 * HOUR_NS, share, regime)


def test_nothing_comes_true_where_nothing_is_informative() -> None:
    silent, talking = told(0.0), told(1.0)
    assert len(silent.script.drift) == 0
    assert len(talking.script.drift) > 500
    assert len(silent.news) == len(talking.news) > 400
    # when and where something is said does not tell whether it comes true
    for one, other in zip(silent.news, talking.news, strict=True):
        assert (one.published_ns, one.received_ns, one.source) == (
            other.published_ns, other.received_ns, other.source,
        )  # fmt: skip


def test_rows_are_by_start() -> None:
    script = told().script
    assert (np.diff(script.drift[:, 0]) >= 0).all()
    assert (np.diff(script.plan[:, 0]) >= 0).all()
    assert (script.plan[:, 1] > script.plan[:, 0]).all()


def test_shocks_follow_some_major_items() -> None:
    day, newsy = told(), told(regime="news")
    shocks = [span for span in day.regimes if span.name is RegimeName.NEWS]
    assert 3 < len(shocks) < 30
    assert len([s for s in newsy.regimes if s.name is RegimeName.NEWS]) > 5 * len(shocks)
    published = {item.published_ns for item in day.news}
    for shock in shocks:
        assert any(0 < shock.from_ns - ns <= 30 * 10**9 for ns in published)


def test_clusters_are_of_the_regimes_that_have_them() -> None:
    assert told(regime="calm").params[P_CLUSTERS] == 0.0
    assert told(regime="cascade").params[P_CLUSTERS] > told().params[P_CLUSTERS] > 0.0


def test_a_share_has_no_perpetuals_state() -> None:
    share = script_of(AAPL, 1, START_NS, START_NS + HOUR_NS, None, "mixed")
    assert share.netflows is None and told().netflows is not None


def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(UsageError, match="has no regime 'x'"):
        told(regime="x")
    with pytest.raises(ConfigError, match="informativeness"):
        told(2.0)
