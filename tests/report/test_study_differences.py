"""Pairs in a report: their sign, what they differ in, all of them, and how they went."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from steersman.report.study_differences import difference_charts, shown_pairs
from steersman.report.table import Table
from tests.report.studies import N, case, costs
from tests.tca.rows import drawn, result


def tables(tmp_path: Path, *held: object) -> dict[str, Table]:
    charts = difference_charts(case(tmp_path, *held))
    return {table.key: table for chart in charts for table in chart.tables}


def test_a_pair_has_the_sign_of_the_first_less_the_second(tmp_path: Path) -> None:
    held = tables(tmp_path)
    for key in ("T10", "T1-pairs", "pairs"):
        for row in held[key].records():
            a, b = str(row["a less b"]).split(" − ")
            difference = np.array(costs()[a]) - np.array(costs()[b])
            assert row["mean, bps"] == pytest.approx(difference.mean()), (key, a, b)
            assert row["median, bps"] == pytest.approx(np.median(difference))
            wins = np.mean(difference < 0) + np.mean(difference == 0) / 2
            assert row["a cheaper, %"] == pytest.approx(100 * wins)
            if row["low (95 %)"] is not None:
                assert float(row["low (95 %)"]) <= float(row["mean, bps"] or 0)
            assert row["n"] == N
    for row in held["T6-pairs"].records():
        a, b = str(row["a less b"]).split(" − ")
        difference = np.array(costs()[a]) - np.array(costs()[b])
        assert row["75 %"] == pytest.approx(np.quantile(difference, 0.75))


def test_advice_is_set_beside_its_schedule_and_placebos_only(tmp_path: Path) -> None:
    held = tables(tmp_path)
    advice = held["T10"].records()
    assert [row["a less b"] for row in advice] == [
        "embedded − twap-passive",
        "embedded − neutral",
        "embedded − random",
    ]
    assert {row["differ in"] for row in advice} == {"advice"}
    every = {row["a less b"]: row["differ in"] for row in held["pairs"].records()}
    assert len(every) == 15
    assert every["vwap − embedded"] == "advice, algorithm"
    assert every["twap − embedded"] == "advice, settings"
    assert every["twap − twap-passive"] == "settings"
    assert {row["a less b"] for row in held["T1-pairs"].records()} == {
        f"{name} − twap" for name in costs() if name != "twap"
    }


def test_the_course_of_a_difference_says_when_it_was_told_apart(tmp_path: Path) -> None:
    (chart,) = [one for one in difference_charts(case(tmp_path)) if one.key.startswith("T10-run")]
    rows = chart.tables[0].records()
    assert rows[0]["orders"] == 30 and rows[-1]["orders"] == N
    assert "Zero was outside at 30." in chart.about and "class='band'" in chart.svg
    held = costs()
    held["embedded"] = held["neutral"]
    (same,) = [
        one for one in difference_charts(case(tmp_path, held)) if one.key.startswith("T10-run")
    ]
    assert same.svg == "" and "fewer than 30 of them differ" in same.notes[0]
    noise = [(-1.0) ** n for n in range(N)]
    held["embedded"] = [cost + one for cost, one in zip(held["twap-passive"], noise, strict=True)]
    (close,) = [
        one for one in difference_charts(case(tmp_path, held)) if one.key.startswith("T10-run")
    ]
    assert "Zero never lay outside." in close.about


def test_days_have_no_course_and_a_study_without_advice_says_so(tmp_path: Path) -> None:
    rows = [
        (
            drawn(n, block=f"day {n // 5}"),
            (result(n, "twap-passive", 1.0 * n), result(n, "embedded", 1.0 * n + n % 3)),
        )
        for n in range(N)
    ]
    charts = {chart.key: chart for chart in difference_charts(case(tmp_path / "days", rows))}
    assert "Orders of one day depend on each other" in charts["T10-run-1"].notes[0]
    held = {name: costs()[name] for name in ("twap", "vwap", "twap-passive")}
    plain = case(tmp_path / "plain", held)
    charts = {chart.key: chart for chart in difference_charts(plain)}
    assert "No arm is advised" in charts["T10"].notes[0] and not charts["T10"].svg
    assert [(pair.a, pair.b) for pair in shown_pairs(plain)] == [
        ("vwap", "twap"),
        ("twap-passive", "twap"),
    ]


def test_one_arm_has_nothing_to_be_compared_with(tmp_path: Path) -> None:
    charts = difference_charts(case(tmp_path, {"twap": costs()["twap"]}))
    assert all(chart.notes and not chart.svg for chart in charts)
