"""Figures with their uncertainty: accuracy, paired differences, confusion matrices, as read.

Intervals are bootstrap percentiles over headlines (seeded); a difference is paired: both readers
on the same resampled headlines.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steersman.advisor.reading import Reading
from training.dataset import DIRECTIONS, SEVERITIES, Headline

SEED: Final = 20
RESAMPLES: Final = 4000
READER: Final = "embedded reader"
BINS: Final = (1 / 3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Edges of the groups by probability of the answer given, which is never below a third."""

Codes = npt.NDArray[np.int64]


def measure(
    held: Sequence[Headline],
    guesses: Mapping[str, Sequence[str]],
    readings: Sequence[Reading],
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
    chances = np.array([(r.p_up, r.p_flat, r.p_down) for r in readings])
    found["calibration"] = _calibration(truth, chances)
    severity = _codes([headline.severity for headline in held], SEVERITIES)
    codes = _codes([str(reading.severity) for reading in readings], SEVERITIES)
    found["severity"] = _scores(severity, codes, samples)
    found["severity"]["confusion"] = _confusion(severity, codes)
    found["by_topic"] = _parts([headline.topic for headline in held], truth, reader)
    found["by_style"] = _parts([headline.style for headline in held], truth, reader)
    return found


def halves(
    held: Sequence[Headline],
    guesses: Mapping[str, Sequence[str]],
    likeness: npt.NDArray[np.float64],
) -> dict[str, dict[str, float]]:
    """Return balanced accuracies on the half most and the half least like a training headline."""
    truth = _codes([headline.direction for headline in held], DIRECTIONS)
    order = np.argsort(likeness, kind="stable")
    parts = {"least": order[: len(order) // 2], "most": order[len(order) // 2 :]}
    return {
        name: {
            half: round(_balanced(truth[chosen], _codes(labels, DIRECTIONS)[chosen]), 3)
            for half, chosen in parts.items()
        }
        for name, labels in guesses.items()
    }


def write(figures: Mapping[str, Any], folder: Path) -> None:
    """Write report.json and REPORT.md into `folder`."""
    (folder / "report.json").write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
    (folder / "REPORT.md").write_text(as_text(figures))


def as_text(figures: Mapping[str, Any]) -> str:
    """Return the report as Markdown."""
    meta = figures["meta"]
    accuracy = meta["validation_balanced_accuracy"]
    lines = [
        "# The news reader, measured",
        "",
        "Written by `python -m training.train_reader`; do not edit.",
        "",
        f"Trained on {meta['train_headlines']} headlines; tested on {figures['held_out']} held-out"
        " headlines, written by somebody",
        "who had seen no training headline, and sharing no five words in a row with any of them",
        "(names and figures masked; a test checks it). All was chosen on training headlines:",
        f"on {meta['validation_headlines']} of them, blocks of related patterns kept apart,"
        f" balanced accuracy was {accuracy['direction']:.3f}",
        f"for direction and {accuracy['severity']:.3f} for severity. Intervals are 95 %, bootstrap"
        " over headlines; gains are",
        "paired, in balanced accuracy.",
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
    ]
    lines += _calibration_text(figures["calibration"])
    lines += _likeness_text(figures["by_likeness"])
    lines += ["", "## Confusion matrices (rows: true, columns: read)"]
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


def _calibration(truth: Codes, chances: npt.NDArray[np.float64]) -> dict[str, Any]:
    given, right = chances.max(1), chances.argmax(1) == truth
    bins = []
    for low, high in itertools.pairwise(BINS):
        chosen = (given >= low) & ((given < high) | (high == BINS[-1]))
        if chosen.any():
            mean, share = float(given[chosen].mean()), float(right[chosen].mean())
            bins.append((low, high, int(chosen.sum()), round(mean, 3), round(share, 3)))
    log_loss = -float(np.log(chances[np.arange(len(truth)), truth]).mean())
    return {"log_loss": round(log_loss, 4), "bins": bins}


def _calibration_text(row: Mapping[str, Any]) -> list[str]:
    return [
        "",
        "## Is the direction as likely as it says?",
        "",
        f"Log loss {row['log_loss']:.3f} (a third each would be 1.099).",
        "",
        "| probability of the answer | headlines | mean | right |",
        "|---|---|---|---|",
    ] + [
        f"| {low:.2f} to {high:.2f} | {n} | {mean:.2f} | {right:.2f} |"
        for low, high, n, mean, right in row["bins"]
    ]


def _likeness_text(rows: Mapping[str, Mapping[str, float]]) -> list[str]:
    return [
        "",
        "## Is it more than memory?",
        "",
        "Balanced accuracy on the half of the held-out headlines whose words are least like those",
        "of any training headline, and on the half most like one.",
        "",
        "| reader | least like | most like |",
        "|---|---|---|",
    ] + [f"| {name} | {row['least']:.3f} | {row['most']:.3f} |" for name, row in rows.items()]


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
