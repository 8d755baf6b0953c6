"""A parent order that could never be valid cannot be built."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.domain.order import AlgoName, ParentOrder
from steersman.domain.units import SECOND_NS, Qty
from tests.engine.desk import T0, order


def test_the_plain_order_is_valid_and_has_a_horizon() -> None:
    plain = order()
    assert plain.horizon_ns == 600 * SECOND_NS
    assert (plain.algo, plain.base) == (AlgoName.TWAP, AlgoName.TWAP)
    assert plain.limit_price is None and plain.decision_price is None
    assert plain.urgency == Decimal("0.5")


@pytest.mark.parametrize(
    "bad",
    [
        "",
        " ",
        "a b",
        "ä",
        "p/1",
        "p.1",
        "p:1",
        "p\n",
        "\np",
        "p\x00",
        "x" * 25,
        "\uff11",
        "../../etc",
    ],
)
def test_ids_that_would_not_survive_a_venue_are_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="must be 1-24 characters"):
        order(id=bad)


@given(st.from_regex(r"[A-Za-z0-9_-]{1,24}", fullmatch=True))
def test_plain_ids_are_kept_as_they_are(given_id: str) -> None:
    assert order(id=given_id).id == given_id


@pytest.mark.parametrize("bad", ["0", "-1", "-0", "NaN", "sNaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("qty", "quantity must be positive"),
        ("limit_price", "limit_price must be positive"),
        ("decision_price", "decision_price must be positive"),
    ],
)
def test_what_is_not_a_positive_number_is_refused(field: str, words: str, bad: str) -> None:
    with pytest.raises(ValueError, match=words):
        order(**{field: Decimal(bad)})


@pytest.mark.parametrize("bad", ["-0.01", "1.01", "1e30", "NaN", "sNaN", "Infinity", "-Infinity"])
def test_urgency_is_a_share(bad: str) -> None:
    with pytest.raises(ValueError, match="urgency must lie between 0 and 1"):
        order(urgency=Decimal(bad))


@pytest.mark.parametrize("edge", ["0", "1"])
def test_urgency_reaches_both_ends(edge: str) -> None:
    assert order(urgency=Decimal(edge)).urgency == Decimal(edge)


@pytest.mark.parametrize("after_ns", [0, -1, -(10**18)])
def test_the_deadline_lies_after_the_start(after_ns: int) -> None:
    with pytest.raises(ValueError, match="the deadline must lie after the start"):
        order(deadline_ns=T0 + after_ns)
    assert order(deadline_ns=T0 + 1).horizon_ns == 1


@pytest.mark.parametrize("algo", AlgoName)
def test_adaptive_bends_a_classic_algorithm_and_not_itself(algo: AlgoName) -> None:
    with pytest.raises(ValueError, match="base must be a classic algorithm"):
        order(algo=algo, base=AlgoName.ADAPTIVE)
    assert order(algo=AlgoName.ADAPTIVE).algo is AlgoName.ADAPTIVE


@pytest.mark.parametrize(
    "changes",
    [
        {"side": "hold"},
        {"algo": "magic"},
        {"qty": "ten"},
        {"qty": "NaN"},
        {"qty": "Infinity"},
        {"start_ns": 1.5},
        {"deadline_ns": None},
        {"deadline_ns": 0},
        {"base": "adaptive"},
        {"id": ""},
        {"price": "1"},
    ],
)
def test_an_order_from_outside_is_checked_as_it_is_read(changes: dict[str, Any]) -> None:
    document = {**msgspec.to_builtins(order()), **changes}
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(document), type=ParentOrder)


def test_an_order_cannot_be_changed_and_a_changed_copy_is_checked_again() -> None:
    with pytest.raises(AttributeError):
        order().qty = Qty(Decimal(1))  # type: ignore[misc]
    with pytest.raises(ValueError, match="quantity must be positive"):
        msgspec.structs.replace(order(), qty=Decimal(0))
