"""No limit is passed, whatever fails, restarts or runs beside it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from steersman.advisor.budget import Budget, Exhausted, OrderExhausted, state_dir
from steersman.advisor.providers import AdvisorConfig, Provider

DAY = date(2026, 1, 5)


def config(**changes: Any) -> AdvisorConfig:
    given = {
        "provider": Provider.VLLM,
        "model": "m",
        "usd_per_million_in": Decimal(2),
        "usd_per_million_out": Decimal(10),
        **changes,
    }
    return AdvisorConfig(**given)


def budget(tmp_path: Path, day: date = DAY, **changes: Any) -> Budget:
    return Budget("x", config(**changes), tmp_path, lambda: day)


@pytest.mark.parametrize(
    ("limit", "most"),
    [
        ("max_calls_per_order", 2),
        ("max_calls_per_day", 2),
        ("max_tokens_per_order", 2_400),
        ("max_usd_per_order", Decimal("0.0085")),
        ("max_usd_per_day", Decimal("0.0085")),
    ],
)
def test_the_question_that_would_pass_a_limit_is_not_asked(
    tmp_path: Path, limit: str, most: Any
) -> None:
    # 1,000 tokens in and 200 out cost 0.002 + 0.002 USD: two such questions fit, a third does not.
    spent = budget(tmp_path, **{limit: most})
    for _ in range(2):
        spent.reserve("P1", 1_000, 200)
    with pytest.raises(Exhausted, match=f"{limit} is {most}") as caught:
        spent.reserve("P1", 1_000, 200)

    assert isinstance(caught.value, OrderExhausted) is ("order" in limit)


def test_limits_of_an_order_are_each_orders_own(tmp_path: Path) -> None:
    spent = budget(tmp_path, max_calls_per_order=1)
    spent.reserve("P1", 1, 1)
    spent.reserve("P2", 1, 1)
    with pytest.raises(Exhausted):
        spent.reserve("P1", 1, 1)


def test_what_was_counted_replaces_what_was_put_aside(tmp_path: Path) -> None:
    spent = budget(tmp_path, max_usd_per_day=Decimal("0.005"), max_tokens_per_order=1_250)
    for _ in range(3):
        reserved = spent.reserve("P1", 1_000, 200)
        assert spent.settle(reserved, 5, 4) == Decimal("0.00005")
    with pytest.raises(Exhausted, match="max_tokens_per_order"):
        spent.reserve("P1", 1_024, 200)


def test_an_answer_that_never_came_stays_charged(tmp_path: Path) -> None:
    spent = budget(tmp_path, max_usd_per_day=Decimal("0.007"))
    spent.reserve("P1", 1_000, 200)
    with pytest.raises(Exhausted, match="max_usd_per_day"):
        spent.reserve("P2", 1_000, 200)


def test_the_days_count_survives_a_restart_and_ends_with_the_day(tmp_path: Path) -> None:
    budget(tmp_path, max_calls_per_day=1).reserve("P1", 1, 1)
    with pytest.raises(Exhausted, match="max_calls_per_day is 1"):
        budget(tmp_path, max_calls_per_day=1).reserve("P2", 1, 1)
    budget(tmp_path, DAY + timedelta(1), max_calls_per_day=1).reserve("P2", 1, 1)


def test_a_clock_set_back_does_not_begin_a_new_day(tmp_path: Path) -> None:
    budget(tmp_path, max_calls_per_day=1).reserve("P1", 1, 1)
    with pytest.raises(Exhausted):
        budget(tmp_path, DAY - timedelta(1), max_calls_per_day=1).reserve("P1", 1, 1)


def test_settling_after_midnight_takes_nothing_from_the_new_day(tmp_path: Path) -> None:
    days = [DAY]
    spent = Budget("x", config(), tmp_path, lambda: days[0])
    late = spent.reserve("P1", 1_000, 200)
    days[0] += timedelta(1)
    spent.reserve("P1", 1_000, 200)
    spent.settle(late, 0, 0)
    assert '"usd":"0.004"' in (tmp_path / "advisor-x.json").read_text()


def test_two_processes_count_together(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from tests.advisor.test_budget import *\n"
        f"spent = budget(Path({str(tmp_path)!r}), max_calls_per_day=60)\n"
        "done = 0\n"
        "for number in range(50):\n"
        "    try: spent.reserve(f'P{number}', 1, 1); done += 1\n"
        "    except Exhausted: pass\n"
        "print(done)"
    )
    root = Path(__file__).parents[2]
    both = [
        subprocess.Popen(
            [sys.executable, "-c", script], cwd=root, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    asked = [int(process.communicate(timeout=120)[0]) for process in both]
    assert sum(asked) == 60


@pytest.mark.parametrize("text", ["", "{}", '{"day":"x"}', '{"day":"2026-01-05","calls":-1,"u":2}'])
def test_a_count_that_cannot_be_read_lets_nothing_pass(tmp_path: Path, text: str) -> None:
    (tmp_path / "advisor-x.json").write_text(text)
    with pytest.raises(Exhausted, match="is not a count of calls: remove it"):
        budget(tmp_path).reserve("P1", 1, 1)


def test_a_count_that_cannot_be_written_lets_nothing_pass(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Exhausted, match="cannot count calls"):
        budget(tmp_path / "file" / "below").reserve("P1", 1, 1)


def test_a_crash_while_writing_leaves_the_old_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent = budget(tmp_path)
    spent.reserve("P1", 1, 1)
    before = (tmp_path / "advisor-x.json").read_bytes()

    def crash(*_: object) -> Iterator[None]:
        raise OSError(5, "the disk is gone")

    monkeypatch.setattr("os.replace", crash)
    with pytest.raises(Exhausted, match="the disk is gone"):
        spent.reserve("P1", 1, 1)
    assert (tmp_path / "advisor-x.json").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"advisor-x.json", "advisor-x.lock"}


def test_the_state_folder_is_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("STEERSMAN_STATE", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_dir() == tmp_path / "steersman"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_dir() == tmp_path / ".local" / "state" / "steersman"
    monkeypatch.setenv("STEERSMAN_STATE", str(tmp_path / "own"))
    assert state_dir() == tmp_path / "own"
