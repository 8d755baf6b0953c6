"""What a run comes to: a whole document, an exit code, a refusal as an error."""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec
import pytest

from steersman.config import Settings
from steersman.errors import RefusedByLimit, UsageError
from steersman.journal import Journal
from steersman.runtime.backtest import run_job
from steersman.runtime.outcome import Outcome, conclude
from tests.runtime.runs import job


def outcome(settings: Settings | None = None, **changes: object) -> Outcome:
    prepared = job(settings, **changes)
    with Journal.create(None) as journal:
        return conclude(prepared, run_job(prepared, journal))


def test_a_completed_order() -> None:
    done = outcome()
    assert done.code == 0
    document = json.loads(msgspec.json.encode(done.document))
    assert document["state"] == "completed"
    assert document["advice"]["asked"] == 0
    assert document["order"]["qty"] == "2"
    assert document["advisor"] is None
    assert Decimal(document["filled_qty"]) == sum(
        Decimal(child["filled"]) for child in document["children"] if child["filled"]
    )


def test_an_expired_order_has_exit_code_6_and_says_why() -> None:
    done = outcome(limit_price=Decimal("1000.0"))
    assert done.code == 6
    assert "2 unfilled" in done.summary
    assert done.document["reason"].startswith("the deadline came")


def test_a_refused_order_is_an_error_with_its_remedy() -> None:
    with pytest.raises(RefusedByLimit) as caught:
        outcome(qty=Decimal(10_000), horizon="4h")
    assert "max_order_size" in caught.value.remedy
    with pytest.raises(RefusedByLimit, match="max_participation"):
        outcome(Settings({"limits": {"max_order_size": "1e9"}}), qty=Decimal(90_000))


def test_an_order_that_is_not_one_is_a_usage_error() -> None:
    wide = Settings({"execution": {"slice_s": 30, "min_order_size": "0.001"}})
    with pytest.raises(UsageError):
        outcome(wide, qty=Decimal("0.0001"))
