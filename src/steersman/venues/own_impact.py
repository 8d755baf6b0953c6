"""What our own taking does to everybody's prices in a recorded market, and how it fades.

The people of a recording do not know of us. So each lot that we take moves all of their prices at
once by `ticks_per_lot` in our direction, of which G(t) is left after a time (the propagator of
`models.propagator`); prices are whole ticks, so the sum of what is left is rounded to one. It adds
to what we consume, which stays consumed.

An order pays half of what it moves itself: half of the move comes before it trades and half after,
as in the cost n'Kn/2 of the theory. If all came after, a block bought and sold again would earn.
Only linear impact is offered: a kernel that is finite at 0 admits nothing else (a round trip would
earn money), and `models.propagator.guard` is asked.

The state float64[1 + 3 MODES] is the ticks a lot moves, then for each mode of the kernel its decay
per step, its weight and what is left of it: G is followed by a sum of exponentials.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.domain.units import SECOND_NS
from steersman.errors import UsageError
from steersman.marketdata.book import compiled_part
from steersman.models.propagator import ExponentialKernel, Kernel, guard
from steersman.models.validity import ModelError

__all__ = ["NO_IMPACT", "STEP_NS", "OwnImpact", "decay", "push", "ticks_after", "ticks_left"]

F64 = npt.NDArray[np.float64]

STEP_NS: Final = SECOND_NS // 10  # impact decays at whole tenths of a second of the exchange
MODES: Final = 12
_TAU_S: Final = np.geomspace(0.15, 100_000.0, MODES)
_LAGS_S: Final = (0.05, 7_200.0)
_CLOSE: Final = 0.02  # of the sum of exponentials to the kernel, which is 1 at 0
NEGLIGIBLE_TICKS: Final = 1e-3
_PER_LOT, _DECAY, _WEIGHT, _LEFT = 0, 1, 1 + MODES, 1 + 2 * MODES


@dataclass(frozen=True, slots=True)
class OwnImpact:
    """Linear impact: `ticks_per_lot` at once, of which `kernel` is left later (its time in s).

    Raises UsageError where the kernel is not finite at 0, could be exploited, or does not fade as a
    sum of exponentials does (to 2 %).
    """

    ticks_per_lot: float
    kernel: Kernel

    def __post_init__(self) -> None:
        if not 0.0 <= self.ticks_per_lot < np.inf:
            raise UsageError(f"an impact of {self.ticks_per_lot} ticks a lot", "give 0 or more")
        if not self.kernel.bounded:
            raise UsageError(f"{self.kernel} is infinite at once", "use a shifted one")
        try:
            guard(1.0, self.kernel, horizon=60.0)
        except ModelError as error:
            raise UsageError(str(error), "give a kernel that fades") from None
        self.state()

    def state(self) -> F64:
        """Return the state of a market in which nothing of ours has happened yet."""
        rates, weights = self._modes()
        state = np.zeros(1 + 3 * MODES)
        state[_PER_LOT] = self.ticks_per_lot
        state[_DECAY:_WEIGHT] = np.exp(-rates * (STEP_NS / SECOND_NS))
        state[_WEIGHT:_LEFT] = weights
        return state

    def _modes(self) -> tuple[F64, F64]:
        """Return the rates per s and weights of the exponentials whose sum is the kernel."""
        if isinstance(self.kernel, ExponentialKernel):
            return np.full(MODES, self.kernel.rate), np.eye(MODES)[0]
        from scipy.optimize import nnls  # a third of a second, for runs that move prices only

        lags_s = np.append(0.0, np.geomspace(*_LAGS_S, 100))
        wanted = np.array([self.kernel.left(float(lag)) for lag in lags_s])
        modes = np.exp(-lags_s[:, None] / _TAU_S)
        weights = nnls(modes, wanted)[0]  # a negative weight would let impact grow again
        if float(np.abs(modes @ weights - wanted).max()) > _CLOSE:
            raise UsageError(f"{self.kernel} does not fade as exponentials do", "give another")
        return 1.0 / _TAU_S, weights


NO_IMPACT: Final = OwnImpact(0.0, ExponentialKernel(1.0))


@compiled_part
def push(impact: F64, lots: int) -> None:
    """Let `lots` that we took (signed by our side) move the price."""
    for k in range(MODES):
        impact[_LEFT + k] += impact[_PER_LOT] * lots * impact[_WEIGHT + k]


@compiled_part
def decay(impact: F64) -> bool:
    """Let one step pass; return whether anything is left that could ever be a tick."""
    most = 0.0
    for k in range(MODES):
        impact[_LEFT + k] *= impact[_DECAY + k]
        most += abs(impact[_LEFT + k])
    if most >= NEGLIGIBLE_TICKS:
        return True
    impact[_LEFT:] = 0.0
    return False


@compiled_part
def ticks_left(impact: F64) -> int:
    """Return what is left in whole ticks, halves away from zero."""
    return ticks_after(impact, 0)


@compiled_part
def ticks_after(impact: F64, lots: int) -> int:
    """Return what would be left in whole ticks at once after a push of `lots` (signed)."""
    total = 0.0
    for k in range(MODES):
        total += impact[_LEFT + k] + impact[_PER_LOT] * lots * impact[_WEIGHT + k]
    return int(np.floor(total + 0.5)) if total >= 0.0 else -int(np.floor(0.5 - total))
