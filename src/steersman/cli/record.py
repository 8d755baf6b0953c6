"""Record a venue's public feed into a history."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from steersman.cli.printing import Json, print_json, say
from steersman.domain.instrument import Category

__all__ = ["record"]


def record(
    out: Annotated[Path, typer.Option(help="The history's folder; made, or added to.")],
    venue: Annotated[str, typer.Option(help="Whose feed: sim, the built-in market.")] = "sim",
    symbol: Annotated[str, typer.Option(help="What to record.")] = "BTCUSDT",
    category: Annotated[Category | None, typer.Option(help="Kind of contract.")] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same feed.")] = 1,
    duration: Annotated[
        str | None, typer.Option(help="How much market: 30m, 24h; default 1h.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Its end instead, an ISO time (UTC).")] = None,
    every: Annotated[str, typer.Option(help="Market time in one part of the history.")] = "1h",
    as_json: Json = False,
) -> None:
    """Record a venue's public feed into a history, safely under a kill at any moment.

    Example: steersman record --symbol BTCUSDT --seed 7 --duration 24h --out history
    """
    from rich.console import Console

    from steersman.runtime import record as recorder
    from steersman.screen import percent_bar
    from steersman.tables import iso, key_values, result_console

    job = recorder.recording(
        venue=venue,
        symbol=symbol,
        category=category,
        seed=seed,
        duration=duration,
        until=until,
        every=every,
        out=out,
    )
    with _interrupts() as came, percent_bar(Console(stderr=True), "recording") as advance:
        done = recorder.record(job, lambda: bool(came), advance)
    if not done.complete:
        say(f"{done.events} events were added; the same command goes on after them")
        raise KeyboardInterrupt
    if as_json:
        print_json(done.document())
        return
    rows = [
        ("instrument", done.instrument),
        ("recorded until", iso(done.last_exch_ns)),
        ("events added", f"{done.events:,}"),
        ("trades added", f"{done.trades:,}"),
        ("parts added", f"{done.parts:,}"),
        ("seconds", f"{done.seconds:g}"),
    ]
    result_console().print(key_values(f"Recorded into {out}", rows))


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Yield a list that the first Ctrl-C is put into, so that what is there can be committed.

    The second one ends the process as usual; the history stays as it was committed last.
    """
    came: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        came.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield came
    finally:
        signal.signal(signal.SIGINT, before)
