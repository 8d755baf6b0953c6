"""One frozen tree of settings: defaults, then files, then the environment.

    ~/.config/steersman/config.toml  <  ./steersman.toml or --config FILE  <  STEERSMAN_* variables

Four tables, `[execution]`, `[limits]`, `[fees]` and `[signals]`, one `[feeds.NAME]` for each feed
of news and one `[advisors.NAME]` for each language model; a variable names one key of one table:
`STEERSMAN_LIMITS__MAX_ORDER_SIZE=50000`, `STEERSMAN_FEEDS__NAME__TRUST_PCT=80`. An unknown key is
an error with a suggestion: a limit that was misspelt is a limit that does not exist. Numbers are
read as decimals, never through floats.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from steersman.advisor.providers import ADVISOR_NAME, AdvisorConfig
from steersman.domain.feeds import FEED_NAME, FeedConfig
from steersman.domain.fees import FeeConfig
from steersman.domain.limits import ExecutionConfig, SafetyLimits
from steersman.errors import ConfigError
from steersman.signals.lean import SignalRules

__all__ = ["Settings", "load_settings"]

ENV_PREFIX: Final = "STEERSMAN_"
ENV_OTHER: Final = frozenset(
    {"STEERSMAN_CACHE", "STEERSMAN_PEERS", "STEERSMAN_STATE"}
)  # variables with a meaning of their own
TABLES: Final[dict[str, type[msgspec.Struct]]] = {
    "execution": ExecutionConfig,
    "limits": SafetyLimits,
    "fees": FeeConfig,
    "signals": SignalRules,
}

FEEDS: Final = "feeds"
ADVISORS: Final = "advisors"
# These hold tables of their own, kept as "feeds.NAME": what one is, how a name looks, its keys.
GROUPS: Final[dict[str, tuple[str, re.Pattern[str], str, type[msgspec.Struct]]]] = {
    FEEDS: (
        "a feed",
        FEED_NAME,
        "use 1 to 24 lower-case letters, digits and underscores, a letter first",
        FeedConfig,
    ),
    ADVISORS: (
        "an advisor",
        ADVISOR_NAME,
        "use lower-case letters, digits and single underscores",
        AdvisorConfig,
    ),
}

S = TypeVar("S", bound=msgspec.Struct)


class Settings(msgspec.Struct, frozen=True):
    """The settings as given, by table; what was not given is not in them."""

    tables: dict[str, dict[str, Any]]

    def execution(self) -> ExecutionConfig:
        """Return how to work an order."""
        return self._build(ExecutionConfig, "execution", {})

    def limits(self, **fallbacks: Any) -> SafetyLimits:
        """Return the safety limits; `fallbacks` fill in what nobody stated (never overrides)."""
        return self._build(SafetyLimits, "limits", fallbacks)

    def fees(self) -> FeeConfig:
        """Return which fees apply."""
        return self._build(FeeConfig, "fees", {})

    def signals(self) -> SignalRules:
        """Return the thresholds of the rules."""
        return self._build(SignalRules, "signals", {})

    def feeds(self) -> dict[str, FeedConfig]:
        """Return the feeds of news by name."""
        prefix = f"{FEEDS}."
        tables = sorted(name for name in self.tables if name.startswith(prefix))
        return {table.removeprefix(prefix): self._build(FeedConfig, table, {}) for table in tables}

    def advisors(self) -> tuple[str, ...]:
        """Return the names of the language models that have a table."""
        prefix = f"{ADVISORS}."
        return tuple(
            sorted(name.removeprefix(prefix) for name in self.tables if name.startswith(prefix))
        )

    def advisor(self, name: str) -> AdvisorConfig:
        """Return how a language model is reached; its table must be there."""
        return self._build(AdvisorConfig, f"{ADVISORS}.{name}", {})

    def _build(self, kind: type[S], table: str, fallbacks: Mapping[str, Any]) -> S:
        given = {**fallbacks, **self.tables.get(table, {})}
        try:
            return msgspec.convert(given, kind, strict=False)
        except (msgspec.ValidationError, ValueError, InvalidOperation) as error:
            text = " ".join(str(error).split())
            raise ConfigError(f"[{table}] {text}", "correct the value or remove the key") from None


def load_settings(
    path: Path | None, environ: Mapping[str, str], home: Path, here: Path
) -> Settings:
    """Read the settings that apply; raise ConfigError naming the file or variable and the key.

    `path` replaces the file found in the current directory `here` and must exist.
    """
    tables: dict[str, dict[str, Any]] = {name: {} for name in TABLES}
    if path is not None and not path.is_file():
        raise ConfigError(f"{path}: there is no such file", "give the path of a TOML file")
    for file in (home / ".config" / "steersman" / "config.toml", path or here / "steersman.toml"):
        if file.is_file():
            for table, key, value in _from_file(file):
                tables.setdefault(table, {})[key] = value
    for table, key, value in _from_environment(environ):
        tables.setdefault(table, {})[key] = value
    return Settings(tables)


def _from_file(path: Path) -> Iterator[tuple[str, str, Any]]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(
            f"{path}: {error}", "correct the file; see docs/configuration.md"
        ) from None
    for table, content in document.items():
        _check(str(path), "table", table, (*TABLES, *GROUPS))
        if not isinstance(content, dict):
            raise ConfigError(f"{path}: {table} is not a table", f"write [{table}] and keys below")
        if table not in GROUPS:
            yield from _from_table(str(path), table, content)
            continue
        for name, named in content.items():
            if not isinstance(named, dict):
                raise ConfigError(
                    f"{path}: {name} in [{table}] is not a table",
                    f"write [{table}.NAME] and keys below",
                )
            yield from _from_table(str(path), f"{table}.{name}", named)


def _from_table(where: str, table: str, content: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    fields = _fields(where, table)
    for key, value in content.items():
        _check(where, f"key in [{table}]", key, fields)
        yield table, key, value


def _fields(where: str, table: str) -> tuple[str, ...]:
    """Return the keys of a table that exists; a name within a group must be well formed."""
    group, _, name = table.partition(".")
    if group not in GROUPS:
        return TABLES[table].__struct_fields__
    what, form, remedy, kind = GROUPS[group]
    if form.fullmatch(name) is None:
        raise ConfigError(f"{where}: {name[:40]!r} cannot name {what}", remedy)
    return kind.__struct_fields__


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, str, Any]]:
    for name in sorted(environ):
        if not name.startswith(ENV_PREFIX) or name in ENV_OTHER:
            continue
        table, _, key = name.removeprefix(ENV_PREFIX).lower().partition("__")
        where = f"variable {name}"
        _check(where, "table", table, (*TABLES, *GROUPS))
        if table in GROUPS:
            named, _, key = key.partition("__")
            table = f"{table}.{named}"
        yield from _from_table(where, table, {key: environ[name]})


def _check(where: str, what: str, name: str, known: Any) -> None:
    if name in known:
        return
    close = difflib.get_close_matches(name, list(known), n=1)
    remedy = f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"
    raise ConfigError(f"{where}: unknown {what}: {name!r}", remedy)
