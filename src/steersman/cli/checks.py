"""Check formulas against reference cases, and this installation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from steersman.cli.printing import EXIT_DIFFERENCE, Json, print_json, say

__all__ = ["doctor", "vectors"]


def vectors(
    file: Annotated[Path, typer.Argument(help="A JSON list of cases.")], as_json: Json = False
) -> None:
    """Evaluate reference cases through the public functions; exit code 7 where one differs."""
    from steersman.runtime.vectors import HEADERS, document, evaluate, rows
    from steersman.tables import result_console, table

    results = evaluate(file)
    if as_json:
        print_json(document(results))
    else:
        result_console().print(table("Reference cases", HEADERS, rows(results)))
    if not all(result.passed for result in results):
        raise typer.Exit(EXIT_DIFFERENCE)


def doctor(as_json: Json = False) -> None:
    """Check this installation: versions, the journal's disk, the model, the compiled kernels."""
    from steersman.runtime.doctor import examine
    from steersman.tables import result_console, table

    findings = examine(say)
    if as_json:
        rows = [{"name": f.name, "ok": f.ok, "found": f.found} for f in findings]
        print_json({"schema": "steersman.doctor/1", "findings": rows})
    else:
        cells = [(f.name, "ok" if f.ok else "look", f.found) for f in findings]
        result_console().print(table("This installation", ("what", "", "found"), cells))
    if not all(f.ok for f in findings):
        raise typer.Exit(3)
