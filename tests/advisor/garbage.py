"""Replies that no model should give, by kind and seed, each with the bins it may fall into.

`JUDGED` stands for replies that are advice after all: they are taken, and bounded by the engine.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

JUDGED = ""
FIELDS: dict[str, tuple[Any, ...]] = {
    "action": ("continue", "hold", "finish"),
    "base": ("twap", "vwap", "pov", "is", "ow", None),
    "pace_pct": (0, 50, 100, 150, 200, None),
    "style": ("passive", "mid", "cross", None),
    "impact_pct": (50, 100, 200, None),
    "ttl_s": (1, 60, 3600),
    "reasoning": ("", "wait", "go"),
}


class Reply(NamedTuple):
    """One reply, its kind, and the checks that may refuse it."""

    kind: str
    text: str
    bins: frozenset[str]


def replies(count: int, seed: int) -> Iterator[Reply]:
    """Yield replies of all kinds in turn: the same for the same seed."""
    chance = random.Random(seed)
    for number in range(count):
        kind, (make, bins) = list(KINDS.items())[number % len(KINDS)]
        yield Reply(kind, make(chance), frozenset(bins))


def _good(chance: random.Random) -> dict[str, Any]:
    """Return advice that does not contradict itself."""
    names = chance.sample(sorted(FIELDS), chance.randint(1, len(FIELDS)))
    fields = {name: chance.choice(FIELDS[name]) for name in names}
    if fields.get("action", "continue") != "continue":
        fields.pop("pace_pct", None)
    return fields


def _with(name: str, values: list[Any]) -> Callable[[random.Random], str]:
    def make(chance: random.Random) -> str:
        return json.dumps(_good(chance) | {name: chance.choice(values)})

    return make


def _raw_number(*texts: str) -> Callable[[random.Random], str]:
    def make(chance: random.Random) -> str:
        name = chance.choice(["pace_pct", "impact_pct", "ttl_s"])
        return f'{{"action": "continue", "{name}": {chance.choice(texts)}}}'

    return make


def _prose(chance: random.Random) -> str:
    words = ["hold", "I", "would", "finish", "{", "pace_pct", "200", "}", "sell", "now", '"', ":"]
    return " ".join(chance.choices(words, k=chance.randint(0, 40)))


def _truncated(chance: random.Random) -> str:
    whole = json.dumps(_good(chance))
    return whole[: chance.randint(0, len(whole) - 1)]


def _nested(chance: random.Random) -> str:
    depth = chance.choice([100, 5_000, 15_000])
    return chance.choice(
        ['{"a":' * depth, "[" * depth + "]" * depth, '{"evidence":' + "[" * depth + "]" * depth]
    )


def _repeated_key(chance: random.Random) -> str:
    low, high = chance.randint(0, 99), chance.randint(101, 200)
    return f'{{"pace_pct": {low}, "action": "continue", "pace_pct": {high}}}'


def _contradiction(chance: random.Random) -> str:
    hold = {"action": "hold", "pace_pct": chance.randint(101, 200)}
    finish = {"action": "finish", "pace_pct": chance.randint(0, 99)}
    return json.dumps(chance.choice([hold, finish]))


def _invented(chance: random.Random) -> str:
    figures = [f"{chance.uniform(20, 90):.4f} %" for _ in range(chance.randint(2, 5))]
    return json.dumps({"pace_pct": 150, "reasoning": f"it moves {' and '.join(figures)}"})


def _control(chance: random.Random) -> str:
    signs = "\x00\x01\x07\x1b[2J\u202e\u2066\u200b\u2028\ufeff\U000e0041"
    return json.dumps(_good(chance) | {"reasoning": "".join(chance.choices(signs, k=20))})


def _evidence(chance: random.Random) -> str:
    unknown = chance.choice(["n999", "", "view ", "VIEW", "../n1", "\u202eweiv", "n1\x00"])
    return json.dumps({"pace_pct": 150, "evidence": ["view", unknown]})


KINDS: dict[str, tuple[Callable[[random.Random], str], set[str]]] = {
    "good": (lambda chance: json.dumps(_good(chance)), {JUDGED}),
    "prose": (_prose, {"json", "schema"}),
    "truncated": (_truncated, {"json"}),
    "not finite": (_raw_number("NaN", "Infinity", "-Infinity", "nan", "inf"), {"json"}),
    "huge number": (_raw_number("1e30", "1e308", "1e400", "9" * 400), {"schema", "bounds"}),
    "negative": (_raw_number("-1", "-100", "-2147483649", "-1e9"), {"bounds", "schema"}),
    "not whole": (_raw_number("99.5", "100.0", "1e2", "0.1"), {"schema"}),
    "number as text": (_raw_number('"100"', '"1e30"', '"NaN"'), {"schema"}),
    "boolean as number": (_raw_number("true", "false"), {"schema"}),
    "huge list": (
        lambda chance: json.dumps({"evidence": ["n1"] * chance.choice([17, 1_000, 100_000])}),
        {"bounds", "size"},
    ),
    "unknown action": (_with("action", ["panic", "sell", "HOLD", "", 7, None]), {"schema"}),
    "wrong side": (_with("side", ["sell", "buy", -1, None]), {"schema"}),
    "wrong symbol": (_with("symbol", ["ETHUSDT", "", {"id": 1}]), {"schema"}),
    "a quantity": (_with("qty", ["1000", 1e30, -5]), {"schema"}),
    "a price": (_with("limit_price", [0, "1", 1e9]), {"schema"}),
    "wrong kind": (_with("type", ["Kill", "NoAdvice", "ParentOrder"]), {"schema"}),
    "repeated key": (_repeated_key, {"json"}),
    "contradiction": (_contradiction, {"contradiction"}),
    "invented figures": (_invented, {"fabrication"}),
    "unknown evidence": (_evidence, {"evidence"}),
    "nested": (_nested, {"json", "schema", "size"}),
    "megabytes": (
        lambda chance: json.dumps({"reasoning": "x" * chance.randint(1_000_000, 3_000_000)}),
        {"size"},
    ),
    "long": (
        lambda chance: json.dumps({"reasoning": "x" * chance.randint(601, 20_000)}),
        {"bounds"},
    ),
    "surrogates": (
        lambda chance: chance.choice(['{"reasoning": "\ud800"}', '{"reasoning": "\\udfff"}']),
        {"json"},
    ),
    "byte order mark": (lambda chance: "\ufeff" + json.dumps(_good(chance)), {"json"}),
    "single quotes": (lambda chance: str(_good(chance) | {"ttl_s": 60}), {"json"}),
    "code fence": (lambda chance: f"```json\n{json.dumps(_good(chance))}\n```", {"json"}),
    "two answers": (lambda chance: json.dumps(_good(chance)) * 2, {"json"}),
    "another shape": (
        lambda chance: chance.choice(["null", "true", "7", '"hold"', "[]", '[{"action":"hold"}]']),
        {"schema"},
    ),
    "control signs": (_control, {JUDGED}),
}
