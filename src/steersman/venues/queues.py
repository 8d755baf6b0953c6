"""Where in its queue an own order stands when a recorded level shrinks and nobody traded.

A recording shows a level's size, not who left it. Three answers:

- `CAUTIOUS` (risk-averse): whoever left stood behind us, as long as that can be.
- `power(n)`: of what left, the share a^n / (a^n + b^n) stood ahead, `a` and `b` the lots ahead of
  and behind us (the power family of `PowerProbQueueModel` in hftbacktest; n = 1 is uniform).
- `front_power(n)`: the share (a / (a + b))^n. It is the family that can be fitted to a recording
  (`marketdata.queue_fit`): n > 1 where orders that joined late leave more often.

The position is kept to 2^-20 lots and read as whole lots, rounded up: never better than it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.errors import UsageError
from steersman.marketdata.book import compiled_part

__all__ = ["CAUTIOUS", "RISK_AVERSE", "QueueModel", "after_cancels", "front_power", "power"]

I64 = npt.NDArray[np.int64]

RISK_AVERSE: Final = 0
POWER: Final = 1
FRONT_POWER: Final = 2
REST_BITS: Final = 20
REST_ONE: Final = 1 << REST_BITS
EXPONENT_MAX: Final = 20.0
PLACED_LOTS_MAX: Final = 1 << 40  # of a queue whose place is kept to a fraction of a lot


@dataclass(frozen=True, slots=True)
class QueueModel:
    """One of the models above; build it with `power` or `front_power`."""

    kind: int = RISK_AVERSE
    exponent: float = 1.0


CAUTIOUS: Final = QueueModel()


def power(exponent: float) -> QueueModel:
    """Return the symmetric family; raise UsageError for an exponent outside of (0, 20]."""
    return QueueModel(POWER, _checked(exponent))


def front_power(exponent: float) -> QueueModel:
    """Return the fitted family; raise UsageError for an exponent outside of (0, 20]."""
    return QueueModel(FRONT_POWER, _checked(exponent))


def _checked(exponent: float) -> float:
    if not 0.0 < exponent <= EXPONENT_MAX:
        raise UsageError(f"a queue exponent of {exponent}", f"give more than 0, to {EXPONENT_MAX}")
    return float(exponent)


@compiled_part
def _share_ahead(kind: int, exponent: float, ahead: float, behind: float) -> float:
    if kind == FRONT_POWER:
        return float((ahead / (ahead + behind)) ** exponent)
    return float(1.0 / (1.0 + (behind / ahead) ** exponent))


@compiled_part
def after_cancels(
    kind: int, exponent: float, ahead: int, rest: int, size: int, gone: int
) -> tuple[int, int]:
    """Return the lots ahead (rounded up) and the rest (2^-20 lots) once `gone` lots have left.

    `size` is what stood at the price before they left; what cannot have stood behind stood ahead.
    """
    if ahead <= 0 or gone <= 0 or size > PLACED_LOTS_MAX:
        return ahead, rest
    place = ahead * REST_ONE - rest  # of us: the lots before us, exactly
    behind = int(max(0, size * REST_ONE - place))
    left = gone * REST_ONE
    share = _share_ahead(kind, exponent, float(place), float(behind))
    place = max(0, place - max(int(left * share), left - behind))
    lots = (place + REST_ONE - 1) >> REST_BITS
    return int(lots), int(lots * REST_ONE - place)
