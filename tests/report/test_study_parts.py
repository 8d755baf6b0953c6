"""Parts of a study's orders: each order is in its own part, and none is left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from steersman.report.chart import Chart
from steersman.report.study_parts import HINT, part_charts
from tests.report.studies import N, case, costs
from tests.tca.rows import drawn, result


def charts(tmp_path: Path, *held: object) -> dict[str, Chart]:
    return {chart.key: chart for chart in part_charts(case(tmp_path, *held))}


def test_every_order_is_in_one_cell_of_regime_and_size(tmp_path: Path) -> None:
    rows = charts(tmp_path)["T13-1"].tables[0].records()
    assert [(row["regime"], row["part"]) for row in rows] == [
        ("calm", "0.25 %"),
        ("calm", "1 %"),
        ("news", "0.25 %"),
        ("news", "1 %"),
    ]
    assert sum(int(row["n"] or 0) for row in rows) == N
    difference = np.array(costs()["embedded"]) - np.array(costs()["twap-passive"])
    total = sum(int(row["n"] or 0) * float(row["mean, bps"] or 0) for row in rows)
    assert total / N == pytest.approx(difference.mean())
    numbers = np.arange(N)
    own = difference[(numbers % 2 == 1) & (numbers // 2 % 2 == 0)]
    assert rows[2]["mean, bps"] == pytest.approx(own.mean()) and rows[2]["n"] == len(own)


def test_regimes_stand_beside_all_orders(tmp_path: Path) -> None:
    chart = charts(tmp_path)["T10-regime-1"]
    whole, calm, news = chart.tables[0].records()
    difference = np.array(costs()["embedded"]) - np.array(costs()["twap-passive"])
    assert [row["regime"] for row in (whole, calm, news)] == ["all", "calm", "news"]
    assert whole["mean, bps"] == pytest.approx(difference.mean()) and whole["n"] == N
    assert calm["mean, bps"] == pytest.approx(difference[::2].mean()) and calm["n"] == N // 2
    assert news["mean, bps"] == pytest.approx(difference[1::2].mean())
    assert float(news["low (95 %)"] or 0) < float(news["mean, bps"] or 0)
    assert HINT in chart.notes


def test_thirds_of_volatility_are_of_every_arm_less_the_reference(tmp_path: Path) -> None:
    rows = charts(tmp_path)["T13-volatility"].tables[0].records()
    assert [row["part"] for row in rows[:3]] == ["low", "middle", "high"]
    assert {row["a less b"] for row in rows} == {f"{n} − twap" for n in costs() if n != "twap"}
    for arm in ("vwap", "embedded"):
        own = [row for row in rows if row["arm"] == arm]
        difference = np.array(costs()[arm]) - np.array(costs()["twap"])
        assert [row["n"] for row in own] == [20, 20, 20]
        assert own[0]["mean, bps"] == pytest.approx(difference[:20].mean()), "volatility rises"


def test_costs_of_arms_are_given_for_every_part(tmp_path: Path) -> None:
    chart = charts(tmp_path)["T13"]
    rows = chart.tables[0].records()
    assert len(rows) == 6 * (2 + 2 + 3)
    assert {row["by"] for row in rows} == {"regime", "size", "volatility"}
    (own,) = [row for row in rows if (row["arm"], row["part"]) == ("vwap", "news")]
    assert own["mean, bps"] == pytest.approx(np.mean(costs()["vwap"][1::2]))
    assert "calm 30, news 30" in chart.about


def test_orders_of_one_kind_have_no_parts_and_say_so(tmp_path: Path) -> None:
    rows = [
        (
            drawn(n, regime="calm", size=0.01),
            (
                result(n, "twap-passive", 1.0 * n, sigma_hour_pct=0.5),
                result(n, "embedded", 2.0 * n, sigma_hour_pct=0.5),
            ),
        )
        for n in range(10)
    ]
    found = charts(tmp_path, rows)
    for key in ("T10-regime-1", "T13", "T13-volatility"):
        assert "All orders are of one part" in found[key].notes[0], key
    (cell,) = found["T13-1"].tables[0].records()
    assert (cell["regime"], cell["n"]) == ("all", 10)
    assert cell["mean, bps"] == pytest.approx(np.mean(np.arange(10)))
