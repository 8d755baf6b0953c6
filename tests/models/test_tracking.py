"""Volume tracking: the closed form is the optimum, and sums to the quantity."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.models.tracking import tracking_schedule, vwap_schedule

VOLUMES = (900.0, 600.0, 400.0, 300.0)
volumes = st.lists(st.floats(0, 1e4), min_size=1, max_size=20)


def test_in_proportion() -> None:
    assert vwap_schedule(220, VOLUMES) == pytest.approx((90, 60, 40, 30))
    assert vwap_schedule(-10, (1.0, 0.0)) == (-10.0, 0.0)


def test_the_ends_of_the_range() -> None:
    twap = tracking_schedule(1000, VOLUMES, 0.2, impact=1, penalty=0)
    assert twap == pytest.approx((250,) * 4)
    follow = tracking_schedule(440, VOLUMES, 0.2, impact=0, penalty=1)
    assert follow == pytest.approx(vwap_schedule(440, VOLUMES))


@given(
    volumes=volumes,
    impact=st.floats(0.01, 10),
    penalty=st.floats(0, 10),
    move=st.floats(-100, 100),
)
def test_no_other_schedule_is_better(
    volumes: list[float], impact: float, penalty: float, move: float
) -> None:
    best = tracking_schedule(1000, volumes, 0.1, impact, penalty)
    assert sum(best) == pytest.approx(1000)

    def objective(n: list[float]) -> float:
        pairs = zip(n, volumes, strict=True)
        return sum(impact * q * q + penalty * (q - 0.1 * mu) ** 2 for q, mu in pairs)

    other = list(best)
    other[0] += move
    other[-1] -= move
    assert objective(other) >= objective(list(best)) * (1 - 1e-9) - 1e-6


@pytest.mark.parametrize(
    ("volumes", "words"),
    [((), "at least one bucket"), ((1.0, -1.0), "volume"), ((0.0, 0.0), "no volume")],
)
def test_volumes_without_sense_are_refused(volumes: tuple[float, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        vwap_schedule(1.0, volumes)


def test_an_objective_without_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="must not both be zero"):
        tracking_schedule(1.0, VOLUMES, 0.1, 0.0, 0.0)
