"""What is read when something is done: every figure under its name, what is not known said so."""

from __future__ import annotations

import sys
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console, RenderableType

from steersman.domain.advice import Advice, Question, TrackRecord, Usage
from steersman.domain.impact import ImpactEstimate
from steersman.domain.market import NewsItem, Regime
from steersman.domain.messages import (
    AdviceArrived,
    AdviceJudged,
    AdvisorWeighed,
    Alert,
    AnswerOutcome,
    Ask,
    AskWhy,
    Estimated,
    NewsArrived,
    ParentState,
    Recalibrated,
    Refused,
    RegimeChanged,
    Submit,
    Verdict,
)
from steersman.domain.order import Progress
from steersman.domain.units import SECOND_NS, Price
from steersman.domain.valued import DecisionValued, Gain, Over, Worth
from steersman.marketdata.importers.summary import ImportSummary
from steersman.marketdata.tape import Tape
from steersman.runtime.outcome import Outcome
from steersman.runtime.predictions import in_messages
from steersman.tables import (
    ROWS_SHOWN,
    WIDTH_ELSEWHERE,
    clock,
    import_summary,
    iso,
    key_values,
    print_outcome,
    result_console,
    table,
)
from steersman.tca.children import child_rows
from steersman.tca.decisions import decisions
from steersman.tca.judged import judged
from steersman.tca.measure import measure
from tests.marketdata.importers.test_summary import ONE
from tests.tca.story import NONE, Story, ns, tape, view

LONG = tape([(0, "99", "101"), (900, "99", "101")], [(5, "100", "30", False)], end=900)
SHORT = tape([(0, "99", "101")], end=20)


def drawn(what: RenderableType, width: int = 160) -> list[str]:
    file = StringIO()
    Console(file=file, width=width).print(what)
    return [line.strip() for line in file.getvalue().splitlines()]


def printed(story: Story, market: Tape = LONG) -> list[str]:
    """Print the outcome of a story as the command line does."""
    messages = tuple(story.messages)
    decided = decisions(messages, "p")
    outcome = Outcome(
        document={"seed": 7, "journal_hash": "abc123", "assumed": {"queue": "risk-averse"}},
        report=measure(messages, "p", market),
        rows=tuple(child_rows(messages, "p")),
        messages=messages,
        prediction=next(iter(in_messages(messages)), None),
        code=0,
        summary="",
        decisions=decided,
        judged=judged(decided),
    )
    file = StringIO()
    print_outcome(outcome, Console(file=file, width=160))
    return [line.strip() for line in file.getvalue().splitlines()]


def figure(lines: list[str], name: str) -> str:
    """Return what stands behind a name."""
    (line,) = (line for line in lines if line.startswith(name + "  "))
    return line.removeprefix(name).strip()


def completed() -> Story:
    story = Story(qty="10").run("99", "101", at=1)
    story.fill(6, "4", "101", fee="0.06").fill(12, "6", "99", maker=True, fee="-0.05")
    return story.end(12, "99", "101", ParentState.COMPLETED)


def advised(story: Story, verdicts: list[Verdict], *, fallback: bool = False) -> Story:
    """Ask once for each verdict, a second apart; answers take 250 ms."""
    submit = next(m for m in story.messages if isinstance(m, Submit))
    price = Price(Decimal(100))
    progress = Progress(0, NONE, NONE, NONE, NONE, price, None, NONE, NONE, NONE, 0)
    for number, verdict in enumerate(verdicts, 1):
        ask_id, asked_ns = f"p-q{number}", ns(number)
        seen = view(story.spec, number, "99", "101")
        question = Question(ask_id, asked_ns, submit.parent, progress, seen, (), None)
        at_ns = asked_ns + ns(0.25)
        arrived = AdviceArrived(
            at_ns, "p", ask_id, asked_ns, at_ns, price, "rules-2", fallback, Advice()
        )
        effect = "pace 140 %" if verdict is Verdict.ACCEPTED else ""
        judged = AdviceJudged("p", ask_id, "rules-2", verdict, fallback, effect, f"why {verdict}")
        story.messages += [Ask(question), arrived, judged]
    return story


def judging(*worths: Worth) -> list[str]:
    """Print an order of whose decisions these were worth so much."""
    story = advised(completed(), [Verdict.ACCEPTED] * (len(worths) + 1))
    for number, worth in enumerate(worths, 1):
        futures = {Worth.IDLE: 0, Worth.HINDSIGHT: 1}.get(worth, 16)
        gain = Gain(0.25) if futures < 2 else Gain(0.25, 0.125, 0.375)
        over = () if worth is Worth.IDLE else (Over("hold", gain), Over("finish", Gain(-0.5)))
        story.messages.append(
            DecisionValued(ns(20), "p", f"p-q{number}", worth, futures, gain, over)
        )
    return printed(story)


# -- the parts ------------------------------------------------------------------------------------
def test_times_are_utc_to_the_second_and_never_rounded_up() -> None:
    at_ns = 1_723_161_599 * SECOND_NS + 999_999_999
    assert clock(at_ns) == "23:59:59"
    assert iso(at_ns) == "2024-08-08T23:59:59Z"
    assert iso(at_ns + 1) == "2024-08-09T00:00:00Z"
    assert (clock(0), iso(0)) == ("00:00:00", "1970-01-01T00:00:00Z")


def test_columns_marked_so_are_aligned_to_the_right() -> None:
    lines = drawn(table("Title", ("name", "size>"), [("a", "1"), ("b", "1000")]))
    assert lines[:2] == ["Title", ""]
    assert lines[2].split() == ["name", "size"]
    small, large = lines[-3:-1]
    assert len(small) == len(large) == len(lines[2])
    assert small.endswith("   1") and large.endswith("1000")


def test_cells_are_text_and_not_markup() -> None:
    lines = drawn(table("", ("what",), [("[red]alarm[/red]",), ("[/]",)]))
    assert any("[red]alarm[/red]" in line for line in lines)
    assert any("[/]" in line for line in lines)


def test_key_values_put_each_figure_behind_its_name() -> None:
    lines = drawn(key_values("Facts", [("rows", "12"), ("gaps", "0")]))
    assert figure(lines, "rows") == "12"
    assert figure(lines, "gaps") == "0"


def test_a_table_without_rows_is_still_a_table() -> None:
    assert "name" in "\n".join(drawn(table("Nothing", ("name", "size>"), [])))


# -- imports --------------------------------------------------------------------------------------
def summary(**changes: Any) -> ImportSummary:
    return msgspec.structs.replace(ImportSummary.total([ONE], 2.5), **changes)


def test_an_import_is_told_in_numbers() -> None:
    lines = drawn(import_summary(summary(rows=1_234_567), Path("history")))
    assert lines[0] == "Imported into history"
    told = {
        "symbols": "BTCUSDT",
        "rows": "1,234,567",
        "trades": "2",
        "depth messages": "3",
        "gaps": "1",
        "crossed books": "0",
        "clock offset": "1000.0 ms",
        "times adjusted": "4",
        "skipped": "1 a",
        "touch agrees": "6 of 6 compared",
        "from": "1970-01-01T00:00:00Z",
        "took": "2.5 s",
    }
    assert {name: figure(lines, name) for name in told} == told


def test_what_an_import_does_not_know_is_said_so() -> None:
    lines = drawn(import_summary(summary(clock_offset_ms=None, skipped={}), Path("h")))
    assert figure(lines, "clock offset") == "unknown"
    assert figure(lines, "skipped") == "none"
    exact = drawn(import_summary(summary(clock_offset_ms=0.0), Path("h")))
    assert figure(exact, "clock offset") == "0.0 ms"


# -- where it is printed --------------------------------------------------------------------------
def test_results_are_printed_on_stdout_as_wide_as_they_need(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    piped = StringIO()
    monkeypatch.setattr(sys, "stdout", piped)
    assert result_console().width == WIDTH_ELSEWHERE
    result_console().print("result")
    assert piped.getvalue() == "result\n"
    monkeypatch.setattr(piped, "isatty", lambda: True)
    assert result_console().width == 60


# -- outcomes -------------------------------------------------------------------------------------
def test_a_completed_order_is_told_with_its_costs() -> None:
    lines = printed(completed())
    told = {
        "implementation shortfall": "-19.90",
        "fees": "+0.10",
        "against arrival": "-20.00",
        "mark-out after 1 s (all)": "+21.00",
        "state": "completed",
        "filled": "10 of 10",
        "average price": "99.8000",
        "arrival price": "100",
        "participation": "25.0 %",
        "fill rate": "100.0 %",
        "maker share": "60.0 %",
        "spread capture": "+0.20 half-spreads",
        "children": "1",
        "finished before the deadline": "49.0 s",
        "news items": "0",
        "regime changes": "0",
        "queue": "risk-averse",
        "seed": "7",
        "journal hash": "abc123",
    }
    assert {name: figure(lines, name) for name in told} == told
    title = "Execution, 1970-01-01T00:00:01Z to 1970-01-01T00:00:12Z"
    assert title in " ".join(lines), "on one line or two"


def test_the_parts_that_are_printed_sum_to_the_shortfall() -> None:
    lines = printed(completed())
    names = ("delay", "spread", "impact", "timing", "fees", "opportunity")
    parts = [float(figure(lines, name)) for name in names]
    assert sum(parts) == pytest.approx(-19.90, abs=0.03)


def test_an_order_that_never_saw_a_price_has_unknown_figures_and_no_parts() -> None:
    story = Story(qty="10").view(0, None, None).submit(0)
    lines = printed(story.change(ParentState.REFUSED, "no prices"), SHORT)
    for name in (
        "implementation shortfall",
        "against arrival",
        "against interval VWAP",
        "without own volume",
        "against TWAP",
        "against close",
        "participation",
        "maker share",
        "spread capture",
    ):
        assert figure(lines, name) == "unknown"
    assert figure(lines, "fill rate") == "0.0 %"
    assert figure(lines, "finished before the deadline") == "no"
    assert not [line for line in lines if line.startswith("opportunity")]


def test_markouts_beyond_the_data_are_unknown_and_not_zero() -> None:
    lines = printed(completed(), SHORT)
    assert figure(lines, "mark-out after 1 s (all)") == "+21.00"
    assert figure(lines, "mark-out after 300 s (all)") == "unknown"
    assert not [line for line in lines if "(maker)" in line or "(taker)" in line]


def test_child_orders_and_waits_are_rows() -> None:
    story = Story(qty="10").run("99", "101").view(5, "99", "101")
    story.fill(6, "4", "101")
    refused = Refused("p", "max_spread_bps", "200 over 20", None)
    story.messages += [refused, refused, refused]
    lines = printed(story.end(60, "99", "101", ParentState.EXPIRED))
    (child,) = (line for line in lines if line.startswith("00:00:05") and " buy " in line)
    assert child.split()[2:7] == ["4", "market", "101", "4", "filled"]
    (wait,) = (line for line in lines if " wait " in line)
    assert "refused 3 x" in wait
    assert "max_spread_bps: 200 over 20" in wait
    assert "None" not in wait


@pytest.mark.parametrize("extra", [0, 1, 2, 60])
def test_a_long_table_of_children_is_cut_in_the_middle_and_says_by_how_much(extra: int) -> None:
    children = ROWS_SHOWN + extra
    story = Story(qty="1000").run("99", "101")
    for number in range(children):
        story.view(number, "99", "101").place("1", "101")
    lines = printed(story)
    rows = [line for line in lines if " buy " in line]
    notes = [line for line in lines if line.startswith("…")]
    if extra == 0:
        assert len(rows) == children and not notes
        return
    half = ROWS_SHOWN // 2
    assert len(rows) == 2 * half
    assert [line.split() for line in notes] == [["…", str(children - ROWS_SHOWN), "more"]]
    assert rows[half - 1].startswith(clock(ns(half - 1)))
    assert rows[half].startswith(clock(ns(children - half)))
    assert lines.index(rows[half - 1]) + 1 == lines.index(notes[0])


def test_decisions_come_first_with_their_time_and_reason() -> None:
    story = advised(completed(), [Verdict.ACCEPTED, Verdict.INVALID])
    lines = printed(story)
    assert lines.index("Decisions of the advisor") < lines.index("Child orders")
    first, second = (line for line in lines if "why " in line)
    assert first.split() == ["00:00:01", "accepted", "pace", "140", "%", "why", "accepted"]
    assert second.split() == ["00:00:02", "invalid", "changes", "nothing", "why", "invalid"]


def test_the_same_decision_again_is_counted_with_its_last_time() -> None:
    accepted, late = Verdict.ACCEPTED, Verdict.LATE
    lines = printed(advised(completed(), [accepted, accepted, accepted, late, accepted]))
    rows = [line.split() for line in lines if "why " in line]
    assert [row[0] for row in rows] == ["00:00:03", "00:00:04", "00:00:05"]
    assert rows[0][1:4] == ["3", "x", "accepted"]
    assert [row[1] for row in rows[1:]] == ["late", "accepted"]


def test_advice_is_counted_by_verdict_with_its_latency() -> None:
    verdicts = [Verdict.ACCEPTED, Verdict.ACCEPTED, Verdict.LATE]
    lines = printed(advised(completed(), verdicts, fallback=True))
    counted = figure(lines, "advice")
    assert counted.startswith("3 asked: 2 accepted, 0 clamped, 0 invalid, 1 late, 0 stale")
    assert counted.endswith("3 fallback")
    assert figure(lines, "advice latency (market time)") == "250 ms, p95 250 ms"
    assert sum("(fallback)" in line for line in lines) == 2


def test_why_was_asked_how_it_was_answered_and_what_it_took_is_shown() -> None:
    story = advised(completed(), [Verdict.ACCEPTED, Verdict.ACCEPTED, Verdict.LATE])
    paid = Usage("v", "h", 1_200, 34, Decimal("0.0125"))
    outcomes = iter([AnswerOutcome.ANSWERED, AnswerOutcome.CIRCUIT_OPEN, AnswerOutcome.LATE])
    whys = iter([AskWhy.START, AskWhy.NEWS, AskWhy.NEWS])
    story.messages = [
        msgspec.structs.replace(m, usage=paid, outcome=next(outcomes))
        if isinstance(m, AdviceArrived)
        else msgspec.structs.replace(m, why=next(whys))
        if isinstance(m, Ask)
        else m
        for m in story.messages
    ]
    record = TrackRecord(right=4, wrong=2, undecided=1)
    story.messages.append(AdvisorWeighed("p", "rules-2", Decimal("0.55"), record, ""))
    lines = printed(story)
    assert figure(lines, "asked because of") == "1 start, 2 news"
    assert figure(lines, "answers") == "1 answered, 1 circuit open, 1 late"
    assert figure(lines, "advice took") == "3,600 tokens in, 102 out, 0.0375 USD"
    assert figure(lines, "advisor's weight") == "0.55 (4 right, 2 wrong, 1 undecided): rules-2"


def test_without_an_advisor_nothing_is_said_of_advice() -> None:
    text = "\n".join(printed(completed()))
    assert "Decisions" not in text and "advice" not in text


def test_a_question_without_an_answer_has_no_latency() -> None:
    story = advised(completed(), [Verdict.ACCEPTED])
    story.messages = [m for m in story.messages if not isinstance(m, AdviceArrived | AdviceJudged)]
    lines = printed(story)
    assert figure(lines, "advice").startswith("1 asked: 0 accepted")
    assert not [line for line in lines if "latency" in line]


def test_alerts_and_news_are_told() -> None:
    story = completed()
    items = tuple(NewsItem(f"n{n}", 0, 0, "wire", "text") for n in range(3))
    story.messages.append(NewsArrived(ns(13), story.spec.id, items))
    story.messages.append(NewsArrived(ns(14), story.spec.id, items[:1]))
    story.messages.append(Alert("warning", "shortfall", "p", "over [50] bps"))
    for was, regime in ((Regime.CALM, Regime.THIN), (Regime.THIN, Regime.VOLATILE)):
        story.messages.append(RegimeChanged(story.spec.id, regime, was, "so and so"))
    lines = printed(story)
    assert "warning: over [50] bps" in lines
    assert figure(lines, "news items") == "4"
    assert figure(lines, "regime changes") == "2, the last to volatile"


def test_what_was_expected_stands_beside_what_was_paid() -> None:
    story = Story(qty="10").run("99", "101", at=1)
    first = ImpactEstimate(15.0, 1.0, 15.0, -5.0, 35.0, "15 = so and so", {"base": "prior"})
    last = ImpactEstimate(15.0, 1.4, 21.0, -9.0, 51.0, "", {})
    story.messages.append(Estimated("p", "at arrival", first))
    story.messages.append(Estimated("p", "advised", last))
    story.messages.append(Recalibrated("p", 300.0, 7.0, 0.8, 0.4, True))
    story.fill(6, "10", "101").end(12, "99", "101", ParentState.COMPLETED)
    lines = printed(story)
    assert figure(lines, "predicted at arrival") == "+15.00 (-5.00 to +35.00)"
    assert figure(lines, "last of 2 estimates") == "+21.00 (-9.00 to +51.00), adjusted x 1.40"
    assert figure(lines, "realised") == "+100.00, outside its interval"
    assert figure(lines, "how") == "15 = so and so"
    assert figure(lines, "from") == "base: prior"
    assert figure(lines, "market told anew") == "1 x, plan made anew 1 x"


def test_what_decisions_were_worth_stands_with_the_best_other_action() -> None:
    lines = judging(Worth.RIGHT, Worth.UNDECIDED, Worth.IDLE)
    assert any("judged in 16 futures" in line for line in lines)
    rows = [line for line in lines if "+0.125 to +0.375" in line]
    assert [row.split("+0.375")[1].split()[:2] for row in rows] == [
        ["right", "finish"], ["undecided", "finish"]
    ]  # fmt: skip
    (words,) = (line for line in lines if line.startswith("Decisions: "))
    assert words.startswith("Decisions: 1 right, 0 wrong, 1 undecided, 1 idle, 1 unjudged; right")
    assert words.endswith("mean gain +0.250 bps (+0.250 to +0.250).")
    assert not any("caveat" in line for line in lines)


def test_hindsight_is_printed_with_its_caveat() -> None:
    lines = judging(Worth.HINDSIGHT)
    assert any("judged in 1 future:" in line for line in lines)
    assert any(line.startswith("caveat: a recording holds one future") for line in lines)


def test_decisions_that_nobody_judged_or_that_are_idle_have_no_table() -> None:
    assert not any("judged" in line for line in printed(completed()))
    lines = judging(Worth.IDLE)
    assert not any("judged in" in line for line in lines)
    assert any("0 right, 0 wrong, 0 undecided, 1 idle, 1 unjudged" in line for line in lines)
