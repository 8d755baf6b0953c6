"""What an order that works learns about the market it is in: volatility, and Y of its own impact.

Both by recursive least squares (`online`), one sample of the mid every five seconds or more:

* variance a second: the squared move over its time, weights falling by 0.99 a sample. It begins at
  what the market's view says, which counts for the samples behind it; a calibrated volatility
  counts for a minute of them.
* Y: at a filled quantity of q days of volume the law has moved the price by 3/2 Y sigma sqrt(q)
  (what is paid is 2/3 of it), so over dt the move in the order's direction, in units of
  sigma sqrt(dt), is Y x 3/2 (sqrt(q') - sqrt(q)) / sqrt(dt) and noise of variance 1. Known noise
  makes recursive least squares Bayes' rule: Y begins at the law's value and error, and moves by
  what the data are worth. Of one order that is little; it is never more.

A move counts up to four deviations. Passive fills come when the price moves towards them, which
pulls Y down; so does whatever makes an order's own timing good.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec

from steersman.domain.impact import CostLaw
from steersman.models.impact import PAID_OF_PEAK
from steersman.models.impact_estimate import DAY_S, Conditions
from steersman.models.online import RecursiveLeastSquares, Snapshot
from steersman.models.validity import positive

__all__ = ["SAMPLE_NS", "Learned", "begin", "conditions_of", "differ", "learn"]

SAMPLE_NS: Final = 5_000_000_000
FORGETTING: Final = 0.99
VIEW_SAMPLES_MAX: Final = 87.0  # behind a half-life of 5 min, sampled every 5 s
CALIBRATED_SAMPLES: Final = 12.0
VARIANCE_MIN: Final = 1e-4  # bps^2 a second: a market that never moved yet
VOLUME_MIN: Final = 1e-12
CLIP_SDS: Final = 4.0
Y_LEAST_SHARE: Final = 0.25  # of the law: no luck of one order makes trading free
MATERIAL: Final = math.log(1.25)  # what changes risk and cost by less changes no plan
BPS: Final = 1e4


class Learned(msgspec.Struct, frozen=True):
    """What is known at the last sample: its time and mid, the quantity filled then, both fits.

    `samples` is what the variance rests on, in samples of equal weight. `y_least` is the least
    factor that is believed: a price that happens to come towards an order would teach it that
    trading more pays, and what is planned on that trades all at once.
    """

    at_ns: int
    mid: float
    filled: float
    variance: Snapshot
    y: Snapshot
    y_least: float
    source: str
    samples: float

    @property
    def sigma_day_bps(self) -> float:
        """The volatility of a day."""
        return math.sqrt(max(self.variance.theta[0], VARIANCE_MIN) * DAY_S)


def begin(law: CostLaw, at_ns: int, mid: float, sigma_day_bps: float, watched_s: float) -> Learned:
    """Return what is known before anything is traded; `sigma_day_bps` is what the view says."""
    positive(mid=mid)
    seen = min(max(watched_s / SAMPLE_NS * 1e9, 1.0), VIEW_SAMPLES_MAX)
    variance, samples = sigma_day_bps**2 / DAY_S, seen
    if law.volatility_day_bps is not None:
        samples = seen + CALIBRATED_SAMPLES
        calibrated = law.volatility_day_bps**2 / DAY_S
        variance = (variance * seen + calibrated * CALIBRATED_SAMPLES) / samples
    return Learned(
        at_ns=at_ns,
        mid=mid,
        filled=0.0,
        variance=RecursiveLeastSquares(
            [max(variance, VARIANCE_MIN)], confidence=1 / samples
        ).snapshot(),
        y=RecursiveLeastSquares([law.y], confidence=law.y_error**2).snapshot(),
        y_least=Y_LEAST_SHARE * law.y,
        source=law.source,
        samples=samples,
    )


def learn(
    before: Learned, at_ns: int, mid: float, filled: float, sign: int, volume_per_s: float
) -> Learned:
    """Return what is known with one more sample: the mid and the own quantity filled by then.

    `sign` is +1 for a buyer, `volume_per_s` what others trade. Raises ModelError unless time went
    on.
    """
    seconds = (at_ns - before.at_ns) / 1e9
    positive(seconds=seconds, mid=mid)
    move = math.log(mid / before.mid) * BPS
    deviation = math.sqrt(max(before.variance.theta[0], VARIANCE_MIN) * seconds)
    variance = before.variance.renewed(1.0, move**2 / seconds, FORGETTING)
    y = before.y
    if filled > before.filled:
        day = max(volume_per_s, VOLUME_MIN) * DAY_S
        grown = math.sqrt(filled / day) - math.sqrt(before.filled / day)
        expected = grown / PAID_OF_PEAK / math.sqrt(seconds / DAY_S)
        observed = min(max(sign * move / deviation, -CLIP_SDS), CLIP_SDS)
        y = y.renewed(expected, observed, 1.0)
    return msgspec.structs.replace(
        before,
        at_ns=at_ns,
        mid=mid,
        filled=filled,
        variance=variance,
        y=y,
        samples=FORGETTING * before.samples + 1,
    )


def conditions_of(learned: Learned, volume_per_s: float) -> Conditions:
    """Return what is believed now, with what others are expected to trade (base units a second)."""
    updated = ", own fills" if learned.y.n else ""
    return Conditions(
        sigma_day_bps=learned.sigma_day_bps,
        volume_per_s=max(volume_per_s, VOLUME_MIN),
        y=max(learned.y.theta[0], learned.y_least),
        y_error=math.sqrt(learned.y.covariance[0][0]),
        source=f"{learned.source}{updated}",
        samples=learned.samples,
    )


def differ(told: Conditions, now: Conditions) -> bool:
    """Tell whether risk or cost has moved by more than a quarter, or Y by half its error.

    Cost falls with the root of the volume, which therefore may move by more.
    """
    return (
        abs(math.log(now.sigma_day_bps / told.sigma_day_bps)) > MATERIAL
        or abs(math.log(now.volume_per_s / told.volume_per_s)) > 2 * MATERIAL
        or abs(now.y - told.y) > told.y_error / 2
    )
