"""The folder of a study read: its orders by column, what they say, and what has to be said of them.

Figures are made anew from the results, whether the study is done or not; what it printed itself is
used only to tell where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from steersman import __version__
from steersman.errors import DataError
from steersman.runtime.study_files import Kept, read_folder, read_results
from steersman.tca.columns import Columns, collect
from steersman.tca.judged_arms import JudgedArm, judged_arms
from steersman.tca.results import Worked
from steersman.tca.study import Study, summarise
from steersman.tca.study_pairs import Made, advised, base_of, mixed
from steersman.tca.study_targets import StudyEvidence
from steersman.tca.targets import in_percent

__all__ = ["Manifest", "StudyCase", "read_study", "study_problems"]

SCHEMA: Final = "steersman.study_manifest/1"


class MadeArm(msgspec.Struct, frozen=True):
    """An arm as the manifest has it; an older one does not name the schedule that is steered."""

    algo: str
    advisor: str
    model: str | None
    settings: str
    base: str = "twap"

    @property
    def made(self) -> Made:
        """What it is compared by."""
        return Made(
            self.base if self.algo == "adaptive" else self.algo, self.advisor, self.settings
        )


class Manifest(msgspec.Struct, frozen=True):
    """What a report needs of a manifest; the rest of it is shown as it stands."""

    schema: str
    command: tuple[str, ...]
    versions: dict[str, str]
    arms: dict[str, MadeArm]
    settings: dict[str, dict[str, str]]
    horizon: str
    orders: int
    seed: int
    resolve_bps: float | None
    judge: int = 0


@dataclass(frozen=True, slots=True)
class StudyCase:
    """A study with all that is known of it; `stopped_after` tells after how many orders it ended
    early. `judged` is empty where no decisions were judged.
    """

    folder: str
    kept: Kept
    manifest: Manifest
    data: Columns
    study: Study
    stopped_after: int | None
    judged: Mapping[str, JudgedArm] = field(default_factory=dict)

    @property
    def made(self) -> dict[str, Made]:
        """How each arm was made."""
        return {name: arm.made for name, arm in self.manifest.arms.items()}

    @property
    def finished(self) -> bool:
        """Whether all of its orders are there."""
        return self.stopped_after is not None or self.study.n >= self.manifest.orders

    @property
    def evidence(self) -> StudyEvidence:
        """What its targets are judged by."""
        right = {
            name: found
            for name, arm in self.judged.items()
            if (found := in_percent(arm.share)) is not None
        }
        judged = any(arm.judged for arm in self.judged.values())
        return StudyEvidence(self.data, self.study, self.made, self.manifest.seed, right, judged)


def read_study(folder: Path) -> StudyCase:
    """Read a study and say what its orders say.

    Raises DataError where the folder holds none, where its manifest is none that can be read here,
    where a line of its results is damaged, and where it has no results yet.
    """
    kept = read_folder(folder)
    manifest = _manifest(folder, kept.manifest)
    stopped = None if kept.document is None else kept.document.get("stopped_after")
    counted = manifest.orders if stopped is None else int(stopped)

    def groups() -> Iterator[Worked]:
        return (one for one in read_results(folder) if one[0].order < counted)

    data = collect(groups(), tuple(manifest.arms))
    study = summarise(data, manifest.seed)
    judged = judged_arms(groups(), manifest.seed) if manifest.judge else {}
    return StudyCase(str(folder), kept, manifest, data, study, stopped, judged)


def _manifest(folder: Path, found: Mapping[str, Any]) -> Manifest:
    path = folder / "manifest.json"
    schema = found.get("schema")
    if schema != SCHEMA:
        raise DataError(
            f"{path} is of schema {str(schema)[:80]!r}, and this is {SCHEMA!r}",
            "report with the version that made the study",
        )
    try:
        return msgspec.convert(found, Manifest)
    except msgspec.ValidationError as error:
        raise DataError(f"{path}: {error}", "give the folder as the study left it") from None


def study_problems(case: StudyCase) -> list[str]:
    """Say what a reader has to know before any figure."""
    return [*_of_its_course(case), *case.study.warnings, *_of_pairs(case)]


def _of_its_course(case: StudyCase) -> Iterator[str]:
    done, wanted = case.study.n, case.manifest.orders
    if case.stopped_after is not None:
        yield (
            f"The study stopped early, after {done:,} of {wanted:,} orders: every pair was told "
            f"apart or known to within {case.manifest.resolve_bps:g} bps. Only the intervals that "
            "hold at any time allow for that; the others are a little too sure."
        )
    elif not case.finished:
        why = "it was interrupted"
        if case.kept.running:
            why = "it is still running"
        elif "--part" in case.manifest.command:
            why = "this folder is a part of it"
        yield (
            f"The study is not done: {done:,} of {wanted:,} orders are there, {why}. Figures are "
            "of these orders; the same command goes on with the rest."
        )
    if case.kept.torn:
        yield "The last line of the results is not whole: its order is not counted."
    if case.kept.resumed:
        times = "once" if case.kept.resumed == 1 else f"{case.kept.resumed} times"
        yield f"The study was taken up again {times}; no order is counted twice."
    version = case.manifest.versions.get("steersman", "unknown")
    if version != __version__:
        yield (
            f"The study was made by steersman {version}; this report by {__version__} makes its "
            "figures anew from its results."
        )
    if case.kept.document is not None and case.finished and _disagrees(case):
        yield (
            "study.json holds other mean costs than the results beside it: one of the two was "
            "changed since. This page is made from the results."
        )


def _disagrees(case: StudyCase) -> bool:
    document = case.kept.document or {}
    means = {name: one.get("mean_bps") for name, one in document.get("arms", {}).items()}
    return any(
        not isinstance(means.get(name), float | int) or abs(means[name] - arm.mean_bps) > 1e-9
        for name, arm in case.study.arms.items()
    )


def _of_pairs(case: StudyCase) -> Iterator[str]:
    made = case.made
    for name in advised(made):
        if base_of(made, name) is None:
            yield (
                f"{name}: the schedule that it steers is no arm of this study, so what its advice "
                "is worth is told by the controls alone."
            )
    said = mixed(made)
    if said is not None:
        yield f"{said}. The tables name what each pair differs in; what is said of advice has none."
