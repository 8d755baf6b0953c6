"""A key is found where the table says, refused where others could read it, and never shown."""

from __future__ import annotations

import pickle
import traceback
from pathlib import Path
from typing import Any

import pytest

from steersman.advisor.keys import HIDDEN, Key, find_key
from steersman.advisor.providers import AdvisorConfig, Provider
from steersman.errors import ConfigError

SECRET = "sk-planted-5d41402abc4b2a76"


def config(**changes: Any) -> AdvisorConfig:
    given = {"provider": Provider.VLLM, "model": "m", **changes}
    return AdvisorConfig(**given)


def key_file(tmp_path: Path, text: str = f"{SECRET}\n", mode: int = 0o600) -> Path:
    path = tmp_path / "key"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_a_key_comes_from_the_named_variable_or_the_providers_own() -> None:
    found = find_key(config(key_env="MY_KEY"), {"MY_KEY": f" {SECRET}\n"})
    assert found is not None and found.reveal() == SECRET
    paid = {"usd_per_million_in": 1, "usd_per_million_out": 1}
    own = find_key(config(provider=Provider.OPENAI, **paid), {"OPENAI_API_KEY": SECRET})
    assert own is not None and own.reveal() == SECRET


def test_a_model_of_ones_own_needs_no_key_and_takes_none_it_was_not_given() -> None:
    assert find_key(config(), {"VLLM_API_KEY": SECRET, "OPENAI_API_KEY": SECRET}) is None


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_key_is_named_with_the_remedy(value: str | None) -> None:
    environ = {} if value is None else {"MY_KEY": value}
    with pytest.raises(ConfigError, match="the variable MY_KEY is not set") as caught:
        find_key(config(key_env="MY_KEY"), environ)
    assert caught.value.remedy


@pytest.mark.parametrize("value", ["short", "sk-with\nline-break", "sk-ключ-ключ-ключ", "x" * 5000])
def test_what_is_no_key_is_refused_without_being_shown(value: str) -> None:
    with pytest.raises(ConfigError, match="MY_KEY holds no key") as caught:
        find_key(config(key_env="MY_KEY"), {"MY_KEY": value})
    assert value[:12] not in str(caught.value)


def test_a_key_file_of_ones_own_is_read(tmp_path: Path) -> None:
    found = find_key(config(key_file=str(key_file(tmp_path))), {})
    assert found is not None and found.reveal() == SECRET


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o666, 0o610])
def test_a_key_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = key_file(tmp_path, mode=mode)
    with pytest.raises(ConfigError, match="chmod 600"):
        find_key(config(key_file=str(path)), {})


def test_a_key_file_of_another_user_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = key_file(tmp_path)
    monkeypatch.setattr("os.geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(ConfigError, match="not yours"):
        find_key(config(key_file=str(path)), {})


def test_what_is_not_a_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(ConfigError, match="key file"):
            find_key(config(key_file=str(path)), {})


def test_a_key_never_shows() -> None:
    key = Key(SECRET)
    assert SECRET not in f"{key} {key!r} {[key]!r}" + str({"k": key})
    with pytest.raises(TypeError):
        pickle.dumps(key)
    try:
        raise RuntimeError(key)
    except RuntimeError:
        assert SECRET not in traceback.format_exc()


def test_what_a_server_repeats_of_a_key_is_hidden() -> None:
    key = Key(SECRET)
    assert key.hide(f"you sent {SECRET}!") == f"you sent {HIDDEN}!"
    assert key.hide(f"you sent {SECRET[:14]}…") == HIDDEN
    assert key.hide("nothing of it") == "nothing of it"
