"""The command of the reproduce box makes the same journal again, byte for byte."""

from __future__ import annotations

import shlex
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from steersman.cli import run_cli
from steersman.config import Settings, load_settings
from steersman.domain.limits import ExecutionConfig
from steersman.domain.messages import Started
from steersman.domain.order import AlgoName, Style
from steersman.domain.units import Side
from steersman.journal import Journal, verify
from steersman.report.cases import read_cases
from steersman.report.reproduce import reproduce, settings_toml
from steersman.runtime.backtest import run_job
from steersman.runtime.counterfactual import judge_of
from tests.report.told import Told
from tests.runtime import runs


@pytest.mark.parametrize("judge", [None, 2])
def test_the_command_repeats_the_run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    judge: int | None,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    settings = Settings({"execution": {"slice_s": 20}, "limits": {"max_spread_bps": "7.5"}})
    path = tmp_path / "first.journal"
    job = runs.job(settings, algo=AlgoName.ADAPTIVE, base=AlgoName.POV, advisor="rules",
                   side=Side.SELL, limit_price=Decimal("59000"), fee_tier="-0.5:2.5",
                   parent_id="again", start="2025-01-06T15:01:00.123456789")  # fmt: skip
    with Journal.create(path) as journal:
        judging = None if judge is None else judge_of(job, judge, 3, recorded=False)
        run_job(job, journal, judge=judging)
    (case,) = read_cases([path])
    found = reproduce(case, "0")
    assert ("--judge 2 --futures 3" in found.command) is (judge is not None)
    (tmp_path / "settings.toml").write_text(found.settings, encoding="utf-8")
    words = shlex.split(found.command)
    assert words[:2] == ["steersman", "run"]
    run_cli([*words[1:], "--journal", "second.journal"])
    capsys.readouterr()
    assert verify(tmp_path / "second.journal").head_hash == case.source.journal_hash


def test_settings_that_are_the_defaults_are_not_told() -> None:
    (case,) = Told().whole().cases()
    assert settings_toml(case) == "[limits]\nmax_position = 1000000"
    assert "--config settings.toml" in reproduce(case, "0").command


def test_settings_read_back_as_they_were(tmp_path: Path) -> None:
    told = Told().whole()
    started = told.story.messages[0]
    assert isinstance(started, Started)
    config = ExecutionConfig(
        style=Style.PASSIVE, llm_adaptation_enabled=False, urgency=Decimal("0.7"), slice_s=20
    )
    told.story.messages[0] = msgspec.structs.replace(started, execution=config)
    (case,) = told.cases()
    file = tmp_path / "settings.toml"
    file.write_text(settings_toml(case), encoding="utf-8")
    loaded = load_settings(file, {}, tmp_path, tmp_path)
    assert loaded.limits() == case.started.limits
    assert loaded.execution() == case.started.execution


def test_what_names_the_run() -> None:
    (case,) = Told(sealed=False).whole().cases()
    rows = dict(reproduce(case, "1.2.3").rows)
    assert rows["reported by"] == "steersman 1.2.3"
    assert rows["sealed"] == "no: never closed"
    assert rows["advisor"] == "m" and rows["seed"] == "1"
    assert len(rows["settings hash"]) == 64


def test_it_has_a_notebooks_face() -> None:
    (case,) = Told().whole().cases()
    found = reproduce(case, "1.2.3")
    assert "<td>seed</td><td>1</td>" in found._repr_html_()
    rows = {row["what"]: row["value"] for row in found.records()}
    assert rows["command"] == found.command and rows["settings.toml"] == found.settings
    pytest.importorskip("polars")
    assert found.to_polars()["value"].to_list() == [row["value"] for row in found.records()]
