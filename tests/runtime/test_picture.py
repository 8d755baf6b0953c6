"""The picture: the lines it is drawn from, and a file that is a PNG."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from steersman.errors import DataError
from steersman.runtime.picture import PANELS, Drawn, curves, draw
from steersman.runtime.watching import Orders
from tests.runtime.test_stylised import PAIRS, market


def test_a_line_for_each_panel() -> None:
    found = curves(Drawn("a", market(7_200), PAIRS))
    assert found.keys() == {key for key, *_ in PANELS}
    for key, (xs, ys) in found.items():
        assert xs.shape == ys.shape and np.isfinite(ys).all(), key
    xs, ys = found["metaorder"]
    assert ys == pytest.approx(xs**0.5, rel=1e-6)
    assert found["signature"][1][0] == 1.0
    share = np.interp(0.6745, *found["tail"])  # half of a normal's values are closer
    assert share == pytest.approx(0.5, abs=0.15)


def test_a_short_market_has_empty_lines() -> None:
    short = replace(market(300), by_half_hour=np.full(48, np.nan))
    found = curves(Drawn("a", short))
    for key in ("tail", "kurtosis", "abs_memory", "metaorder", "day"):
        assert found[key][0].size == 0, key
    none = np.empty(0)
    silent = Orders(np.empty(0, np.int64), none, none, none, none)
    found = curves(Drawn("a", replace(short, orders=silent)))
    assert found["sizes"][0].size == found["impact"][0].size == found["sign_memory"][0].size == 0


def test_the_same_picture_twice(tmp_path: Path) -> None:
    markets = [Drawn("one", market(4_000), PAIRS), Drawn("two", market(300))]
    draw(markets, tmp_path / "a.png")
    draw(markets, tmp_path / "b.png")
    first = (tmp_path / "a.png").read_bytes()
    assert first.startswith(b"\x89PNG\r\n") and len(first) > 20_000
    assert first == (tmp_path / "b.png").read_bytes()


def test_a_picture_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").mkdir()
    with pytest.raises(DataError, match=r"a\.png"):
        draw([Drawn("one", market(300))], tmp_path / "a.png")
