"""The folder of a study: what is wrong with it is refused by name, or said before any figure."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from steersman.errors import DataError
from steersman.journal.storage import Lock
from steersman.report.study_case import read_study, study_problems
from tests.report.studies import N, case, costs, write
from tests.tca.rows import drawn, result


def test_a_whole_study_has_only_its_mixed_pairs_to_say(tmp_path: Path) -> None:
    found = case(tmp_path)
    assert found.finished and found.study.n == N
    (said,) = study_problems(found)
    # embedded, neutral, random each against twap and vwap
    assert said.startswith("6 of 15 pairs differ in more than the advice")


def test_an_unfinished_study_says_how_far_it_is_and_whether_anybody_works_on_it(
    tmp_path: Path,
) -> None:
    found = case(tmp_path, orders=100)
    assert not found.finished
    first = study_problems(found)[0]
    assert "60 of 100 orders are there, it was interrupted" in first
    with Lock(tmp_path / "results.jsonl"):
        assert "it is still running" in study_problems(read_study(tmp_path))[0]
    (tmp_path / "results.jsonl.lock").touch()  # what a killed owner left
    assert "it was interrupted" in study_problems(read_study(tmp_path))[0]


def test_a_torn_last_line_is_no_order(tmp_path: Path) -> None:
    write(tmp_path)
    results = tmp_path / "results.jsonl"
    os.truncate(results, results.stat().st_size - 1)
    found = read_study(tmp_path)
    assert found.study.n == N - 1
    assert any("last line of the results is not whole" in said for said in study_problems(found))


def test_a_damaged_line_is_refused_by_its_number(tmp_path: Path) -> None:
    write(tmp_path)
    results = tmp_path / "results.jsonl"
    lines = results.read_bytes().splitlines(keepends=True)
    lines[6] = lines[6].replace(b'"cost_bps":', b'"cost":')
    results.write_bytes(b"".join(lines))
    with pytest.raises(DataError, match=r"results\.jsonl:7"):
        read_study(tmp_path)


def test_a_folder_that_is_no_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no study: it is a folder without a manifest"):
        read_study(tmp_path)
    with pytest.raises(DataError, match="no study: it is no folder"):
        read_study(tmp_path / "absent")
    write(tmp_path, schema="steersman.study_manifest/9")
    with pytest.raises(DataError, match="study_manifest/9"):
        read_study(tmp_path)
    (tmp_path / "manifest.json").write_text("[")
    with pytest.raises(DataError, match=r"manifest\.json"):
        read_study(tmp_path)
    write(tmp_path, horizon=30)
    with pytest.raises(DataError, match=r"manifest\.json: .*horizon"):
        read_study(tmp_path)


def test_a_study_without_results_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "results.jsonl").write_bytes(b"")
    with pytest.raises(DataError, match="no results"):
        read_study(tmp_path)
    (tmp_path / "results.jsonl").unlink()
    with pytest.raises(DataError, match=r"results\.jsonl"):
        read_study(tmp_path)


def test_an_order_without_one_of_the_arms_is_refused(tmp_path: Path) -> None:
    rows = [(drawn(n), (result(n, "twap", 1.0), result(n, "vwap", 2.0))) for n in range(9)]
    rows.append((drawn(9), (result(9, "twap", 1.0),)))  # type: ignore[arg-type]
    write(tmp_path, rows)
    with pytest.raises(DataError, match="order 9 has no result of vwap"):
        read_study(tmp_path)


def test_stopping_early_counts_the_first_orders_only_and_is_said(tmp_path: Path) -> None:
    write(tmp_path, orders=200, document={"stopped_after": 50, "arms": {}}, resolve_bps=0.5)
    found = read_study(tmp_path)
    assert found.study.n == 50 and found.finished
    said = study_problems(found)[0]
    assert "stopped early, after 50 of 200 orders" in said and "0.5 bps" in said


def test_resumed_studies_other_versions_and_other_figures_are_said(tmp_path: Path) -> None:
    document = {"stopped_after": None, "arms": {name: {"mean_bps": 0.0} for name in costs()}}
    found = case(tmp_path, resumed=2, versions={"steersman": "0.0.1"}, document=document)
    resumed, version, figures, _ = study_problems(found)
    assert "taken up again 2 times" in resumed
    assert "made by steersman 0.0.1" in version
    assert "study.json holds other mean costs" in figures
    said = {name: {"mean_bps": arm.mean_bps} for name, arm in found.study.arms.items()}
    (tmp_path / "study.json").write_bytes(msgspec.json.encode({"arms": said}))
    assert not any("study.json" in one for one in study_problems(read_study(tmp_path)))


def test_an_advised_arm_without_its_schedule_is_said(tmp_path: Path) -> None:
    held = {name: costs()[name] for name in ("vwap", "embedded", "neutral")}
    said = study_problems(case(tmp_path, held))
    assert any(one.startswith("embedded: the schedule that it steers is no arm") for one in said)


def test_few_seeds_fallbacks_and_incomplete_orders_are_said(tmp_path: Path) -> None:
    rows = [
        (
            drawn(n),
            (
                result(n, "twap-passive", 1.0, fill_rate=0.0),
                result(n, "embedded", 2.0, fill_rate=0.5, asked=10, fallbacks=3),
            ),
        )
        for n in range(4)
    ]
    said = study_problems(case(tmp_path, rows))
    assert any("no intervals: they need 8 seeds or more, there are 4" in one for one in said)
    assert any("twap-passive: nothing was filled" in one for one in said)
    assert any("embedded 4" in one for one in said)
    assert any("rules answered in its place 12 times of 40" in one for one in said)


def test_an_older_manifest_does_not_name_the_schedule_that_is_steered(tmp_path: Path) -> None:
    write(tmp_path)
    manifest = msgspec.json.decode((tmp_path / "manifest.json").read_bytes())
    for arm in manifest["arms"].values():
        del arm["base"]
    (tmp_path / "manifest.json").write_bytes(msgspec.json.encode(manifest))
    made = read_study(tmp_path).made
    assert made["embedded"].base == "twap" and made["vwap"].base == "vwap"
