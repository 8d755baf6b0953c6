"""A table of a language model is checked whole; its limits have values and its key is elsewhere."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from steersman.advisor.providers import ADVISOR_NAME, AdvisorConfig, Provider

PRICES = {"usd_per_million_in": Decimal("2.5"), "usd_per_million_out": Decimal(10)}


def config(**changes: Any) -> AdvisorConfig:
    given: dict[str, Any] = {"provider": Provider.VLLM, "model": "m", **changes}
    return AdvisorConfig(**given)


def test_every_limit_has_a_value() -> None:
    for field in msgspec.structs.fields(AdvisorConfig):
        if field.name.startswith("max_"):
            assert field.default > 0


@pytest.mark.parametrize("provider", list(Provider))
def test_each_provider_has_an_address_but_the_one_that_is_any(provider: Provider) -> None:
    if provider is Provider.OPENAI_COMPATIBLE:
        with pytest.raises(ValueError, match="base_url must say where"):
            config(provider=provider)
    else:
        assert config(provider=provider, **PRICES).address.startswith("http")


@pytest.mark.parametrize("provider", [Provider.OPENAI, Provider.ANTHROPIC, Provider.GEMINI])
@pytest.mark.parametrize("missing", list(PRICES))
def test_who_charges_must_say_how_much(provider: Provider, missing: str) -> None:
    with pytest.raises(ValueError, match="state usd_per_million_in and usd_per_million_out"):
        config(provider=provider, **{**PRICES, missing: None})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": " "}, "model must name"),
        ({"key_env": "A", "key_file": "b"}, "exclude each other"),
        ({"temperature": Decimal("2.1")}, "temperature must lie between 0 and 2"),
        ({"temperature": Decimal("NaN")}, "temperature"),
        ({"max_tokens": 0}, "max_tokens must lie between"),
        ({"max_usd_per_day": Decimal(-1)}, "max_usd_per_day"),
        ({"max_usd_per_day": Decimal("Infinity")}, "max_usd_per_day"),
        ({"max_calls_per_order": -1}, "max_calls_per_order"),
        ({"usd_per_million_in": Decimal(-1)}, "usd_per_million_in"),
        ({"base_url": "localhost:8000"}, "https:// or http://"),
        ({"base_url": "file:///etc/passwd"}, "https:// or http://"),
        ({"base_url": "https://user:pass@host.example/v1"}, "no user, password"),
        ({"base_url": "https://host.example/v1?key=abc"}, "no user, password"),
        ({"base_url": "http://host.example/v1", "key_env": "A"}, "where a key is sent"),
        ({"base_url": "http://8.8.8.8/v1", "key_file": "a"}, "where a key is sent"),
    ],
)
def test_what_cannot_hold_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        config(**changes)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1", "http://10.0.0.5:8000/v1", "http://vllm:8000", "http://[::1]"]
)
def test_a_key_may_go_unencrypted_within_ones_own_network(address: str) -> None:
    assert config(base_url=address, key_env="A").address == address


def test_the_key_is_the_providers_own_unless_named() -> None:
    assert config(provider=Provider.GEMINI, **PRICES).key_variable == "GEMINI_API_KEY"
    assert config(provider=Provider.GEMINI, key_file="k", **PRICES).key_variable == ""
    assert config(provider=Provider.GEMINI, key_env="K", **PRICES).key_variable == "K"
    assert config().key_variable == ""


def test_cost_is_exact() -> None:
    assert config(**PRICES).cost_usd(1_000, 100) == Decimal("0.0035")
    assert config().cost_usd(10**9, 10**9) == 0


@pytest.mark.parametrize("name", ["local", "gpt_5", "a1"])
def test_names_that_a_variable_can_name(name: str) -> None:
    assert ADVISOR_NAME.fullmatch(name)


@pytest.mark.parametrize("name", ["", "Local", "a__b", "_a", "a_", "a-b", "a.b", "a/b", "../x"])
def test_names_that_no_variable_can_name(name: str) -> None:
    assert not ADVISOR_NAME.fullmatch(name)
