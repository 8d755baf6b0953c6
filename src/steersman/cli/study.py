"""Put the same orders through several ways to work them, and say what each is worth."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from steersman.cli.printing import Json, print_json, say

__all__ = ["STUDY_EXAMPLES", "study"]

STUDY_EXAMPLES: Final = """
Examples:

  steersman study --arms twap,twap-passive,rules --orders 60

  steersman study --regimes news,volatile --orders 300 --out news-study

  steersman study --suite standard --out standard
"""


class Engine(StrEnum):
    """Where the orders are worked."""

    LOCAL = "local"


def study(
    arms: Annotated[
        str | None, typer.Option(help="What is compared, with commas: twap,vwap,rules.")
    ] = None,
    regimes: Annotated[
        str | None, typer.Option(help="Of the generated markets, with commas: calm,news.")
    ] = None,
    symbols: Annotated[str | None, typer.Option(help="Markets: BTCUSDT.linear.")] = None,
    orders: Annotated[int | None, typer.Option(help="How many orders; default 60.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Same seed, same study.")] = None,
    horizon: Annotated[str | None, typer.Option(help="Of each order; default 30m.")] = None,
    market: Annotated[
        str, typer.Option(help="'generated', or the folder of an imported history.")
    ] = "generated",
    resolve: Annotated[
        float | None,
        typer.Option(help="Stop once all pairs are told apart or known to within so many bps."),
    ] = None,
    suite: Annotated[str | None, typer.Option(help="A fixed study: standard or full.")] = None,
    jobs: Annotated[int | None, typer.Option(help="Processes; default: one a core.")] = None,
    engine: Annotated[Engine, typer.Option(help="Where to work the orders.")] = Engine.LOCAL,
    out: Annotated[
        Path | None, typer.Option(help="Keep results here; the same command goes on with them.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Settings (TOML).")] = None,
    as_json: Json = False,
) -> None:
    """Work the same orders in every arm, and compare what they cost, in pairs, with intervals."""
    from rich.console import Console

    from steersman.config import load_settings
    from steersman.runtime import study as studies
    from steersman.screen import percent_bar
    from steersman.study_tables import print_study
    from steersman.tables import result_console
    from steersman.tca.study_pairs import mixed

    request = studies.request(
        suite=suite,
        arms=arms,
        regimes=regimes,
        symbols=symbols,
        orders=orders,
        seed=seed,
        horizon=horizon,
        market=market,
        jobs=jobs,
        resolve_bps=resolve,
        settings=load_settings(config, os.environ, Path.home(), Path.cwd()),
    )
    kept = nullcontext(out) if out is not None else tempfile.TemporaryDirectory()
    command = ["steersman", *sys.argv[1:]]
    with kept as folder, percent_bar(Console(stderr=True), "studying") as advance:
        finished = studies.run(request, Path(folder), command, advance)
    if as_json:
        print_json(finished.document)
    else:
        print_study(finished.study, result_console())
    for line in filter(None, (*finished.study.warnings, mixed(request.made))):
        say(line)
