"""The whole report: what stands in it, what is absent, what the command line prints of it."""

from __future__ import annotations

import json
from decimal import Decimal as D

import pytest

from steersman.domain.advice import NoAdvice, Question, TrackRecord, Usage
from steersman.domain.messages import (
    AdviceArrived,
    AdviceJudged,
    AdvisorWeighed,
    AnswerOutcome,
    Ask,
    AskWhy,
    ParentState,
    Submit,
    Verdict,
)
from steersman.domain.order import Progress
from steersman.domain.units import MS_NS, Price
from steersman.tca.measure import AdviceStats, measure
from tests.tca.story import NONE, Story, ns, tape, view

TAPE = tape([(0, "99", "101"), (400, "99", "101")], [(5, "100", "30", False)])


def completed() -> Story:
    story = Story(qty="10").run("99", "101")
    story.fill(6, "4", "101", fee="0.06").fill(12, "6", "99", maker=True, fee="-0.05")
    return story.end(12, "99", "101", ParentState.COMPLETED)


def test_a_completed_order() -> None:
    report = measure(completed().messages, "p", TAPE)
    assert (report.parent, report.state, report.reason) == ("p", "completed", "told so")
    assert [report.filled_qty, report.unfilled_qty, report.fill_rate] == [10, 0, 1.0]
    assert report.avg_price == D("99.8")
    assert report.arrival_price == report.decision_price == 100
    assert (report.completion_s, report.early_s) == (12.0, 48.0)
    assert report.maker_share == pytest.approx(0.6)
    assert report.children == 1
    assert report.ended and report.adherence is None
    assert report.is_bps == pytest.approx((-2 + 0.01) / 1000 * 1e4)


def test_an_unfinished_order_has_no_completion() -> None:
    story = Story(qty="10").run("99", "101").fill(6, "4", "101")
    report = measure(story.messages, "p", TAPE)
    assert (report.ended, report.completion_s, report.early_s) == (False, None, None)
    assert [report.filled_qty, report.unfilled_qty] == [4, 6]


def test_spread_capture_is_money_earned_of_money_quoted() -> None:
    """1 made where the spread was 0.02, 1.00 better; 1 where it was 4, 3 worse than the mid."""
    story = Story(qty="2").run("99.99", "100.01").fill(1, "1", "99", maker=True)
    story.fill(11, "1", "103", maker=True).end(12, "98", "102", ParentState.COMPLETED)
    whole = tape([(0, "99.99", "100.01"), (10, "98", "102")])
    report = measure(story.messages, "p", whole)
    assert report.maker_spread_capture == report.spread_capture == pytest.approx(-2 / 2.01)
    of_views = measure(story.messages, "p")
    assert (of_views.spread_capture, of_views.maker_spread_capture) == (None, None)


def test_the_document_for_the_command_line() -> None:
    report = measure(completed().messages, "p", TAPE)
    document = json.loads(json.dumps(report.document(), allow_nan=False))
    assert document["filled_qty"] == "10" and document["avg_price"] == "99.8"
    assert document["state"] == "completed"
    parts = document["components_bps"]
    assert set(parts) == {"delay", "spread", "impact", "timing", "fees", "funding", "opportunity"}
    assert sum(parts.values()) == pytest.approx(document["is_bps"], abs=1e-6)
    assert sum(document["kissell_bps"].values()) == pytest.approx(document["is_bps"], abs=1e-6)
    assert document["participation"] == pytest.approx(0.25)
    assert [document[name] for name in ("completion_s", "early_s")] == [12.0, 48.0]
    assert document["spread_capture"] == pytest.approx((6 - 4) / 10)
    assert (document["maker_spread_capture"], document["adherence"]) == (1.0, None)
    assert document["markouts"][0] == {
        "horizon_s": 1,
        "which": "all",
        "vs_fill_bps": pytest.approx(4 / 10 * -100 / 1.01 + 6 / 10 * 100 / 0.99),
        "vs_mid_bps": 0.0,
        "measured": 2,
        "fills": 2,
    }


def test_how_far_the_schedule_was_kept_is_in_the_document() -> None:
    story = Story(qty="10").run("99", "101").schedule("4").fill(6, "4", "101")
    story.end(12, "99", "101", ParentState.EXPIRED)
    kept = measure(story.messages, "p", TAPE).document()["adherence"]
    assert kept == {"max_share": 0.4, "mean_share": pytest.approx(0.2)}


def test_the_figures_have_a_notebooks_face() -> None:
    report = measure(completed().messages, "p", TAPE)
    figures = report.figures()
    assert figures["is_bps"] == report.is_bps and figures["avg_price"] == "99.8"
    assert figures["components_bps.fees"] == pytest.approx(0.1)
    assert figures["advice.asked"] == 0
    assert not any(isinstance(value, dict | list) for value in figures.values())
    assert "<td>components_bps.fees</td><td>0.100</td>" in report._repr_html_()
    pytest.importorskip("polars")
    frame = report.to_polars()
    assert frame.shape == (1, len(figures)) and frame["participation"].to_list() == [0.25]


def test_what_is_absent_is_null() -> None:
    story = Story().submit(0).change(ParentState.REFUSED, "no room")
    document = measure(story.messages, "p", tape([])).document()
    assert document["state"] == "refused"
    assert set(document["components_bps"].values()) == {None}
    absent = [
        "avg_price",
        "decision_price",
        "arrival_price",
        "is_bps",
        "arrival_slippage_bps",
        "vwap_slippage_bps",
        "twap_slippage_bps",
        "participation",
        "maker_share",
        "spread_capture",
        "maker_spread_capture",
        "completion_s",
        "early_s",
        "adherence",
    ]
    assert {name: document[name] for name in absent} == dict.fromkeys(absent)
    assert (document["filled_qty"], document["fill_rate"]) == ("0", 0.0)
    assert document["advice"]["latency_ms_p50"] is None


def test_an_order_that_never_ran_missed_its_stated_decision_price() -> None:
    story = Story(decision="100").view(0, "104", "106").submit(0)
    report = measure(story.change(ParentState.EXPIRED).messages, "p", tape([]))
    assert report.components_bps is not None and report.kissell_bps is not None
    assert report.is_bps == report.components_bps.opportunity == pytest.approx(500)
    assert report.kissell_bps.delay == pytest.approx(500)


def test_advice_is_counted() -> None:
    story = Story().run("99", "101")
    submit = next(message for message in story.messages if isinstance(message, Submit))
    progress = Progress(0, NONE, NONE, NONE, NONE, Price(D(100)), None, NONE, NONE, NONE, 0)
    seen = view(story.spec, 0, "99", "101")
    asked = Ask(Question("q", 0, submit.parent, progress, seen, (), None), AskWhy.SHOCK)
    for latency_ms, verdict in enumerate(Verdict, 1):
        story.messages.append(asked)
        nothing = NoAdvice("timeout", "")
        answer = AdviceArrived(
            at_ns=ns(1),
            parent_id="p",
            ask_id="q",
            asked_ns=0,
            arrived_ns=latency_ms * MS_NS,
            ref_mid=D(100),
            advisor="a",
            fallback=False,
            answer=nothing,
            usage=Usage("v", "h", 10, latency_ms, D("0.25")),
            outcome=AnswerOutcome.LATE if latency_ms == 4 else AnswerOutcome.CACHED,
            checks=("mirror", "grounding") if latency_ms < 3 else ("json",),
        )
        story.messages.append(answer)
        late = verdict is Verdict.LATE
        story.messages.append(AdviceJudged("p", "q", "a", verdict, late, "", ""))
        story.messages.append(AdviceJudged("other", "q", "a", verdict, True, "", ""))
    for right in (3, 4):
        record = TrackRecord(right, 1, 2)
        story.messages.append(AdvisorWeighed("p", "a", D("0.55"), record, ""))
        story.messages.append(AdvisorWeighed("other", "b", D("0.55"), record, ""))
    assert measure(story.messages, "p", TAPE).advice == AdviceStats(
        asked=7,
        accepted=1,
        clamped=1,
        invalid=1,
        late=1,
        stale=1,
        timeout=1,
        unavailable=1,
        fallback=1,
        latency_ms_p50=4.0,
        latency_ms_p95=7.0,
        asked_why={**dict.fromkeys(AskWhy, 0), AskWhy.SHOCK: 7},
        outcomes={
            **dict.fromkeys(AnswerOutcome, 0),
            AnswerOutcome.CACHED: 6,
            AnswerOutcome.LATE: 1,
        },
        tokens_in=70,
        tokens_out=28,
        cost_usd="1.75",
        weights={"a": {"weight": 0.55, "right": 4, "wrong": 1, "undecided": 2}},
        checks={"grounding": 2, "json": 5, "mirror": 2},
    )
