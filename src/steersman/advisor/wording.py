"""What a headline says in words and figures, as numbers a linear model can weigh.

The embedding of a small model reads sense well and figures badly: whether 2.15 is more than 1.80 is
arithmetic. So the words are counted beside it, and the beginnings of the longer ones; a figure
stands as `#` with its sign, and where two neighbouring figures of one unit can be compared, the
outcome is put before every word: `>eps` and `>unemployment` are learnt apart. Words are hashed
(CRC-32), so no vocabulary is shipped and the same line gives the same numbers everywhere.
"""

from __future__ import annotations

import itertools
import re
import zlib
from typing import Final

__all__ = ["BUCKETS", "buckets"]

BUCKETS: Final = 1 << 15
STEM_LETTERS: Final = 5

_FIGURE: Final = re.compile(
    r"(?<![\w.])(?P<sign>[+\u2212-]?)[$€£¥]?(?P<inner>[+\u2212-]?)"
    r"(?P<value>[0-9][0-9,]*(?:\.[0-9]+)?)"
    r"\s?(?P<scale>bn|tn|mn|million|billion|trillion|thousand|m|b|k|t)?"
    r"(?P<unit>%|pct|bps?|x)?(?!\w)"
)
_TOKEN: Final = re.compile(r"[+-]?#%?|[a-z][a-z'\u2019]*|[^\w\s#]")
_SCALES: Final = {
    "k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "million": 1e6,
    "b": 1e9, "bn": 1e9, "billion": 1e9, "t": 1e12, "tn": 1e12, "trillion": 1e12,
}  # fmt: skip


def buckets(line: str) -> list[int]:
    """Return the distinct buckets, 0..BUCKETS-1 and ascending, of what a normalised line says."""
    figures: list[tuple[float, str]] = []

    def stand_in(found: re.Match[str]) -> str:
        sign = (found["sign"] or found["inner"]).replace("\u2212", "-")
        unit = "%" if found["unit"] else ""
        size = float(found["value"].replace(",", "")) * _SCALES.get(found["scale"], 1.0)
        figures.append((-size if sign == "-" else size, unit))
        return f" {sign}#{unit} "

    words = _TOKEN.findall(_FIGURE.sub(stand_in, line.lower()))
    said = [*words, *("~" + word[:STEM_LETTERS] for word in words if len(word) > STEM_LETTERS)]
    outcome = _compared(figures)
    if outcome:
        said += [outcome, *(outcome + word for word in said)]
    return sorted({zlib.crc32(word.encode()) % BUCKETS for word in said})


def _compared(figures: list[tuple[float, str]]) -> str:
    for (first, unit), (second, other) in itertools.pairwise(figures):
        if unit == other:
            return ">" if first > second else "<" if first < second else "="
    return ""
