"""What one record is: canonical bytes, a hash over its predecessor's, labels to find it by."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, get_args

import msgspec

from steersman.domain.messages import (
    AdviceArrived,
    AdviceJudged,
    AdvisorWeighed,
    Alert,
    Ask,
    DecisionValued,
    Effect,
    Estimated,
    FundingPaid,
    Input,
    Intervened,
    ParentChanged,
    Query,
    Recalibrated,
    Refused,
    Reported,
    Scheduled,
    Send,
    Submit,
)
from steersman.errors import JournalError

__all__ = ["GENESIS", "Kind", "Record", "canonical", "chain", "kind_of", "parent_of"]

Kind = Literal["input", "effect"]

GENESIS: Final = bytes(32)  # the hash before the first record

_encode = msgspec.json.Encoder(decimal_format="string", order="deterministic").encode
_decode: Final[Callable[[bytes], Input | Effect]] = msgspec.json.Decoder(Input | Effect).decode
_KINDS: Final[dict[type, Kind]] = {
    **dict.fromkeys(get_args(Input), "input"),
    **dict.fromkeys(get_args(Effect), "effect"),
}


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the journal; `at_ns` of an effect is that of the input it answers."""

    seq: int
    at_ns: int
    kind: Kind
    type: str
    parent: str | None
    payload: bytes
    hash: bytes

    def message(self) -> Input | Effect:
        """Return what was journaled; raise JournalError where this version cannot read it."""
        try:
            return _decode(self.payload)
        except (msgspec.MsgspecError, ValueError) as error:
            why = " ".join(str(error).split())[:200]
            raise JournalError(
                f"record {self.seq} ({self.type}) cannot be read: {why}",
                "read it with the version of steersman that wrote it",
            ) from error


def kind_of(message: Input | Effect) -> Kind:
    """Tell whether a message went into the engine or came out."""
    return _KINDS[type(message)]


def canonical(message: Input | Effect) -> bytes:
    """Return the one JSON text of a message.

    Raises JournalError where it would not read back as it is: NaN has no JSON and would come back
    as null, and text may hold what is not Unicode.
    """
    try:
        payload = _encode(message)
        if b"null" in payload and _decode(payload) != message:
            raise ValueError("a number in it is not finite")
    except (msgspec.MsgspecError, ValueError) as error:
        raise JournalError(
            f"a {type(message).__name__} cannot be journaled: {error}",
            "this is a fault of what produced it: report it",
        ) from error
    return payload


def chain(previous: bytes, kind: str, payload: bytes) -> bytes:
    """Return the hash of a record: sha256 over its predecessor's hash, its kind and its payload."""
    return hashlib.sha256(previous + kind.encode() + payload).digest()


def parent_of(message: Input | Effect) -> str | None:
    """Return the parent order that a message is about; child ids are `{parent}-{n}`."""
    match message:
        case Submit():
            return message.parent.id
        case Send():
            return message.approved.intent.parent_id
        case Ask():
            return message.question.parent.id
        case Reported():
            return message.report.child_id.rpartition("-")[0] or None
        case Query():
            return message.child_id.rpartition("-")[0] or None
        case (
            AdviceArrived()
            | DecisionValued()
            | Intervened()
            | FundingPaid()
            | Refused()
            | AdviceJudged()
            | AdvisorWeighed()
            | ParentChanged()
            | Scheduled()
            | Estimated()
            | Recalibrated()
            | Alert()
        ):
            return message.parent_id
        case _:
            return None
