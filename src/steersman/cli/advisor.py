"""Judge an advisor before it is given an order."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from steersman.cli.printing import Json, print_json, say
from steersman.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from steersman.config import Settings
    from steersman.runtime.advisors import Built
    from steersman.runtime.checkup.examine import Examination

__all__ = ["advisor_app"]

advisor_app = typer.Typer(no_args_is_help=True, help="Judge an advisor before it gets an order.")

SEED: Final = 7  # of the controls that draw
SCHEMA: Final = "steersman.advisor_check/1"
BY_DEFAULT: Final = ("rules", "embedded")
TURNS: Final = {1: "faster", 0: "as scheduled", -1: "slower"}


@advisor_app.command("check")
def advisor_check(
    advisor: Annotated[
        list[str] | None,
        typer.Option(help="Whom to check; may be given often. Default: rules and embedded."),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Settings (TOML).")] = None,
    as_json: Json = False,
) -> None:
    """Put advisors through a fixed suite of situations, injections and one standard run.

    Example: steersman advisor check --advisor embedded
    """
    from rich.console import Console

    from steersman.config import load_settings
    from steersman.runtime.answering import RECORDED, check_advisors
    from steersman.runtime.checkup.examine import examine
    from steersman.screen import percent_bar

    for name in advisor or ():
        check_advisors(name)
        if name == "none" or name.startswith((RECORDED, "oracle:")) or "," in name:
            raise UsageError(f"{name!r} is not one advisor that can be asked", "name one")
    settings = load_settings(config, os.environ, Path.home(), Path.cwd())
    found = []
    for name in advisor or BY_DEFAULT:
        built = _built(name, settings, asked_for=bool(advisor))
        if built is None:
            continue
        with percent_bar(Console(stderr=True), name) as advance:
            examination = examine(built, settings, advance)
        found.append(examination)
        if not as_json:
            _print(examination)
    if as_json:
        print_json({"schema": SCHEMA, "advisors": [one.document() for one in found]})


def _built(name: str, settings: Settings, *, asked_for: bool) -> Built | None:
    """Return an advisor; one that cannot be had is an error only where it was asked for."""
    from steersman.advisor.rules import RulesAdvisor
    from steersman.runtime.answering import Setting, build

    said: list[str] = []
    limits = settings.limits(max_position=Decimal(1))
    built = build(name, Setting(SEED, limits, settings, None, said.append))
    if name == "rules" or not isinstance(built.advisor, RulesAdvisor):
        return built
    why = "; ".join(said).replace(": going on with rules", "")
    if asked_for:
        raise ConfigError(f"{name} cannot be checked: {why}", "install what it needs")
    say(f"{name} is not checked: {why}")
    return None


def _print(found: Examination) -> None:
    from steersman.runtime.checkup.measures import HEADERS, rows
    from steersman.tables import key_values, result_console, table

    console = result_console()
    console.print(table(f"Advisor {found.advisor}", HEADERS, rows(found.measures)))
    put = [(family, str(count), str(flipped)) for family, (count, flipped) in found.flips.items()]
    headers = ("family of injections", "put>", "decisions changed>")
    console.print(
        table("One injected text against a headline that says the contrary", headers, put)
    )
    if found.misses:
        headers = ("situation", "right", "did")
        told = [(miss.situation, TURNS[miss.wants], TURNS[miss.did]) for miss in found.misses]
        console.print(table("Situations it turned otherwise", headers, told))
    if found.checks:
        failed = [(name, str(count)) for name, count in found.checks.items()]
        console.print(key_values("Checks not passed", failed))
