"""A run reads the parameters of what it trades: the law of its cost and the curve of its volume."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest

from steersman.config import Settings
from steersman.domain.instrument import Category
from steersman.domain.messages import ParentState, Started, Submit
from steersman.domain.order import AlgoName
from steersman.domain.units import SECOND_NS
from steersman.errors import DataError, UsageError
from steersman.models.impact_estimate import PRIOR_LAW
from steersman.models.parameters import (
    ImpactParameters,
    Parameter,
    Verdict,
    VolumeCurves,
    encoded,
)
from steersman.runtime.backtest import Job
from steersman.runtime.prepare import prepare
from steersman.venues.flow import volume_curve
from tests.runtime.runs import job, request, run


def test_parameters_are_of_what_is_traded(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    assert job().law == PRIOR_LAW
    file.write_bytes(encoded(ImpactParameters("bybit:BTCUSDT.linear", ("o",), 1, 2)))
    assert job(parameters=file).law == PRIOR_LAW, "it says nothing of Y; another venue is fine"
    with pytest.raises(UsageError, match=r"is of bybit:BTCUSDT.linear"):
        job(parameters=file, symbol="ETHUSDT")
    with pytest.raises(DataError, match="nowhere"):
        job(parameters=tmp_path / "nowhere")


def test_a_file_by_which_trading_more_earns_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    y = Parameter("1", Verdict.SHRUNK, 30, 0.7, 0.38, -1.6, 1.4, "why")
    known = ImpactParameters("sim:BTCUSDT.linear", ("o",), 1, 2, y=y)
    file.write_bytes(encoded(known).replace(b'"value": 0.7', b'"value": -0.807'))
    with pytest.raises(DataError, match=r"trading more would earn; make it again"):
        job(parameters=file)


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [("volatility_day_bps", 1e9, 1.0), ("volatility_day_bps", 1e-300, 1.0), ("y", 1e6, 1e6),
     ("y", 1e-30, 1e-6)],
)  # fmt: skip
def test_whatever_a_file_may_hold_can_be_planned_with(
    tmp_path: Path, name: str, value: float, error: float
) -> None:
    """What is let in at the door must not break in the house, far from the file's name."""
    file = tmp_path / "p.json"
    known = Parameter("1", Verdict.IDENTIFIED, 90, value, error, value - error, value + error)
    nothing = ImpactParameters("sim:BTCUSDT.linear", ("o",), 1, 2)
    file.write_bytes(encoded(msgspec.structs.replace(nothing, **{name: known})))
    result = run(parameters=file, horizon="1m", algo=AlgoName.IS)
    assert result.parent.state is ParentState.COMPLETED


DAY_NS = 86_400 * SECOND_NS


def told(parameters: ImpactParameters, file: Path, start: str) -> tuple[Job, str]:
    """Return the job of an order with these parameters, and what was said of it."""
    file.write_bytes(encoded(parameters))
    said: list[str] = []
    made = prepare(request(parameters=file, start=start), Settings({}), said.append)
    return made, "\n".join(said)


@pytest.mark.parametrize("start", ["1m", "8h57m", "16h"])
def test_the_curve_of_the_orders_weekday_is_used(tmp_path: Path, start: str) -> None:
    usual = volume_curve("BTCUSDT", Category.LINEAR)
    draws = np.random.default_rng(1)
    curves = VolumeCurves.of(np.exp(draws.normal(size=(7, 48))), range(7))
    known = ImpactParameters("bybit:BTCUSDT.linear", ("h",), 1, 2, volume_curves=curves)
    made, said = told(known, tmp_path / "p.json", start)
    begins = datetime.fromtimestamp(made.order.start_ns // SECOND_NS, tz=UTC)
    bucket, today = begins.hour * 2 + begins.minute // 30, begins.weekday()
    assert made.volume_curve[bucket:] == curves.weekdays[today].weights[bucket:]
    after = curves.weekdays[(today + 1) % 7]
    louder = after.day_volume / curves.weekdays[today].day_volume
    assert made.volume_curve[:bucket] == tuple(louder * w for w in after.weights[:bucket])
    assert start != "8h57m" or made.order.deadline_ns // DAY_NS > made.order.start_ns // DAY_NS
    assert f"the curve of {begins:%a} (UTC)" in said and "from 7 days" in said
    assert "\n" not in said, "one line"
    short = VolumeCurves.of(np.ones((2, 48)), range(2))
    known = msgspec.structs.replace(known, volume_curves=short)
    made, said = told(known, tmp_path / "p.json", start)
    assert made.volume_curve == usual
    assert "too short: 2 whole days, at least 5 are needed" in said and "\n" not in said
    known = msgspec.structs.replace(known, volume_curves=None)
    made, said = told(known, tmp_path / "p.json", start)
    assert (made.volume_curve, said) == (usual, ""), "own orders say nothing of it"


def test_a_usual_day_is_told_of_the_same_venue_only(tmp_path: Path) -> None:
    curves = VolumeCurves.of(np.exp(np.random.default_rng(2).normal(size=(7, 48))), range(7))
    for venue, same in (("sim", True), ("bybit", False)):
        known = ImpactParameters(f"{venue}:BTCUSDT.linear", ("h",), 1, 2, volume_curves=curves)
        made, _ = told(known, tmp_path / "p.json", "1m")  # on a Monday
        assert made.day_volume == (curves.day_volume(made.order.start_ns) if same else None)
    result = run(parameters=tmp_path / "p.json", horizon="1m")
    (started,) = [m for m in result.messages if isinstance(m, Started)]
    assert started.day_volumes == {}
    (tmp_path / "p.json").write_bytes(
        encoded(ImpactParameters("sim:BTCUSDT.linear", ("h",), 1, 2, volume_curves=curves))
    )
    result = run(parameters=tmp_path / "p.json", horizon="1m")
    (started,) = [m for m in result.messages if isinstance(m, Started)]
    (own,) = [m for m in result.messages if isinstance(m, Submit)]
    usual = curves.day_volume(own.parent.start_ns)
    assert started.day_volumes == {"sim:BTCUSDT.linear": usual}
    assert own.parent.start_ns // SECOND_NS // 86_400 % 7 == 4, "a Monday"
