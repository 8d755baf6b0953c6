"""Estimate an instrument's impact, with errors, from a recorded market or from own orders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from steersman.cli.printing import Json, print_json
from steersman.domain.instrument import Category
from steersman.errors import UsageError

__all__ = ["calibrate"]


def calibrate(
    market: Annotated[Path | None, typer.Option(help="The folder of an imported history.")] = None,
    journal: Annotated[
        list[Path] | None, typer.Option(help="A journal of own orders; may be given often.")
    ] = None,
    symbol: Annotated[str | None, typer.Option(help="Which instrument, if several.")] = None,
    category: Annotated[Category | None, typer.Option(help="Kind of contract.")] = None,
    out: Annotated[Path | None, typer.Option(help="Save the parameters to this file.")] = None,
    as_json: Json = False,
) -> None:
    """Estimate how flow moves prices (--market) or what own orders pay (--journal).

    Example: steersman calibrate --market history/ --symbol BTCUSDT --out btcusdt.json
    """
    from rich.console import Console

    from steersman.runtime import calibrating, predictions
    from steersman.screen import percent_bar
    from steersman.tables import key_values, result_console, table

    if (market is None) == (not journal):
        raise UsageError("one source is needed", "give --market DIR, or --journal FILE (or more)")
    watched = None
    if market is not None:
        with percent_bar(Console(stderr=True), "calibrating") as advance:
            found = calibrating.from_market(
                market, symbol, category, lambda share: advance(share, market.name)
            )
    else:
        found, watched = calibrating.from_journals(journal or [], symbol, category)
    if out is not None:
        calibrating.save(found, out)
    if as_json:
        told = None if watched is None else predictions.told(watched)
        print_json({**msgspec.to_builtins(found), "predictions": told})
        return
    console, title = result_console(), f"Parameters of {found.instrument}"
    console.print(table(title, calibrating.HEADERS, calibrating.rows(found)))
    if curves := found.volume_curves:
        drawn = calibrating.curve_rows(curves)
        if drawn:
            title = f"Volume by half-hour, 1 is its mean ({curves.n} whole days)"
            console.print(table(title, calibrating.CURVE_HEADERS, drawn))
    if watched is not None:
        console.print(key_values("Predictions of the cost", predictions.rows(watched)))
