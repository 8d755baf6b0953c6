"""Results of studies made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from steersman.tca.results import Drawn, OrderResult


def drawn(number: int, **changes: Any) -> Drawn:
    values: dict[str, Any] = {
        "order": number,
        "block": str(number),
        "seed": number,
        "symbol": "BTCUSDT.linear",
        "regime": ("calm", "news")[number % 2],
        "side": "buy",
        "size": (0.0025, 0.01)[number // 2 % 2],
        "qty": "5",
        "start_s": 30,
        "horizon": "30m",
        **changes,
    }
    return Drawn(**values)


def result(number: int, arm: str, cost_bps: float, **changes: Any) -> OrderResult:
    values: dict[str, Any] = {
        "order": number,
        "arm": arm,
        "market": f"m{number}",
        "journal": "j",
        "state": "completed",
        "reason": "",
        "cost_bps": cost_bps,
        "fees_bps": 2.0,
        "funding_bps": 0.0,
        "unfilled_bps": 0.0,
        "token_bps": 0.0,
        "fill_rate": 1.0,
        "maker_share": 0.5,
        "participation": 0.01,
        "children": 60,
        "asked": 0,
        "answers": 0,
        "fallbacks": 0,
        "sigma_hour_pct": 0.5 + number / 1000,
        **changes,
    }
    return OrderResult(**values)


def groups(
    costs: Mapping[str, Sequence[float]], **changes: Any
) -> list[tuple[Drawn, tuple[OrderResult, ...]]]:
    """Return the groups of a study in which each arm had these costs."""
    count = len(next(iter(costs.values())))
    return [
        (
            drawn(number),
            tuple(result(number, arm, cost[number], **changes) for arm, cost in costs.items()),
        )
        for number in range(count)
    ]
