"""Call the command line as a program does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from steersman.cli import run_cli

QUICK = ["run", "--qty", "2", "--horizon", "5m", "--seed", "3"]


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, Any, str]:
    """Return exit code, the one document on stdout, and stderr."""
    code = run_cli([*args, "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out), err
