"""How a language model is reached and what it may cost: one `[advisors.NAME]` table (F22).

Every limit has a value; there is no "unlimited". Money is in US dollars. A key is never in here,
only the name of the variable or of the file that holds it.
"""

from __future__ import annotations

import ipaddress
import re
from decimal import Decimal
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

import msgspec

__all__ = ["ADVISOR_NAME", "AdvisorConfig", "Provider"]

ADVISOR_NAME: Final = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*", re.ASCII)
"""Names of `[advisors.NAME]` tables: such that a variable can name them too."""

TOKENS_PER_PRICE: Final = 1_000_000


class Provider(StrEnum):
    """Whose protocol an endpoint speaks."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"
    OLLAMA = "ollama"
    VLLM = "vllm"
    OPENAI_COMPATIBLE = "openai-compatible"


ADDRESSES: Final = {
    Provider.OPENAI: "https://api.openai.com/v1",
    Provider.ANTHROPIC: "https://api.anthropic.com",
    Provider.GEMINI: "https://generativelanguage.googleapis.com",
    Provider.OLLAMA: "http://127.0.0.1:11434/v1",
    Provider.VLLM: "http://127.0.0.1:8000/v1",
}
KEY_VARIABLES: Final = {
    Provider.OPENAI: "OPENAI_API_KEY",
    Provider.ANTHROPIC: "ANTHROPIC_API_KEY",
    Provider.GEMINI: "GEMINI_API_KEY",
}
"""Who asks for a key and for money: their tables must name prices, or a limit in money is none."""


class AdvisorConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One model by name: where it is, how it is asked, what it costs, what it may cost.

    `base_url` is the provider's own unless given. The key is in the environment variable `key_env`
    or in the file `key_file`, never both. `max_tokens` bounds one reply, `masked` hides symbols and
    dates from the model, `usd_per_million_in` and `_out` are its prices, `latency` is how long it
    takes in simulated markets, `hedge` names the advisor that is asked too when it is slow.
    Raises ValueError where something does not hold.
    """

    provider: Provider
    model: str
    base_url: str = ""
    key_env: str = ""
    key_file: str = ""
    temperature: Decimal = Decimal(0)
    max_tokens: int = 1024
    masked: bool = True
    latency: str = "2s~0.5"
    hedge: str = ""
    usd_per_million_in: Decimal | None = None
    usd_per_million_out: Decimal | None = None
    max_tokens_per_order: int = 1_000_000
    max_usd_per_order: Decimal = Decimal(1)
    max_calls_per_order: int = 500
    max_calls_per_day: int = 5_000
    max_usd_per_day: Decimal = Decimal(10)

    def __post_init__(self) -> None:
        if not self.model.strip():
            raise ValueError("model must name a model")
        if self.key_env and self.key_file:
            raise ValueError("key_env and key_file exclude each other")
        _check_address(self.address, with_key=bool(self.key_variable or self.key_file))
        if self.provider in KEY_VARIABLES and None in (
            self.usd_per_million_in,
            self.usd_per_million_out,
        ):
            raise ValueError(
                f"{self.provider} charges for tokens: state usd_per_million_in and "
                "usd_per_million_out, or the limits in USD hold nothing"
            )
        _between("temperature", self.temperature, 0, 2)
        _between("max_tokens", self.max_tokens, 1, 100_000)
        for name in (
            "usd_per_million_in",
            "usd_per_million_out",
            "max_tokens_per_order",
            "max_usd_per_order",
            "max_calls_per_order",
            "max_calls_per_day",
            "max_usd_per_day",
        ):
            _between(name, getattr(self, name) or 0, 0, 10**12)

    @property
    def address(self) -> str:
        """The endpoint's address, without a slash at its end."""
        return (self.base_url or ADDRESSES.get(self.provider, "")).rstrip("/")

    @property
    def key_variable(self) -> str:
        """The variable that holds the key; empty where a file does, or where none is needed."""
        return self.key_env or ("" if self.key_file else KEY_VARIABLES.get(self.provider, ""))

    def cost_usd(self, tokens_in: int, tokens_out: int) -> Decimal:
        """Return what tokens cost by the configured prices, in USD."""
        price_in, price_out = self.usd_per_million_in or 0, self.usd_per_million_out or 0
        return (tokens_in * Decimal(price_in) + tokens_out * Decimal(price_out)) / TOKENS_PER_PRICE


def _check_address(address: str, *, with_key: bool) -> None:
    if not address:
        raise ValueError("base_url must say where the model is served")
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("base_url must begin with https:// or http:// and name a host")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ValueError("base_url must hold no user, password, query or fragment")
    if with_key and parts.scheme == "http" and not _is_near(parts.hostname):
        raise ValueError("base_url must begin with https:// where a key is sent")


def _is_near(host: str) -> bool:
    """Whether a host is this machine, or in a network of one's own."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host


def _between(name: str, value: Decimal | int, low: int, high: int) -> None:
    if not Decimal(value).is_finite() or not low <= value <= high:
        raise ValueError(f"{name} must lie between {low} and {high}, got {value}")
