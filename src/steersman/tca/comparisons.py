"""Which pairs of a study a reader wants, under what question, and what they say of each advisor.

What advice is worth is what it saves against `neutral`, which is asked and changes nothing; that it
is what the advisor knows which saves shows against the placebos. All pairs are in the study itself;
these are some of them, the arm in question first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from steersman.models.inference import holm
from steersman.tca.arm_names import BASE, NEUTRAL, PLACEBOS, in_question
from steersman.tca.study import Pair, Study
from steersman.tca.study_pairs import oriented

__all__ = ["Block", "blocks_of", "verdicts"]

PAIRS_ALL: Final = 10  # up to so many pairs, all are one block
ALPHA: Final = 0.05
FIND_BPS: Final = 0.5  # what an overlay on a good schedule may be worth


@dataclass(frozen=True, slots=True)
class Block:
    """Pairs that answer one question."""

    title: str
    pairs: tuple[Pair, ...]


def blocks_of(study: Study) -> tuple[Block, ...]:
    """Return the pairs by question; all in one block where they are few."""
    if len(study.pairs) <= PAIRS_ALL:
        block = Block("Paired differences in bps; negative: a is cheaper", study.pairs)
        return (block,) if study.pairs else ()
    return tuple(block for block in _blocks(study) if block.pairs)


def _blocks(study: Study) -> Iterator[Block]:
    advised = [name for name in _asked(study) if name.partition("#")[0] != NEUTRAL]
    advisors = _advisors(study)
    if NEUTRAL in study.arms:
        title = "What advice is worth: each advised arm less neutral, in bps; negative: it saves"
        yield _against(study, title, advised, NEUTRAL)
    for placebo in (name for name in PLACEBOS if name in study.arms):
        title = f"Is it what an advisor knows? Each advisor less {placebo}, a placebo"
        yield _against(study, title, advisors, placebo)
    if BASE in study.arms:
        title = f"Each advisor less {BASE}, the schedule that it bends, with nobody asked"
        yield _against(study, title, advisors, BASE)
    if not advised:
        first = next(iter(study.arms))
        yield _against(study, f"Each arm less {first}, the first", list(study.arms), first)
    cheapest = min(study.arms, key=lambda name: study.arms[name].mean_bps)
    title = f"Each arm less {cheapest}, the cheapest by its mean"
    yield _against(study, title, list(study.arms), cheapest)


def _against(study: Study, title: str, arms: Sequence[str], other: str) -> Block:
    return Block(title, tuple(oriented(study, name, other) for name in arms if name != other))


def _asked(study: Study) -> list[str]:
    return [name for name, arm in study.arms.items() if arm.asked]


def _advisors(study: Study) -> list[str]:
    """Return the arms whose advice is in question: no control that is there to compare with."""
    return [name for name in _asked(study) if in_question(name)]


# -- in one sentence ------------------------------------------------------------------------------
def verdicts(study: Study) -> tuple[str, ...]:
    """Return one sentence for each advisor: what it is worth, and how sure that is.

    The p values behind the words are adjusted by Holm's procedure: over the advisors for `neutral`
    (without it the schedule that they bend), over advisors and placebos for the placebos.
    """
    advisors = _advisors(study)
    other = next((name for name in (NEUTRAL, BASE) if name in study.arms), None)
    if other is None or not advisors:
        return ()
    placebos = [name for name in PLACEBOS if name in study.arms]
    first = _adjusted([oriented(study, name, other) for name in advisors])
    second = _adjusted([oriented(study, name, one) for name in advisors for one in placebos])
    return tuple(
        f"{pair.a}: {pair.mean_diff_bps:+.2f} bps against {other}{_within(pair)}: "
        + _found(pair, p, [one for one in second if one[0].a == pair.a])
        for pair, p in first
    )


_Judged = tuple[Pair, float | None]


def _adjusted(pairs: Sequence[Pair]) -> list[_Judged]:
    chances = [pair.p for pair in pairs]
    known = iter(holm([p for p in chances if p is not None]))
    return [
        (pair, None if p is None else next(known)) for pair, p in zip(pairs, chances, strict=True)
    ]


def _within(pair: Pair) -> str:
    if pair.ci_low is None or pair.ci_high is None:
        return ""
    return f" ({pair.ci_low:+.2f} to {pair.ci_high:+.2f})"


def _found(pair: Pair, p: float | None, placebos: Sequence[_Judged]) -> str:
    """Say what a pair shows; a gain that a placebo may have too is no gain of the advice."""
    if p is None or pair.orders_for_1bp is None:
        return "too few orders to tell"
    if p > ALPHA:
        if pair.sd_bps == 0:
            return "no order went otherwise"
        orders = round(pair.orders_for_1bp / FIND_BPS**2)
        return f"no gain shown; {orders:,} orders would find {FIND_BPS:g} bps"
    if pair.mean_diff_bps > 0:
        return "it costs more than it saves"
    alike = [one.b for one, q in placebos if q is None or q > ALPHA or one.mean_diff_bps > 0]
    if alike:
        return f"a gain, but none shown against {' and '.join(alike)}: a placebo may do as well"
    return "a gain" + (f", and over {' and '.join(one.b for one, _ in placebos)}" * bool(placebos))
