"""The form of an answer, as JSON schema for a provider's structured output: derived from `Advice`.

Enums and bounded integers only, every field stated (null abstains), the reasoning last and short.
A provider's word that it keeps to the form is never taken: `domain.advice` checks again.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import inspect

from steersman.domain.advice import BOUNDS, EVIDENCE_MAX, FACT_ID_CHARS_MAX, Advice
from steersman.domain.order import AlgoName

__all__ = ["REASONING_CHARS_ASKED", "answer_schema"]

REASONING_CHARS_ASKED: Final = 300  # half of what is taken: providers count loosely or not at all

MEANINGS: Final = {
    "action": "follow the schedule, hold for now, or finish as early as allowed",
    "base": "the classic algorithm to follow, null to keep the present one",
    "pace_pct": "pace of the schedule in percent, 100 as planned, null to abstain",
    "style": "how child orders trade, null to abstain",
    "impact_pct": "correction of the estimated market impact in percent, null to abstain",
    "regime": "the market's regime, null if unclear",
    "news_direction": "where the news points for the price, null without news",
    "news_severity": "how much the news matters, null without news",
    "ttl_s": "seconds for which this advice holds",
    "evidence": "ids of the facts relied on, as given in brackets",
    "reasoning": f"why, in at most {REASONING_CHARS_ASKED} characters",
}


def answer_schema() -> dict[str, Any]:
    """Return the schema of one answer."""
    info = inspect.type_info(Advice)
    assert isinstance(info, inspect.StructType)
    fields = {field.encode_name: field.type for field in info.fields}
    properties = {name: _property(name, fields[name]) for name in MEANINGS}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _property(name: str, kind: inspect.Type) -> dict[str, Any]:
    meaning = {"description": MEANINGS[name]}
    if isinstance(kind, inspect.UnionType):
        (stated,) = (part for part in kind.types if not isinstance(part, inspect.NoneType))
        return {"anyOf": [_form(name, stated), {"type": "null"}], **meaning}
    return {**_form(name, kind), **meaning}


def _form(name: str, kind: inspect.Type) -> dict[str, Any]:
    match kind:
        case inspect.EnumType():
            values = [member.value for member in kind.cls if member is not AlgoName.ADAPTIVE]
            return {"type": "string", "enum": values}
        case inspect.IntType():
            low, high = BOUNDS[name]
            return {"type": "integer", "minimum": low, "maximum": high}
        case inspect.VarTupleType():
            item = {"type": "string", "maxLength": FACT_ID_CHARS_MAX}
            return {"type": "array", "items": item, "maxItems": EVIDENCE_MAX}
        case inspect.StrType():
            return {"type": "string", "maxLength": REASONING_CHARS_ASKED}
        case _:
            raise AssertionError(f"no form for {name}: {kind}")
