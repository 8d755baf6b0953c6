"""One record: what is written reads back as itself, or is refused."""

from __future__ import annotations

import hashlib
import math

import msgspec
import pytest
from hypothesis import given

from steersman.domain.market import NewsItem, Signals
from steersman.domain.messages import (
    Accepted,
    Ask,
    Effect,
    Input,
    NewsArrived,
    Query,
    Reported,
    SignalsArrived,
    Tick,
)
from steersman.errors import JournalError
from steersman.journal import Record
from steersman.journal.record import GENESIS, canonical, chain, kind_of, parent_of
from tests.journal.messages import child_ids, effects, inputs, run


def record_of(payload: bytes) -> Record:
    return Record(7, 1, "input", "Tick", None, payload, GENESIS)


@given(inputs | effects)
def test_a_message_reads_back_as_itself(message: Input | Effect) -> None:
    payload = canonical(message)
    assert record_of(payload).message() == message
    assert canonical(record_of(payload).message()) == payload


@given(inputs)
def test_inputs_and_effects_are_told_apart(message: Input) -> None:
    assert kind_of(message) == "input"


@given(effects)
def test_an_effect_names_the_parent_it_belongs_to(message: Effect) -> None:
    assert kind_of(message) == "effect"
    fields = msgspec.structs.asdict(message)
    if "parent_id" in fields:
        assert parent_of(message) == fields["parent_id"]
    if isinstance(message, Ask):
        assert parent_of(message) == message.question.parent.id


@given(child_ids)
def test_the_parent_is_read_off_the_id_of_its_child(child_id: str) -> None:
    parent = child_id.rpartition("-")[0]
    assert parent_of(Query(child_id, "i")) == parent
    assert parent_of(Reported(1, Accepted(child_id, 1))) == parent
    assert parent_of(Query("foreign", "i")) is None


def test_messages_about_no_parent_name_none() -> None:
    assert parent_of(Tick(1)) is None
    assert parent_of(run(1)[0]) == "p1"


def test_the_chain_is_the_documented_hash() -> None:
    assert chain(GENESIS, "input", b"{}") == hashlib.sha256(bytes(32) + b"input{}").digest()


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_would_come_back_as_null_is_refused(number: float) -> None:
    with pytest.raises(JournalError, match=r"SignalsArrived cannot be journaled.*not finite"):
        canonical(SignalsArrived(1, Signals("i", 1, funding_rate_pct=number)))


def test_text_that_is_not_unicode_is_refused() -> None:
    item = NewsItem("n", 1, 1, "source", "half a pair: \ud800")
    with pytest.raises(JournalError, match="NewsArrived cannot be journaled"):
        canonical(NewsArrived(1, "i", (item,)))


@pytest.mark.parametrize(
    "payload", [b"", b"{", b'{"type":"Nonsense"}', b'{"type":"Tick"}', b"\xff"]
)
def test_a_payload_of_no_known_message_is_named(payload: bytes) -> None:
    with pytest.raises(JournalError, match=r"record 7 \(Tick\) cannot be read"):
        record_of(payload).message()
