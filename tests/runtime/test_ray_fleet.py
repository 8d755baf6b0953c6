"""A study on two nodes: the lines of one machine, whatever is lost on the way."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest

from bench.ray_nodes import ENVIRONMENT, Nodes, nodes
from steersman.advisor.rules import RulesAdvisor
from steersman.config import Settings
from steersman.errors import ConfigError, DataError, UsageError
from steersman.runtime import ray_fleet
from steersman.runtime.fleet import Fleet, Worked, work_all
from steersman.runtime.ray_fleet import Cluster, WorkerBug, expect_ray, work_here, work_on_ray
from steersman.runtime.record import record
from steersman.runtime.study import Engine, run
from steersman.runtime.study_files import digest_of, surroundings
from steersman.tca.results import Drawn
from tests.runtime.test_fleet import EMPTY, fleet, order
from tests.runtime.test_record import job
from tests.runtime.test_study import asked, without_command

ORDERS = [order(number, "1m") for number in range(16)]
BOTH = fleet("twap,rules")
MODELS = {"rules": RulesAdvisor.name}

needs_ray = pytest.mark.skipif(
    find_spec("ray") is None or not Path("/proc").is_dir(),
    reason="needs Ray (scripts/install dev), and looks processes up in /proc",
)


@pytest.fixture(scope="module")
def alone() -> list[Worked]:
    """What one process makes of the orders; it compiles what the nodes then find compiled."""
    return list(work_all(BOTH, ORDERS, 1))


@pytest.fixture(scope="module")
def two(alone: list[Worked]) -> Iterator[Nodes]:
    """Two nodes of one processor each."""
    with tempfile.TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as folder:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in ENVIRONMENT.items():
                patch.setenv(name, value)
            with nodes([1, 1], folder) as started:
                yield started


def processes(parents: tuple[int, ...], name: str) -> list[int]:
    """Return the children of these processes that call themselves so."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            command = stat.with_name("cmdline").read_bytes()
        except OSError:
            continue
        if parent in parents and command.startswith(name.encode()):
            found.append(int(stat.parent.name))
    return found


def kill(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def gone(find: Callable[[], list[int]]) -> bool:
    """Tell whether there is nothing to be found, soon."""
    for _ in range(100):
        if not find():
            return True
        time.sleep(0.1)
    return False


def until(met: Callable[[], bool]) -> Iterator[Drawn]:
    """Yield the orders, over and over, until something is so: a node may come late to its work."""
    for one in islice(cycle(ORDERS), 2_000):
        if met():
            return
        yield one


@needs_ray
def test_nodes_give_the_lines_of_one_process(two: Nodes, alone: list[Worked]) -> None:
    seen: set[int] = set()
    orders = until(lambda: seen == set(two.raylets))
    for worked in work_on_ray(BOTH, MODELS, orders, Cluster(two.address, None)):
        assert worked == alone[worked[0].order]
        seen |= {raylet for raylet in two.raylets if processes((raylet,), "ray::work")}
    assert seen == set(two.raylets), "each node worked"


@needs_ray
def test_a_study_is_the_same_document_and_the_same_table(two: Nodes, tmp_path: Path) -> None:
    changes: dict[str, Any] = {"orders": 10, "arms": "twap,rules"}
    here = run(asked(**changes), tmp_path / "local", ["x"], lambda share, words: None)
    wanted = asked(**changes, engine=Engine.RAY, address=two.address)
    shares: list[float] = []
    there = run(wanted, tmp_path / "ray", ["y"], lambda share, words: shares.append(share))
    assert shares == [n / 10 for n in range(11)]
    assert without_command(there) == without_command(here)
    for name in ("results.jsonl", "results.parquet"):
        one, two_ = ((tmp_path / engine / name).read_bytes() for engine in ("local", "ray"))
        assert sorted(one.splitlines()) == sorted(two_.splitlines())
    assert one == two_, "the table is sorted"


@needs_ray
def test_no_more_orders_are_under_way_than_asked(two: Nodes, alone: list[Worked]) -> None:
    given: list[int] = []
    done = 0

    def giving() -> Iterator[Any]:
        for one in ORDERS[:4]:
            given.append(one.order)
            yield one

    for worked in work_on_ray(BOTH, MODELS, giving(), Cluster(two.address, 1)):
        assert len(given) - done == 1
        assert worked == alone[done]
        done += 1
    assert done == 4


@needs_ray
def test_what_is_lost_is_worked_again(alone: list[Worked]) -> None:
    """A node is killed at an order, and then a worker; nothing of it is to be seen."""
    given: list[int] = []
    with tempfile.TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as folder:
        with pytest.MonkeyPatch.context() as patch, nodes([1, 1], folder) as started:
            for name, value in ENVIRONMENT.items():
                patch.setenv(name, value)
            head, node = started.raylets
            lost: list[int] = []
            over = threading.Event()

            def lose_both() -> None:
                for raylet in (node, head):
                    while not (working := processes((raylet,), "ray::work")) and not over.is_set():
                        time.sleep(0.02)
                    kill([node] if raylet == node else working)
                    lost.extend(working)

            def noted() -> Iterator[Drawn]:
                for one in until(lambda: len(lost) == 2):
                    given.append(one.order)
                    yield one

            hunter = threading.Thread(target=lose_both)
            hunter.start()
            worked = list(work_on_ray(BOTH, MODELS, noted(), Cluster(started.address, None)))
            over.set()
            hunter.join()
    assert len(lost) == 2
    assert sorted(one[0].order for one in worked) == sorted(given)
    assert all(one == alone[one[0].order] for one in worked)


@needs_ray
def test_an_order_that_is_lost_again_and_again_ends_the_study(two: Nodes) -> None:
    stop = threading.Event()

    def hunt() -> None:
        while not stop.wait(0.02):
            kill(processes(two.raylets, "ray::work"))

    hunter = threading.Thread(target=hunt)
    hunter.start()
    try:
        with pytest.raises(DataError, match=r"order 3 was lost with its worker 4 times") as caught:
            list(work_on_ray(BOTH, MODELS, [order(3, "30m")], Cluster(two.address, None)))
    finally:
        stop.set()
        hunter.join()
    assert "run the same command again" in caught.value.remedy


@needs_ray
def test_an_error_in_an_order_comes_back_whole(two: Nodes) -> None:
    wrong = replace(fleet("twap"), settings=Settings({"execution": {"slice_s": 600}}))
    with pytest.raises(
        UsageError, match=r"^order \d on BTCUSDT.linear: .* shorter than one slice"
    ) as caught:
        list(work_on_ray(wrong, {}, ORDERS[:2], Cluster(two.address, None)))
    assert "slice_s" in caught.value.remedy


@needs_ray
def test_a_bug_in_a_worker_comes_back_with_its_trace(two: Nodes) -> None:
    broken = Fleet(("twap",), EMPTY, "generated")  # type: ignore[arg-type]
    with pytest.raises(WorkerBug, match=r"ray_fleet.py(.|\n)*AttributeError"):
        list(work_on_ray(broken, {}, ORDERS[:1], Cluster(two.address, None)))


@needs_ray
def test_a_recording_is_found_from_wherever_a_node_is(
    two: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(job(tmp_path / "h"))
    monkeypatch.chdir(tmp_path)
    changes: dict[str, Any] = {"market": "h", "regimes": None, "orders": 3}
    here = run(asked(**changes), tmp_path / "l", ["x"], lambda share, words: None)
    wanted = asked(**changes, engine=Engine.RAY, address=two.address)
    assert run(wanted, tmp_path / "r", ["x"], lambda share, words: None).document == here.document


@needs_ray
def test_a_study_that_is_given_up_leaves_no_work_behind(two: Nodes) -> None:
    results = work_on_ray(BOTH, MODELS, ORDERS, Cluster(two.address, None))
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert not multiprocessing.active_children()
    assert gone(lambda: processes(two.raylets, "ray::work"))


@needs_ray
def test_a_cluster_that_goes_away_is_said(two: Nodes) -> None:
    results = work_on_ray(BOTH, MODELS, ORDERS, Cluster(two.address, None))
    next(results)
    kill([child.pid for child in multiprocessing.active_children() if child.pid is not None])
    with pytest.raises(DataError, match="the Ray cluster was lost: ") as caught:
        list(results)
    assert "goes on where it was" in caught.value.remedy


@needs_ray
def test_without_an_address_the_study_has_a_cluster_of_its_own_and_leaves_nothing(
    alone: list[Worked], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setattr(ray_fleet, "SOCKETS", Path(folder))
        results = work_on_ray(BOTH, MODELS, ORDERS[:4], Cluster(None, 2))
        worked = [next(results)]
        assert len(list(Path(folder).iterdir())) == 1
        worked += results
        assert list(Path(folder).iterdir()) == []
    assert sorted(worked, key=lambda one: one[0].order) == alone[:4]
    assert not (tmp_path / ".ray").exists()


@needs_ray
def test_an_address_where_nothing_is(two: Nodes) -> None:
    for address in ("127.0.0.1:1", "nonsense", "ray://127.0.0.1:1"):
        with pytest.raises(DataError, match=f"cannot use a Ray cluster at {address}: "):
            list(work_on_ray(BOTH, MODELS, ORDERS, Cluster(address, None)))


# -- what a node is held to -----------------------------------------------------------------------
def said_of(fleet: Fleet, *, versions: dict[str, Any] | None = None, **known: Any) -> Any:
    held = {"models": {}, "recording": None, **known}
    expected = pickle.dumps(ray_fleet._Expected(fleet=fleet, **held))
    return work_here(versions or surroundings(), expected, pickle.dumps(ORDERS[0]))


def test_a_node_with_other_code_is_named_with_the_difference() -> None:
    other = {**surroundings(), "code": "0123"}
    said = said_of(fleet("twap"), versions=other)
    assert said.endswith(f": versions.code was 0123 and is {surroundings()['code']}")


def test_a_node_with_other_models_is_named_with_the_difference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = said_of(fleet("rules"), models={"rules": "rules/1"})
    assert said.endswith(f": models.rules was rules/1 and is {RulesAdvisor.name}")
    monkeypatch.setattr("steersman.advisor.weights.find", lambda: None)
    said = said_of(fleet("embedded"), models={"embedded": "smollm2"})
    assert "the arm embedded has no model" in said


def test_a_node_without_the_recording_is_named(tmp_path: Path) -> None:
    record(job(tmp_path / "h"))
    there = replace(fleet("twap"), market=str(tmp_path / "h"))
    assert isinstance(said_of(there, recording=digest_of(tmp_path / "h")), bytes)
    assert "another recording in " in said_of(there, recording="0123")
    nowhere = replace(there, market=str(tmp_path / "nowhere"))
    assert "no recording " in said_of(nowhere, recording="0123")


@needs_ray
def test_a_node_without_this_code_says_so_by_itself(tmp_path: Path) -> None:
    (tmp_path / "steersman").mkdir()
    (tmp_path / "steersman" / "__init__.py").write_text("")
    pack = (
        "import sys; from ray import cloudpickle; from steersman.runtime import ray_fleet;"
        "sys.stdout.buffer.write(cloudpickle.dumps(ray_fleet._task()))"
    )
    packed = subprocess.run([sys.executable, "-c", pack], capture_output=True, check=True).stdout
    call = "import pickle, sys; print(pickle.load(sys.stdin.buffer)({}, b'', b''))"
    said = subprocess.run(
        [sys.executable, "-c", call],
        input=packed,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        check=True,
    ).stdout.decode()
    assert "has another steersman or none (No module named 'steersman.runtime')" in said


def test_without_ray_one_line_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_fleet, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="Ray, which is not installed") as caught:
        expect_ray()
    assert "make ray" in caught.value.remedy
    with pytest.raises(ConfigError, match="not installed"):
        asked(engine=Engine.RAY)


def test_no_key_travels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_API_KEY", "sk-0123456789abcdef")
    settings = Settings(
        {"advisors.m": {"provider": "vllm", "model": "m", "key_env": "MODEL_API_KEY"}}
    )
    wanted = asked(arms="twap,llm:m", settings=settings)
    expected = ray_fleet._Expected(
        Fleet(wanted.arms, wanted.settings, wanted.market), wanted.models, None
    )
    assert b"MODEL_API_KEY" in pickle.dumps(expected)
    assert b"sk-0123" not in pickle.dumps(expected)
    assert "sk-0123" not in str(wanted.manifest([]))
