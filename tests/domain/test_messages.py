"""Messages: closed unions whose members keep every field through their one JSON text."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from steersman.domain import messages
from steersman.domain.messages import (
    Accepted,
    Amended,
    AmendRejected,
    Approved,
    CancelRejected,
    Effect,
    Filled,
    Input,
    Intent,
    Report,
    Reported,
    Resolved,
    Send,
    Unanswered,
)
from steersman.domain.order import Liquidity
from steersman.domain.units import Money, Price, Qty
from tests.journal.messages import (
    child_ids,
    effects,
    inputs,
    intents,
    ns,
    prices,
    qtys,
    reports,
    text,
)

UNIONS: dict[str, tuple[type, ...]] = {
    "Input": get_args(Input),
    "Effect": get_args(Effect),
    "Report": get_args(Report),
    "Intent": get_args(Intent),
}
canonical = msgspec.json.Encoder(decimal_format="string", order="deterministic").encode
every_report: st.SearchStrategy[Report] = st.one_of(
    reports,
    st.builds(Accepted, child_id=child_ids, venue_ns=ns),
    st.builds(CancelRejected, child_id=child_ids, venue_ns=ns, reason=text),
    st.builds(Amended, child_id=child_ids, venue_ns=ns, price=prices, qty=qtys),
    st.builds(AmendRejected, child_id=child_ids, venue_ns=ns, reason=text),
    st.builds(Unanswered, child_id=child_ids, venue_ns=ns),
    st.builds(
        Resolved,
        child_id=child_ids,
        venue_ns=ns,
        found=st.booleans(),
        live=st.booleans(),
        cum_filled=qtys,
    ),
)


def assert_round_trip(message: Any, union: Any) -> None:
    raw = canonical(message)
    again = msgspec.json.decode(raw, type=union)
    assert type(again) is type(message)
    assert again == message
    assert canonical(again) == raw


@given(inputs)
def test_an_input_reads_back_as_itself(message: Input) -> None:
    assert_round_trip(message, Input)


@given(effects)
def test_an_effect_reads_back_as_itself(message: Effect) -> None:
    assert_round_trip(message, Effect)


@given(ns, every_report)
def test_a_report_reads_back_inside_of_its_input(at_ns: int, report: Report) -> None:
    assert_round_trip(Reported(at_ns, report), Input)


@given(intents)
def test_an_intent_reads_back_inside_of_its_approval(intent: Intent) -> None:
    assert_round_trip(Send(Approved(intent)), Effect)


@pytest.mark.parametrize(
    ("strategy", "union"),
    [(inputs, "Input"), (effects, "Effect"), (every_report, "Report"), (intents, "Intent")],
    ids=UNIONS,
)
def test_no_class_of_a_union_is_left_out_above(
    strategy: st.SearchStrategy[Any], union: str
) -> None:
    left = set(UNIONS[union])

    @settings(max_examples=1_000, phases=[Phase.generate], database=None)
    @given(strategy)
    def draw(message: Any) -> None:
        left.discard(type(message))

    draw()
    assert not left


def test_an_input_is_never_read_as_an_effect_nor_an_effect_as_an_input() -> None:
    assert not set(UNIONS["Input"]) & set(UNIONS["Effect"])
    tick = canonical(messages.Tick(1))
    with pytest.raises(msgspec.ValidationError, match="Invalid value 'Tick'"):
        msgspec.json.decode(tick, type=Effect)


def test_tags_are_unique_and_are_the_names_of_the_classes() -> None:
    kinds = [kind for union in UNIONS.values() for kind in union]
    tags = {kind: msgspec.inspect.type_info(kind).tag for kind in kinds}  # type: ignore[attr-defined]
    assert len(set(tags.values())) == len(kinds)
    assert all(tag == kind.__name__ for kind, tag in tags.items())


def test_every_exported_message_belongs_to_a_union() -> None:
    exported = {
        kind
        for name in messages.__all__
        if isinstance(kind := getattr(messages, name), type) and issubclass(kind, msgspec.Struct)
    }
    assert exported - {Approved} == {kind for union in UNIONS.values() for kind in union}
    assert set(messages.__all__) >= set(UNIONS)


@pytest.mark.parametrize("union", UNIONS)
def test_messages_are_frozen_facts(union: str) -> None:
    for kind in UNIONS[union]:
        assert kind.__struct_config__.frozen, kind  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", UNIONS["Input"])
def test_every_input_has_its_time(kind: Any) -> None:
    assert kind.__struct_fields__[0] == "at_ns"


def test_decimals_are_text_and_keep_their_digits() -> None:
    fill = Filled(
        child_id="p-1",
        exec_id="x",
        venue_ns=1,
        qty=Qty(Decimal("0.10")),
        price=Price(Decimal("0.30000000000000000001")),
        fee=Money(Decimal("-0.0")),
        liquidity=Liquidity.MAKER,
    )
    assert canonical(fill) == (
        b'{"type":"Filled","child_id":"p-1","exec_id":"x","venue_ns":1,"qty":"0.10",'
        b'"price":"0.30000000000000000001","fee":"-0.0","liquidity":"maker"}'
    )
