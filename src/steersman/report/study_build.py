"""The report of a study: the same page as that of orders, from the folder of a study.

`SECTIONS` is what the page is made of, in order: whoever has more to say of a study adds a function
that returns a `Section`, or None where the study does not tell.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Final

from steersman import __version__
from steersman.report.build import Report, Section, Tile
from steersman.report.reproduce import Reproduce
from steersman.report.study_advice import advice_charts
from steersman.report.study_arms import arm_charts, arms_table
from steersman.report.study_case import StudyCase, read_study, study_problems
from steersman.report.study_differences import difference_charts
from steersman.report.study_parts import part_charts
from steersman.report.table import figure
from steersman.tca.arm_names import oracle_p
from steersman.tca.study_pairs import advised, base_of, oriented
from steersman.tca.study_targets import judge_study

__all__ = ["SECTIONS", "report_of_study", "report_on_study"]

REPEATS: Final = "The study"
ANEW: Final = (
    "The same command with another --out, without --part and --merge, works all of it anew and "
    "gives the same results with the same code and versions; any one order can be run by itself "
    "with `steersman run` and the figures in results.jsonl, whose journal hashes it repeats."
)
SHOWN_APART: Final = frozenset({"command", "versions", "arms", "settings", "resumed"})


def _arms(case: StudyCase) -> Section:
    return Section("arms-cost", f"What {case.study.n:,} orders cost", tuple(arm_charts(case)))


def _differences(case: StudyCase) -> Section:
    return Section("differences", "What arms differ by", tuple(difference_charts(case)))


def _parts(case: StudyCase) -> Section:
    return Section("parts", "Parts of the orders", tuple(part_charts(case)))


def _advice(case: StudyCase) -> Section | None:
    charts = tuple(advice_charts(case))
    return Section("advice", "The advice itself", charts) if charts else None


SECTIONS: Final[tuple[Callable[[StudyCase], Section | None], ...]] = (
    _arms,
    _differences,
    _advice,
    _parts,
)


def report_on_study(folder: Path, command: str = "") -> Report:
    """Read the folder of a study and report on it; raises as `read_study` does."""
    return report_of_study(read_study(folder), command)


def report_of_study(case: StudyCase, command: str = "") -> Report:
    """Report on a study that was read."""
    sections = (make(case) for make in SECTIONS)
    return Report(
        title=f"Study of {len(case.study.arms)} arms over {case.study.n:,} orders",
        subtitle=_subtitle(case),
        command=command,
        problems=tuple(study_problems(case)),
        tiles=tuple(_tiles(case)),
        metrics=judge_study(case.evidence),
        overview=arms_table(case),
        sections=tuple(section for section in sections if section is not None),
        reproduced=(_reproduced(case),),
        figures={"study": case.study.document(), "manifest": case.kept.manifest},
    )


def _subtitle(case: StudyCase) -> str:
    drawn = "independent orders" if case.data.independent else "days, whose orders go together"
    return (
        f"{', '.join(dict.fromkeys(case.data.symbols))}; {case.study.seeds:,} {drawn}; "
        f"{case.manifest.horizon} each; positive: cost, in bps of the value at arrival"
    )


def _tiles(case: StudyCase) -> list[Tile]:
    study, wanted = case.study, case.manifest.orders
    real = [name for name in study.arms if oracle_p(name) is None] or list(study.arms)
    cheapest = min(real, key=lambda name: study.arms[name].mean_bps)
    found = [
        Tile("orders", f"{study.n:,}" if case.finished else f"{study.n:,} of {wanted:,}"),
        Tile("seeds or days", f"{study.seeds:,}"),
        Tile("least mean cost, bps", figure(study.arms[cheapest].mean_bps, 2, sign=True)),
        Tile("by", cheapest),
    ]
    for name in advised(case.made):
        base = base_of(case.made, name)
        if base is not None:
            pair = oriented(study, name, base)
            found.append(Tile(f"{name} − {base}, bps", figure(pair.mean_diff_bps, 2, sign=True)))
    return found


def _reproduced(case: StudyCase) -> Reproduce:
    manifest = case.manifest
    rows = [
        ("reported by", f"steersman {__version__}"),
        *((f"made with {name}", text) for name, text in manifest.versions.items()),
    ]
    for name, value in case.kept.manifest.items():
        if name not in SHOWN_APART:
            rows.append((name, _plain(value)))
    for name, arm in manifest.arms.items():
        parts = [case.made[name].base, f"advisor {arm.advisor}", f"settings {arm.settings}"]
        parts += [f"model {arm.model}"] if arm.model else []
        rows.append((f"arm {name}", ", ".join(parts)))
    settings = [
        line
        for table, keys in manifest.settings.items()
        if keys
        for line in (f"[{table}]", *(f"{key} = {value}" for key, value in keys.items()))
    ]
    command = shlex.join(manifest.command)
    return Reproduce(case.folder, REPEATS, tuple(rows), command, "\n".join(settings), ANEW)


def _plain(value: object) -> str:
    match value:
        case dict():
            return ", ".join(f"{name} {_plain(one)}" for name, one in value.items())
        case list():
            return ", ".join(_plain(one) for one in value)
        case None:
            return "none"
        case _:
            return str(value)
