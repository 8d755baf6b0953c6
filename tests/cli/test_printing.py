"""Documents go to stdout as JSON, lines for people to stderr."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from steersman.cli.printing import print_json, say


def test_documents_and_lines_do_not_mix(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"price": Decimal("0.10")})
    say("look")
    out, err = capsys.readouterr()
    assert json.loads(out) == {"price": "0.10"}
    assert err == "steersman: look\n"
