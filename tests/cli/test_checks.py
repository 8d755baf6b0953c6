"""`doctor` as a program meets it."""

from __future__ import annotations

import pytest

from tests.cli.calls import run


def test_doctor_examines(capsys: pytest.CaptureFixture[str]) -> None:
    code, document, _ = run(capsys, "doctor")
    assert code == 0
    assert {"sqlite", "market kernels", "model weights"} <= {
        f["name"] for f in document["findings"]
    }
