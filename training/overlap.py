"""Keep training headlines apart from the held-out ones and from the generated market's templates.

    python -m training.overlap            (from the repository's root)

Drops every training headline that shares five words in a row with one of those, names and figures
masked, and says which. It prints the training headline only: whoever trains never sees the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Final

from steersman.venues.news import TEMPLATES
from training.dataset import HEADLINES, held_out

SHINGLE_WORDS: Final = 5
MASK: Final = "_"
TOKEN: Final = re.compile(r"\{[^}]*\}|[$€£¥]?\d[\w.,%$€£+-]*|[\w'\u2019&-]+")


def masked(text: str) -> list[str]:
    """Return the words in lower case, with slots, figures and inner capitalised words masked."""
    words = []
    for number, token in enumerate(TOKEN.findall(text)):
        name = token[0] == "{" or not token[0].isalpha() or (number > 0 and token[0].isupper())
        words.append(MASK if name else token.lower())
    return words


def shingles(text: str) -> set[tuple[str, ...]]:
    """Return every run of five masked words that holds at least two words of its own."""
    words = masked(text)
    found = {tuple(words[i : i + SHINGLE_WORDS]) for i in range(len(words) - SHINGLE_WORDS + 1)}
    return {shingle for shingle in found if shingle.count(MASK) < SHINGLE_WORDS - 1}


def meeting(texts: Iterable[str], others: Sequence[str]) -> set[str]:
    """Return those of `texts` that are one of `others` or share a run of five words with one."""
    known = {shingle for other in others for shingle in shingles(other)}
    same = {other.lower() for other in others}
    return {text for text in texts if text.lower() in same or shingles(text) & known}


def main() -> None:
    """Rewrite the training files without the headlines that meet what they must not."""
    others = [headline.text for headline in held_out()] + [template.text for template in TEMPLATES]
    known: set[str] = set()
    for path in sorted(HEADLINES.glob("train_*.jsonl")):
        lines = path.read_text("utf-8").splitlines()
        texts = [str(json.loads(line)["text"]) for line in lines]
        meets = meeting(texts, others)
        kept = []
        for line, text in zip(lines, texts, strict=True):
            if text in meets or text.lower() in known:
                print(f"{path.name}: dropped {text!r}")
            else:
                kept.append(line)
                known.add(text.lower())
        path.write_text("".join(f"{line}\n" for line in kept), "utf-8")


if __name__ == "__main__":
    main()
