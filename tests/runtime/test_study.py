"""A study from its request to its document: refused, run, killed, gone on with, stopped early."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from steersman.config import Settings
from steersman.errors import ConfigError, DataError, UsageError
from steersman.runtime.record import record
from steersman.runtime.study import SUITES, Finished, Request, numbers_of, request, run, run_part
from steersman.runtime.study_files import read_results
from tests.advisor.servers import GOOD, FaultServer, openai_reply, table
from tests.runtime.test_record import job

MODEL = "advisors.local"
EMPTY = Settings({name: {} for name in ("execution", "limits", "fees", "signals")})


def asked(**changes: Any) -> Request:
    values: dict[str, Any] = {
        "suite": None,
        "arms": "twap,twap-passive",
        "regimes": "calm,news",
        "symbols": None,
        "orders": 10,
        "seed": None,
        "horizon": "1m",
        "market": "generated",
        "jobs": 1,
        "resolve_bps": None,
        "settings": EMPTY,
        **changes,
    }
    return request(**values)


def done(folder: Path, **changes: Any) -> Finished:
    return run(asked(**changes), folder, ["steersman", "study"], lambda share, words: None)


def without_command(finished: Finished) -> dict[str, Any]:
    document = dict(finished.document)
    document["manifest"] = {k: v for k, v in document["manifest"].items() if k != "command"}
    return document


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"orders": 1}, "one seed shows one outcome"),
        ({"orders": 10**7}, "from 2 to"),
        ({"jobs": 0}, "0 jobs"),
        ({"address": "head:6379"}, "give --engine ray"),
        ({"resolve_bps": 0.0}, "cannot be resolved"),
        ({"arms": "twpa"}, "did you mean twap"),
        ({"regimes": "clam"}, "did you mean calm"),
        ({"symbols": "BTCUSDT"}, "not a preset"),
        ({"symbols": ","}, "no symbols"),
        ({"informativeness": 1.5}, "is no share of the news"),
        ({"suite": "standard", "arms": None, "informativeness": 0.0}, "a suite is fixed"),
        ({"horizon": "soon"}, "not a duration"),
        ({"suite": "standard"}, "a suite is fixed: --arms was given"),
        ({"suite": "big"}, "there is no suite 'big'; choose one of standard, full, break-even"),
    ],
)
def test_what_makes_no_study_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        asked(**changes)


def test_a_study_whose_model_has_spent_its_day_goes_on_with_the_next(
    model_requests: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    state, folder = tmp_path / "state", tmp_path / "s"
    monkeypatch.setenv("STEERSMAN_STATE", str(state))
    with FaultServer(reply=openai_reply(json.dumps(GOOD))) as server:
        of_day = {**table(server.url, latency="100ms"), "max_calls_per_day": 1}
        wanted: dict[str, Any] = {
            "arms": "twap,llm:local",
            "regimes": "calm",
            "orders": 2,
            "settings": Settings({MODEL: of_day}),
        }
        with pytest.raises(DataError, match=r"order 1 .* max_calls_per_day is 1"):
            done(folder, **wanted)
        assert [drawn.order for drawn, _ in read_results(folder)] == [0]
        (state / "advisor-local.json").unlink()  # a new day
        study = done(folder, **wanted).study
    assert study.arms["llm:local"].asked == 2 == study.n
    assert study.arms["llm:local"].fallbacks == 0


def test_no_feed_is_read_for_it_would_change_from_day_to_day() -> None:
    tables: dict[str, dict[str, Any]] = {
        "feeds.press": {"url": "https://press.example/rss"},
        "execution": {"slice_s": 30},
    }
    wanted = asked(settings=Settings(tables))
    assert wanted.settings.tables == {"execution": {"slice_s": 30}}


def test_a_key_that_was_written_into_the_settings_is_not_kept() -> None:
    wrong = {"provider": "vllm", "model": "m", "key_env": "sk-0123456789"}
    with pytest.raises(ConfigError, match="key_env must name a variable") as caught:
        asked(settings=Settings({"advisors.m": wrong}))
    assert "sk-0123" not in str(caught.value)


def test_an_oracle_is_no_arm_of_a_recording(tmp_path: Path) -> None:
    record(job(tmp_path / "h"))
    market = {"market": str(tmp_path / "h"), "regimes": None, "orders": 6}
    with pytest.raises(UsageError, match="the future of a recorded market"):
        asked(**market, arms="twap,oracle:0.7")


@pytest.mark.parametrize("name", SUITES)
def test_suites_hold_every_part_equally_often(name: str) -> None:
    suite = SUITES[name]
    parts = len(suite.regimes.split(",")) * len(suite.symbols.split(",")) * 3
    assert suite.orders % parts == 0


def test_a_study_says_what_its_arms_cost(tmp_path: Path) -> None:
    shares: list[float] = []
    wanted = asked()
    finished = run(wanted, tmp_path, ["x"], lambda share, words: shares.append(share))
    assert shares == [n / 10 for n in range(11)]
    document = finished.document
    assert document["schema"] == "steersman.study/1" and document["n"] == document["seeds"] == 10
    assert set(document["arms"]) == {"twap", "twap-passive"}
    (pair,) = document["pairs"]
    assert pair["mean_diff_bps"] > 2, "a taker pays the fee of one"
    assert pair["ci_low"] < pair["mean_diff_bps"] < pair["ci_high"]
    assert document["manifest"]["orders"] == 10 and document["stopped_after"] is None
    assert (
        document["manifest"]["arms"]["twap"]["settings"]
        != (document["manifest"]["arms"]["twap-passive"]["settings"])
    )
    again = done(tmp_path)
    assert without_command(again) == without_command(finished), "nothing was left to do"


def test_orders_that_are_missing_are_worked_and_no_other(tmp_path: Path) -> None:
    whole = done(tmp_path / "whole")
    done(tmp_path / "cut")
    path = tmp_path / "cut" / "results.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[7] + lines[2] + lines[4][:90])
    finished = done(tmp_path / "cut")
    assert without_command(finished) == without_command(whole)
    worked = [drawn.order for drawn, _ in read_results(tmp_path / "cut")]
    assert worked[:2] == [7, 2] and sorted(worked) == list(range(10))


def test_parts_worked_apart_merge_into_the_study(tmp_path: Path) -> None:
    whole = done(tmp_path / "whole")
    shares: list[float] = []
    parts = [tmp_path / name for name in ("one", "two")]
    for number, folder in enumerate(parts, 1):
        said = run_part(
            asked(),
            numbers_of(asked(), f"{number}/2"),
            folder,
            [folder.name],
            lambda share, words: shares.append(share),
        )
        assert (said["held"], said["part"], said["orders"]) == (5, 5, 10)
        assert [drawn.order % 2 for drawn, _ in read_results(folder)] == [number - 1] * 5
    assert shares == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0] * 2
    both = run(asked(), tmp_path / "both", ["x"], lambda share, words: None, parts)
    assert without_command(both) == without_command(whole)
    assert [drawn.order for drawn, _ in read_results(tmp_path / "both")] == [
        0, 2, 4, 6, 8, 1, 3, 5, 7, 9,
    ]  # fmt: skip
    tables = [(tmp_path / name / "results.parquet").read_bytes() for name in ("whole", "both")]
    assert tables[0] == tables[1]
    assert not (parts[0] / "results.parquet").exists(), "a part is no study"


@pytest.mark.parametrize("part", ["0/2", "3/2", "1/11", "2", "/", "-1/2", "1/2/3"])
def test_what_is_no_part_is_refused(part: str) -> None:
    with pytest.raises(UsageError, match="is no part of 10 orders"):
        numbers_of(asked(), part)


def test_a_part_does_not_stop_early() -> None:
    with pytest.raises(UsageError, match="looks at all of its first orders"):
        numbers_of(asked(resolve_bps=1.0), "1/2")


def test_a_changed_study_does_not_go_on_with_old_results(tmp_path: Path) -> None:
    done(tmp_path, orders=2)
    for changes, words in (
        ({"orders": 3}, "orders was 2 and is 3"),
        ({"seed": 9}, "seed was 1 and is 9"),
        ({"arms": "twap,vwap"}, "arms.twap-passive"),
        ({"informativeness": 0.0}, "informativeness was None and is 0.0"),
        ({"settings": Settings({"limits": {"max_orders_per_minute": 6}})}, "settings"),
    ):
        with pytest.raises(DataError, match=f"holds another study: .*{words}"):
            done(tmp_path, **{"orders": 2, **changes})


def test_lines_of_another_study_are_refused(tmp_path: Path) -> None:
    done(tmp_path, orders=2)
    path = tmp_path / "results.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    for content, words in (
        (lines[0] + lines[0], "worked twice"),
        (lines[0].replace(b'"order":0', b'"order":5'), "not of this study"),
        (lines[0].replace(b'"arm":"twap"', b'"arm":"vwap"'), "not of this study"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=words):
            done(tmp_path, orders=2)


def test_markets_that_differ_between_arms_fail_loudly(tmp_path: Path) -> None:
    done(tmp_path, orders=2)
    path = tmp_path / "results.jsonl"
    first, *rest = path.read_text().splitlines(keepends=True)
    at = first.rindex('"market":"') + len('"market":"')
    other = "0" if first[at] != "0" else "1"
    path.write_text(first[:at] + other + first[at + 1 :] + "".join(rest))
    with pytest.raises(DataError, match="differ in more than how the order was worked"):
        done(tmp_path, orders=2)


def test_a_study_that_may_stop_stops_after_the_same_order_however_it_was_worked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("steersman.tca.study.ORDERS_MIN", 8)
    monkeypatch.setattr("steersman.runtime.study_progress.LOOK", 8)
    one = done(tmp_path / "one", orders=60, resolve_bps=1.0)
    assert one.document["stopped_after"] == one.study.n < 60
    assert one.study.n % 8 == 0
    assert len(list(read_results(tmp_path / "one"))) == one.study.n
    lines = (tmp_path / "one" / "results.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "one" / "results.jsonl").write_bytes(b"".join(reversed(lines[2:])))
    again = done(tmp_path / "one", orders=60, resolve_bps=1.0)
    assert without_command(again) == without_command(one)
    whole = done(tmp_path / "whole", orders=one.study.n)
    assert whole.document["arms"] == one.document["arms"]


def test_a_recorded_market_is_studied_by_day(tmp_path: Path) -> None:
    record(job(tmp_path / "h"))
    market = {"market": str(tmp_path / "h"), "regimes": None, "orders": 6}
    finished = done(tmp_path / "s", **market)
    assert (finished.study.n, finished.study.seeds) == (6, 1)
    assert finished.study.pairs[0].ci_low is None
    assert "need 8 days or more, there are 1" in finished.study.warnings[0]
    assert finished.document["manifest"]["market"]["hash"]
    for option, value in (("regimes", "calm"), ("symbols", "BTCUSDT.linear")):
        with pytest.raises(UsageError, match=f"leave --{option} out"):
            asked(**{**market, option: value})
    with pytest.raises(UsageError, match="depend on each other"):
        asked(**market, resolve_bps=1.0)
    with pytest.raises(UsageError, match="too short"):
        asked(**market, horizon="10m")
    with pytest.raises(UsageError, match="leave --informativeness out"):
        asked(**market, informativeness=0.0)


def test_a_study_killed_at_any_moment_goes_on_and_leaves_no_worker(tmp_path: Path) -> None:
    whole = done(tmp_path / "whole", orders=24)
    folder = tmp_path / "killed"
    command = [
        sys.executable, "-m", "steersman", "study", "--arms", "twap,twap-passive", "--regimes",
        "calm,news", "--orders", "24", "--horizon", "1m", "--jobs", "2", "--out", str(folder),
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL)
    path = folder / "results.jsonl"
    while process.poll() is None and (not path.exists() or path.read_bytes().count(b"\n") < 3):
        time.sleep(0.01)
    workers = children(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = path.read_bytes().count(b"\n")
    assert 3 <= kept < 24, "it was killed in the middle"
    assert workers
    for _ in range(1_000):
        if not any(alive(worker) for worker in workers):
            break
        time.sleep(0.01)
    assert not any(alive(worker) for worker in workers)
    assert without_command(done(folder, orders=24)) == without_command(whole)


def children(pid: int) -> list[int]:
    if not Path("/proc").is_dir():
        pytest.skip("processes are looked up in /proc")
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_study_with_oracles_says_what_accuracy_is_worth(tmp_path: Path) -> None:
    finished = done(tmp_path, arms="neutral,oracle:0,oracle:1,rules", horizon="5m", orders=8)
    curve = finished.document["break_even"]
    assert [point["p"] for point in curve["points"]] == [0.0, 1.0]
    assert [point["accuracy"]["share"] for point in curve["points"]] == [0.0, 1.0]
    assert [mark["arm"] for mark in curve["advisors"]] == ["rules"]
    pair = next(one for one in finished.document["pairs"] if one["b"] == "oracle:1")
    assert curve["points"][1]["gain_bps"] == pytest.approx(pair["mean_diff_bps"])
    assert finished.document["manifest"]["informativeness"] is None
    assert done(tmp_path / "plain", orders=2).document["break_even"] is None
