"""Short runs on the generated market for runtime tests."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from steersman.config import Settings
from steersman.domain.order import AlgoName
from steersman.domain.units import Side
from steersman.journal import Journal
from steersman.runtime.backtest import Job, Result, run_job
from steersman.runtime.prepare import Request, prepare


def request(**changes: Any) -> Request:
    values: dict[str, Any] = {
        "symbol": "BTCUSDT",
        "category": None,
        "side": Side.BUY,
        "qty": Decimal(2),
        "start": None,
        "horizon": "5m",
        "limit_price": None,
        "decision_price": None,
        "urgency": None,
        "algo": AlgoName.TWAP,
        "base": AlgoName.TWAP,
        "market": "generated",
        "seed": 3,
        "advisor": "none",
        "news": None,
        "parent_id": "P1",
        **changes,
    }
    return Request(**values)


def job(settings: Settings | None = None, **changes: Any) -> Job:
    said: list[str] = []
    return prepare(request(**changes), settings or Settings({}), said.append)


def run(path: Path | None = None, settings: Settings | None = None, **changes: Any) -> Result:
    with Journal.create(path) as journal:
        return run_job(job(settings, **changes), journal)
