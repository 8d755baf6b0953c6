"""What people see while something goes on: the order being worked, the share that is done.

Progress goes to stderr and results to stdout. On a terminal the progress is redrawn in place; where
there is none, one plain line is printed for every tenth of the order and for every decision.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from steersman.domain.messages import (
    AdviceJudged,
    Alert,
    Effect,
    Filled,
    Input,
    NewsArrived,
    ParentChanged,
    ParentState,
    Refused,
    RegimeChanged,
    Reported,
    Scheduled,
    Verdict,
    Viewed,
)
from steersman.domain.order import ParentOrder
from steersman.domain.units import SECOND_NS
from steersman.tables import clock

__all__ = ["Progress", "percent_bar"]

REDRAW_S: Final = 0.1
PATIENCE_S: Final = 2.0  # what takes no longer needs no progress


@dataclass(slots=True)
class Progress:
    """Follow one order by its messages and show it as it goes."""

    order: ParentOrder
    console: Console
    filled: Decimal = Decimal(0)
    scheduled: Decimal = Decimal(0)
    now_ns: int = 0
    touch: str = ""
    regime: str = "calm"
    decision: str = "none yet"
    news: str = ""
    alert: str = ""
    _live: Live | None = None
    _drawn_s: float = 0.0
    _tenth: int = 0
    _started_s: float = field(default_factory=time.monotonic)
    _judging_s: float | None = None

    def __enter__(self) -> Progress:
        if self.console.is_terminal:
            self._live = Live(console=self.console, auto_refresh=False, transient=True)
            self._live.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.__exit__(None, None, None)
            self._live = None

    def watch(self, message: Input | Effect) -> None:
        """Take in one message; redraw at most ten times a second."""
        match message:
            case Viewed():
                self.now_ns = message.at_ns
                view = message.view
                if view.usable:
                    self.touch = f"{view.best_bid} / {view.best_ask}"
                self._advance()
            case Reported() if isinstance(message.report, Filled):
                self.filled += message.report.qty
            case Scheduled():
                self.scheduled = message.done
            case AdviceJudged():
                self._decided(message)
            case RegimeChanged() | NewsArrived():
                self._heard(message)
            case Refused() if message.intent is not None:  # a refused order is the run's error
                self._tell("alert", f"refused by {message.rule}: {message.detail}")
            case Alert():
                self._tell("alert", message.text)
            case ParentChanged() if message.state is not ParentState.REFUSED:
                self._tell("", f"order {message.state.value}: {message.reason}")
            case _:
                pass

    def judging(self, share: float, words: str) -> None:
        """Tell how far the judging of decisions is, once it has taken a while: a share and what."""
        now_s = time.monotonic()
        if self._judging_s is None:
            self._judging_s, self._tenth = now_s, 0
        spent_s = now_s - self._judging_s
        if spent_s < PATIENCE_S:
            return
        left_s = spent_s * (1 - share) / share
        told = f"judging {words}: {share * 100:3.0f} %, about {left_s:.0f} s left"
        if self._live is not None:
            if now_s - self._drawn_s >= REDRAW_S:
                self._drawn_s = now_s
                self._live.update(Text(told), refresh=True)
        elif int(share * 10) > self._tenth:
            self._tenth = int(share * 10)
            self._tell("", told)

    def _heard(self, message: RegimeChanged | NewsArrived) -> None:
        if isinstance(message, NewsArrived):
            self.news = f"{clock(message.at_ns)} {_plain(message.items[-1].text)}"
        else:
            told = f"{message.regime.value}: {message.why}"
            self.regime = f"{clock(self.now_ns)} {told}"
            self._tell("", f"regime {told}")

    def _decided(self, judged: AdviceJudged) -> None:
        acted = judged.verdict in (Verdict.ACCEPTED, Verdict.CLAMPED)
        what = judged.effect if acted else "changes nothing"
        told = f"{judged.verdict.value}: {what} ({_plain(judged.why)})"
        self.decision = f"{clock(self.now_ns)} {told}"
        self._tell("", f"advice {told}")

    def _tell(self, kind: str, text: str) -> None:
        if kind == "alert":
            self.alert = f"{clock(self.now_ns)} {text}"
        if self._live is None:
            line = f"{clock(self.now_ns)} {text}"
            self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _advance(self) -> None:
        order = self.order
        share = (self.now_ns - order.start_ns) / order.horizon_ns
        if self._live is not None:
            if time.monotonic() - self._drawn_s >= REDRAW_S:
                self._drawn_s = time.monotonic()
                self._live.update(self._picture(min(1.0, max(0.0, share))), refresh=True)
        elif int(share * 10) > self._tenth and share <= 1:
            self._tenth = int(share * 10)
            self._tell("", f"{self._tenth * 10:3d} % of the horizon: {self._line()}")

    def _line(self) -> str:
        done = self.filled / self.order.qty * 100
        return (
            f"filled {self.filled} of {self.order.qty} ({done:.1f} %), "
            f"schedule {self.scheduled}, touch {self.touch}"
        )

    def _picture(self, share: float) -> Panel:
        order = self.order
        elapsed_s = time.monotonic() - self._started_s
        left_s = elapsed_s * (1 - share) / share if share > 0.01 else 0.0
        left_market_s = max(0, order.deadline_ns - self.now_ns) // SECOND_NS
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim")
        grid.add_column(width=40)
        grid.add_column()
        grid.add_row(
            "schedule",
            ProgressBar(total=float(order.qty), completed=float(self.scheduled), width=40),
            f"{self.scheduled} of {order.qty}",
        )
        grid.add_row(
            "filled",
            ProgressBar(total=float(order.qty), completed=float(self.filled), width=40),
            f"{self.filled} of {order.qty}",
        )
        facts = Text(
            f"time      {clock(self.now_ns)}   {left_market_s // 60} min {left_market_s % 60} s "
            f"of market time left, about {left_s:.0f} s of yours\n"
            f"touch     {self.touch}\n"
            f"regime    {self.regime}\n"
            f"decision  {self.decision}\n"
            f"news      {self.news or 'none yet'}\n"
            f"alert     {self.alert or 'none'}",
            overflow="ellipsis",
        )
        title = f"{order.side.value} {order.qty} {order.instrument} · {order.algo.value} · PAPER"
        return Panel(Group(grid, facts), title=title, title_align="left", box=box.ROUNDED)


def _plain(text: str) -> str:
    """Return text that cannot command a terminal: what cannot be printed becomes a space."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


@dataclass(slots=True)
class _Lines:
    """How far something is where nothing can be redrawn: a line for every tenth, once it takes."""

    console: Console
    label: str
    _tenth: int = 0
    _started_s: float = field(default_factory=lambda: time.monotonic())

    def advance(self, fraction: float, what: str) -> None:
        spent_s = time.monotonic() - self._started_s
        if spent_s < PATIENCE_S or int(fraction * 10) <= self._tenth:
            return
        self._tenth = int(fraction * 10)
        left_s = spent_s * (1 - fraction) / fraction
        line = f"{self.label}: {what}, {fraction * 100:.0f} %, about {left_s:.0f} s left"
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def percent_bar(console: Console, label: str) -> Iterator[Callable[[float, str], None]]:
    """Show how far something is, with the time left; yield `advance(fraction, what)`."""
    if not console.is_terminal:
        yield _Lines(console, label).advance
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with RichProgress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=1.0)

        def advance(fraction: float, what: str) -> None:
            bar.update(task, completed=fraction, description=f"{label}: {what}")

        yield advance
