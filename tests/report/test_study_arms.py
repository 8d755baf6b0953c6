"""The arms of a study: parts that sum, figures of the arm they stand beside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from steersman.report.study_arms import PARTS, arm_charts, arms_table, box_of, parts_of
from tests.report.studies import N, case, costs
from tests.tca.rows import drawn, result


def test_the_parts_of_every_arm_sum_to_its_cost(tmp_path: Path) -> None:
    rows = [
        (
            drawn(n),
            (
                result(n, "twap", 9.0 + n, fees_bps=5.5, token_bps=0.25, funding_bps=-1.0,
                       unfilled_bps=0.5),
                result(n, "vwap", -3.0, fees_bps=2.0, unfilled_bps=-0.5, token_bps=0.125),
            ),
        )
        for n in range(10)
    ]  # fmt: skip
    found = case(tmp_path, rows)
    (chart,) = [chart for chart in arm_charts(found) if chart.key == "T2"]
    for row in chart.tables[0].records():
        parts = [float(row[f"{part}, bps"] or 0) for part in PARTS]
        assert sum(parts) == pytest.approx(row["total, bps"], abs=1e-12)
        arm = found.study.arms[str(row["arm"])]
        assert row["total, bps"] == arm.mean_bps
    assert parts_of(found.study.arms["twap"]) == pytest.approx((8.25, 5.5, -1.0, 0.5, 0.25))
    assert parts_of(found.study.arms["vwap"]) == pytest.approx((-4.625, 2.0, 0.0, -0.5, 0.125))


def test_every_arm_stands_beside_its_own_figures(tmp_path: Path) -> None:
    found = case(tmp_path)
    headline, _, spread, conduct = arm_charts(found)
    for chart in (headline, spread, conduct):
        assert chart.svg and [row["arm"] for row in chart.tables[0].records()] == list(costs())
    for row in headline.tables[0].records():
        own = costs()[str(row["arm"])]
        assert row["mean, bps"] == pytest.approx(np.mean(own))
        assert row["gross mean, bps"] == pytest.approx(np.mean(own) - 2.0)
        assert row["median, bps"] == pytest.approx(np.median(own)) and row["n"] == N
    for row in spread.tables[0].records():
        own = costs()[str(row["arm"])]
        assert row["25 %"] == pytest.approx(np.quantile(own, 0.25))
        assert row["CVaR95, bps"] == pytest.approx(np.sort(own)[-3:].mean())
    overview = {row["arm"]: row for row in arms_table(found).records()}
    assert overview["embedded"]["algorithm"] == "twap, steered"
    assert overview["vwap"]["algorithm"] == "vwap"


def test_what_was_not_filled_and_answered_otherwise_is_counted(tmp_path: Path) -> None:
    rows = [
        (
            drawn(n),
            (
                result(n, "twap-passive", 1.0, participation=None),
                result(n, "embedded", 2.0, fill_rate=0.5 if n < 3 else 1.0, asked=10, answers=9,
                       state="refused" if n == 0 else "completed", fallbacks=1),
            ),
        )
        for n in range(10)
    ]  # fmt: skip
    chart = list(arm_charts(case(tmp_path, rows)))[3]
    plain, embedded = chart.tables[0].records()
    assert plain["participation, %"] is None and plain["fallbacks, %"] is None
    assert embedded["participation, %"] == pytest.approx(1.0)
    assert embedded["not filled whole"] == 3 and embedded["of them refused by a limit"] == 1
    assert embedded["asked"] == 100 and embedded["answers used"] == 90
    assert embedded["fallbacks, %"] == pytest.approx(10.0)
    assert "3 orders not filled whole, 1 of them refused; 10 answers of a rule" in chart.about


def test_a_box_holds_the_middle_half() -> None:
    box = box_of("a", np.arange(101.0), 98.0)
    assert box.quantiles == (5.0, 25.0, 50.0, 75.0, 95.0)
    assert (box.mean, box.tail) == (50.0, 98.0)
