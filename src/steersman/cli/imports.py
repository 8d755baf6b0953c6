"""Turn captures into a history to trade on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from steersman.cli.printing import Json, print_json, say
from steersman.domain.instrument import Category

__all__ = ["import_app"]

import_app = typer.Typer(no_args_is_help=True, help="Turn captures into a history to trade on.")
Files = Annotated[list[Path], typer.Argument(help="The files, in any order.")]
Out = Annotated[Path, typer.Option("--out", help="The history's folder.")]
Append = Annotated[bool, typer.Option("--append", help="Add to a history that is there.")]
Delay = Annotated[
    str, typer.Option(help="Feed latency to assume where receive times are of no use, like 10ms.")
]


@import_app.command("binance-raw")
def import_binance(
    files: Files,
    out: Out,
    category: Annotated[Category | None, typer.Option(help="Must agree with the data.")] = None,
    append: Append = False,
    latency: Delay = "10ms",
    as_json: Json = False,
) -> None:
    """Import raw Binance captures: lines of `<local ns> <json>`, plain or gzip.

    Example: steersman import binance-raw usdm_btcusdt_20240808.gz --out history
    """
    from steersman.marketdata.importers.binance_raw import import_binance_raw

    _import(import_binance_raw, files, out, category, append, latency, as_json)


@import_app.command("bybit-archive")
def import_bybit(
    files: Files,
    out: Out,
    category: Annotated[Category | None, typer.Option(help="spot, linear or inverse.")] = None,
    append: Append = False,
    latency: Delay = "10ms",
    as_json: Json = False,
) -> None:
    """Import Bybit's public archive: order books (ob500 .zip or .data) and trades (.csv, .csv.gz).

    Example: steersman import bybit-archive 2024-12-01_XRPUSDT_ob500.data.zip --out history
    """
    from steersman.marketdata.importers.bybit_archive import import_bybit_archive

    _import(import_bybit_archive, files, out, category, append, latency, as_json)


def _import(
    importer: Callable[..., Any],
    files: list[Path],
    out: Path,
    category: Category | None,
    append: bool,
    latency: str,
    as_json: bool,
) -> None:
    from rich.console import Console

    from steersman.runtime.texts import parse_duration_ns
    from steersman.screen import percent_bar
    from steersman.tables import import_summary, result_console

    with percent_bar(Console(stderr=True), "importing") as advance:
        summary = importer(
            files,
            out,
            category=category,
            append=append,
            latency_ns=parse_duration_ns(latency),
            progress=advance,
        )
    for warning in summary.warnings:
        say(f"warning: {warning}")
    if as_json:
        print_json({"schema": "steersman.import/1", **msgspec.to_builtins(summary)})
    else:
        result_console().print(import_summary(summary, out))
