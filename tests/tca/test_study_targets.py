"""Targets judged by a study: the sign of what is added, what is saved, and what cannot be told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from steersman.tca.intervals import Estimate, mean_of
from steersman.tca.study_targets import StudyEvidence, judge_study
from steersman.tca.targets import TARGETS, Metric
from tests.report.studies import N, case, costs
from tests.tca.rows import drawn, result


def judged(evidence: StudyEvidence) -> dict[str, Metric]:
    return {metric.target.key: metric for metric in judge_study(evidence)}


def test_an_advised_arm_is_judged_by_its_pairs(tmp_path: Path) -> None:
    held = costs()
    found = judged(case(tmp_path).evidence)
    value = found["llm_value_bps:embedded"]
    gain = np.array(held["neutral"]) - np.array(held["embedded"])
    assert value.measured is not None
    assert value.measured.value == pytest.approx(gain.mean()) and gain.mean() > 0.5
    assert value.measured.low is not None and 0 < value.measured.low < value.measured.value
    assert value.verdict == "not met" and "neutral" in value.note
    cost = found["is_bps:embedded"].measured
    assert cost is not None and cost.value == pytest.approx(np.mean(held["embedded"]))
    taker = found["is_saving_pct:embedded:twap"]
    assert taker.measured is not None
    share = 1 - np.mean(held["embedded"]) / np.mean(held["twap"])
    assert taker.measured.value == pytest.approx(100 * share) and taker.verdict == "met"
    own = found["is_saving_pct:embedded:twap-passive"]
    assert own.measured is not None and own.measured.value < taker.measured.value
    assert own.target.title == "Saving against its own schedule, embedded"
    assert not [key for key in found if "random" in key or "vwap:" in key or ":neutral" in key]


def test_every_target_is_there_and_says_why_it_cannot_be_measured(tmp_path: Path) -> None:
    found = judged(case(tmp_path).evidence)
    assert {key.partition(":")[0] for key in found} == {target.key for target, *_ in TARGETS}
    assert "--judge" in found["decision_quality_pct:embedded"].note
    for key in ("vwap_bps", "spread_capture_pct", "decision_latency_s", "reasoning_pct"):
        assert found[key].verdict == "not measurable" and "report on" in found[key].note


def test_judged_decisions_are_taken_over(tmp_path: Path) -> None:
    evidence = replace(case(tmp_path).evidence, right={"embedded": Estimate(85.0, 81.0, 89.0, 400)})
    quality = judged(evidence)["decision_quality_pct:embedded"]
    assert quality.verdict == "met" and quality.measured == evidence.right["embedded"]


def test_a_study_without_advice_is_judged_by_its_cheapest_arm(tmp_path: Path) -> None:
    held = {name: costs()[name] for name in ("twap", "twap-passive")}
    found = judged(case(tmp_path, held).evidence)
    metric = found["is_bps:twap-passive"]
    assert metric.note.endswith("of 2 arms the one that cost least")
    assert found["llm_value_bps"].note == "no arm is advised"
    assert "is_bps:twap" not in found


def test_without_neutral_the_schedule_tells_and_without_both_nothing(tmp_path: Path) -> None:
    held = costs()
    schedule = {name: held[name] for name in ("twap-passive", "embedded")}
    found = judged(case(tmp_path / "a", schedule).evidence)
    assert "twap-passive" in found["llm_value_bps:embedded"].note
    assert found["is_saving_pct:embedded:twap"].verdict == "not measurable"
    other = {name: held[name] for name in ("vwap", "embedded")}
    found = judged(case(tmp_path / "b", other).evidence)
    assert found["llm_value_bps:embedded"].verdict == "not measurable"


def test_a_share_of_a_cost_that_may_be_zero_is_not_measurable(tmp_path: Path) -> None:
    held = costs()
    held["twap"] = (np.array(held["twap"]) - np.mean(held["twap"])).tolist()
    metric = judged(case(tmp_path, held).evidence)["is_saving_pct:embedded:twap"]
    assert metric.measured is None and "cannot be told from zero" in metric.note


def test_what_was_filled_has_an_interval_and_fallbacks_are_counted(tmp_path: Path) -> None:
    rows = [
        (
            drawn(n),
            (
                result(n, "twap-passive", 1.0),
                result(n, "embedded", 1.0, fill_rate=1.0 if n % 6 else 0.4, asked=10,
                       fallbacks=2, participation=None if n == 0 else 0.08),
            ),
        )
        for n in range(N)
    ]  # fmt: skip
    found = judged(case(tmp_path, rows).evidence)
    filled = found["fill_rate_pct:embedded"].measured
    plain = mean_of([100.0 if n % 6 else 40.0 for n in range(N)])
    assert filled is not None and plain is not None and plain.low is not None
    assert filled.value == pytest.approx(90.0) and filled.low == pytest.approx(plain.low, abs=2)
    part = found["participation_pct:embedded"]
    assert part.measured is not None and part.verdict == "met"
    assert part.measured.value == pytest.approx(8.0) and part.measured.n == N - 1
    done = found["completion_pct:embedded"].measured
    assert done is not None and done.value == pytest.approx(100 * 50 / 60)
    rate = found["fallback_pct:embedded"]
    assert rate.measured is not None and rate.verdict == "not met"
    assert rate.measured.value == pytest.approx(20.0) and rate.measured.n == 10 * N


def test_no_more_than_all_was_filled(tmp_path: Path) -> None:
    rows = [
        (
            drawn(n),
            (
                result(n, "twap-passive", 1.0),
                result(n, "embedded", 1.0, fill_rate=1.0 if n else 0.1, asked=10),
            ),
        )
        for n in range(N)
    ]
    filled = judged(case(tmp_path, rows).evidence)["fill_rate_pct:embedded"].measured
    assert filled is not None and filled.high == 100.0
