"""An `llm` advisor over a server on loopback, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from steersman.advisor.budget import Budget
from steersman.advisor.client import LlmAdvisor
from steersman.advisor.keys import Key
from steersman.advisor.providers import AdvisorConfig
from tests.advisor.servers import table

SECRET = "sk-planted-5d41402abc4b2a76"


def advisor(
    url: str,
    folder: Path,
    *,
    key: str | None = SECRET,
    timeout_s: float = 20.0,
    **changes: Any,
) -> LlmAdvisor:
    """Build an advisor that counts in `folder`."""
    given = table(url, **{"key_env": "PLANTED_KEY" if key else "", **changes})
    config = msgspec.convert(given, AdvisorConfig, strict=False)
    secret = None if key is None else Key(key)
    return LlmAdvisor("x", config, secret, Budget("x", config, folder), timeout_s)
