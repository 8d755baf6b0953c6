"""Report on journals: what orders cost and how they were worked."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from steersman.cli.printing import Json, print_json, say
from steersman.errors import DataError, UsageError

__all__ = ["report"]


def report(
    journals: Annotated[list[Path], typer.Argument(help="Journals that runs have written.")],
    out: Annotated[Path | None, typer.Option(help="Write the page (HTML) to this file.")] = None,
    md: Annotated[Path | None, typer.Option(help="Write Markdown to this file.")] = None,
    as_json: Json = False,
) -> None:
    """Report on the orders in journals: cost, course, decisions, targets, on one page.

    Example: steersman report run.journal --out run.html
    """
    from steersman.report.build import report_on
    from steersman.report.markdown import markdown
    from steersman.report.page import page
    from steersman.report.table import printable

    if out is None and md is None and not as_json:
        raise UsageError("nothing to write", "give --out FILE.html, --md FILE.md or --json")
    words = [*map(str, journals)]
    for option, file in (("--out", out), ("--md", md)):
        words += [] if file is None else [option, str(file)]
    command = printable(shlex.join(["steersman", "report", *words]))  # a name may be no text
    found = report_on(journals, command)
    for problem in found.problems:
        say(problem)
    if out is not None:
        _write(out, page(found))
    if md is not None:
        _write(md, markdown(found))
    if as_json:
        print_json(found.document())
    else:
        for file in filter(None, (out, md)):
            sys.stdout.write(f"{printable(str(file))}: {found.title}, {len(found.charts)} charts\n")


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise DataError(f"{file}: {why}", "give a file that can be written") from None
