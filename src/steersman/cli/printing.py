"""What every command prints with: one JSON document on stdout, everything for people on stderr."""

from __future__ import annotations

import sys
from typing import Annotated, Any, Final

import msgspec
import typer

__all__ = [
    "EXIT_BUG",
    "EXIT_DIFFERENCE",
    "EXIT_DONE",
    "EXIT_INTERRUPTED",
    "Json",
    "print_json",
    "say",
]

EXIT_DONE: Final = 0
EXIT_BUG: Final = 1
EXIT_DIFFERENCE: Final = 7
EXIT_INTERRUPTED: Final = 130

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


def print_json(document: Any) -> None:
    """Print one document on stdout."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")


def say(line: str) -> None:
    """Say a line on stderr."""
    print(f"steersman: {line}", file=sys.stderr)
