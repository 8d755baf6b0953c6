"""The measurement of engine steps beside a model: it runs, and no step waits for an answer."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from steersman.advisor.latency import Latency
from steersman.advisor.rules import RulesAdvisor
from steersman.advisor.supervisor import Supervisor

SCRIPT = Path(__file__).parents[1] / "bench" / "advisor_steps.py"


def script() -> Any:
    spec = importlib.util.spec_from_file_location("advisor_steps", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_step_is_folded_while_the_advisor_still_hangs() -> None:
    bench = script()
    inputs = bench.inputs_of(1, "2m")
    hanging = bench.Hanging()
    supervisor = Supervisor(hanging, RulesAdvisor(), Latency(250, 0.4, 1), timeout_s=600.0)
    without, within = bench.fold(inputs, None), bench.fold(inputs, supervisor)
    assert not hanging.over.is_set(), "nobody has waited for it"
    assert len(without["wall"]) == len(within["wall"]) == len(inputs) - 1
    assert bench.percentile(list(range(1_000, 101_000, 1_000)), 99) == 99
    hanging.end()
    supervisor.close()
