"""The picture of a study with oracles: how good advice must be to pay, and who is that good.

    steersman study --suite break-even --out DIR
    python experiments/break_even.py DIR --out docs/break_even.png

It draws what the study says (`break_even` in DIR/study.json): each oracle's gain against `neutral`
with its 95 % interval, the curve through them, the accuracy at which it crosses zero, and every
advisor and placebo with the intervals of its own accuracy and gain. `--out` ends in .png or .svg.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import msgspec

from steersman.errors import DataError
from steersman.tca.break_even import BreakEven


def read(folder: Path) -> tuple[BreakEven, dict[str, Any]]:
    """Return a finished study's curve, and its manifest; raise DataError where it has none."""
    path = folder / "study.json"
    try:
        document = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.MsgspecError) as error:
        raise DataError(f"{path}: {error}", "give the folder of a study that is done") from None
    if document.get("break_even") is None:
        raise DataError(
            f"{folder} has no curve: it needs the arm neutral and two oracles or more",
            "run `steersman study --suite break-even --out DIR`",
        )
    return msgspec.convert(document["break_even"], BreakEven), document["manifest"]


def draw(found: BreakEven, manifest: dict[str, Any], file: Path) -> None:
    """Write the picture; raise DataError where the file cannot be written."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5.5), layout="constrained")
    FigureCanvasAgg(figure)
    at = figure.subplots()
    at.axhline(0, color="0.4", linewidth=0.8)
    points = found.points
    at.plot([one.at for one in points], [one.curve_bps for one in points], color="C0", zorder=1)
    for one in points:
        low, high = one.ci_low, one.ci_high
        bars = (
            None if low is None or high is None else [[one.gain_bps - low], [high - one.gain_bps]]
        )
        label = "oracles, right by chance p" if one is points[0] else None
        at.errorbar(one.at, one.gain_bps, yerr=bars, fmt="o", color="C0", capsize=3, label=label)
    if found.accuracy is not None:
        ends = [end if end is not None else edge for end, edge in
                ((found.low, points[0].at), (found.high, points[-1].at))]  # fmt: skip
        at.axvspan(*ends, color="C3", alpha=0.12)
        words = f"break-even {found.accuracy:.3f} ({ends[0]:.3f} to {ends[1]:.3f})"
        at.axvline(found.accuracy, color="C3", linestyle="--", label=words)
    for number, mark in enumerate(one for one in found.advisors if one.accuracy is not None):
        right = mark.accuracy
        assert right is not None  # only those are marked
        across = None if right.low is None or right.high is None else [
            [right.share - right.low], [right.high - right.share]]  # fmt: skip
        upwards = None if mark.ci_low is None or mark.ci_high is None else [
            [mark.gain_bps - mark.ci_low], [mark.ci_high - mark.gain_bps]]  # fmt: skip
        at.errorbar(
            right.share, mark.gain_bps, xerr=across, yerr=upwards, capsize=3,
            fmt="^" if mark.placebo else "D", color=f"C{(1, 2, 4, 5, 6, 7, 8, 9)[number % 8]}",
            label=f"{mark.arm}: {mark.verdict or 'placebo'}",
        )  # fmt: skip
    at.set_xlabel("accuracy: share of the turning that went toward the price's next move")
    at.set_ylabel("saved against neutral, bps (net of fees and tokens)")
    regimes = ", ".join(manifest["regimes"])
    at.set_title(f"{found.n} orders of {manifest['horizon']}; {regimes}", fontsize=10)
    at.grid(alpha=0.3)
    at.legend(fontsize=8)
    metadata: dict[str, Any] = {"Date": None} if file.suffix == ".svg" else {"Software": None}
    try:
        figure.savefig(file, dpi=110, metadata=metadata)
    except (OSError, ValueError) as error:  # a folder that is not there, an ending it cannot write
        raise DataError(f"{file}: {error}", "give a .png or .svg that can be written") from None


def main() -> None:
    """Draw the picture of one study."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", type=Path, help="the folder of a study")
    parser.add_argument("--out", type=Path, required=True, help="the picture: .png or .svg")
    asked = parser.parse_args()
    draw(*read(asked.study), asked.out)


if __name__ == "__main__":
    main()
