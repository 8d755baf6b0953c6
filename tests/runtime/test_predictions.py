"""Predictions of cost: from real runs, and over orders whose intervals are wrong."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from steersman.domain.impact import ImpactEstimate
from steersman.domain.order import AlgoName
from steersman.journal import read
from steersman.journal.reading import verify
from steersman.models.calibration import PRIOR_Y
from steersman.models.parameters import ImpactParameters, Parameter, Verdict, encoded
from steersman.runtime.calibrating import from_journals
from steersman.runtime.own_orders import own_orders
from steersman.runtime.predictions import Prediction, in_messages, monitor, rows, told
from steersman.runtime.replay import replay
from tests.runtime.runs import run


def test_a_run_says_what_it_expected_and_what_it_paid() -> None:
    result = run()
    (one,) = in_messages(result.messages)
    (own,) = own_orders(result.messages)
    assert one.realised_bps == own.cost_bps and one.parent == "P1"
    assert one.within is (
        one.first.confidence_low_bps <= own.cost_bps <= one.first.confidence_high_bps
    )
    assert one.first.provenance["base_impact_bps"] == "prior"
    document = one.document()
    assert document["predicted"]["estimated_impact_bps"] == one.first.estimated_impact_bps
    assert document["within"] is one.within and document["estimates"] == one.estimates


def test_an_order_that_was_not_filled_in_full_is_not_counted() -> None:
    (one,) = in_messages(run(limit_price=Decimal(1000)).messages)
    assert one.realised_bps is None and one.within is None
    assert monitor([one]).n == 0
    assert in_messages([]) == []


def parameters(y: float) -> bytes:
    known = Parameter("1", Verdict.IDENTIFIED, 900, y, 0.05, y - 0.1, y + 0.1)
    return encoded(ImpactParameters("sim:BTCUSDT.linear", ("own.journal",), 1, 2, y=known))


def test_parameters_feed_the_estimate_and_the_plan_and_are_in_the_journal(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_bytes(parameters(3.0))
    path = tmp_path / "run.journal"
    asked: dict[str, Any] = {"algo": AlgoName.IS, "qty": Decimal(25)}
    known = run(path, parameters=file, **asked)
    prior = run(**asked)
    (with_file,), (without,) = in_messages(known.messages), in_messages(prior.messages)
    assert with_file.first.provenance["base_impact_bps"] == "own.journal"
    ratio = with_file.first.base_impact_bps / without.first.base_impact_bps
    assert ratio == pytest.approx(3.0 / PRIOR_Y[0], rel=0.01)
    dear, cheap = known.parent.plans[AlgoName.IS], prior.parent.plans[AlgoName.IS]
    assert dear.done[4] < cheap.done[4], "where trading is dear, it goes slower"
    assert replay(read(path)).journal_hash == known.journal_hash == verify(path).head_hash


def prediction(realised_bps: float) -> Prediction:
    estimate = ImpactEstimate(1.0, 1.0, 1.0, -1.0, 3.0, "", {})
    return Prediction("p", "sim:X.linear", estimate, estimate, 1, 0, 0, realised_bps)


def test_costs_that_leave_their_intervals_raise_the_alarm() -> None:
    fine = monitor([prediction(1.0)] * 50)
    assert told(fine)["misses"] == 0 and not fine.alarm
    assert dict(rows(fine))["verdict"] == "no alarm"
    bad = monitor([prediction(9.0 if k % 4 == 0 else 1.0) for k in range(50)])
    assert told(bad) == {"orders": 50, "misses": 13, "evidence": bad.evidence, "alarm": True}
    assert dict(rows(bad))["verdict"].startswith("alarm; recalibrate")


def test_journals_of_orders_that_were_predicted_wrongly_raise_the_alarm(tmp_path: Path) -> None:
    """From a parameter file that is wrong and sure of it, by runs and journals, to the alarm."""
    file = tmp_path / "p.json"
    file.write_bytes(parameters(400.0))
    for name, known, alarm in (("right", None, False), ("wrong", file, True)):
        journals = [tmp_path / f"{name}-{seed}.journal" for seed in range(1, 6)]
        for seed, path in enumerate(journals, 1):
            run(path, parameters=known, seed=seed, horizon="2m")
        _, watched = from_journals(journals, None, None)
        assert (watched.n, watched.alarm) == (5, alarm)
        assert watched.misses == (5 if alarm else 0)
