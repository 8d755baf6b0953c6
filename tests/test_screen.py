"""What is seen while an order is worked: plain lines in a pipe, a panel on a terminal."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from steersman import screen
from steersman.domain.market import NewsItem, Regime
from steersman.domain.messages import (
    Accepted,
    AdviceJudged,
    Alert,
    Cancel,
    NewsArrived,
    ParentChanged,
    ParentState,
    Refused,
    RegimeChanged,
    Reported,
    Scheduled,
    Tick,
    Verdict,
    Viewed,
)
from steersman.domain.order import Style
from steersman.domain.units import SECOND_NS, Qty
from steersman.screen import Progress, percent_bar
from steersman.tables import clock
from tests.engine.desk import T0, fill, order, view

HORIZON_S = 600


class Watched:
    """A progress over a string, fed with messages at seconds after the order's start."""

    def __init__(self, *, terminal: bool = False) -> None:
        self.file = StringIO()
        console = Console(file=self.file, force_terminal=terminal, width=120, height=30)
        self.progress = Progress(order(), console)

    def see(self, *at_s: float, **changes: Any) -> None:
        for seconds in at_s:
            at_ns = T0 + int(seconds * SECOND_NS)
            self.progress.watch(Viewed(at_ns, view(at_ns, **changes)))

    def judge(self, verdict: Verdict, effect: str = "pace 140 %", why: str = "news") -> None:
        judged = AdviceJudged("P1", "P1-q1", "rules-2", verdict, False, effect, why)
        self.progress.watch(judged)

    def change(self, state: ParentState, reason: str) -> None:
        none = Qty(Decimal(0))
        self.progress.watch(ParentChanged("P1", state, none, none, reason))

    def hear(self, text: str) -> None:
        self.progress.watch(NewsArrived(T0, "i", (NewsItem("n1", T0, T0, "wire", text),)))

    @property
    def lines(self) -> list[str]:
        return self.file.getvalue().splitlines()

    @property
    def drawn(self) -> str:
        return self.file.getvalue()


# -- plain lines ----------------------------------------------------------------------------------
def test_every_tenth_of_the_horizon_is_one_line() -> None:
    watched = Watched()
    with watched.progress:
        watched.see(*range(-30, HORIZON_S + 1, 5))
    tenths = [line.split(" % of the horizon")[0].split()[-1] for line in watched.lines]
    assert tenths == [str(percent) for percent in range(10, 101, 10)]
    assert watched.lines[0].startswith(clock(T0 + 60 * SECOND_NS))


def test_tenths_that_were_jumped_over_are_not_made_up() -> None:
    watched = Watched()
    watched.see(0, 30, 250, 255, 259)
    assert len(watched.lines) == 1
    assert "40 % of the horizon" in watched.lines[0]


def test_nothing_is_told_before_the_start_nor_after_the_deadline() -> None:
    watched = Watched()
    watched.see(-60, 0, HORIZON_S + 1, HORIZON_S + 300)
    assert watched.lines == []


def test_a_line_tells_filled_schedule_and_touch() -> None:
    watched = Watched()
    watched.progress.watch(Scheduled("P1", Qty(Decimal("2.5")), Style.MID, "on schedule"))
    for number in (1, 2):
        report = fill("P1-1", Decimal("0.625"), f"e{number}", T0)
        watched.progress.watch(Reported(T0, report))
    watched.progress.watch(Reported(T0, Accepted("P1-2", T0)))
    watched.see(60)
    (line,) = watched.lines
    assert "filled 1.250 of 10 (12.5 %), schedule 2.5, touch 59999.9 / 60000.1" in line


def test_prices_that_cannot_be_acted_on_are_not_shown() -> None:
    watched = Watched()
    watched.see(60)
    watched.see(120, best_bid=None)
    watched.see(180, invalid="gap")
    assert all(line.endswith("touch 59999.9 / 60000.1") for line in watched.lines)
    assert len(watched.lines) == 3


@pytest.mark.parametrize("terminal", [False, True])
def test_another_regime_is_told_with_its_reason(terminal: bool) -> None:
    watched = Watched(terminal=terminal)
    why = "depth 0.30 of the usual"
    watched.progress.now_ns = T0 + 7 * SECOND_NS
    with watched.progress:
        watched.progress.watch(RegimeChanged("i", Regime.THIN, Regime.CALM, why))
        watched.see(8)
        told = f"{clock(T0 + 7 * SECOND_NS)} {'' if terminal else 'regime '}thin: {why}"
        assert told in watched.drawn


@pytest.mark.parametrize("verdict", Verdict)
def test_every_decision_is_one_line_that_says_what_it_changes(verdict: Verdict) -> None:
    watched = Watched()
    watched.see(7)
    watched.judge(verdict)
    acted = verdict in (Verdict.ACCEPTED, Verdict.CLAMPED)
    what = "pace 140 %" if acted else "changes nothing"
    at = clock(T0 + 7 * SECOND_NS)
    assert watched.lines == [f"{at} advice {verdict.value}: {what} (news)"]
    assert watched.progress.decision == f"{at} {verdict.value}: {what} (news)"


def test_alerts_refusals_and_the_orders_states_are_told() -> None:
    watched = Watched()
    watched.see(1)
    watched.progress.watch(Alert("warning", "spread", "P1", "the spread is wide"))
    cancel = Cancel("P1-1", "P1", "i", "behind schedule")
    watched.progress.watch(Refused("P1", "max_spread_bps", "25 bps over 20 bps", cancel))
    watched.change(ParentState.EXPIRED, "too late")
    at = clock(T0 + SECOND_NS)
    assert watched.lines == [
        f"{at} the spread is wide",
        f"{at} refused by max_spread_bps: 25 bps over 20 bps",
        f"{at} order expired: too late",
    ]
    assert watched.progress.alert == watched.lines[1]


def test_an_order_that_was_never_taken_is_told_by_the_error_alone() -> None:
    watched = Watched()
    watched.progress.watch(Refused("P1", "max_position", "10 over 5", None))
    watched.change(ParentState.REFUSED, "max_position")
    assert watched.lines == []
    assert watched.progress.alert == ""


def test_what_is_nobodys_business_is_not_told() -> None:
    watched = Watched()
    watched.progress.watch(Tick(T0))
    watched.hear("BTC meets resistance")
    assert watched.lines == []
    assert watched.progress.news.endswith("BTC meets resistance")


def test_words_in_brackets_are_words_and_long_lines_stay_one_line() -> None:
    watched = Watched()
    watched.judge(Verdict.ACCEPTED, why="[bold]not markup[/bold] " + "long " * 100)
    (line,) = watched.lines
    assert "[bold]not markup[/bold]" in line
    assert len(line) > 500


# -- a terminal -----------------------------------------------------------------------------------
def test_a_terminal_shows_a_panel_and_no_lines() -> None:
    watched = Watched(terminal=True)
    with watched.progress:
        watched.progress.watch(Scheduled("P1", Qty(Decimal(4)), None, "on schedule"))
        watched.progress.watch(Reported(T0, fill("P1-1", Decimal(3), "e1", T0)))
        watched.judge(Verdict.ACCEPTED)
        watched.progress.watch(Alert("warning", "spread", "P1", "the spread is wide"))
        watched.hear("BTC meets resistance")
        assert "advice accepted" not in watched.drawn
        watched.see(150)
    for words in (
        "buy 10 sim:BTCUSDT.linear · twap · PAPER",
        "4 of 10",
        "3 of 10",
        "7 min 30 s of market time left",
        "59999.9 / 60000.1",
        "accepted: pace 140 % (news)",
        "BTC meets resistance",
        "the spread is wide",
    ):
        assert words in watched.drawn


@pytest.mark.parametrize("at_s", [-30, 0, 1, HORIZON_S, HORIZON_S + 300])
def test_the_panel_can_be_drawn_at_any_time_even_before_anything_is_known(at_s: int) -> None:
    watched = Watched(terminal=True)
    with watched.progress:
        watched.see(at_s, best_bid=None)
    assert "none yet" in watched.drawn
    assert "of market time left" in watched.drawn
    assert ("   0 min 0 s" in watched.drawn) is (at_s >= HORIZON_S)


def test_time_left_is_told_by_the_pace_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 1_000.0
    monkeypatch.setattr(screen, "time", SimpleNamespace(monotonic=lambda: now_s))
    watched = Watched(terminal=True)
    watched.progress._started_s = now_s - 20.0
    with watched.progress:
        watched.see(HORIZON_S / 4)
    assert "about 60 s of yours" in watched.drawn


def test_the_panel_is_redrawn_at_most_ten_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    wall = SimpleNamespace(now_s=1_000.0)
    monkeypatch.setattr(screen, "time", SimpleNamespace(monotonic=lambda: wall.now_s))
    watched = Watched(terminal=True)
    with watched.progress:
        watched.see(60)
        shown = len(watched.drawn)
        wall.now_s += 0.05
        watched.see(120)
        assert len(watched.drawn) == shown
        wall.now_s += 0.06
        watched.see(180)
        assert len(watched.drawn) > shown
        assert clock(T0 + 180 * SECOND_NS) in watched.drawn
        assert clock(T0 + 120 * SECOND_NS) not in watched.drawn


def test_the_panel_is_taken_down_even_where_the_run_fails() -> None:
    watched = Watched(terminal=True)
    with pytest.raises(KeyboardInterrupt), watched.progress:
        watched.see(60)
        raise KeyboardInterrupt
    assert "\x1b[?25h" in watched.drawn, "the cursor is shown again"
    assert watched.progress._live is None
    watched.judge(Verdict.ACCEPTED)
    assert watched.lines[-1].endswith("advice accepted: pace 140 % (news)")


def test_a_headline_cannot_command_the_terminal() -> None:
    watched = Watched(terminal=True)
    with watched.progress:
        watched.hear("calm\x1b]0;owned\x07 markets")
        watched.see(60)
    assert "calm" in watched.drawn
    assert "\x1b]0;" not in watched.drawn


# -- the percent bar ------------------------------------------------------------------------------
def test_the_bar_shows_what_is_done_and_disappears() -> None:
    file = StringIO()
    console = Console(file=file, force_terminal=True, width=100)
    with percent_bar(console, "importing") as advance:
        advance(0.0, "a.gz")
        advance(0.42, "b.gz")
        assert console._live_stack
    assert not console._live_stack
    assert "importing: b.gz" in file.getvalue()
    assert "42%" in file.getvalue()


def test_the_bar_gets_out_of_the_way_of_an_error() -> None:
    console = Console(file=StringIO(), force_terminal=True, width=100)
    with pytest.raises(ValueError, match="torn"), percent_bar(console, "importing") as advance:
        advance(0.5, "a.gz")
        raise ValueError("torn")
    assert not console._live_stack


def test_a_pipe_gets_no_moving_bar() -> None:
    file = StringIO()
    with percent_bar(Console(file=file, width=100), "importing") as advance:
        advance(0.5, "a.gz")
        advance(1.0, "b.gz")
    assert file.getvalue() == "", "what is over at once needs no progress"


def test_a_pipe_gets_a_line_for_every_tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter((0.0, 1.0, 3.0, 3.1, 8.0))
    monkeypatch.setattr("steersman.screen.time.monotonic", lambda: next(now))
    file = StringIO()
    with percent_bar(Console(file=file, width=100), "studying") as advance:
        for share in (0.1, 0.25, 0.29, 0.8):
            advance(share, f"{share * 100:.0f} of 100 orders")
    assert file.getvalue().splitlines() == [
        "studying: 25 of 100 orders, 25 %, about 9 s left",
        "studying: 80 of 100 orders, 80 %, about 2 s left",
    ]


@pytest.mark.parametrize("terminal", [False, True])
def test_judging_is_told_once_it_takes_a_while(
    terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall = SimpleNamespace(now_s=1_000.0)
    monkeypatch.setattr(screen, "time", SimpleNamespace(monotonic=lambda: wall.now_s))
    watched = Watched(terminal=terminal)
    with watched.progress:
        for tick in range(40):  # a tenth of a second each: 4 s in all
            wall.now_s += 0.1
            watched.progress.judging((tick + 1) / 40, "decision 1 of 1")
            if tick < 19:
                assert "judging" not in watched.drawn
    assert "judging decision 1 of 1:" in watched.drawn and "about 1 s left" in watched.drawn
    if not terminal:
        assert len(watched.lines) == 6, "a line each tenth of the work, from 2 s on"
