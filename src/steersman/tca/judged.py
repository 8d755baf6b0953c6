"""What decisions were worth, taken together: how many were right, and what one of them saved.

Decision quality is the share right of those that were right or wrong. Undecided decisions are
neither, and are told apart, as are idle ones, which steer nothing, and those that nobody judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

from steersman.domain.valued import DecisionValued, Gain, Worth
from steersman.tca.decisions import PASSED, Decision
from steersman.tca.intervals import Estimate, mean_of, share_of

__all__ = ["CAVEAT", "Judged", "judged", "record_of"]

CAVEAT: Final = (
    "a recording holds one future: what a decision gained there is hindsight, and says something "
    "only as a mean over many decisions"
)


@dataclass(frozen=True, slots=True)
class Judged:
    """Decisions that passed, by what they were worth.

    `share_right` is right / (right + wrong) with Wilson's interval, `gain_bps` the mean gain of
    those that were judged, in bps of the order's notional at arrival, with Student's. Decisions of
    one order share its market: both intervals are too narrow where few orders gave many decisions.
    """

    right: int
    wrong: int
    undecided: int
    hindsight: int
    idle: int
    unjudged: int
    futures: int
    share_right: Estimate | None
    gain_bps: Estimate | None

    @property
    def n(self) -> int:
        """How many decisions were judged."""
        return self.right + self.wrong + self.undecided + self.hindsight

    @property
    def caveat(self) -> str:
        """What has to be said beside the figures, or nothing."""
        return CAVEAT if self.hindsight else ""

    def document(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"judged": self.n, **asdict(self), "caveat": self.caveat}


def judged(decisions: Iterable[Decision]) -> Judged | None:
    """Sum up decisions of one order or of many; None where none of them was valued."""
    passed = [one.valued for one in decisions if one.verdict in PASSED]
    values = [value for value in passed if value is not None]
    if not values:
        return None
    counts = Counter(value.worth for value in values)
    decisive = counts[Worth.RIGHT] + counts[Worth.WRONG]
    return Judged(
        right=counts[Worth.RIGHT],
        wrong=counts[Worth.WRONG],
        undecided=counts[Worth.UNDECIDED],
        hindsight=counts[Worth.HINDSIGHT],
        idle=counts[Worth.IDLE],
        unjudged=len(passed) - len(values),
        futures=max(value.futures for value in values),
        share_right=share_of(counts[Worth.RIGHT], decisive),
        gain_bps=mean_of([v.gain.mean_bps for v in values if v.worth is not Worth.IDLE]),
    )


def record_of(decision: Decision, value: DecisionValued) -> dict[str, Any]:
    """Return one decision's value as plain data."""
    return {
        "at_ns": decision.at_ns,
        "ask_id": value.ask_id,
        "asks_for": decision.asks_for,
        "worth": value.worth.value,
        "futures": value.futures,
        **_ends(value.gain),
        "over": [{"effect": one.effect, **_ends(one.gain)} for one in value.over],
        "better": None if value.better is None else value.better.effect,
    }


def _ends(gain: Gain) -> dict[str, float | None]:
    return {"gain_bps": gain.mean_bps, "low_bps": gain.low_bps, "high_bps": gain.high_bps}
