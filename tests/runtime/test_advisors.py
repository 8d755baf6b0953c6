"""Advisors by name: what cannot be had is said, what does not exist is refused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from steersman.advisor import weights
from steersman.config import Settings
from steersman.errors import ConfigError, UsageError
from steersman.runtime.advisors import build_advisor, check_name


def test_an_unknown_name_is_refused_with_those_that_exist() -> None:
    with pytest.raises(UsageError, match="no advisor 'gpt'"):
        check_name("gpt")
    assert check_name("rules") == "rules"


def test_without_weights_the_rules_stand_in_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "find", lambda: None)
    said: list[str] = []
    assert build_advisor("embedded", Settings({}), said.append).advisor.name == "rules-2"
    assert "no model weights" in said[0]


SECRET = "sk-planted-5d41402abc4b2a76"


def settings(**changes: Any) -> Settings:
    table = {"provider": "vllm", "model": "m", "key_env": "PLANTED_KEY", **changes}
    return Settings({"advisors.local": table})


@pytest.fixture(autouse=True)
def own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STEERSMAN_STATE", str(tmp_path))


@pytest.mark.parametrize("name", ["llm:", "llm", "llm:Big", "llm:a/b", "llm:../x"])
def test_a_language_model_has_a_name_that_a_table_can_have(name: str) -> None:
    with pytest.raises(UsageError, match="llm:NAME"):
        check_name(name)
    assert check_name("llm:local") == "llm:local"


def test_a_language_model_is_built_from_its_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTED_KEY", SECRET)
    said: list[str] = []
    built = build_advisor("llm:local", settings(latency="3s~0.25"), said.append)
    assert built.advisor.name.startswith("llm:local/m/")
    assert (built.median_ms, built.log_sd) == (3_000.0, 0.25)
    assert said == []
    assert build_advisor("llm:local", settings(), said.append).median_ms == 2_000.0


def test_a_name_without_a_table_is_refused_with_those_that_have_one() -> None:
    with pytest.raises(UsageError, match="those that exist: llm:local"):
        build_advisor("llm:gpt", settings(), print)
    with pytest.raises(UsageError, match="those that exist: none"):
        build_advisor("llm:gpt", Settings({}), print)


def test_a_table_that_cannot_hold_is_refused() -> None:
    for changes in ({"latency": "soon"}, {"latency": "2s~9"}, {"max_tokens": 0}):
        with pytest.raises(ConfigError, match=r"\[advisors.local\]"):
            build_advisor("llm:local", settings(**changes), print)


def test_without_a_key_the_rules_stand_in_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PLANTED_KEY", raising=False)
    said: list[str] = []
    assert build_advisor("llm:local", settings(), said.append).advisor.name == "rules-2"
    assert "the variable PLANTED_KEY is not set: going on with rules" in said[0]


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(SECRET)
    path.chmod(0o644)
    said: list[str] = []
    built = build_advisor("llm:local", settings(key_env="", key_file=str(path)), said.append)
    assert built.advisor.name == "rules-2"
    assert "open to others" in said[0] and "chmod 600" in said[0]
    assert SECRET not in said[0]


@pytest.mark.parametrize("package", ["pydantic_ai", "pydantic_ai.models.openai"])
def test_without_the_libraries_the_rules_stand_in_and_the_command_is_named(
    monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setenv("PLANTED_KEY", SECRET)
    monkeypatch.delitem(sys.modules, "steersman.advisor.client", raising=False)
    for name in [name for name in sys.modules if name.startswith(package)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    said: list[str] = []
    assert build_advisor("llm:local", settings(), said.append).advisor.name == "rules-2"
    assert len(said) == 1
    assert "steersman[llm]" in said[0] and "make llm" in said[0]
