"""Which orders are done: none is lost, counted twice or given out again."""

from __future__ import annotations

import pytest

from steersman.errors import DataError
from steersman.runtime.study_progress import Progress
from steersman.tca.results import Worked
from tests.tca.rows import drawn, result


def worked(number: int, *arms: str) -> Worked:
    return drawn(number), tuple(result(number, arm, 1.0 * number) for arm in arms)


def test_what_is_done_is_not_given_out_again() -> None:
    progress = Progress(("a", "b"), 4, None, range(4))
    progress.take(worked(2, "a", "b"))
    assert list(progress.left()) == [0, 1, 3]
    assert (progress.held, progress.share, progress.words) == (1, 0.25, "1 of 4 orders")
    with pytest.raises(DataError, match="order 2 was worked twice"):
        progress.take(worked(2, "a", "b"))


def test_a_part_gives_out_its_own_orders_and_holds_those_of_others() -> None:
    progress = Progress(("a",), 6, None, range(1, 6, 3))
    progress.take(worked(0, "a"))
    assert list(progress.left()) == [1, 4]
    assert (progress.held, progress.share) == (1, 0.0)


@pytest.mark.parametrize("wrong", [worked(9, "a", "b"), worked(1, "a"), worked(1, "a", "c")])
def test_results_of_another_study_are_refused(wrong: Worked) -> None:
    with pytest.raises(DataError, match="is not of this study"):
        Progress(("a", "b"), 4, None, range(4)).take(wrong)


def test_a_study_stops_at_a_look_that_tells_all_pairs_apart() -> None:
    progress = Progress(("a", "b"), 200, 0.5, range(200))
    for number in range(49):
        progress.take((drawn(number), (result(number, "a", 5.0), result(number, "b", number % 2))))
    assert progress.counted == 200, "the next look is after 50"
    progress.take((drawn(49), (result(49, "a", 5.0), result(49, "b", 1.0))))
    assert progress.counted == 50 and list(progress.left()) == []
