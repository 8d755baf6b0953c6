"""Numbers, durations and times as people write them."""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation
from typing import Final

from steersman.domain.units import HOUR_NS, MS_NS, utc_ns
from steersman.errors import UsageError

__all__ = [
    "LONGEST_NS",
    "is_duration",
    "parse_decimal",
    "parse_duration_ns",
    "parse_spread",
    "parse_time_ns",
]

DAY_NS: Final = 24 * HOUR_NS
LONGEST_NS: Final = 31 * DAY_NS  # of a horizon, and of a start after the market's beginning
LOG_SD_MAX: Final = 3.0

_UNIT_MS: Final = (86_400_000, 3_600_000, 60_000, 1_000, 1)
_DURATION: Final = re.compile(
    r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?", re.ASCII
)


def parse_decimal(text: str) -> Decimal:
    """Return a finite number, written out; raise UsageError for anything else."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise UsageError(f"{text!r} is not a number", "write it like 25 or 0.5") from None
    if not number.is_finite():
        raise UsageError(f"{text!r} is not a finite number", "write it like 25 or 0.5")
    return number if number.adjusted() > 18 else Decimal(format(number, "f"))


def parse_duration_ns(text: str) -> int:
    """Return a duration such as 90s, 5m, 1h30m or 4h in ns; raise UsageError for anything else."""
    match = _DURATION.fullmatch(text.strip().lower())
    parts = match.groups() if match else ()
    millis = sum(int(part) * unit for part, unit in zip(parts, _UNIT_MS, strict=False) if part)
    if millis <= 0:
        shown = text if len(text) <= 40 else f"{text[:40]}…"
        raise UsageError(f"{shown!r} is not a duration", "write it like 90s, 5m, 1h30m or 4h")
    if millis * MS_NS > LONGEST_NS:
        raise UsageError(f"{text!r} is too long", f"give at most {LONGEST_NS // DAY_NS} days")
    return millis * MS_NS


def parse_spread(text: str) -> tuple[int, float]:
    """Return a time that varies, as median in ns and deviation of its logarithm: `2s~0.5`.

    Without a deviation it is always the same; `0` is no time at all. Raises UsageError.
    """
    median, drawn, deviation = text.partition("~")
    ns = 0 if median in ("0", "0ms") else parse_duration_ns(median)
    try:
        log_sd = float(deviation) if drawn else 0.0
    except ValueError:
        log_sd = math.nan
    if not 0.0 <= log_sd <= LOG_SD_MAX:
        raise UsageError(
            f"{text!r} is not a latency",
            f"write it like 10ms or 10ms~0.4, with a deviation of {LOG_SD_MAX:g} at most",
        )
    return ns, log_sd


def parse_time_ns(text: str) -> int:
    """Return an ISO 8601 time (UTC unless it names an offset) in ns since the epoch."""
    try:
        return utc_ns(text)
    except ValueError:
        raise UsageError(
            f"{text!r} is not a time", "write it like 2024-08-09T00:00:00 (UTC)"
        ) from None


def is_duration(text: str) -> bool:
    """Tell whether a text is written as a duration, whatever it comes to."""
    return bool(text.strip()) and _DURATION.fullmatch(text.strip().lower()) is not None
