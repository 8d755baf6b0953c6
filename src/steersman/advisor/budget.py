"""What a model may cost: calls, tokens and money, per order and per day.

A question is paid for before it is asked, with the most that it can cost, and settled afterwards
with what the provider counted; so no limit is passed, not even by the last question. What was never
counted (an answer that did not come) stays charged at its most: the provider may charge it too.

The day's count lies in a file, so that neither a restart nor a second process begins a new day.
Where the file cannot be read or written nothing is asked: a limit nobody counts is none.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec

from steersman.advisor.providers import AdvisorConfig

__all__ = ["Budget", "Exhausted", "OrderExhausted", "Reserved", "state_dir", "today_utc"]

COUNT_BYTES_MAX: Final = 4_096


class Exhausted(Exception):
    """A limit would be passed, or what was spent cannot be counted; says which in one line."""


class OrderExhausted(Exhausted):
    """A limit of one order would be passed: no other day would change that."""


class _Day(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one advisor did on one day (UTC)."""

    day: date
    calls: int = 0
    usd: Decimal = Decimal(0)


@dataclass(slots=True)
class _Order:
    calls: int = 0
    tokens: int = 0
    usd: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Reserved:
    """What was put aside for one question of one order."""

    order_id: str
    tokens: int
    usd: Decimal
    day: date


def state_dir() -> Path:
    """Return the folder of what must survive: STEERSMAN_STATE, or steersman in the user's own."""
    own = os.environ.get("STEERSMAN_STATE")
    if own:
        return Path(own).expanduser()
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "steersman"


def today_utc() -> date:
    """Return the day that is counted."""
    return datetime.now(UTC).date()


class Budget:
    """The limits of one advisor; safe to share between threads and between processes."""

    def __init__(
        self,
        name: str,
        config: AdvisorConfig,
        folder: Path | None = None,
        today: Callable[[], date] = today_utc,
    ) -> None:
        """Count in `folder` (default: the state folder), by the days that `today` returns."""
        self._config = config
        self._path = (folder or state_dir()) / f"advisor-{name}.json"
        self._today = today
        self._orders: dict[str, _Order] = {}
        self._lock = threading.Lock()

    def reserve(self, order_id: str, tokens_in_max: int, tokens_out_max: int) -> Reserved:
        """Put aside the most that one question can cost; raise Exhausted where a limit forbids."""
        config = self._config
        tokens = tokens_in_max + tokens_out_max
        usd = config.cost_usd(tokens_in_max, tokens_out_max)
        with self._lock:
            order = self._orders.setdefault(order_id, _Order())
            _within("max_calls_per_order", order.calls + 1, config.max_calls_per_order)
            _within("max_tokens_per_order", order.tokens + tokens, config.max_tokens_per_order)
            _within("max_usd_per_order", order.usd + usd, config.max_usd_per_order)
            with self._counted() as day:
                _within("max_calls_per_day", day.calls + 1, config.max_calls_per_day)
                _within("max_usd_per_day", day.usd + usd, config.max_usd_per_day)
                self._write(_Day(day.day, day.calls + 1, day.usd + usd))
            order.calls += 1
            order.tokens += tokens
            order.usd += usd
        return Reserved(order_id, tokens, usd, day.day)

    def settle(self, reserved: Reserved, tokens_in: int, tokens_out: int) -> Decimal:
        """Replace what was put aside by what was counted, and return its cost in USD.

        Raises Exhausted where the count cannot be written: the day then stays charged with the
        most.
        """
        usd = self._config.cost_usd(tokens_in, tokens_out)
        with self._lock:
            order = self._orders[reserved.order_id]
            order.tokens += tokens_in + tokens_out - reserved.tokens
            order.usd += usd - reserved.usd
            with self._counted() as day:
                if day.day == reserved.day and usd != reserved.usd:
                    self._write(_Day(day.day, day.calls, day.usd + usd - reserved.usd))
        return usd

    @contextmanager
    def _counted(self) -> Iterator[_Day]:
        """Hold the file's lock and give what the file says of today."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.with_suffix(".lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)  # let go when the file is closed, or by a crash
                yield self._read()
        except OSError as error:
            raise Exhausted(f"cannot count calls in {self._path}: {error.strerror}") from None

    def _read(self) -> _Day:
        today = self._today()
        try:
            with self._path.open("rb") as file:
                counted = msgspec.json.decode(file.read(COUNT_BYTES_MAX), type=_Day)
        except FileNotFoundError:
            return _Day(today)
        except msgspec.MsgspecError:
            raise Exhausted(f"{self._path} is not a count of calls: remove it") from None
        # A clock that was set back does not begin a new day.
        return counted if counted.day >= today else _Day(today)

    def _write(self, day: _Day) -> None:
        """Replace the file in one step, so that a crash leaves the old count or the new one."""
        handle, name = tempfile.mkstemp(prefix=".advisor-", dir=self._path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.encode(day))
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self._path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise


def _within(limit: str, value: Decimal | int, most: Decimal | int) -> None:
    if value > most:
        kind = OrderExhausted if limit.endswith("_per_order") else Exhausted
        raise kind(f"the budget is exhausted: {limit} is {most}")
