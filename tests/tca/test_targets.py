"""The targets of F26 and F27: met, not met, undecided, not measurable."""

from __future__ import annotations

from dataclasses import astuple, replace

import pytest

from steersman.domain.messages import ParentState, Verdict
from steersman.domain.valued import Worth
from steersman.tca.decisions import decisions
from steersman.tca.intervals import Estimate
from steersman.tca.measure import measure
from steersman.tca.targets import TARGETS, Evidence, Metric, Target, judge, verdict
from tests.tca.story import Story, tape
from tests.tca.test_decisions import judged, valued

TAPE = tape([(0, "99", "101"), (400, "99", "101")], [(5, "100", "30", False)])
LOW = Target("x", "F26", "x", " bps", None, 10)
BAND = Target("x", "F26", "x", " %", 5, 15)


def order(filled: str = "10", state: ParentState = ParentState.COMPLETED) -> Evidence:
    story = Story(qty="10").run("99", "101").fill(6, filled, "99", maker=True)
    story.end(12, "99", "101", state)
    return Evidence(measure(story.messages, "p", TAPE), ())


def by_key(metrics: tuple[Metric, ...]) -> dict[str, Metric]:
    return {metric.target.key: metric for metric in metrics}


def test_every_target_of_both_features_is_there() -> None:
    groups = [target.group for target, *_ in TARGETS]
    assert (groups.count("F26"), groups.count("F27")) == (8, 6)
    texts = {target.key: target.text for target, *_ in TARGETS}
    assert texts == {
        "is_bps": "< 10 bps",
        "vwap_bps": "< 5 bps",
        "arrival_bps": "< 15 bps",
        "participation_pct": "5 to 15 %",
        "fill_rate_pct": "> 95 %",
        "completion_pct": "100 %",
        "spread_capture_pct": "> 30 %",
        "llm_value_bps": "> 3 bps",
        "decision_latency_s": "< 5 s",
        "decision_quality_pct": "> 80 %",
        "adaptations": "2 to 5",
        "reasoning_pct": "> 90 %",
        "fallback_pct": "< 10 %",
        "is_saving_pct": "> 20 %",
    }


def test_one_order_is_measured_without_an_interval() -> None:
    found = by_key(judge([order()]))
    shortfall = found["is_bps"]
    assert shortfall.measured is not None
    assert astuple(shortfall.measured) == (pytest.approx(-100.0), None, None, 1)
    assert shortfall.verdict == "met"
    share = found["participation_pct"].measured
    assert share is not None and share.value == pytest.approx(25.0)
    assert found["participation_pct"].verdict == "not met"
    assert found["spread_capture_pct"].verdict == found["completion_pct"].verdict == "met"
    for key in ("llm_value_bps", "is_saving_pct", "decision_quality_pct"):
        assert (found[key].verdict, found[key].measured) == ("not measurable", None)
    assert found["adaptations"].verdict == "not measurable", "nobody was asked"


def test_an_incomplete_order_fails_what_it_failed() -> None:
    found = by_key(judge([order(), order("4", ParentState.EXPIRED)]))
    completed = found["completion_pct"].measured
    assert completed is not None and (completed.value, completed.n) == (50.0, 2)
    assert [completed.low, completed.high] == pytest.approx([9.4531, 90.5469], abs=1e-4)
    assert found["completion_pct"].verdict == "not met"
    assert by_key(judge([order()] * 10))["completion_pct"].verdict == "undecided"
    rate = found["fill_rate_pct"].measured
    assert rate is not None and rate.value == pytest.approx(70.0) and rate.n == 2
    assert found["fill_rate_pct"].verdict == "undecided"


def test_right_decisions_are_a_share_of_the_right_and_wrong_where_they_were_judged() -> None:
    messages = [message for at in range(5) for message in judged(at, "hold")]
    unjudged = Evidence(order().report, decisions(messages, "p"))
    found = by_key(judge([unjudged]))["decision_quality_pct"]
    assert found.verdict == "not measurable" and "--judge" in found.note
    worths = (Worth.RIGHT, Worth.RIGHT, Worth.WRONG, Worth.UNDECIDED, Worth.IDLE)
    for at, worth in enumerate(worths):
        messages += valued(at, 0.1, worth)
    found = by_key(judge([Evidence(order().report, decisions(messages, "p"))]))[
        "decision_quality_pct"
    ]
    assert found.measured is not None and found.measured.n == 3
    assert found.measured.value == pytest.approx(200 / 3)
    assert found.verdict == "undecided"


def test_views_do_not_tell_a_half_spread() -> None:
    blind = replace(order().report, from_views=True, maker_spread_capture=None)
    seen = Evidence(blind, ())
    assert by_key(judge([seen]))["spread_capture_pct"].verdict == "not measurable"


def test_decisions_are_counted() -> None:
    messages = [*judged(1, "hold"), *judged(2, "finish"), *judged(3, "x", Verdict.LATE)]
    one = order()
    asked = replace(one.report, advice=replace(one.report.advice, asked=3))
    found = by_key(judge([Evidence(asked, decisions(messages, "p"))]))
    assert found["adaptations"].measured == Estimate(2.0, None, None, 1)
    latency = found["decision_latency_s"]
    assert latency.measured is not None and latency.measured.value == 0.25
    assert latency.verdict == "undecided", "three answers do not bound a 95th percentile"
    fallback = found["fallback_pct"]
    assert fallback.measured is not None and fallback.measured.value == 0.0
    assert fallback.verdict == "undecided"
    coherent = found["reasoning_pct"].measured
    assert coherent is not None and (coherent.value, coherent.n) == (100.0, 3)


@pytest.mark.parametrize(
    ("target", "low", "high", "expected"),
    [
        (LOW, 1.0, 9.0, "met"),
        (LOW, 1.0, 11.0, "undecided"),
        (LOW, 10.0, 12.0, "not met"),
        (LOW, 1.0, None, "undecided"),
        (LOW, 11.0, None, "not met"),
        (BAND, 6.0, 14.0, "met"),
        (BAND, 4.0, 6.0, "undecided"),
        (BAND, 1.0, 4.0, "not met"),
        (BAND, 16.0, 17.0, "not met"),
        (BAND, 15.0, 16.0, "undecided"),
        (BAND, 4.0, 5.0, "undecided"),
        (LOW, None, None, "met"),
    ],
)
def test_the_whole_interval_has_to_meet_a_target(
    target: Target, low: float | None, high: float | None, expected: str
) -> None:
    assert verdict(target, Estimate(8.0, low, high, 9)) == expected


def test_no_order_that_ended_measures_nothing() -> None:
    assert {metric.verdict for metric in judge([])} == {"not measurable"}


def test_a_metric_has_a_notebooks_face() -> None:
    shortfall = by_key(judge([order()]))["is_bps"]
    assert "<td>Implementation shortfall</td>" in shortfall._repr_html_()
    assert "<td>-100.000</td>" in shortfall._repr_html_()
    pytest.importorskip("polars")
    frame = shortfall.to_polars()
    assert frame.shape == (1, 10) and frame["value"].to_list() == pytest.approx([-100.0])
    assert frame["low"].to_list() == [None]
