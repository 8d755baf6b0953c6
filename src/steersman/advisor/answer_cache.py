"""Answers that are given again: the same content, asked of the same advisor, needs no second call.

The content is all that an advisor is told but for the ids of question and order, and times. What
was answered counts for as long as the answer itself asked to stay in force; only advice is kept.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Final

import msgspec

from steersman.domain.advice import Advice, Answer, Question, Usage
from steersman.domain.units import SECOND_NS

__all__ = ["AnswerCache", "content_key"]

KEPT_MAX: Final = 256

replace = msgspec.structs.replace
_encode = msgspec.json.Encoder(decimal_format="string", order="deterministic").encode


def content_key(advisor: str, question: Question) -> bytes:
    """Return what is equal for questions of equal content to one advisor."""
    news = tuple(replace(item, published_ns=0, received_ns=0) for item in question.news)
    signals = question.signals and replace(question.signals, at_ns=0)
    content = replace(
        question,
        ask_id="",
        asked_ns=0,
        parent=replace(question.parent, id="-"),
        progress=replace(question.progress, at_ns=0),
        view=replace(question.view, at_ns=0, exch_ns=0, feed_age_ns=0, observed_ns=0),
        news=news,
        signals=signals,
    )
    return hashlib.blake2b(_encode((advisor, content)), digest_size=16).digest()


class AnswerCache:
    """The newest answers by content; times are market time (UTC ns)."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, tuple[int, Answer]] = OrderedDict()

    def get(self, advisor: str, question: Question) -> Answer | None:
        """Return the answer that still holds, marked as cached and free of charge, or None."""
        until_ns, answer = self._kept.get(content_key(advisor, question), (0, None))
        if answer is None or question.asked_ns >= until_ns:
            return None
        usage = Usage(answer.usage.prompt_version, answer.usage.model_hash, cached=True)
        return replace(answer, usage=usage)

    def put(self, advisor: str, question: Question, answer: Answer) -> None:
        """Keep an advice for as long as it asks to stay in force."""
        if not isinstance(answer.said, Advice):
            return
        until_ns = question.asked_ns + answer.said.ttl_s * SECOND_NS
        self._kept[content_key(advisor, question)] = until_ns, answer
        if len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
