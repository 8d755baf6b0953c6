"""Results by column: every order in every arm, in one and the same market, by number."""

from __future__ import annotations

import numpy as np
import pytest

from steersman.errors import DataError
from steersman.tca.columns import collect
from tests.tca.rows import drawn, groups, result

COSTS = {"a": [1.0, 2.0, 3.0], "b": [5.0, 6.0, 7.0]}


def test_columns_are_by_number_whatever_the_order_of_the_lines() -> None:
    held = groups(COSTS, token_bps=0.5)
    held = [held[2], (held[0][0], held[0][1][::-1]), held[1]]
    found = collect(held, ("a", "b"))
    assert found.costs.tolist() == [[1.0, 5.0], [2.0, 6.0], [3.0, 7.0]]
    assert found.gross.tolist() == (found.costs - 2.5).tolist(), "without fees and tokens"
    assert found.regimes == ("calm", "news", "calm") and found.independent
    assert found.sigma.tolist() == pytest.approx([0.5, 0.501, 0.502])
    assert found.figures(1)["fees_bps"] == 2.0


def test_orders_of_a_day_are_one_block() -> None:
    held = [(drawn(n, block=f"2024-08-0{n // 2}"), (result(n, "a", 1.0),)) for n in range(6)]
    found = collect(held, ("a",))
    assert found.blocks.tolist() == [0, 0, 1, 1, 2, 2]
    assert found.block_count == 3 and not found.independent


def test_counts_and_shares_that_are_not_known() -> None:
    held = [
        (drawn(0), (result(0, "a", 1.0, maker_share=None, fill_rate=0.0, state="refused"),)),
        (drawn(1), (result(1, "a", 1.0, fill_rate=0.5, state="expired", asked=4, answers=3),)),
        (drawn(2), (result(2, "a", 1.0, maker_share=1.0, fallbacks=1),)),
    ]
    found = collect(held, ("a",))
    assert (found.incomplete, found.refused) == ((2,), (1,))
    assert (found.asked, found.answers, found.fallbacks) == ((4,), (3,), (1,))
    assert found.figures(0)["maker_share"] == 0.75, "of those that have one"
    none = collect([held[0]], ("a",))
    assert np.isnan(none.figures(0)["maker_share"])


def test_arms_in_different_markets_are_not_compared() -> None:
    pair = (result(0, "a", 1.0), result(0, "b", 1.0, market="another"))
    with pytest.raises(DataError, match=r"order 0: the market before its start is not the same.*b"):
        collect([(drawn(0), pair)], ("a", "b"))


@pytest.mark.parametrize(
    ("names", "words"),
    [(("a",), "no result of b"), (("a", "b", "c"), "of other arms"), (("a", "b", "b"), "other")],
)
def test_an_order_with_an_arm_missing_or_too_much_is_refused(
    names: tuple[str, ...], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        collect([(drawn(0), [result(0, name, 1.0) for name in names])], ("a", "b"))


def test_a_study_without_results() -> None:
    with pytest.raises(DataError, match="no results"):
        collect([], ("a",))


def test_an_order_that_is_there_twice_is_refused() -> None:
    rows = groups({"a": [1.0, 2.0]})
    with pytest.raises(DataError, match="order 1 is there twice"):
        collect([*rows, rows[1]], ("a",))
