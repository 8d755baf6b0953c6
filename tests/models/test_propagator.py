"""The propagator's optimum, its exact costs, and what the guard must refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.models.propagator import (
    GAMMA_MIN,
    ExponentialKernel,
    Kernel,
    PowerKernel,
    ShiftedPowerKernel,
    cheapest_round_trip,
    constant_rate_cost,
    cost_of_blocks,
    cost_of_phases,
    guard,
    kernel_matrix,
    optimal_blocks,
)
from steersman.models.validity import ManipulableError, ModelError

TIMES = tuple(k / 10 for k in range(11))
SHIFTED = ShiftedPowerKernel(0.05, 0.5)
BOUNDED: list[Kernel] = [
    ExponentialKernel(0.0),
    ExponentialKernel(0.001),
    ExponentialKernel(3.0),
    SHIFTED,
    ShiftedPowerKernel(1.0, 1.0),
    ShiftedPowerKernel(0.3, 2.0),
    ShiftedPowerKernel(2.0, 3.5),
]


def test_the_published_optimum() -> None:
    trades = optimal_blocks(1.0, TIMES, SHIFTED)
    half = (0.156284, 0.091152, 0.077603, 0.071773, 0.069061, 0.068252)
    assert trades == pytest.approx((*half, *half[-2::-1]), abs=5e-7)
    assert cost_of_blocks(trades, TIMES, SHIFTED) == pytest.approx(0.212933, abs=5e-7)
    assert cost_of_blocks([1 / 11] * 11, TIMES, SHIFTED) == pytest.approx(0.217262, abs=5e-7)


@given(
    rate=st.floats(0.01, 20),
    moves=st.lists(st.floats(-0.1, 0.1), min_size=11, max_size=11),
)
def test_no_other_blocks_cost_less(rate: float, moves: list[float]) -> None:
    kernel = ExponentialKernel(rate)
    best = np.array(optimal_blocks(1.0, TIMES, kernel))
    other = best + np.array(moves) - np.mean(moves)
    assert cost_of_blocks(list(other), TIMES, kernel) >= cost_of_blocks(
        list(best), TIMES, kernel
    ) * (1 - 1e-12)


@pytest.mark.parametrize("kernel", [*BOUNDED, PowerKernel(0.5)])
@pytest.mark.parametrize("span", [1e-6, 9.9e-4, 0.3, 7.0])
def test_the_double_integral_is_one(kernel: Kernel, span: float) -> None:
    """H(T) = T^2 int_0^1 (1 - u) G(T u) du, by quadrature; u = w^2 tames the singular one."""
    places, weights = np.polynomial.legendre.leggauss(200)
    w = (places + 1) / 2
    values = np.array([kernel.left(span * x * x) for x in w.tolist()])
    direct = span**2 * float((weights / 2 * 2 * w * (1 - w**2) * values).sum())
    assert kernel.twice_integrated(span) == pytest.approx(direct, rel=1e-8)


def test_a_constant_rate_has_the_published_cost() -> None:
    # delta = gamma = 1/2: 4/3 sqrt(X) a share, whatever the duration.
    for duration in (0.1, 1.0, 30.0):
        cost = constant_rate_cost(2 / duration, duration, 0.5, PowerKernel(0.5))
        assert cost / 2 == pytest.approx(4 / 3 * math.sqrt(2))


def test_a_phase_may_be_cut_and_a_pause_costs_nothing() -> None:
    whole = cost_of_phases([(2.0, 1.0), (-1.0, 2.0)], 0.7, SHIFTED)
    cut = cost_of_phases([(2.0, 0.3), (2.0, 0.7), (-1.0, 0.5), (-1.0, 1.5)], 0.7, SHIFTED)
    assert cut == pytest.approx(whole, rel=1e-12)
    assert cost_of_phases([(0.0, 5.0), (1.0, 1.0)], 0.5, SHIFTED) == constant_rate_cost(
        1.0, 1.0, 0.5, SHIFTED
    )


def test_a_square_root_with_exponential_decay_pays_for_round_trips() -> None:
    """The counter-example: buy 0.2 for 1, sell 1 for 0.2, and earn 0.0247 from one's own impact."""
    kernel = ExponentialKernel(0.001)
    slow_then_fast = [(0.2, 1.0), (-1.0, 0.2)]
    assert cost_of_phases(slow_then_fast, 0.5, kernel) == pytest.approx(-0.0247, abs=5e-5)
    assert cost_of_phases([(1.0, 0.2), (-0.2, 1.0)], 0.5, kernel) > 0
    assert 0 < cost_of_phases(slow_then_fast, 1.0, kernel) == pytest.approx(1.6e-5, rel=1e-2)
    with pytest.raises(ManipulableError, match="only linear impact"):
        guard(0.5, kernel)
    cost, phases = cheapest_round_trip(0.5, kernel, 1.0)
    assert cost < -0.01
    assert sum(rate * duration for rate, duration in phases) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("kernel", BOUNDED)
def test_linear_impact_passes_and_any_other_is_refused(kernel: Kernel) -> None:
    guard(1.0, kernel)
    for exponent in (0.3, 0.5, 0.99, 1.01, 2.0):
        with pytest.raises(ManipulableError):
            guard(exponent, kernel)


@pytest.mark.parametrize(
    ("exponent", "gamma"), [(0.5, 0.5), (0.6, 0.45), (1.0, GAMMA_MIN), (0.1, 0.9), (1.0, 0.99)]
)
def test_gatherals_region_passes(exponent: float, gamma: float) -> None:
    guard(exponent, PowerKernel(gamma))


@pytest.mark.parametrize(
    ("exponent", "gamma", "words"),
    [(0.5, 0.45, "gamma \\+ delta"), (0.7, 0.35, "gamma is 0.35|delta"), (0.9, 0.4, "at least")],
)
def test_outside_of_it_is_refused(exponent: float, gamma: float, words: str) -> None:
    with pytest.raises(ManipulableError, match=words):
        guard(exponent, PowerKernel(gamma))


def test_a_kernel_of_ones_own_is_judged_by_round_trips() -> None:
    class Growing:
        """Impact that swells before it fades: no closed condition knows it."""

        bounded = True

        def left(self, lag: float) -> float:
            return 1 + lag

        def twice_integrated(self, span: float) -> float:
            return span**2 / 2 + span**3 / 6

    with pytest.raises(ManipulableError, match=r"a round trip earns .* trading"):
        guard(1.0, Growing())
    with pytest.raises(ManipulableError, match="not positive definite"):
        optimal_blocks(1.0, TIMES, Growing())


def test_permanent_impact_has_no_optimum_in_blocks() -> None:
    with pytest.raises(ManipulableError, match="not positive definite"):
        optimal_blocks(1.0, TIMES, ExponentialKernel(0.0))


def test_one_block_is_the_whole() -> None:
    assert optimal_blocks(3.0, (0.5,), SHIFTED) == (3.0,)


def test_calls_without_sense_are_refused() -> None:
    with pytest.raises(ModelError, match="times must increase"):
        kernel_matrix((0.0, 1.0, 1.0), SHIFTED)
    with pytest.raises(ModelError, match="from 1 to"):
        kernel_matrix((), SHIFTED)
    with pytest.raises(ModelError, match="infinite at 0"):
        kernel_matrix(TIMES, PowerKernel(0.5))
    with pytest.raises(ModelError, match="2 trades at 11 times"):
        cost_of_blocks([1.0, 2.0], TIMES, SHIFTED)
    with pytest.raises(ModelError, match="between 0 and 1"):
        PowerKernel(1.0)
    with pytest.raises(ModelError, match="duration"):
        cost_of_phases([(1.0, 0.0)], 1.0, SHIFTED)
