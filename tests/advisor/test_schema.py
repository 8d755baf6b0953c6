"""The schema asks for what the parser takes, and for nothing that an advice never carries."""

from __future__ import annotations

import json
from typing import Any

import pytest

from steersman.advisor.schema import REASONING_CHARS_ASKED, answer_schema
from steersman.domain.advice import BOUNDS, REASONING_CHARS_MAX, Advice, parse_advice
from tests.advisor.servers import GOOD

PROPERTIES: dict[str, Any] = answer_schema()["properties"]


def choices(name: str) -> list[Any]:
    """List values at the edges of what the schema allows for a field."""
    whole = PROPERTIES[name]
    forms = whole.get("anyOf", [whole])
    values: list[Any] = []
    for form in forms:
        if "enum" in form:
            values += form["enum"]
        elif form["type"] == "integer":
            values += [form["minimum"], form["maximum"]]
        elif form["type"] == "null":
            values.append(None)
        elif form["type"] == "array":
            values += [[], ["x" * form["items"]["maxLength"]] * form["maxItems"]]
        else:
            values += ["", "x" * form["maxLength"]]
    return values


def test_every_field_of_an_advice_but_its_provenance_is_asked_for() -> None:
    assert set(PROPERTIES) == set(Advice.__struct_fields__) - {"provenance"}
    assert answer_schema()["required"] == list(PROPERTIES)
    assert answer_schema()["additionalProperties"] is False
    assert list(PROPERTIES)[-1] == "reasoning"
    assert set(GOOD) == set(PROPERTIES)


def test_no_side_no_quantity_no_price() -> None:
    assert not {"side", "qty", "quantity", "price", "limit_price", "symbol"} & set(PROPERTIES)


@pytest.mark.parametrize("name", list(PROPERTIES))
def test_the_parser_takes_whatever_the_schema_allows(name: str) -> None:
    for value in choices(name):
        said = parse_advice(json.dumps({**GOOD, name: value}))
        assert isinstance(said, Advice), f"{name} = {value}: {said}"


@pytest.mark.parametrize("name", list(BOUNDS))
def test_the_bounds_are_those_of_the_parser(name: str) -> None:
    low, high = BOUNDS[name]
    for value in (low - 1, high + 1):
        assert not isinstance(parse_advice({**GOOD, name: value}), Advice)
        assert value not in choices(name)


def test_the_reasoning_asked_for_leaves_room() -> None:
    assert 2 * REASONING_CHARS_ASKED <= REASONING_CHARS_MAX


def test_adaptive_is_no_base() -> None:
    assert "adaptive" not in choices("base")
    assert "twap" in choices("base") and None in choices("base")
