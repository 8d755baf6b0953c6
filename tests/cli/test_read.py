"""`read`: a line out for every line in, whatever is in it."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from steersman.advisor import embedded
from steersman.advisor.reading import NOTHING_SAID
from steersman.cli import run_cli


class Reader:
    """Knows one word; what it was asked is kept."""

    asked: list[str]

    def __init__(self, threads: int) -> None:
        assert 1 <= threads <= 2
        Reader.asked = []

    def load(self) -> None:
        pass

    def read(self, text: str) -> Any:
        Reader.asked.append(text)
        return NOTHING_SAID


def read(monkeypatch: pytest.MonkeyPatch, given: bytes) -> int:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given)))
    return run_cli(["read"])


def test_every_line_gives_a_line_in_order(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "NewsReader", Reader)
    given = "first\n\nsecond\u2028still second\r\n".encode() + b'bad \xff byte\n{"a": 1}\nno end'
    assert read(monkeypatch, given) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.split("\n")[:-1]]
    texts = ["first", "", "second\u2028still second", "bad \ufffd byte", '{"a": 1}', "no end"]
    assert [line["text"] for line in lines] == texts == Reader.asked
    assert list(lines[0]) == ["text", "direction", "severity", "p_up", "p_flat", "p_down"]
    assert all(line["p_up"] + line["p_flat"] + line["p_down"] == 1 for line in lines)


def test_nothing_in_gives_nothing_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "NewsReader", Reader)
    assert read(monkeypatch, b"") == 0
    assert capsys.readouterr().out == ""


def test_without_weights_it_exits_3_and_names_the_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read(monkeypatch, b"a headline\n") == 3
    out, err = capsys.readouterr()
    assert out == "" and "steersman model pull" in err
