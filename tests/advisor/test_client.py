"""One question, one structured answer, whatever the provider; nothing but it is ever taken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic_ai import models

from steersman.advisor.schema import answer_schema
from steersman.domain.advice import RAW_CHARS_MAX, Advice, Answer, NoAdvice, Origin
from tests.advisor.asking import SECRET, advisor
from tests.advisor.questions import headline, question
from tests.advisor.servers import (
    GOOD,
    FaultServer,
    anthropic_reply,
    gemini_reply,
    openai_reply,
    says,
)

pytestmark = pytest.mark.usefixtures("model_requests")
GOOD_TEXT = json.dumps(GOOD)
PRICES: dict[str, Any] = {"usd_per_million_in": "2.5", "usd_per_million_out": "10"}


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(reply=openai_reply(GOOD_TEXT)) as running:
        yield running


def sent(server: FaultServer) -> Any:
    """Return the last request's body."""
    return json.loads(server.seen[-1].body)


def test_an_answer_is_an_advice_with_what_it_took(server: FaultServer, tmp_path: Path) -> None:
    asked = advisor(server.url, tmp_path, **PRICES)
    answer = asked.advise(question())
    said = answer.said
    assert isinstance(said, Advice)
    assert (said.pace_pct, said.style, said.evidence) == (120, "mid", ("view",))
    usage = answer.usage
    assert (usage.tokens_in, usage.tokens_out) == (400, 60)
    assert usage.cost_usd == Decimal("0.0016")
    assert usage.prompt_version in asked.name
    assert usage.model_hash.startswith("openai-compatible/m@")
    assert answer.raw == GOOD_TEXT
    assert asked.name == f"llm:x/m/{usage.prompt_version}"


def test_what_the_model_states_is_its_own_whatever_it_claims(
    server: FaultServer, tmp_path: Path
) -> None:
    stated = {"pace_pct": 90, "provenance": {"pace_pct": "rule", "ttl_s": "rule"}}
    server.reply = openai_reply(json.dumps(stated))
    said = advisor(server.url, tmp_path).advise(question()).said
    assert isinstance(said, Advice)
    assert said.provenance == {
        "pace_pct": Origin.MODEL,
        "action": Origin.DEFAULT,
        "ttl_s": Origin.DEFAULT,
    }


def test_the_question_asks_for_the_schema_once_and_cold(
    server: FaultServer, tmp_path: Path
) -> None:
    asked = advisor(server.url, tmp_path, max_tokens=333)
    asked.advise(question((headline("Withdrawals halted"),)))
    body = sent(server)
    form = body["response_format"]
    assert form["type"] == "json_schema"
    assert form["json_schema"]["schema"] == answer_schema()
    assert body["temperature"] == 0
    assert body["max_completion_tokens"] == 333
    assert not body.get("stream")
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert "Withdrawals halted" in body["messages"][1]["content"]


@pytest.mark.parametrize(("model", "takes"), [("gpt-4.1", True), ("gpt-5", False), ("o3", False)])
def test_a_model_that_reasons_first_is_given_no_temperature(
    server: FaultServer, tmp_path: Path, model: str, takes: bool
) -> None:
    asked = advisor(server.url, tmp_path, provider="openai", model=model, **PRICES)
    assert isinstance(asked.advise(question()).said, Advice)
    assert ("temperature" in sent(server)) is takes


def test_symbols_are_masked_unless_asked_otherwise(server: FaultServer, tmp_path: Path) -> None:
    asked = question()
    for masked in (True, False):
        advisor(server.url, tmp_path, masked=masked).advise(asked)
        user = sent(server)["messages"][1]["content"]
        assert (asked.parent.instrument in user) is not masked


@pytest.mark.parametrize(
    ("provider", "model", "reply", "path", "header", "counted"),
    [
        ("openai", "gpt-5", openai_reply, "/v1/chat/completions", "authorization", (400, 60)),
        ("vllm", "m", openai_reply, "/v1/chat/completions", "authorization", (400, 60)),
        ("ollama", "m", openai_reply, "/v1/chat/completions", "authorization", (400, 60)),
        (
            "anthropic",
            "claude-sonnet-5",
            anthropic_reply,
            "/v1/messages",
            "authorization",
            (410, 61),
        ),
        (
            "gemini",
            "gemini-3-pro",
            gemini_reply,
            "/v1beta/models/gemini-3-pro:generateContent",
            "x-goog-api-key",
            (420, 62),
        ),
    ],
)
def test_each_provider_is_asked_in_its_own_way(
    server: FaultServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    provider: str,
    model: str,
    reply: Any,
    path: str,
    header: str,
    counted: tuple[int, int],
) -> None:
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "of-the-environment")
    monkeypatch.setenv("GOOGLE_API_KEY", "of-the-environment")
    server.reply = reply(GOOD_TEXT)
    url = server.url if reply is openai_reply else server.url.removesuffix("/v1")
    asked = advisor(url, tmp_path, provider=provider, model=model, **PRICES)
    answer = asked.advise(question())
    assert isinstance(answer.said, Advice), answer
    assert (answer.usage.tokens_in, answer.usage.tokens_out) == counted
    (request,) = server.seen
    assert request.line.split()[1].partition("?")[0] == path
    assert SECRET in request.headers[header]
    assert "of-the-environment" not in repr(request)
    # The form reaches each of them, with every choice in it.
    text = request.body.decode()
    assert all(f'"{choice}"' in text for choice in ("twap", "cascade", "passive", "major"))


def test_a_model_without_structured_output_is_not_asked(
    server: FaultServer, tmp_path: Path
) -> None:
    old = advisor(server.url, tmp_path, provider="anthropic", model="claude-2", **PRICES)
    said = old.advise(question()).said
    assert isinstance(said, NoAdvice)
    assert said.kind == "unavailable"
    assert "claude-2 cannot be asked: Native structured output is not supported" in said.why
    assert server.seen == []


@pytest.mark.parametrize(
    ("limit", "most", "asked"),
    [
        ("max_calls_per_order", 2, 2),
        ("max_calls_per_day", 2, 2),
        ("max_tokens_per_order", 1, 0),
        ("max_usd_per_order", "0.001", 0),
        ("max_usd_per_day", "0.001", 0),
    ],
)
def test_an_exhausted_budget_asks_nobody(
    server: FaultServer, tmp_path: Path, limit: str, most: Any, asked: int
) -> None:
    spender = advisor(server.url, tmp_path, **PRICES, **{limit: most})
    answers = [spender.advise(question()) for _ in range(3)]
    said = answers[-1].said
    assert isinstance(said, NoAdvice)
    kind = "unavailable" if "day" in limit else "declined"  # an order's never comes back
    assert (said.kind, said.why) == (kind, f"the budget is exhausted: {limit} is {most}")
    assert len(server.seen) == asked


def day_usd(tmp_path: Path) -> Decimal:
    counted = json.loads((tmp_path / "advisor-x.json").read_text())
    return Decimal(counted["usd"])


def test_money_is_counted_where_a_provider_may_ask_for_it(
    server: FaultServer, tmp_path: Path
) -> None:
    asked = advisor(server.url, tmp_path, **PRICES)
    asked.advise(question())
    assert day_usd(tmp_path) == Decimal("0.0016")
    server.fault = says(b"", "429 No")
    asked.advise(question())
    assert day_usd(tmp_path) == Decimal("0.0016"), "what is refused costs nothing"
    server.fault = says(b"{")
    asked.advise(question())
    assert day_usd(tmp_path) > Decimal("0.01"), "what cannot be counted is charged at its most"


@pytest.mark.parametrize(
    "usage", [None, {}, {"prompt_tokens": -5, "completion_tokens": 10**15}, {"prompt_tokens": "x"}]
)
def test_a_count_that_is_none_is_the_most(server: FaultServer, tmp_path: Path, usage: Any) -> None:
    server.reply = openai_reply(GOOD_TEXT, usage=usage)
    answer = advisor(server.url, tmp_path, **PRICES).advise(question())
    assert 0 <= answer.usage.tokens_in <= 10**9
    assert 0 <= answer.usage.tokens_out <= 10**9
    assert answer.usage.cost_usd >= 0


@pytest.mark.parametrize("usage", [None, {"prompt_tokens": 0, "completion_tokens": 0}])
def test_who_is_not_told_what_it_took_pays_the_most(
    server: FaultServer, tmp_path: Path, usage: Any
) -> None:
    server.reply = openai_reply(GOOD_TEXT, usage=usage)
    answer = advisor(server.url, tmp_path, **PRICES).advise(question())
    assert isinstance(answer.said, Advice)
    assert answer.usage.tokens_out > 0 and answer.usage.cost_usd > Decimal("0.01")
    assert day_usd(tmp_path) == answer.usage.cost_usd


def test_a_reply_that_nobody_counted_shows_what_the_budget_keeps(
    server: FaultServer, tmp_path: Path
) -> None:
    server.reply = b'{"choices": []}'
    answer = advisor(server.url, tmp_path, **PRICES).advise(question())
    assert isinstance(answer.said, NoAdvice)
    assert answer.usage.cost_usd == day_usd(tmp_path) > 0


def test_a_key_behind_escapes_is_in_no_answer(server: FaultServer, tmp_path: Path) -> None:
    hidden = "".join(f"\\u{ord(letter):04x}" for letter in SECRET)
    server.reply = openai_reply(f'{{"base": "{hidden}"}}')
    answer = advisor(server.url, tmp_path).advise(question())
    assert isinstance(answer.said, NoAdvice)
    assert SECRET not in repr(answer) and hidden not in answer.raw


def test_what_a_server_repeats_of_the_key_is_in_no_answer(
    server: FaultServer, tmp_path: Path
) -> None:
    server.reply = openai_reply(json.dumps({**GOOD, "reasoning": f"Bearer {SECRET}"}))
    answer = advisor(server.url, tmp_path).advise(question())
    assert isinstance(answer.said, Advice)
    assert SECRET not in repr(answer)
    assert answer.said.reasoning == "Bearer ***"


def test_words_that_are_no_unicode_can_be_stored(server: FaultServer, tmp_path: Path) -> None:
    server.reply = openai_reply("\ud800 not JSON " + "x" * 9_000)
    answer = advisor(server.url, tmp_path).advise(question())
    assert answer.raw.encode()
    assert len(answer.raw) == RAW_CHARS_MAX


def test_the_hash_follows_whatever_decides_how_a_model_is_asked(
    server: FaultServer, tmp_path: Path
) -> None:
    def digest(**changes: Any) -> str:
        return advisor(server.url, tmp_path, **changes).advise(question()).usage.model_hash

    same = digest()
    assert digest() == same == digest(key=None)
    others = [digest(temperature="0.5"), digest(max_tokens=99), digest(masked=False)]
    assert len({same, *others}) == 4


def test_several_threads_may_ask_at_once(server: FaultServer, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    asked = advisor(server.url, tmp_path)
    with ThreadPoolExecutor(4) as pool:
        answers: list[Answer] = list(pool.map(asked.advise, [question()] * 8))
    assert all(isinstance(answer.said, Advice) for answer in answers)
    assert len(server.seen) == 8


def test_no_test_asks_a_model_by_accident(tmp_path: Path, server: FaultServer) -> None:
    with models.override_allow_model_requests(False):
        said = advisor(server.url, tmp_path).advise(question()).said
    assert isinstance(said, NoAdvice) and said.kind == "unavailable"
    assert server.seen == []


def test_no_key_in_any_repr(tmp_path: Path) -> None:
    asked = advisor("http://127.0.0.1:9/v1", tmp_path)
    shown = [repr(asked), asked.name, *(repr(value) for value in vars(asked).values())]
    assert not any(SECRET in text for text in shown)
