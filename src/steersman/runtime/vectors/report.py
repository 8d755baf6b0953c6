"""What evaluated cases look like: rows of a table, one document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from steersman.runtime.vectors.cases import CaseResult

__all__ = ["HEADERS", "document", "rows"]

HEADERS: Final = ("case", "", "figures>", "worst", "expected>", "got>", "error>", "tolerance")
TEXT_MAX: Final = 12  # of a sentence in a cell


def rows(results: Sequence[CaseResult]) -> list[tuple[str, ...]]:
    """Return one row a case: verdict, figures, and the one to look at first, or the reason.

    The last row counts.
    """
    passed = sum(result.passed for result in results)
    count = (f"{passed} of {len(results)} pass", *[""] * (len(HEADERS) - 1))
    return [*(_row(result) for result in results), count]


def document(results: Sequence[CaseResult]) -> dict[str, Any]:
    """Return all cases with all their figures, for `vectors --json`."""
    passed = sum(result.passed for result in results)
    return {
        "schema": "steersman.vectors/1",
        "cases": len(results),
        "passed": passed,
        "failed": len(results) - passed,
        "results": msgspec.to_builtins(results),
    }


def _row(result: CaseResult) -> tuple[str, ...]:
    verdict, count = "pass" if result.passed else "FAIL", str(len(result.checks))
    name = result.name if result.name.isprintable() else ascii(result.name)
    check = result.worst
    if check is None:
        return (name, verdict, count, result.reason, "", "", "", "")
    worst = check.worst
    error = "" if worst.error is None else f"{worst.error:.1e}"
    shown = (_shown(worst.expected), _shown(worst.got))
    return (name, verdict, count, worst.path, *shown, error, check.tolerance)


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value if len(value) <= TEXT_MAX else value[: TEXT_MAX - 1] + "…"
    if isinstance(value, list | tuple | dict):
        return f"{len(value)} values"
    return f"{value:.8g}" if isinstance(value, float) else str(value)
