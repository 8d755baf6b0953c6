"""What the simulated market is worth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from steersman.cli.printing import EXIT_DIFFERENCE, Json, print_json, say

__all__ = ["market_app"]

market_app = typer.Typer(no_args_is_help=True, help="What the simulated market is worth.")


@market_app.command("validate")
def market_validate(
    presets: Annotated[str | None, typer.Option(help="Generated markets; '' for none.")] = None,
    market: Annotated[Path | None, typer.Option(help="A history to show beside them.")] = None,
    hours: Annotated[float, typer.Option(help="Hours of open market to generate.")] = 24.0,
    seed: Annotated[int, typer.Option(help="Same seed, same figures.")] = 1,
    pairs: Annotated[int, typer.Option(help="Runs with and without metaorders; 0: none.")] = 12,
    regime: Annotated[str, typer.Option(help="mixed, or one regime throughout.")] = "mixed",
    picture: Annotated[Path | None, typer.Option(help="Draw the facts into this PNG.")] = None,
    as_json: Json = False,
) -> None:
    """Hold generated and recorded markets against the stylised facts of real ones."""
    from rich.console import Console

    from steersman.runtime import validate
    from steersman.screen import percent_bar
    from steersman.tables import result_console, table

    request = validate.request(presets, market, hours, seed, pairs, picture, regime)
    with percent_bar(Console(stderr=True), "validating") as advance:
        judged = validate.run(request, advance)
    if as_json:
        print_json(validate.document(judged, seed))
    else:
        drawn = table("Stylised facts", validate.headers(judged), validate.table_rows(judged))
        result_console().print(drawn)
    complaints = validate.complaints(judged)
    for line in complaints:
        say(line)
    if complaints:
        raise typer.Exit(EXIT_DIFFERENCE)
