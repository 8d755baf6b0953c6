"""The experiment, tiny: three arms on one market, and distances that are what they say."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import numpy as np

from experiments import vwap_tracking as module
from steersman.domain.volume import DayVolume
from steersman.runtime.backtest import Result
from tests.runtime.runs import run

DAY = DayVolume(494_370.0, 0.2, 0.48)


def test_the_arms_differ_on_one_market_and_leave_nothing_behind() -> None:
    found = {arm: module.measure("BTCUSDT", 1, 30, arm, DAY) for arm in module.ARMS}
    assert len(set(found.values())) == 3
    for rms, largest, bps in found.values():
        assert 0 < rms < largest < 100 and 0 <= bps < 50
    assert found["dynamic"] == module.measure("BTCUSDT", 1, 30, "dynamic", DAY)
    (static, *_) = module.table("BTCUSDT", [1, 2], 30, DAY)
    assert static.startswith("30 min | static | ")


def shifted(result: Result, ns: int) -> Result:
    """Return a result whose market traded everything so much later."""
    tape = dataclasses.replace(result.tape, trade_ns=result.tape.trade_ns + ns)
    return dataclasses.replace(result, tape=tape)


def test_a_market_that_trades_later_is_behind_us() -> None:
    result = run(qty=Decimal(2), horizon="5m")
    apart = module._shares_apart(result)
    assert len(apart) == 30 and apart[-1] == 0, "all is done in the end"
    later = module._shares_apart(shifted(result, 120 * 10**9))
    assert np.mean(later[:-1] - apart[:-1]) > 10


def test_a_mean_comes_with_its_interval() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    assert module.said(values) == "+3.00 (+1.04 to +4.96)"
