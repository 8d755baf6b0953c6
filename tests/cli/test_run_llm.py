"""`steersman run --advisor llm:NAME`: a real server, one that hangs, one that lies, none at all."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from steersman.advisor import weights
from steersman.cli import run_cli
from tests.advisor.asking import SECRET
from tests.advisor.servers import GOOD, FaultServer, llama_server, openai_reply, says
from tests.cli.calls import run

pytestmark = pytest.mark.usefixtures("model_requests")
WEIGHTS = weights.find()  # before the tests' own home hides it
SHORT = ["run", "--qty", "0.5", "--horizon", "1m", "--seed", "3", "--algo", "adaptive"]
LLM = [*SHORT, "--advisor", "llm:local"]


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(reply=openai_reply(json.dumps(GOOD))) as running:
        yield running


def configure(tmp_path: Path, url: str, **limits: Any) -> None:
    """Write the settings of a model on loopback, below the test's own folder."""
    (tmp_path / "steersman.toml").write_text(
        "[advisors.local]\n"
        'provider = "openai-compatible"\nmodel = "smollm2"\nkey_env = "PLANTED_KEY"\n'
        f'base_url = "{url}"\nmax_tokens = 400\n'
        + "".join(f"{key} = {value}\n" for key, value in limits.items()),
        encoding="utf-8",
    )


@pytest.fixture(autouse=True)
def planted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PLANTED_KEY", SECRET)
    monkeypatch.setenv("STEERSMAN_STATE", str(tmp_path / "state"))


def completed(document: Any) -> None:
    assert document["state"] == "completed"
    assert Decimal(document["filled_qty"]) == Decimal("0.5")
    assert document["advice"]["asked"] > 0


def test_an_answer_steers_the_order(
    capsys: pytest.CaptureFixture[str], server: FaultServer, tmp_path: Path
) -> None:
    configure(tmp_path, server.url)
    code, document, _ = run(capsys, *LLM)
    assert code == 0
    completed(document)
    advice = document["advice"]
    assert advice["accepted"] + advice["clamped"] > 0
    assert advice["fallback"] == advice["invalid"] == 0
    assert server.seen


def test_the_same_answers_make_the_same_run(
    capsys: pytest.CaptureFixture[str], server: FaultServer, tmp_path: Path
) -> None:
    configure(tmp_path, server.url)
    first, again = (run(capsys, *LLM)[1]["journal_hash"] for _ in range(2))
    assert first == again


async def hang(writer: asyncio.StreamWriter, _: bytes) -> None:
    await asyncio.sleep(3_600)


def test_a_model_that_hangs_leaves_the_order_to_the_rules(
    capsys: pytest.CaptureFixture[str],
    server: FaultServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure(tmp_path, server.url)
    # Its answer is due within a tenth of a second, and there is none within half of one.
    monkeypatch.setenv("STEERSMAN_LIMITS__LLM_TIMEOUT_S", "0.5")
    monkeypatch.setenv("STEERSMAN_ADVISORS__LOCAL__LATENCY", "100ms")
    server.fault = hang
    code, document, _ = run(capsys, *LLM)
    assert code == 0
    completed(document)
    assert document["advice"]["fallback"] > 0


def test_a_model_that_lies_changes_nothing(
    capsys: pytest.CaptureFixture[str], server: FaultServer, tmp_path: Path
) -> None:
    configure(tmp_path, server.url)
    server.reply = openai_reply(json.dumps({**GOOD, "qty": 1_000, "side": "sell"}))
    code, document, _ = run(capsys, *LLM)
    assert code == 0
    completed(document)
    advice = document["advice"]
    assert advice["invalid"] > 0
    assert advice["accepted"] + advice["clamped"] == 0


def test_an_exhausted_budget_leaves_the_order_to_the_rules(
    capsys: pytest.CaptureFixture[str], server: FaultServer, tmp_path: Path
) -> None:
    configure(tmp_path, server.url, max_calls_per_day=0)
    code, document, _ = run(capsys, *LLM)
    assert code == 0
    completed(document)
    assert document["advice"]["fallback"] > 0
    assert server.seen == []


def test_without_a_key_the_order_goes_on_and_it_is_said(
    capsys: pytest.CaptureFixture[str],
    server: FaultServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure(tmp_path, server.url)
    monkeypatch.delenv("PLANTED_KEY")
    code, document, err = run(capsys, *LLM)
    assert code == 0
    completed(document)
    assert "the variable PLANTED_KEY is not set: going on with rules" in err
    assert server.seen == []


def test_a_name_without_a_table_is_refused_before_anything_runs(
    capsys: pytest.CaptureFixture[str], server: FaultServer, tmp_path: Path
) -> None:
    configure(tmp_path, server.url)
    code, document, _ = run(capsys, *SHORT, "--advisor", "llm:lokal")
    assert code == 2
    assert "those that exist: llm:local" in document["error"]["remedy"]


def test_a_planted_key_is_in_no_output(
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    server: FaultServer,
    tmp_path: Path,
) -> None:
    caplog.set_level(logging.DEBUG)
    configure(tmp_path, server.url)
    repeats = json.dumps({**GOOD, "reasoning": f"Bearer {SECRET}"})
    error = json.dumps({"error": {"message": f"wrong key {SECRET}"}}).encode()
    faults = {
        "reply": says(openai_reply(repeats)),
        "prose": says(openai_reply(f"your key is {SECRET}")),
        "garbage": says(f"not JSON {SECRET}".encode()),
        "refused": says(error, "401 No"),
        "failed": says(error, "500 No"),
    }
    shown = ""
    for name, server.fault in faults.items():
        code = run_cli([*LLM, "--journal", str(tmp_path / f"{name}.journal")])
        assert code == 0, name
        out, err = capsys.readouterr()
        shown += out + err
        assert run_cli(["journal", "show", str(tmp_path / f"{name}.journal")]) == 0
        shown += "".join(capsys.readouterr())
    assert len(server.seen) >= len(faults)
    assert all(SECRET in request.headers["authorization"] for request in server.seen)
    assert SECRET not in shown + caplog.text
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path


@pytest.mark.skipif(WEIGHTS is None, reason="no model weights: run `steersman model pull`")
def test_a_real_model_over_http_completes_its_order(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert WEIGHTS is not None
    # One question, and time enough for a machine that is busy.
    monkeypatch.setenv("STEERSMAN_LIMITS__LLM_TIMEOUT_S", "240")
    monkeypatch.setenv("STEERSMAN_EXECUTION__LLM_QUERY_INTERVAL_S", "600")
    with llama_server(WEIGHTS, SECRET) as url:
        configure(tmp_path, url)
        journal = tmp_path / "real.journal"
        code, document, _ = run(capsys, *LLM, "--horizon", "5m", "--journal", str(journal))
        assert code == 0
        completed(document)
        assert document["advice"]["fallback"] == 0
        assert run_cli(["journal", "verify", str(journal)]) == 0


def test_the_table_names_who_answers_where_the_first_one_fails(
    capsys: pytest.CaptureFixture[str],
    server: FaultServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with FaultServer(reply=openai_reply(json.dumps(GOOD))) as other:
        configure(tmp_path, server.url, hedge='"other"')
        for key, value in (("PROVIDER", "vllm"), ("MODEL", "m"), ("BASE_URL", other.url)):
            monkeypatch.setenv(f"STEERSMAN_ADVISORS__OTHER__{key}", value)
        server.fault = says(b"", "500 No")
        code, document, _ = run(capsys, *LLM)
        assert code == 0
        completed(document)
        assert len(server.seen) == len(other.seen) > 0
        assert document["advice"]["accepted"] + document["advice"]["clamped"] > 0
