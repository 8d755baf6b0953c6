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

  steersman study --suite break-even --out break-even

  steersman study --arms twap-passive,rules,oracle:0.6 --judge 1
"""


PART_DONE: Final = (
    "{held} of {orders} orders are done; once all parts are, run the command without --part, with "
    "another --out and with --merge DIR for each part"
)


class Engine(StrEnum):
    """Where the orders are worked: by processes of this machine, or on a Ray cluster."""

    LOCAL = "local"
    RAY = "ray"


Informativeness = Annotated[
    float | None,
    typer.Option(help="Of generated markets: share of their news that comes true, 0 to 1."),
]
Resolve = Annotated[
    float | None,
    typer.Option(help="Stop once all pairs are told apart or known to within so many bps."),
]
SuiteName = Annotated[str | None, typer.Option(help="A fixed study: standard, full or break-even.")]


def study(
    arms: Annotated[
        str | None, typer.Option(help="What is compared, with commas: twap,vwap,rules.")
    ] = None,
    regimes: Annotated[
        str | None, typer.Option(help="Of the generated markets, with commas: calm,news.")
    ] = None,
    symbols: Annotated[str | None, typer.Option(help="Markets: BTCUSDT.linear.")] = None,
    informativeness: Informativeness = None,
    orders: Annotated[int | None, typer.Option(help="How many orders; default 60.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Same seed, same study.")] = None,
    horizon: Annotated[str | None, typer.Option(help="Of each order; default 30m.")] = None,
    market: Annotated[
        str, typer.Option(help="'generated', or the folder of an imported history.")
    ] = "generated",
    resolve: Resolve = None,
    suite: SuiteName = None,
    judge: Annotated[
        int,
        typer.Option(
            min=0, max=100, help="Judge so many decisions of an order; 5 to 10 s for each."
        ),
    ] = 0,
    jobs: Annotated[int | None, typer.Option(help="Processes; default: one a core.")] = None,
    engine: Annotated[
        Engine, typer.Option(help="Processes of this machine, or a Ray cluster.")
    ] = Engine.LOCAL,
    address: Annotated[
        str | None,
        typer.Option(help="The cluster's HOST:PORT; default: RAY_ADDRESS, or one of its own."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Keep results here; the same command goes on with them.")
    ] = None,
    part: Annotated[
        str | None, typer.Option(help="Work only such a part of the orders here: 2/3.")
    ] = None,
    merge: Annotated[
        list[Path] | None,
        typer.Option(help="First take in another folder of the same study; may be repeated."),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Settings (TOML).")] = None,
    as_json: Json = False,
) -> None:
    """Work the same orders in every arm, and compare what they cost, in pairs, with intervals."""
    from rich.console import Console

    from steersman.config import load_settings
    from steersman.errors import UsageError
    from steersman.runtime import study as studies
    from steersman.screen import percent_bar
    from steersman.study_tables import print_judged, print_study
    from steersman.tables import result_console
    from steersman.tca.study_pairs import mixed

    if engine is Engine.RAY:
        address = address or os.environ.get("RAY_ADDRESS") or None
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
        judge=judge,
        settings=load_settings(config, os.environ, Path.home(), Path.cwd()),
        informativeness=informativeness,
        engine=studies.Engine(engine),
        address=address,
    )
    numbers = None if part is None else studies.numbers_of(request, part)
    if numbers is not None and out is None:
        raise UsageError("a part of a study is worth what it keeps", "give --out with --part")
    kept = nullcontext(out) if out is not None else tempfile.TemporaryDirectory()
    command = ["steersman", *sys.argv[1:]]
    with kept as folder, percent_bar(Console(stderr=True), "studying") as advance:
        if numbers is not None:
            held = studies.run_part(request, numbers, Path(folder), command, advance, merge or ())
        else:
            finished = studies.run(request, Path(folder), command, advance, merge or ())
    if numbers is not None:
        print_json(held) if as_json else say(PART_DONE.format_map(held))
        return
    if as_json:
        print_json(finished.document)
    else:
        print_study(finished.study, result_console())
        print_judged(finished.judged, result_console())
    for line in filter(None, (*finished.study.warnings, mixed(request.made))):
        say(line)
