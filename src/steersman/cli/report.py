"""Report on journals, or on a study: what orders cost and how they were worked."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from steersman.cli.printing import Json, print_json, say
from steersman.errors import DataError, UsageError

if TYPE_CHECKING:
    from steersman.report.build import Report

__all__ = ["report"]


def report(
    sources: Annotated[
        list[Path], typer.Argument(help="Journals that runs have written, or a study's folder.")
    ],
    out: Annotated[Path | None, typer.Option(help="Write the page (HTML) to this file.")] = None,
    md: Annotated[Path | None, typer.Option(help="Write Markdown to this file.")] = None,
    as_json: Json = False,
) -> None:
    """Report on the orders in journals, or on a study: cost, decisions, targets, on one page.

    Examples: steersman report run.journal --out run.html; steersman report STUDY --out study.html
    """
    from steersman.report.markdown import markdown
    from steersman.report.page import page
    from steersman.report.table import printable

    if out is None and md is None and not as_json:
        raise UsageError("nothing to write", "give --out FILE.html, --md FILE.md or --json")
    words = [*map(str, sources)]
    for option, file in (("--out", out), ("--md", md)):
        words += [] if file is None else [option, str(file)]
    command = printable(shlex.join(["steersman", "report", *words]))  # a name may be no text
    found = _report_on(sources, command)
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


def _report_on(sources: list[Path], command: str) -> Report:
    """Report on journals, or on the one folder of a study; raise UsageError for both together."""
    from steersman.report.build import report_on
    from steersman.report.study_build import report_on_study

    folders = [source for source in sources if source.is_dir()]
    if not folders:
        return report_on(sources, command)
    if len(sources) > 1:
        other = "several studies" if len(folders) == len(sources) else "journals and a study"
        raise UsageError(
            f"{other} have no report together: their orders are not the same ones",
            "report on each by itself; arms are compared within one study",
        )
    return report_on_study(folders[0], command)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise DataError(f"{file}: {why}", "give a file that can be written") from None
