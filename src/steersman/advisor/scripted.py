"""An advisor that reads its answers from a script, one reply a line: for tests and demonstrations.

What stands in the script is judged like any model's reply: a line that is no advice is invalid.
"""

from __future__ import annotations

from collections.abc import Sequence

from steersman.domain.advice import Answer, NoAdvice, Question, Usage, parse_advice

__all__ = ["ScriptedAdvisor"]


class ScriptedAdvisor:
    """Answer the n-th question with the n-th reply; after the last there is no answer."""

    def __init__(self, replies: Sequence[str], name: str = "scripted-1") -> None:
        self.name = name
        self._replies = tuple(replies)
        self._asked = 0

    def advise(self, question: Question) -> Answer:
        """Answer with the next reply."""
        if self._asked == len(self._replies):
            return Answer(NoAdvice("unavailable", "the script is at its end"))
        reply = self._replies[self._asked]
        self._asked += 1
        return Answer(parse_advice(reply), Usage(model_hash=self.name), raw=reply)
