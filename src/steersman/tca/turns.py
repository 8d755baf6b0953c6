"""Which way each advice that passed would have the pace turn, and whether the price went that way.

Advice hurries a buy, or lets a sell wait, where it expects a higher price. Whether it was right is
asked of the market without any order of ours, over the time that the oracle is told of: there every
advisor and control is judged by the same moves, and none by what its own orders did to the price.
Where the price did not move, nothing was right or wrong. What counts is what was said: an advice
to hold that came too late to hold anything is an opinion all the same.

An oracle turns by one and the same amount each time. Others turn by a little for the hour of the
day and by a lot for the news, so beside their turns the points of pace are added up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from steersman.algos.adaptive import turn_of
from steersman.domain.advice import Advice
from steersman.domain.messages import AdviceArrived, AdviceJudged, Effect, Input
from steersman.domain.units import Side
from steersman.tca.decisions import PASSED

__all__ = ["Tally", "Turn", "tally", "turns_of"]


@dataclass(frozen=True, slots=True)
class Turn:
    """An advice that turned the pace, and when it was asked for (UTC ns).

    `toward` is by how many points of pace, positive where it expects a higher price.
    """

    asked_ns: int
    toward: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How many turns a move of the price followed, by how many points of pace; and of them right.

    A turn is right where the price went the way that it expects.
    """

    turns: int
    right_turns: int
    turned_pct: int
    right_pct: int


def turns_of(messages: Iterable[Input | Effect], parent_id: str, side: Side) -> tuple[Turn, ...]:
    """Return the turns of one order, in time order."""
    found: list[Turn] = []
    arrived: AdviceArrived | None = None
    for message in messages:
        match message:
            case AdviceArrived() if message.parent_id == parent_id:
                arrived = message
            case AdviceJudged() if message.parent_id == parent_id and arrived is not None:
                said = arrived.answer
                if message.verdict in PASSED and isinstance(said, Advice) and turn_of(said):
                    found.append(Turn(arrived.asked_ns, turn_of(said) * side.sign))
            case _:
                pass
    return tuple(found)


def tally(turns: Iterable[Turn], moves: Mapping[int, int]) -> Tally:
    """Count turns; `moves` holds the sign of the move after each time a turn was asked for."""
    followed = [turn for turn in turns if moves[turn.asked_ns]]
    right = [turn for turn in followed if turn.toward * moves[turn.asked_ns] > 0]
    return Tally(
        turns=len(followed),
        right_turns=len(right),
        turned_pct=sum(abs(turn.toward) for turn in followed),
        right_pct=sum(abs(turn.toward) for turn in right),
    )
