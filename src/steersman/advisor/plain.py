"""Strangers' text in a form that can be read and do nothing else.

What comes out is one line of letters, digits and a short list of signs: no line of its own, no
bracket of any kind, so that no text can close the block it stands in, look like the id of a fact or
like the JSON of an answer, and nothing invisible. The list says what is allowed, not what is not.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["is_cut", "plain_line"]

_SIGNS: Final = frozenset(" .,:;!?'\"()%+-/&#@*=_~§")
_SHOWN_AS: Final = {
    "<": "(",
    ">": ")",
    "|": "/",
    "\\": "/",
    "`": "'",
    "\N{FRACTION SLASH}": "/",
    "\N{MINUS SIGN}": "-",
    "\N{IDEOGRAPHIC FULL STOP}": ".",
}
_SHOWN_AS_BY_CATEGORY: Final = {"Ps": "(", "Pe": ")", "Pi": "'", "Pf": "'", "Pd": "-"}
_ENTITY: Final = re.compile(r"&#?\w{1,12};")
_MARKS_MAX: Final = 2  # on one letter: real scripts need no more, stacks of them are noise
_READ_TIMES: Final = 8  # of the length wanted is looked at: folding and dropping may shorten a text


def plain_line(text: str, chars_max: int) -> str:
    """Return a text as one harmless line of at most `chars_max` characters; the cut shows as "...".

    Compatibility forms are folded (NFKC), so that look-alikes of signs become the signs they look
    like and are treated as such. Applying it twice changes nothing more.
    """
    line = _visible(text, chars_max)
    if len(line) <= chars_max and len(text) <= _READ_TIMES * chars_max:
        return line
    return f"{line[: chars_max - 3].rstrip()}..."


def is_cut(text: str, chars_max: int) -> bool:
    """Tell whether `plain_line` cuts a text."""
    return len(text) > _READ_TIMES * chars_max or len(_visible(text, chars_max)) > chars_max


def _visible(text: str, chars_max: int) -> str:
    folded = unicodedata.normalize("NFKC", text[: _READ_TIMES * chars_max])
    shown: list[str] = []
    room = 0  # for marks on the letter before
    for char in folded:
        category = unicodedata.category(char)
        sign = _SHOWN_AS.get(char) or _SHOWN_AS_BY_CATEGORY.get(category, char)
        if category[0] in "LN":
            shown.append(char)
            room = _MARKS_MAX
        elif category[0] == "M":
            shown.append(char if room else "")
            room = max(0, room - 1)
        elif sign in _SIGNS or category == "Sc":
            shown.append(sign)
            room = 0
        elif category[0] != "C" or char.isspace():  # what is invisible vanishes, the rest parts
            shown.append(" ")
            room = 0
    line = _ENTITY.sub(" ", "".join(shown))
    return unicodedata.normalize("NFKC", " ".join(line.split()))
