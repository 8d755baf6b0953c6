"""Measure the market: its speed and its answers, with other engines beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from steersman.cli.printing import EXIT_DIFFERENCE, Json, print_json, say

__all__ = ["bench_app"]

bench_app = typer.Typer(no_args_is_help=True, help="How fast and how right the market is.")

Peers = Annotated[
    Path | None, typer.Option("--peers", help="The python that has hftbacktest and nautilus.")
]


@bench_app.command("market")
def bench_market(
    data: Annotated[
        Path | None, typer.Option(help="A .npz of columns or a history; default: generated.")
    ] = None,
    rows: Annotated[int, typer.Option(help="Events to generate.")] = 5_000_000,
    runs: Annotated[int, typer.Option(help="Interleaved runs; medians are shown.")] = 5,
    peers: Peers = None,
    as_json: Json = False,
) -> None:
    """Measure replay, engine, streaming and generated flow in million events a second."""
    from rich.console import Console

    from steersman.runtime import bench
    from steersman.screen import percent_bar
    from steersman.tables import result_console, table

    request = bench.prepare_market(data, rows, runs, peers)
    with percent_bar(Console(stderr=True), "measuring") as advance:
        measured = bench.measure_market(request, advance)
    if as_json:
        print_json(bench.document(measured))
        return
    heads = ("million events a second", "median>", "least>", "most>", "traded")
    title = f"The market on {measured.rows:,} events, {runs} runs"
    result_console().print(table(title, heads, bench.rows(measured)))


@bench_app.command("probes")
def bench_probes(peers: Peers = None, as_json: Json = False) -> None:
    """Put six questions with one right answer each to every engine; exit code 7 where we err."""
    from steersman.runtime import bench
    from steersman.tables import result_console, table

    asked = bench.measure_probes(peers)
    if as_json:
        print_json(bench.probes_document(asked))
    else:
        heads = ("probe", "what", "right", *asked[0].answers)
        result_console().print(table("Probes", heads, bench.probe_rows(asked)))
    wrong = [one.name for one in asked if one.answers["ours"] != one.right]
    if wrong:
        say(f"our own answer is wrong: {', '.join(wrong)}")
        raise typer.Exit(EXIT_DIFFERENCE)
