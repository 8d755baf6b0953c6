"""Advisors by name: what cannot be had is said, what does not exist is refused."""

from __future__ import annotations

import pytest

from steersman.advisor import weights
from steersman.errors import UsageError
from steersman.runtime.advisors import build_advisor, check_name
from steersman.signals.lean import SignalRules


def test_an_unknown_name_is_refused_with_those_that_exist() -> None:
    with pytest.raises(UsageError, match="no advisor 'gpt'"):
        check_name("gpt")
    assert check_name("rules") == "rules"


def test_without_weights_the_rules_stand_in_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "find", lambda: None)
    said: list[str] = []
    assert build_advisor("embedded", SignalRules(), said.append).advisor.name == "rules-2"
    assert "no model weights" in said[0]
