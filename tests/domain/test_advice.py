"""A reply of a model is advice within its bounds, or one line about why it is not."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.domain.advice import (
    EVIDENCE_MAX,
    REASONING_CHARS_MAX,
    Action,
    Advice,
    Direction,
    NoAdvice,
    Origin,
    Severity,
    parse_advice,
)
from steersman.domain.market import Regime
from steersman.domain.order import AlgoName, Style
from tests.journal.messages import text

CLASSIC = [algo for algo in AlgoName if algo is not AlgoName.ADAPTIVE]
GARBAGE: list[bytes | str] = [
    # not JSON at all
    "",
    " ",
    "hold",
    "I would hold for now.",
    "```json\n{}\n```",
    "{'action': 'hold'}",
    "{action: hold}",
    '<advice action="hold"/>',
    "{} {}",
    "{}}",
    '{"pace_pct": 100,}',
    '{"pace_pct": 100} // slower',
    "\ud800",
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b"\x00" * 64,
    # truncated
    "{",
    '{"action"',
    '{"action": "ho',
    '{"pace_pct": 1',
    '{"reasoning": "because \\',
    '{"reasoning": "\\ud800"}',
    # JSON of another shape
    "null",
    "true",
    "7",
    '"hold"',
    "[]",
    '[{"action": "hold"}]',
    "[" + "{}," * 50_000 + "{}]",
    # numbers that are none, or not whole
    '{"pace_pct": NaN}',
    '{"pace_pct": Infinity}',
    '{"pace_pct": -Infinity}',
    '{"pace_pct": 1e30}',
    '{"pace_pct": 1e400}',
    '{"pace_pct": 1e2}',
    '{"pace_pct": 100.0}',
    '{"pace_pct": 99.5}',
    '{"pace_pct": "100"}',
    '{"pace_pct": true}',
    '{"pace_pct": [100]}',
    '{"pace_pct": {"value": 100}}',
    # beyond a bound
    '{"pace_pct": -1}',
    '{"pace_pct": 201}',
    '{"pace_pct": 100000000000000000000000000000000000000000}',
    '{"pace_pct": ' + "9" * 5_000 + "}",
    '{"impact_pct": 49}',
    '{"impact_pct": 201}',
    '{"ttl_s": 0}',
    '{"ttl_s": 3601}',
    '{"ttl_s": null}',
    # words that nobody knows
    '{"action": "panic"}',
    '{"action": "HOLD"}',
    '{"action": null}',
    '{"action": ["hold"]}',
    '{"base": "adaptive"}',
    '{"base": "magic"}',
    '{"style": "aggressive"}',
    '{"regime": "apocalypse"}',
    '{"news_direction": "sideways"}',
    '{"news_severity": 3}',
    '{"provenance": {"pace_pct": "me"}}',
    '{"provenance": ["model"]}',
    '{"type": "Kill"}',
    # fields that advice does not have, least of all these
    '{"side": "sell"}',
    '{"action": "finish", "qty": "1000"}',
    '{"action": "finish", "price": 1}',
    '{"action": "continue", "advice": {"action": "hold"}}',
    '{"Action": "hold"}',
    # too much of it
    '{"evidence": "everything"}',
    '{"evidence": [1, 2]}',
    '{"evidence": ' + json.dumps(["fact"] * (EVIDENCE_MAX + 1)) + "}",
    '{"reasoning": "' + "x" * (REASONING_CHARS_MAX + 1) + '"}',
    '{"reasoning": "' + "x" * 1_000_000 + '"}',
    '{"reasoning": ["a", "b"]}',
    # deep
    "[" * 100_000,
    '{"a":' * 100_000,
    '{"evidence":' + "[" * 100_000 + "]" * 100_000 + "}",
    '{"provenance":' * 100_000 + "1" + "}" * 100_000,
]


def named(raw: bytes | str) -> str:
    return f"{len(raw)}-{raw[:24]!a}"


def test_the_collection_of_garbage_is_large_and_without_repeats() -> None:
    assert len(GARBAGE) >= 60
    assert len(set(GARBAGE)) == len(GARBAGE)


@pytest.mark.parametrize("raw", GARBAGE, ids=named)
def test_garbage_is_refused_whole_with_one_line(raw: bytes | str) -> None:
    answer = parse_advice(raw)
    assert isinstance(answer, NoAdvice)
    assert answer.kind == "invalid"
    assert 0 < len(answer.why) <= 200
    assert answer.why.isprintable()


@pytest.mark.parametrize(
    "raw",
    [
        {"pace_pct": math.nan},
        {"pace_pct": math.inf},
        {"pace_pct": 100.0},
        {"pace_pct": "100"},
        {"pace_pct": 10**5_000},
        {"ttl_s": -5},
        {"qty": 5},
        {"action": object()},
        {1: "hold"},
        {"provenance": {1: "model"}},
        {"evidence": [["deep"]]},
    ],
    ids=lambda raw: repr(next(iter(raw))),
)
def test_objects_are_judged_as_strictly_as_text(raw: dict[str, Any]) -> None:
    assert isinstance(parse_advice(raw), NoAdvice)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ('{"qty": 5}', "unknown field `qty`"),
        ('{"pace_pct": 250}', "pace_pct must lie between 0 and 200, got 250"),
        ('{"impact_pct": 5}', "impact_pct must lie between 50 and 200, got 5"),
        ('{"ttl_s": 9999}', "ttl_s must lie between 1 and 3600, got 9999"),
        ('{"base": "adaptive"}', "base must be a classic algorithm"),
        ('{"action": "panic"}', "Invalid enum value 'panic'"),
        ('{"pace_pct": "100"}', "got `str`"),
    ],
)
def test_the_reason_names_the_field_and_the_bound(raw: str, words: str) -> None:
    answer = parse_advice(raw)
    assert isinstance(answer, NoAdvice)
    assert words in answer.why


@given(st.text() | st.binary())
def test_no_text_at_all_raises(raw: str | bytes) -> None:
    assert isinstance(parse_advice(raw), Advice | NoAdvice)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(Advice.__struct_fields__), json_values))
def test_fields_of_any_kind_are_advice_within_bounds_or_refused(raw: dict[str, Any]) -> None:
    for answer in (parse_advice(raw), parse_advice(json.dumps(raw))):
        if isinstance(answer, Advice):
            assert answer.pace_pct is None or 0 <= answer.pace_pct <= 200
            assert answer.impact_pct is None or 50 <= answer.impact_pct <= 200
            assert 1 <= answer.ttl_s <= 3600
            assert len(answer.reasoning) <= REASONING_CHARS_MAX
        else:
            assert answer.kind == "invalid"


@given(
    st.builds(
        Advice,
        action=st.sampled_from(Action),
        base=st.none() | st.sampled_from(CLASSIC),
        pace_pct=st.none() | st.integers(0, 200),
        style=st.none() | st.sampled_from(Style),
        impact_pct=st.none() | st.integers(50, 200),
        regime=st.none() | st.sampled_from(Regime),
        news_direction=st.none() | st.sampled_from(Direction),
        news_severity=st.none() | st.sampled_from(Severity),
        ttl_s=st.integers(1, 3600),
        evidence=st.lists(text, max_size=EVIDENCE_MAX).map(tuple),
        reasoning=text,
        provenance=st.dictionaries(
            st.sampled_from(Advice.__struct_fields__), st.sampled_from(Origin), max_size=4
        ),
    )
)
def test_good_advice_goes_round_as_text_and_as_object(advice: Advice) -> None:
    raw = msgspec.json.encode(advice)
    for reply in (raw, raw.decode(), msgspec.to_builtins(advice)):
        parsed = parse_advice(reply)
        assert isinstance(parsed, Advice)
        assert msgspec.structs.replace(parsed, provenance=advice.provenance) == advice
        assert set(parsed.provenance.values()) <= {Origin.MODEL}


def test_what_a_reply_says_is_the_models_whatever_it_claims() -> None:
    parsed = parse_advice('{"pace_pct": 150, "provenance": {"pace_pct": "rule"}}')
    assert parsed == Advice(pace_pct=150, provenance={"pace_pct": Origin.MODEL})


def test_an_empty_object_abstains_in_everything() -> None:
    advice = parse_advice("{}")
    assert isinstance(advice, Advice)
    assert advice == Advice()
    assert advice.action is Action.CONTINUE
    assert (advice.base, advice.pace_pct, advice.style, advice.impact_pct) == (None,) * 4
    assert advice.ttl_s == 120


def test_a_plain_reply_of_a_model_is_understood() -> None:
    reply = """
        {"action": "hold", "pace_pct": 0, "impact_pct": 200, "style": "passive", "ttl_s": 3600,
         "regime": "cascade", "news_direction": "down", "news_severity": "major", "base": "is",
         "evidence": ["n1"], "reasoning": "wait"}
    """
    advice = parse_advice(reply)
    assert isinstance(advice, Advice)
    assert set(advice.provenance) == set(Advice.__struct_fields__) - {"provenance"}
    assert msgspec.structs.replace(advice, provenance={}) == Advice(
        action=Action.HOLD,
        base=AlgoName.IS,
        pace_pct=0,
        style=Style.PASSIVE,
        impact_pct=200,
        regime=Regime.CASCADE,
        news_direction=Direction.DOWN,
        news_severity=Severity.MAJOR,
        ttl_s=3600,
        evidence=("n1",),
        reasoning="wait",
    )


@pytest.mark.parametrize(
    ("reply", "check"),
    [
        ("no", "json"),
        ('{"pace_pct": NaN}', "json"),
        ('{"pace_pct": 100, "pace_pct": 180}', "json"),
        ('{"provenance": {"pace_pct": "rule", "pace_pct": "model"}}', "json"),
        ('{"pace_pct": "100"}', "schema"),
        ('{"side": "sell"}', "schema"),
        ('{"pace_pct": 1e30}', "schema"),
        ('{"pace_pct": 201}', "bounds"),
        ('{"pace_pct": 1e400}', "bounds"),
        ('{"reasoning": "' + "x" * 40_000 + '"}', "size"),
    ],
)
def test_a_refused_reply_names_the_check_it_failed(reply: str, check: str) -> None:
    answer = parse_advice(reply)
    assert isinstance(answer, NoAdvice)
    assert (answer.kind, answer.check) == ("invalid", check)


@pytest.mark.parametrize(
    ("advice", "leaning"),
    [
        (Advice(), 0),
        (Advice(pace_pct=101), 1),
        (Advice(pace_pct=99), -1),
        (Advice(action=Action.HOLD, pace_pct=150), -1),
        (Advice(action=Action.FINISH, pace_pct=50), 1),
    ],
)
def test_an_advice_leans_where_it_turns_the_schedule(advice: Advice, leaning: int) -> None:
    assert advice.leaning == leaning


def test_the_first_fact_that_was_not_given_is_named() -> None:
    advice = Advice(evidence=("view", "n1", "n2"))
    assert advice.unknown_evidence({"view", "n1", "n2"}) is None
    assert advice.unknown_evidence({"view"}) == "n1"


def test_text_that_cannot_be_journaled_is_refused_from_an_object_too() -> None:
    assert isinstance(parse_advice({"reasoning": "\ud800"}), NoAdvice)


@pytest.mark.parametrize(
    "raw",
    [
        {"evidence": ["x" * 1_000_000]},
        {"provenance": {f"field{n}": "model" for n in range(10_000)}},
        {"provenance": {"x" * 1_000_000: "model"}},
    ],
    ids=["a long fact", "many origins", "a long name"],
)
def test_no_field_holds_more_than_a_person_would_read(raw: dict[str, Any]) -> None:
    assert isinstance(parse_advice(raw), NoAdvice)


def test_advice_has_no_word_for_a_side_a_quantity_or_a_price() -> None:
    assert not {"side", "qty", "price", "limit_price", "symbol"} & set(Advice.__struct_fields__)
