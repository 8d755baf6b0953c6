"""The targets of F26 and F27 judged by a study: what orders alone cannot tell, pairs can.

Each target of the advice is judged for each advised arm by itself; a study without one is judged by
the arm that cost least, which flatters it. What needs single decisions is not kept by a study.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.tca.arm_names import NEUTRAL, TAKER
from steersman.tca.bootstrap import RESAMPLES_MIN, Means, block_weights
from steersman.tca.columns import Columns
from steersman.tca.intervals import Estimate, ratio_of, share_of
from steersman.tca.study import Arm, Study
from steersman.tca.study_pairs import Made, advised, base_of, oriented
from steersman.tca.targets import TARGETS, Metric, Target, in_percent, verdict

__all__ = ["StudyEvidence", "judge_study"]

JOURNALS: Final = "a study keeps no single {}: report on the journal of an order"
OF_ADVICE: Final = ("llm_value_bps", "decision_quality_pct", "fallback_pct", "is_saving_pct")
KNOWN: Final = {target.key: target for target, *_ in TARGETS}

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StudyEvidence:
    """A study, how its arms were made, and for judged arms the share of decisions that were right.

    `seed` is that of the resampling.
    """

    data: Columns
    study: Study
    made: Mapping[str, Made]
    seed: int
    right: Mapping[str, Estimate] = field(default_factory=dict)
    judged: bool = False


def judge_study(evidence: StudyEvidence) -> tuple[Metric, ...]:
    """Return every metric of F26 and F27, those of an arm with its name."""
    arms, study = advised(evidence.made), evidence.study
    chosen = ""
    if not arms:
        arms = [min(study.arms, key=lambda name: study.arms[name].mean_bps)]
        chosen = f"; of {len(study.arms)} arms the one that cost least"
    found: list[Metric] = []
    shares = _shares(evidence, arms)
    for name in arms:
        found += _of_execution(study.arms[name], name, shares, chosen)
        found += [] if chosen else _of_advice(evidence, name)
    found += [_absent(key, "no arm is advised") for key in OF_ADVICE] if chosen else []
    found += [
        _absent("vwap_bps", "a study keeps costs against arrival only: report on a journal"),
        _absent("arrival_bps", "in a study an order is valued whole: see implementation shortfall"),
        _absent("spread_capture_pct", JOURNALS.format("fills")),
        _absent("decision_latency_s", JOURNALS.format("decisions")),
        _absent("adaptations", JOURNALS.format("decisions")),
        _absent("reasoning_pct", JOURNALS.format("decisions")),
    ]
    order = list(KNOWN)
    return tuple(sorted(found, key=lambda one: order.index(one.target.key.partition(":")[0])))


def _of_execution(
    arm: Arm, name: str, shares: Mapping[tuple[str, str], Estimate], chosen: str
) -> list[Metric]:
    cost = Estimate(arm.mean_bps, arm.ci_low, arm.ci_high, arm.n)
    part, filled = (shares.get((name, key)) for key in ("participation_pct", "fill_rate_pct"))
    whole = in_percent(share_of(arm.n - arm.incomplete, arm.n))
    return [
        _judged("is_bps", name, cost, f"of the value at arrival, all in{chosen}"),
        _judged("participation_pct", name, part, "own / (own + others) while the order ran"),
        _judged("fill_rate_pct", name, filled, "filled / ordered"),
        _judged("completion_pct", name, whole, "orders filled whole / all"),
    ]


def _of_advice(evidence: StudyEvidence, name: str) -> list[Metric]:
    arm = evidence.study.arms[name]
    share = share_of(arm.fallbacks, arm.asked)
    found = [_value_added(evidence, name)]
    if name in evidence.right:
        right = evidence.right[name]
        found.append(_judged("decision_quality_pct", name, right, "decisions judged by branches"))
    else:
        found.append(
            _absent(
                "decision_quality_pct",
                "no decision that was judged was right or wrong beyond chance"
                if evidence.judged
                else "needs other futures of the market: a study with --judge",
                name,
            )
        )
    found.append(_judged("fallback_pct", name, in_percent(share), "answers of a rule in its place"))
    base = base_of(evidence.made, name)
    for other in dict.fromkeys(one for one in (TAKER, base) if one is not None):
        found.append(_saving(evidence, name, other, own=other == base))
    return found


def _value_added(evidence: StudyEvidence, name: str) -> Metric:
    base = base_of(evidence.made, name)
    other = NEUTRAL if NEUTRAL in evidence.made else base
    if other is None:
        why = f"needs the arm {NEUTRAL}, or the schedule without advice, in the same study"
        return _absent("llm_value_bps", why, name)
    pair = oriented(evidence.study, other, name)
    found = Estimate(pair.mean_diff_bps, pair.ci_low, pair.ci_high, pair.n)
    return _judged("llm_value_bps", name, found, f"cost of {other} less its own, paired")


def _saving(evidence: StudyEvidence, name: str, other: str, *, own: bool) -> Metric:
    """Return what an arm saves of another's cost, in percent; by block, since blocks are drawn."""
    target = replace(
        KNOWN["is_saving_pct"],
        key=f"is_saving_pct:{name}:{other}",
        title=f"Saving against {'its own schedule' if own else 'TWAP'}, {name}",
    )
    if other not in evidence.made:
        return Metric(target, None, "not measurable", f"needs the arm {other} in the same study")
    data = evidence.data
    costs = [_by_block(data, data.costs[:, data.arms.index(one)]) for one in (name, other)]
    found = in_percent(ratio_of((costs[1] - costs[0]).tolist(), costs[1].tolist()))
    if found is None:
        why = f"the cost of {other} cannot be told from zero: a share of it says nothing"
        return Metric(target, None, "not measurable", why)
    note = f"of the cost of {other}" + ("" if own else ", which takes, and pays for it")
    return Metric(target, found, verdict(target, found), note)


def _by_block(data: Columns, values: F64) -> F64:
    sums = np.zeros(data.block_count)
    np.add.at(sums, data.blocks, values)
    return sums


def _shares(evidence: StudyEvidence, arms: Sequence[str]) -> dict[tuple[str, str], Estimate]:
    """Return what arms took part in and filled, in percent, resampled by block as their costs."""
    data = evidence.data
    means: dict[tuple[str, str], Means] = {}
    for name in arms:
        column = data.arms.index(name)
        for key, table in (
            ("participation_pct", data.participation),
            ("fill_rate_pct", data.fill_rates),
        ):
            known = ~np.isnan(table[:, column])
            if known.any():
                blocks = np.unique(data.blocks[known], return_inverse=True)[1]
                means[name, key] = Means.of(100 * table[known, column, None], blocks)
    for count in dict.fromkeys(one.blocks for one in means.values() if one.enough):
        for weights in block_weights(np.arange(count), RESAMPLES_MIN, evidence.seed)():
            for one in means.values():
                if one.blocks == count:
                    one.take(weights)
    found = {key: one.intervals()[0] for key, one in means.items()}
    return {
        key: Estimate(one.mean, _share(one.low), _share(one.high), one.n)
        for key, one in found.items()
    }


def _share(percent: float | None) -> float | None:
    """Return the end of an interval of a share, which reaches no further than shares do."""
    return None if percent is None else min(100.0, max(0.0, percent))


def _judged(key: str, arm: str, found: Estimate | None, note: str) -> Metric:
    if found is None:
        return _absent(key, f"{note}; nothing to measure it from", arm)
    target = _named(key, arm)
    return Metric(target, found, verdict(target, found), note)


def _absent(key: str, why: str, arm: str = "") -> Metric:
    return Metric(_named(key, arm), None, "not measurable", why)


def _named(key: str, arm: str) -> Target:
    target = KNOWN[key]
    if not arm:
        return target
    return replace(target, key=f"{key}:{arm}", title=f"{target.title}, {arm}")
