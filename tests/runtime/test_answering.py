"""Names become advisors with their latencies, and a record repeats its run to the byte."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from steersman.advisor import weights
from steersman.advisor.elicited import EmbeddedAdvisor
from steersman.advisor.latency import Latency, Measured
from steersman.advisor.reading import load_head
from steersman.advisor.rules import RulesAdvisor
from steersman.advisor.supervisor import Supervisor
from steersman.config import Settings
from steersman.domain.advice import Advice, Answer, Question
from steersman.domain.messages import AdviceArrived, AnswerOutcome
from steersman.domain.order import AlgoName
from steersman.errors import DataError, UsageError
from steersman.journal import Journal, read
from steersman.runtime import advisors as module
from steersman.runtime.answering import check_advisors, parse_answer_latency
from steersman.runtime.backtest import Job, Result, run_job
from steersman.runtime.prepare import prepare
from tests.advisor.questions import question
from tests.runtime.runs import job, request

ADAPTIVE: dict[str, Any] = {"algo": AlgoName.ADAPTIVE}
EMBEDDED: dict[str, Any] = {**ADAPTIVE, "advisor": "embedded"}


def told(settings: Settings | None = None, **changes: Any) -> tuple[Job, list[str]]:
    said: list[str] = []
    return prepare(request(**changes), settings or Settings({}), said.append), said


def supervisor_of(made: Job) -> Supervisor:
    assert isinstance(made.supervisor, Supervisor)
    made.supervisor.close()
    return made.supervisor


@pytest.mark.parametrize(
    "changes",
    [
        {"algo": AlgoName.TWAP, "advisor": "rules"},
        {"algo": AlgoName.IS, "advisor": "embedded"},
        {"algo": AlgoName.ADAPTIVE, "advisor": "none"},
    ],
)
def test_only_adaptive_takes_advice_and_only_where_it_was_asked_for(
    changes: dict[str, Any],
) -> None:
    made, said = told(**changes)
    assert made.supervisor is None
    assert said == []


def test_rules_answer_under_their_own_latency_and_the_settings_timeout() -> None:
    settings = Settings({"limits": {"llm_timeout_s": "2.5"}})
    made, said = told(settings, **ADAPTIVE, advisor="rules")
    supervisor = supervisor_of(made)
    assert said == []
    assert supervisor.advisor.name == supervisor.fallback.name == "rules-2"
    assert supervisor.latency == Latency(5.0, 0.2, 3)
    assert (supervisor.timeout_s, supervisor.second) == (2.5, None)


def test_without_weights_the_rules_take_over_and_the_remedy_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STEERSMAN_CACHE", str(tmp_path))
    made, said = told(**EMBEDDED)
    assert supervisor_of(made).advisor.name == "rules-2"
    (line,) = said
    assert "going on with rules" in line and "steersman model pull" in line


def test_without_the_library_the_rules_take_over_and_it_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(weights, "find", lambda: tmp_path / "weights.gguf")
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    made, said = told(**EMBEDDED)
    assert supervisor_of(made).advisor.name == "rules-2"
    assert said == ["the model library xllamacpp is not installed: going on with rules"]


class Reader:
    """A news reader that is loaded and never asked."""

    loaded = 0

    def __init__(self) -> None:
        self.head = load_head()

    def load(self) -> None:
        Reader.loaded += 1


def test_with_both_the_model_is_loaded_before_the_run_begins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(weights, "find", lambda: tmp_path / "weights.gguf")
    monkeypatch.setattr(module, "find_spec", lambda name: object())
    monkeypatch.setattr("steersman.advisor.embedded.NewsReader", Reader)
    monkeypatch.setattr(module, "_reader", module._reader.__wrapped__)  # kept by no other test
    before = Reader.loaded
    made, said = told(**EMBEDDED)
    supervisor = supervisor_of(made)
    assert said == []
    assert isinstance(supervisor.advisor, EmbeddedAdvisor)
    assert supervisor.fallback.name == "rules-2"
    assert supervisor.latency == Latency(250.0, 0.4, 3)
    assert Reader.loaded == before + 1
    assert isinstance(supervisor.advisor.advise(question()).said, Advice)


# -- controls, pairs, latencies -------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("neutral", "neutral-1"),
        ("keyword", "keyword-1"),
        ("oracle:0.75", "oracle-1(0.75)"),
        ("random", "random-2(rules-2)"),
        ("shuffled", "shuffled-2(rules-2)"),
        ("rules,keyword", "rules-2, keyword-1"),
    ],
)
def test_advisors_are_built_by_their_names(
    text: str, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STEERSMAN_CACHE", str(tmp_path))
    made, said = told(**ADAPTIVE, advisor=check_advisors(text))
    assert supervisor_of(made).name == name
    if text in ("random", "shuffled"):
        assert said[-1] == f"{text}: after rules-2"


def test_latencies_are_drawn_for_each_provider_or_measured() -> None:
    made, _ = told(**ADAPTIVE, advisor="rules,keyword", advisor_latency="2s~0.5")
    supervisor = supervisor_of(made)
    assert supervisor.second is not None
    first, second = supervisor.latency, supervisor.second[1]
    assert first == Latency(2_000.0, 0.5, 3)
    assert isinstance(second, Latency)
    assert first.draw_ns("P1-q1") != second.draw_ns("P1-q1")
    assert made.assumed["advisor latency"] == "2s~0.5"
    made, _ = told(**ADAPTIVE, advisor="rules", advisor_latency="measured")
    assert supervisor_of(made).latency == Measured()


@pytest.mark.parametrize(
    "text",
    ["nobody", "rules,", "rules,keyword,neutral", "none,rules", "rules,recorded:x",
     "rules,rules", "oracle:2", "oracle:", "oracle:nan", "scripted:", "recorded:", ""],
)  # fmt: skip
def test_what_names_no_advisor_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_advisors(text)
    assert caught.value.remedy


@pytest.mark.parametrize("text", ["fast", "250ms~", "250ms~9", "-1s", "measured~0.4"])
def test_what_is_no_latency_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_answer_latency(text)


def test_a_script_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere"):
        job(**ADAPTIVE, advisor=f"scripted:{tmp_path / 'nowhere'}")


# -- records --------------------------------------------------------------------------------------
def written(path: Path, made: Job) -> Result:
    with Journal.create(path) as journal:
        return run_job(made, journal)


def repeated(path: Path, **changes: Any) -> Result:
    changes = {**ADAPTIVE, "advisor": f"recorded:{path}", **changes}
    with Journal.create(None) as journal:
        return run_job(job(**changes), journal)


def test_a_record_repeats_a_scripted_run_to_the_byte(tmp_path: Path) -> None:
    replies = tmp_path / "replies"
    replies.write_text('{"pace_pct": 180}\nnot JSON\n\n{"action": "hold", "ttl_s": 20}\n')
    path = tmp_path / "run.journal"
    made = job(**ADAPTIVE, advisor=f"scripted:{replies},rules", advisor_latency="4s~1")
    result = written(path, made)
    outcomes = {m.outcome for m in result.messages if isinstance(m, AdviceArrived)}
    assert {AnswerOutcome.ANSWERED, AnswerOutcome.HEDGED} <= outcomes
    assert repeated(path).journal_hash == result.journal_hash


class Hanging:
    """An advisor that answers once and then never again."""

    name = "hanging"

    def __init__(self) -> None:
        self.released = threading.Event()
        self.asked = 0

    def advise(self, question: Question) -> Answer:
        self.asked += 1
        if self.asked > 1:
            self.released.wait(60)
        return Answer(Advice(pace_pct=150))


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    advisor = Hanging()
    yield advisor
    advisor.released.set()


def test_a_record_repeats_a_run_whose_model_hung_to_the_byte(
    hanging: Hanging, tmp_path: Path
) -> None:
    plain = job(**ADAPTIVE)
    supervisor = Supervisor(hanging, RulesAdvisor(), Latency(50, 0.0, 1), 0.3)
    path = tmp_path / "run.journal"
    result = written(path, replace(plain, supervisor=supervisor))
    arrived = [m for m in result.messages if isinstance(m, AdviceArrived)]
    outcomes = [m.outcome for m in arrived]
    assert outcomes[1:4] == [AnswerOutcome.TIMEOUT] * 3 and AnswerOutcome.CIRCUIT_OPEN in outcomes
    assert hanging.asked <= 4, "the circuit is open"
    assert repeated(path).journal_hash == result.journal_hash


def test_a_record_of_another_order_ends_the_run(tmp_path: Path) -> None:
    path = tmp_path / "run.journal"
    written(path, job(**ADAPTIVE, advisor="neutral"))
    with pytest.raises(DataError, match="was asked of another state in the record"):
        repeated(path, seed=4)
    with pytest.raises(UsageError, match="latencies it had"):
        job(**ADAPTIVE, advisor=f"recorded:{path}", advisor_latency="measured")
    assert sum(1 for _ in read(path)) > 100
