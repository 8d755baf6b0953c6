"""Every error a person can meet, and the exit code it ends a command with.

    SteersmanError                 exit  what happened
    ├── UsageError                   2   an argument or an order that can never be valid
    ├── ConfigError                  3   a setting is missing, unknown or out of range
    ├── DataError                    3   a market file, history or capture cannot be used as it is
    │   └── JournalError             3   a journal is corrupt, of another schema, or not a journal
    ├── WeightsError                 3   model weights are absent or are not the pinned ones
    ├── RefusedByLimit               4   a hard limit forbids what was asked
    ├── VenueError                   5   the venue refused, failed or could not be reached
    └── AnotherInstance              8   the journal is in use by another process

Each carries a one-line message naming the thing and a one-line remedy. A broken invariant is not
in this tree: it is an ``AssertionError``, our own fault, and ends with exit code 1.
"""

from __future__ import annotations

__all__ = [
    "AnotherInstance",
    "ConfigError",
    "DataError",
    "JournalError",
    "RefusedByLimit",
    "SteersmanError",
    "UsageError",
    "VenueError",
    "WeightsError",
]


class SteersmanError(Exception):
    """Name what is wrong (`message`) and what to do about it (`remedy`)."""

    code = "error"
    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}" if self.remedy else self.message


class UsageError(SteersmanError):
    """An argument, or an order, that can never be valid as given."""

    code = "usage"
    exit_code = 2


class ConfigError(SteersmanError):
    """A setting is missing, unknown or out of range."""

    code = "config"
    exit_code = 3


class DataError(SteersmanError):
    """A market file, history or capture cannot be used as it is."""

    code = "data"
    exit_code = 3


class JournalError(DataError):
    """A journal is corrupt, of another schema, or not a journal."""

    code = "journal"


class WeightsError(SteersmanError):
    """Model weights are absent or are not the pinned ones."""

    code = "weights"
    exit_code = 3


class RefusedByLimit(SteersmanError):
    """A hard limit forbids what was asked."""

    code = "refused"
    exit_code = 4


class VenueError(SteersmanError):
    """The venue refused, failed or could not be reached."""

    code = "venue"
    exit_code = 5


class AnotherInstance(SteersmanError):
    """The journal is in use by another process."""

    code = "busy"
    exit_code = 8
