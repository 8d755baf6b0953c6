"""Every line of the table: an advice that fails a check is rejected or clamped, by its name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from steersman.advisor.rules import NewsReading, RulesAdvisor, compose
from steersman.advisor.validation import TABLE, Act, validated
from steersman.domain.advice import (
    Action,
    Advice,
    Answer,
    Direction,
    NoAdvice,
    Origin,
    Question,
    Severity,
    parse_advice,
)
from steersman.domain.market import Regime, Signals
from steersman.domain.units import Side
from tests.advisor.questions import headline, question
from tests.engine.desk import BTC, T0, view

DOWN: dict[str, Any] = {"news_direction": Direction.DOWN, "news_severity": Severity.MAJOR}
NEWS = (headline("Exchange halts withdrawals after a hack of 350 million"),)


def checked(
    fields: dict[str, Any], asked: Question | None = None, raw: str = ""
) -> tuple[Advice | NoAdvice, tuple[str, ...]]:
    found = validated(Answer(Advice(**fields), raw=raw), asked or question(NEWS))
    return found.answer.said, found.checks


def test_good_advice_passes_untouched() -> None:
    advice = Advice(
        pace_pct=40,
        regime=Regime.CALM,
        evidence=("n1", "view"),
        reasoning="a hack of 350 million: 60 % slower",
        **DOWN,
    )
    assert validated(Answer(advice), question(NEWS)).answer == Answer(advice)
    assert validated(Answer(advice), question(NEWS)).checks == ()


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"evidence": ("n2",)}, "evidence"),
        ({"action": Action.HOLD, "pace_pct": 101}, "contradiction"),
        ({"action": Action.FINISH, "pace_pct": 99}, "contradiction"),
        ({"reasoning": "it will fall 12.5 % to 41,000"}, "fabrication"),
        ({"reasoning": "350 million now, 12.5 % and 41,000 to come"}, "fabrication"),
    ],
)
def test_what_cannot_stand_is_rejected(fields: dict[str, Any], name: str) -> None:
    said, checks = checked(fields)
    assert isinstance(said, NoAdvice)
    assert (said.kind, said.check, checks) == ("invalid", name, (name,))
    assert said.why


@pytest.mark.parametrize(
    ("fields", "name", "left"),
    [
        ({"regime": Regime.CASCADE}, "regime", {}),
        ({"pace_pct": 50, **DOWN}, "news_evidence", {"pace_pct": 100}),
        ({"action": Action.HOLD, **DOWN}, "news_evidence", {}),
        (
            {"pace_pct": 150, "evidence": ("n1",), **DOWN},
            "mirror",
            {"pace_pct": 100, "evidence": ("n1",), **DOWN},
        ),
        (
            {"action": Action.FINISH, "evidence": ("n1",), **DOWN},
            "mirror",
            {"evidence": ("n1",), **DOWN},
        ),
        ({"pace_pct": 120, "reasoning": "up 12.5 % soon"}, "grounding", {"pace_pct": 120}),
    ],
)
def test_what_does_not_hold_is_taken_back(
    fields: dict[str, Any], name: str, left: dict[str, Any]
) -> None:
    assert checked(fields) == (Advice(**left), (name,))


def test_a_seller_mirrors_a_buyer() -> None:
    fields = {"pace_pct": 150, "evidence": ("n1",), **DOWN}
    assert checked(fields, question(NEWS, side=Side.SELL))[1] == ()
    assert checked({**fields, "pace_pct": 50}, question(NEWS, side=Side.SELL))[1] == ("mirror",)


@pytest.mark.parametrize(
    "asked",
    [
        question(NEWS, view=view(T0, flow_imbalance=0.4)),
        question(NEWS, view=view(T0, trend_bps=3.0)),
        question(NEWS, signals=Signals(BTC.id, T0, exchange_netflow_pct=-2.0)),
    ],
)
def test_a_turn_that_the_market_asks_for_stands_against_the_news(asked: Question) -> None:
    assert checked({"pace_pct": 150, "evidence": ("n1",), **DOWN}, asked)[1] == ()
    said, checks = checked({"pace_pct": 150, **DOWN}, asked)
    assert (said, checks) == (Advice(pace_pct=150), ("news_evidence",))


def test_several_clamps_are_all_named() -> None:
    fields: dict[str, Any] = {
        "pace_pct": 150,
        "regime": Regime.THIN,
        "evidence": ("n1",),
        "reasoning": "17.25 bps",
        **DOWN,
    }
    assert checked(fields)[1] == ("regime", "mirror", "grounding")


def test_a_model_cannot_pass_its_own_reply_for_what_was_told() -> None:
    raw = '{"reasoning": "it will rise 12.5 %"}'
    answer = Answer(parse_advice(raw), raw=raw)
    assert validated(answer, question(NEWS)).checks == ("grounding",)


def test_code_may_quote_a_models_reading() -> None:
    asked = question(NEWS)
    reading = NewsReading(NEWS[0], Direction.DOWN, Severity.MAJOR, 0.8765)
    advice = compose(asked, (reading,), Origin.MODEL)
    assert "0.88" in advice.reasoning
    assert validated(Answer(advice, raw='{"p":0.8765}'), asked).checks == ()
    assert validated(Answer(advice), asked).checks == ("grounding",)


@pytest.mark.parametrize("side", list(Side))
def test_the_rules_pass_their_own_checks(side: Side) -> None:
    signals = Signals(BTC.id, T0, funding_rate_pct=0.0717, next_funding_ns=T0 + 1_234_567_890_123)
    asked = question(NEWS, side=side, signals=signals, view=view(T0, flow_imbalance=-0.734))
    assert validated(RulesAdvisor().advise(asked), asked).checks == ()


@pytest.mark.parametrize(
    ("kind", "check", "checks"),
    [("timeout", "", ()), ("unavailable", "", ()), ("invalid", "json", ("json",))],
)
def test_no_advice_stays_none_and_keeps_its_bin(
    kind: str, check: str, checks: tuple[str, ...]
) -> None:
    answer = Answer(NoAdvice(kind, "why", check))
    found = validated(answer, question())
    assert (found.answer, found.checks) == (answer, checks)


def test_text_that_cannot_be_journaled_is_replaced() -> None:
    found = validated(Answer(NoAdvice("unavailable", "\ud800!"), raw="\udfff?"), question())
    assert found.answer == Answer(NoAdvice("unavailable", "?!"), raw="??")
    advice = replace(Answer(Advice()), raw="\ud800")
    assert validated(advice, question()).answer.raw == "?"


def test_the_documentation_prints_the_table() -> None:
    text = (Path(__file__).parents[2] / "docs" / "validation.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (\w+) \| ([^|]+) \| ([^|]+) \|$", text, re.M)
    assert rows == [(c.name, c.place, c.act.value, c.fails_if, c.then) for c in TABLE]
    assert all((row.act is Act.REJECT) == (row.then == "nothing changes") for row in TABLE)
