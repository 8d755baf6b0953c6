"""Show one question to an advisor and its answer, whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from steersman.cli.printing import Json, print_json, say
from steersman.domain.instrument import Category
from steersman.domain.order import AlgoName
from steersman.domain.units import Side

if TYPE_CHECKING:
    from steersman.runtime.advise import Shown
    from steersman.runtime.prepare import Request

__all__ = ["ADVISE_EXAMPLES", "advise"]

ADVISE_EXAMPLES: Final = """
Examples:

  steersman advise --market generated --at 20m

  steersman advise --market history --symbol BTCUSDT --at 2024-08-09T00:05:00 --advisor rules --json
"""


def advise(
    at: Annotated[
        str, typer.Option(help="ISO time, or a time after the market's beginning such as 20m.")
    ],
    market: Annotated[
        str, typer.Option(help="'generated', or the folder of an imported history.")
    ] = "generated",
    symbol: Annotated[str, typer.Option(help="What to trade.")] = "BTCUSDT",
    category: Annotated[Category | None, typer.Option(help="Kind of contract.")] = None,
    side: Annotated[Side, typer.Option(help="Buy or sell.")] = Side.BUY,
    qty: Annotated[str, typer.Option(help="Quantity in base units.")] = "1",
    horizon: Annotated[str, typer.Option(help="Time to the deadline: 90s, 5m, 4h.")] = "30m",
    base: Annotated[AlgoName, typer.Option(help="What the advice bends.")] = AlgoName.TWAP,
    advisor: Annotated[str, typer.Option(help="Who is asked.")] = "embedded",
    news: Annotated[
        str | None, typer.Option(help="News: a file or address of JSONL, RSS or Atom.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same market.")] = 1,
    config: Annotated[Path | None, typer.Option(help="Settings (TOML).")] = None,
    as_json: Json = False,
) -> None:
    """Run an order's market up to a time, in the order's middle; show one answer, whole.

    Facts, prompt, reply, advice, checks, verdict, and what it does to the schedule.
    """
    from steersman.runtime.answering import check_advisors
    from steersman.runtime.prepare import Request
    from steersman.runtime.texts import parse_decimal

    request = Request(
        symbol=symbol,
        category=category,
        side=side,
        qty=parse_decimal(qty),
        start=None,
        horizon=horizon,
        limit_price=None,
        decision_price=None,
        urgency=None,
        algo=AlgoName.ADAPTIVE,
        base=base,
        market=market,
        seed=seed,
        advisor=check_advisors(advisor),
        news=news,
        parent_id="P1",
    )
    shown = _shown(request, at, config)
    if as_json:
        from steersman.runtime.advise import document

        print_json(document(shown))
    else:
        _print(shown)


def _shown(request: Request, at: str, config: Path | None) -> Shown:
    from rich.console import Console

    from steersman.config import load_settings
    from steersman.runtime.advise import advise as run_to
    from steersman.runtime.advise import around
    from steersman.runtime.prepare import prepare
    from steersman.screen import percent_bar

    settings = load_settings(config, os.environ, Path.home(), Path.cwd())
    request, at_ns = around(request, at)
    job = prepare(request, settings, say)
    with percent_bar(Console(stderr=True), "market") as advance:
        return run_to(job, at_ns, lambda share: advance(share, f"up to {at}"))


def _print(shown: Shown) -> None:
    from rich.panel import Panel
    from rich.text import Text

    from steersman.tables import clock, iso, key_values, result_console, table

    console = result_console()
    arrived, judged, order = shown.arrived, shown.judged, shown.question.parent
    latency_ms = (arrived.arrived_ns - arrived.asked_ns) / 1e6
    title = f"Question {shown.question.ask_id}: {order.side.value} {order.qty} {order.instrument}"
    rows = [
        ("asked", iso(shown.question.asked_ns)),
        ("order", f"{iso(order.start_ns)} to {iso(order.deadline_ns)}, base {order.base.value}"),
        ("answered by", arrived.advisor + (" (fallback)" if arrived.fallback else "")),
        ("after", f"{latency_ms:.0f} ms of market time"),
    ]
    console.print(key_values(title, [(name, _plain(value)) for name, value in rows]))
    facts = [
        (fact.id, fact.kind.value, fact.source, f"{fact.age_s:.0f}", str(fact.trust_pct), said)
        for fact in shown.facts
        for said in [_said(fact.text, fact.numbers)]
    ]
    headers = ("fact", "kind", "source", "age s>", "trust %>", "what")
    cells = [tuple(_plain(cell) for cell in row) for row in facts]
    console.print(table("Facts", headers, cells))
    prompt = shown.prompt
    console.print(Panel(Text(_plain(prompt.system)), title=f"system, {prompt.version}"))
    console.print(Panel(Text(_plain(prompt.user)), title="user"))
    console.print(Panel(Text(_plain(arrived.raw or "no words of its own")), title="reply"))
    console.print(key_values("Advice", [(n, _plain(v)) for n, v in _fields(arrived.answer)]))
    failed = [(row.name, row.act.value, row.fails_if, row.then) for row in shown.checks]
    if failed:
        console.print(table("Checks not passed", ("check", "act", "because", "then"), failed))
    verdict = [
        ("verdict", judged.verdict.value),
        ("effect", judged.effect or "nothing changes"),
        ("why", _plain(judged.why)),
        ("envelope", "half: text alone" if shown.text_only else "whole"),
    ]
    console.print(key_values("The engine's verdict", verdict))
    path = [
        (
            clock(point.at_ns),
            *(f"{part:f}" for part in (point.base, point.before, point.after)),
            f"{point.low:.4g} to {point.high:.4g}",
        )
        for point in shown.path
    ]
    columns = ("due at", "base>", "without it>", "with it>", "within>")
    console.print(table("Schedule, if the market goes on as it is", columns, path))


def _said(text: str, numbers: dict[str, float]) -> str:
    figures = ", ".join(f"{name} {value:.6g}" for name, value in numbers.items())
    return "; ".join(filter(None, (figures, text)))


def _fields(answer: Any) -> Iterator[tuple[str, str]]:
    """Yield what an advice says, field by field; what it abstains from is left out."""
    provenance = getattr(answer, "provenance", {})
    for name in answer.__struct_fields__:
        value = getattr(answer, name)
        if name == "provenance" or value in (None, "", ()):
            continue
        shown = ", ".join(value) if isinstance(value, tuple) else str(value)
        origin = provenance.get(name)
        yield name, f"{shown} ({origin.value})" if origin is not None else shown


def _plain(text: str) -> str:
    """Return text that cannot command a terminal: what cannot be printed becomes a space."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)
