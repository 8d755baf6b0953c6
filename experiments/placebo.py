"""News that never comes true helps nobody: the test that what advice gains is no artefact (F28).

    python experiments/placebo.py DIR [--orders 300] [--seed 1] [--horizon 30m] [--jobs 2]

The same orders in the regime of news, in markets where none of the news comes true, as much of it
as usual, and all of it. The studies stay in DIR, and the same command goes on with them.

Two questions are asked of each. Does an advisor beat `random`, the placebo of the embedded reader?
And does a reader beat `rules`, which is the same advice, from the same signals, with no news read?
Trend, flow and signals may tell something where news tells nothing, and turning less than `random`
may save what turning costs: an advisor that beats `random` for such a reason does not do so by its
news. The second question is about news alone.

"Beats" is one-sided: cheaper, at 5 % over all advisors of a question together (Holm), by the paired
block bootstrap of the study. That nothing is found where there is nothing is worth as much as it is
found where there is something: hence the market in which all news comes true.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from steersman.config import load_settings
from steersman.models.inference import holm
from steersman.runtime import study as studies
from steersman.runtime.study_files import read_results
from steersman.tca.columns import Columns, collect
from steersman.tca.study import Pair, Study
from steersman.tca.study_pairs import oriented

ARMS: Final = ("random", "rules", "keyword", "embedded")
QUESTIONS: Final = {"random": ("rules", "keyword", "embedded"), "rules": ("keyword", "embedded")}
SHARES: Final = {"none": 0.0, "usual": None, "all": 1.0}  # of the news that comes true
ALPHA: Final = 0.05


@dataclass(frozen=True)
class Answer:
    """One advisor against one control: the difference, and the chance of as great a gain."""

    pair: Pair
    p: float | None
    p_holm: float | None

    @property
    def beats(self) -> bool:
        """Whether the advisor is shown to be cheaper."""
        return self.p_holm is not None and self.p_holm <= ALPHA


def answers(study: Study, control: str, advisors: Sequence[str]) -> list[Answer]:
    """Return what a study says of each advisor against a control, one-sided."""
    pairs = [oriented(study, advisor, control) for advisor in advisors]
    chances = [
        None if pair.p is None else pair.p / 2 if pair.mean_diff_bps < 0 else 1 - pair.p / 2
        for pair in pairs
    ]
    adjusted = iter(holm([p for p in chances if p is not None]))
    return [
        Answer(pair, p, None if p is None else next(adjusted))
        for pair, p in zip(pairs, chances, strict=True)
    ]


def table(found: dict[str, tuple[Study, Columns]]) -> list[str]:
    """Return all answers as the lines of a Markdown table."""
    lines = [
        "| news that comes true | advisor | right, of its turning | against | difference, bps "
        "| 95 % | p, one-sided | p, Holm |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for words, (study, data) in found.items():
        for control, advisors in QUESTIONS.items():
            for one in answers(study, control, advisors):
                pair = one.pair
                ends = "too few" if pair.ci_low is None or pair.ci_high is None else (
                    f"{pair.ci_low:+.2f} to {pair.ci_high:+.2f}"
                )  # fmt: skip
                lines.append(
                    f"| {words} | {pair.a} | {_right(data, pair.a)} | {control} "
                    f"| {pair.mean_diff_bps:+.2f} | {ends} | {_chance(one.p)} "
                    f"| {_chance(one.p_holm)} |"
                )
    return lines


def _right(data: Columns, arm: str) -> str:
    *_, turned, right = data.turned[:, data.arms.index(arm)].sum(axis=0).tolist()
    return f"{right / turned:.3f}" if turned else ""


def _chance(p: float | None) -> str:
    return "" if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"


def verdicts(found: dict[str, Study]) -> list[str]:
    """Return one sentence for each market and question."""
    said = []
    for words, study in found.items():
        for control, advisors in QUESTIONS.items():
            asked = answers(study, control, advisors)
            winners = [one.pair.a for one in asked if one.beats]
            who = ", ".join(winners) or "none"
            most = [-one.pair.ci_low for one in asked if one.pair.ci_low is not None]
            if most and not winners:
                who += f" (gains of more than {max(most):.2f} bps are excluded)"
            said.append(
                f"{words} of the news comes true: of {', '.join(advisors)}, cheaper than "
                f"{control}: {who}"
            )
    return said


def run(folder: Path, orders: int, seed: int, horizon: str, jobs: int | None) -> list[str]:
    """Run the studies or go on with them; return the table and the sentences."""
    settings = load_settings(None, os.environ, Path.home(), Path.cwd())
    found: dict[str, tuple[Study, Columns]] = {}
    for words, share in SHARES.items():
        asked = studies.request(
            suite=None, arms=",".join(ARMS), regimes="news", symbols=None, orders=orders,
            seed=seed, horizon=horizon, market="generated", jobs=jobs, resolve_bps=None,
            settings=settings, informativeness=share,
        )  # fmt: skip
        own = folder / words

        def advance(done: float, told: str, words: str = words) -> None:
            print(f"\r{words}: {told}", end="", file=sys.stderr, flush=True)

        finished = studies.run(asked, own, ["python", *sys.argv], advance)
        print(file=sys.stderr)
        found[words] = finished.study, collect(read_results(own), ARMS)
    studied = {words: study for words, (study, _) in found.items()}
    return [*table(found), "", *verdicts(studied)]


def main() -> None:
    """Print the table and what it says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the studies are kept")
    parser.add_argument("--orders", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--horizon", default="30m")
    parser.add_argument("--jobs", type=int)
    asked = parser.parse_args()
    print("\n".join(run(asked.folder, asked.orders, asked.seed, asked.horizon, asked.jobs)))


if __name__ == "__main__":
    main()
