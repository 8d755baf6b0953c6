"""Figures with their uncertainty: accuracy, paired differences, confusion matrices, as read.

Intervals are bootstrap percentiles over headlines (seeded); a difference is paired: both readers
on the same resampled headlines.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from training.dataset import DIRECTIONS, SEVERITIES, Headline

SEED: Final = 20
RESAMPLES: Final = 4000
READER: Final = "embedded reader"

Codes = npt.NDArray[np.int64]


def measure(
    held: Sequence[Headline],
    guesses: Mapping[str, Sequence[str]],
    severities: Sequence[str],
    meta: Mapping[str, Any],
) -> dict[str, Any]:
    """Return every figure of the report as plain data."""
    truth = _codes([headline.direction for headline in held], DIRECTIONS)
    rng = np.random.default_rng(SEED)
    samples = rng.integers(0, len(held), (RESAMPLES, len(held)))
    found: dict[str, Any] = {"meta": dict(meta), "held_out": len(held), "direction": {}}
    reader = _codes(guesses[READER], DIRECTIONS)
    for name, labels in guesses.items():
        codes = _codes(labels, DIRECTIONS)
        row = _scores(truth, codes, samples)
        row["confusion"] = _confusion(truth, codes)
        if name != READER:
            gain = _resampled(truth, reader, samples) - _resampled(truth, codes, samples)
            row["reader_gain"] = round(_balanced(truth, reader) - _balanced(truth, codes), 4)
            row["reader_gain_95"] = _interval(gain)
        found["direction"][name] = row
    severity = _codes([headline.severity for headline in held], SEVERITIES)
    codes = _codes(severities, SEVERITIES)
    found["severity"] = _scores(severity, codes, samples)
    found["severity"]["confusion"] = _confusion(severity, codes)
    found["by_topic"] = _parts([headline.topic for headline in held], truth, reader)
    found["by_style"] = _parts([headline.style for headline in held], truth, reader)
    return found


def write(figures: Mapping[str, Any], folder: Path) -> None:
    """Write report.json and REPORT.md into `folder`."""
    (folder / "report.json").write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
    (folder / "REPORT.md").write_text(as_text(figures))


def as_text(figures: Mapping[str, Any]) -> str:
    """Return the report as Markdown."""
    meta = figures["meta"]
    lines = [
        "# The news reader, measured",
        "",
        "Written by `python -m training.train_reader`; do not edit.",
        "",
        f"Trained on {meta['train_headlines']} headlines; tested on {figures['held_out']} held-out"
        " headlines. The held-out ones were",
        "written first, from a list of topics, and share no five words in a row with any of the",
        "training patterns (names and figures masked; a test checks it). Prompt and regularisation",
        "were chosen by grouped cross-validation on the training headlines (balanced accuracy:",
        f"direction {meta['cv_balanced_accuracy']['direction']:.3f},"
        f" severity {meta['cv_balanced_accuracy']['severity']:.3f}). Intervals are 95 %, bootstrap",
        "over headlines; gains are paired, in balanced accuracy.",
        "",
        "| reader | accuracy | balanced | 95 % | reader's gain | 95 % |",
        "|---|---|---|---|---|---|",
    ]
    for name, row in figures["direction"].items():
        gain = f"{row['reader_gain']:+.3f}" if "reader_gain" in row else ""
        gain_95 = _range(row["reader_gain_95"], "+.3f") if "reader_gain_95" in row else ""
        lines.append(
            f"| {name} | {row['accuracy']:.3f} | {row['balanced']:.3f} |"
            f" {_range(row['balanced_95'], '.3f')} | {gain} | {gain_95} |"
        )
    row = figures["severity"]
    lines += [
        "",
        f"Severity (none, minor, major): accuracy {row['accuracy']:.3f}, balanced"
        f" {row['balanced']:.3f} ({_range(row['balanced_95'], '.3f')}).",
        "",
        "## Confusion matrices (rows: true, columns: read)",
    ]
    for name, row in figures["direction"].items():
        lines += _matrix(name, row["confusion"], DIRECTIONS)
    lines += _matrix("severity", figures["severity"]["confusion"], SEVERITIES)
    for title, key in (("topic", "by_topic"), ("style", "by_style")):
        lines += ["", f"## Accuracy by {title}", "", f"| {title} | headlines | accuracy |"]
        lines.append("|---|---|---|")
        lines += [f"| {k} | {n} | {a:.2f} |" for k, (n, a) in figures[key].items()]
    return "\n".join(lines) + "\n"


def _codes(labels: Sequence[str], classes: Sequence[str]) -> Codes:
    return np.array([classes.index(label) for label in labels], dtype=np.int64)


def _balanced(truth: Codes, guess: Codes) -> float:
    hits = [float((guess[truth == c] == c).mean()) for c in np.unique(truth)]
    return float(np.mean(hits))


def _resampled(truth: Codes, guess: Codes, samples: Codes) -> npt.NDArray[np.float64]:
    return np.array([_balanced(truth[i], guess[i]) for i in samples])


def _interval(values: npt.NDArray[np.float64]) -> list[float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return [round(float(low), 4), round(float(high), 4)]


def _scores(truth: Codes, guess: Codes, samples: Codes) -> dict[str, Any]:
    return {
        "accuracy": round(float((truth == guess).mean()), 4),
        "balanced": round(_balanced(truth, guess), 4),
        "balanced_95": _interval(_resampled(truth, guess, samples)),
    }


def _confusion(truth: Codes, guess: Codes) -> list[list[int]]:
    return [[int(((truth == t) & (guess == g)).sum()) for g in range(3)] for t in range(3)]


def _parts(names: Sequence[str], truth: Codes, guess: Codes) -> dict[str, tuple[int, float]]:
    found = {}
    for name in sorted(set(names)):
        chosen = np.array([other == name for other in names])
        found[name] = (int(chosen.sum()), round(float((truth == guess)[chosen].mean()), 3))
    return found


def _matrix(name: str, matrix: Sequence[Sequence[int]], classes: Sequence[str]) -> list[str]:
    lines = ["", f"| {name} | {' | '.join(classes)} |", "|---|---|---|---|"]
    return lines + [
        f"| **{label}** | {' | '.join(str(n) for n in row)} |"
        for label, row in zip(classes, matrix, strict=True)
    ]


def _range(pair: Sequence[float], form: str) -> str:
    return f"{pair[0]:{form}} to {pair[1]:{form}}"
