"""A provider's key: read from the environment or from a file of its own, and never shown.

A `Key` prints as asterisks wherever it ends up: in a log, a repr, an exception, a journal. What a
server sends back is cleaned of it too, because a server may repeat what it was told.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final, final

from steersman.advisor.providers import AdvisorConfig
from steersman.errors import ConfigError

__all__ = ["HIDDEN", "Key", "find_key"]

HIDDEN: Final = "***"
KEY_CHARS_MAX: Final = 4_096
WINDOW: Final = 8  # so many characters of a key in a row give it away


@final
class Key:
    """A secret that only `reveal` shows; two keys are never compared, copied to text or pickled."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the secret itself: for the one header that carries it."""
        return self._text

    def hide(self, text: str) -> str:
        """Return a text without the key, and without any longer part of it."""
        cleaned = text.replace(self._text, HIDDEN)
        parts = (self._text[at : at + WINDOW] for at in range(len(self._text) - WINDOW + 1))
        return HIDDEN if any(part in cleaned for part in parts) else cleaned

    def __repr__(self) -> str:
        return f"Key({HIDDEN})"

    def __reduce__(self) -> str:
        raise TypeError("a key is not pickled")


def find_key(config: AdvisorConfig, environ: Mapping[str, str]) -> Key | None:
    """Return the key that a table names, or None where it names none that is needed.

    Raises ConfigError where it is not there, cannot be sent, or lies in a file others may read.
    """
    if config.key_file:
        path = Path(config.key_file).expanduser()
        return _checked(_read(path), f"key file {path}")
    if not config.key_variable:
        return None
    text = environ.get(config.key_variable, "")
    if not text.strip():
        raise ConfigError(
            f"no key for {config.provider}: the variable {config.key_variable} is not set",
            "set it, or name another one with key_env, or a file with key_file",
        )
    return _checked(text, f"variable {config.key_variable}")


def _checked(text: str, where: str) -> Key:
    key = text.strip()
    if not WINDOW <= len(key) <= KEY_CHARS_MAX or not key.isascii() or not key.isprintable():
        raise ConfigError(f"{where} holds no key", "write the key alone, on one line")
    return Key(key)


def _read(path: Path) -> str:
    """Return what a key file holds; whoever else may read or replace it makes it no secret."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ConfigError(f"key file {path} is not a file", "give the path of a file")
            if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
                raise ConfigError(
                    f"key file {path} is open to others or not yours",
                    f"make it yours alone: chmod 600 {path}",
                )
            return file.read(KEY_CHARS_MAX + 2).decode("ascii", "replace")
    except OSError as error:
        raise ConfigError(
            f"cannot read key file {path}: {error.strerror}", "write the key into it, chmod 600"
        ) from None
