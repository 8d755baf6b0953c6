"""Everything an advisor is told beside the order, as facts of one shape (F14).

First what is known of market, order and time, each a fact with an id of its own, then what was
told, as `fusion` chooses it, and last what had to be left out. Quantities are shares of the order
and prices are distances: a model needs no more, and cannot tell from them which day it is. What is
not known is not there: no zero stands for it.

Pure: the same question gives the same facts in the same order.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from steersman.advisor.fusion import ITEM_CHARS_MAX, fuse, kind_of
from steersman.advisor.plain import plain_line
from steersman.domain.advice import Question
from steersman.domain.facts import NUMBER_NAME, NUMBERS_MAX, Fact, FactKind
from steersman.domain.market import NewsItem, Signals
from steersman.domain.units import MINUTE_NS, SECOND_NS
from steersman.signals.sessions import session_at

__all__ = ["gather"]


def gather(question: Question) -> tuple[Fact, ...]:
    """Return the facts: what is known of market and order, then what was told, best first."""
    fusion = fuse(question.news, question.asked_ns)
    told = (_told(item, question.asked_ns) for item in fusion.items)
    return (*_state(question), *told, *_left_out(fusion.left_out, question.asked_ns))


def _state(question: Question) -> Iterator[Fact]:
    asked_ns, view = question.asked_ns, question.view
    yield _fact("view", FactKind.MARKET, "market", view.at_ns, asked_ns, _market(question))
    yield _fact("progress", FactKind.PROGRESS, "engine", asked_ns, asked_ns, _progress(question))
    if question.impact is not None:
        estimate = question.impact
        numbers = {
            "base_impact_bps": estimate.base_impact_bps,
            "adjustment": estimate.adjustment,
            "estimated_impact_bps": estimate.estimated_impact_bps,
            "confidence_low_bps": estimate.confidence_low_bps,
            "confidence_high_bps": estimate.confidence_high_bps,
        }
        yield _fact("impact", FactKind.IMPACT, "model", asked_ns, asked_ns, numbers)
    yield _regime(question)
    yield _session(asked_ns)
    if question.signals is not None:
        numbers = _signals(question.signals, question.view.mid, asked_ns)
        at_ns = question.signals.at_ns
        yield _fact("signals", FactKind.SIGNALS, "market", at_ns, asked_ns, numbers)


def _market(question: Question) -> dict[str, float]:
    """Return the market's features; depth and volume as multiples of what is left."""
    view, left = question.view, _left(question)
    numbers: dict[str, float] = {}
    spread_bps, mid = view.spread_bps, view.mid
    if spread_bps is not None and mid is not None:
        numbers["spread_bps"] = spread_bps
        if view.microprice is not None:
            numbers["microprice_bps"] = (view.microprice / float(mid) - 1.0) * 1e4
    touch = view.bid_qty + view.ask_qty
    if touch:
        numbers["touch_imbalance"] = float((view.bid_qty - view.ask_qty) / touch)
    for side, depths in (("bid", view.depth_bid), ("ask", view.depth_ask)):
        for bps, depth in zip((1, 5, 10), depths, strict=True):
            if left:
                numbers[f"depth_{side}_{bps}bps_x"] = float(depth / left)
    numbers |= {
        "flow_imbalance": view.flow_imbalance,
        "trend_bps": view.trend_bps,
        "volatility_hour_pct": view.volatility_hour_pct,
    }
    if left:
        numbers["volume_per_min_x"] = view.volume_rate_per_s * 60.0 / float(left)
    return numbers | {"feed_age_ms": view.feed_age_ns / 1e6, "seen_s": view.observed_ns / SECOND_NS}


def _progress(question: Question) -> dict[str, float]:
    """Return how far the order is; a positive cost is paid, a positive gap is ahead of schedule."""
    order, progress = question.parent, question.progress
    numbers = {
        "time_pct": (question.asked_ns - order.start_ns) / order.horizon_ns * 100.0,
        "time_left_min": (order.deadline_ns - question.asked_ns) / MINUTE_NS,
        "filled_pct": _share(progress.filled, order.qty),
        "working_pct": _share(progress.open + progress.unknown, order.qty),
        "schedule_gap_pct": _share(progress.filled - progress.scheduled, order.qty),
        "children": float(progress.children),
    }
    arrival, mid, sign = progress.arrival_price, question.view.mid, order.side.sign
    if arrival and progress.avg_price is not None:
        numbers["average_against_arrival_bps"] = sign * _bps(progress.avg_price, arrival)
    if arrival and mid is not None:
        numbers["market_against_arrival_bps"] = sign * _bps(mid, arrival)
    traded = progress.filled + progress.others_volume
    if traded:
        numbers["participation_pct"] = _share(progress.filled, traded)
    if progress.expected_volume:
        numbers["volume_seen_pct"] = _share(progress.others_volume, progress.expected_volume)
    return numbers


def _regime(question: Question) -> Fact:
    """Return the state of the market in a word, and what it is told by: ratios to the usual."""
    view = question.view
    numbers = {
        "volatility_ratio": view.volatility_ratio,
        "depth_ratio": view.depth_share,
        "volume_ratio": view.volume_ratio,
    }
    fact = _fact("regime", FactKind.REGIME, "engine", view.at_ns, question.asked_ns, numbers)
    return _with_text(fact, question.regime.value)


def _session(asked_ns: int) -> Fact:
    session = session_at(asked_ns)
    numbers = {"hour_utc": float(session.hour), "weekend": float(session.weekend)}
    fact = _fact("session", FactKind.SESSION, "clock", asked_ns, asked_ns, numbers)
    return _with_text(fact, session.name)


def _signals(signals: Signals, mid: Decimal | None, asked_ns: int) -> dict[str, float]:
    """Return every signal that is known; yes and no are 1 and 0."""
    known: dict[str, float | bool | None] = {
        "funding_rate_pct": signals.funding_rate_pct,
        "next_funding_min": _minutes(signals.next_funding_ns, asked_ns),
        "last_funding_rate_pct": signals.last_funding_rate_pct,
        "last_funding_min": _minutes(signals.last_funding_ns, asked_ns),
        "open_interest_change_pct": signals.open_interest_change_pct,
        "price_change_pct": signals.price_change_pct,
        "exchange_netflow_pct": signals.exchange_netflow_pct,
        "chain_congestion_pct": signals.chain_congestion_pct,
        "deposits_halted": signals.deposits_halted,
        "withdrawals_halted": signals.withdrawals_halted,
    }
    if signals.liquidation_price is not None and mid is not None:
        known["liquidations_at_bps"] = _bps(signals.liquidation_price, mid)
        known["liquidations_of_longs"] = signals.liquidation_long
        if signals.liquidation_quote is not None:
            known["liquidations_m_quote"] = float(signals.liquidation_quote) / 1e6
    return {name: float(value) for name, value in known.items() if value is not None}


def _told(item: NewsItem, asked_ns: int) -> Fact:
    """Return an item as a fact, its text plain; figures with a wild name are not passed on."""
    named = [pair for pair in item.numbers.items() if NUMBER_NAME.fullmatch(pair[0])]
    return Fact(
        item.id,
        kind_of(item),
        item.source,
        item.received_ns,
        (asked_ns - item.received_ns) / SECOND_NS,
        item.trust_pct,
        plain_line(item.text, ITEM_CHARS_MAX),
        dict(named[:NUMBERS_MAX]),
    )


def _left_out(counts: dict[str, int], asked_ns: int) -> Iterator[Fact]:
    """Yield what was left out, and why, so that nobody takes the facts for all there is."""
    if not counts:
        return
    numbers = {name: float(count) for name, count in sorted(counts.items())}
    items = sum(count for name, count in counts.items() if name != "texts_cut")
    text = f"{items} items left out, {counts.get('texts_cut', 0)} texts cut"
    fact = _fact("left_out", FactKind.CONTEXT, "engine", asked_ns, asked_ns, numbers)
    yield _with_text(fact, text)


def _fact(
    fact_id: str, kind: FactKind, source: str, at_ns: int, asked_ns: int, numbers: dict[str, float]
) -> Fact:
    age_s = (asked_ns - at_ns) / SECOND_NS
    return Fact(fact_id, kind, source, at_ns, age_s, 100, numbers=numbers)


def _with_text(fact: Fact, text: str) -> Fact:
    return Fact(
        fact.id,
        fact.kind,
        fact.source,
        fact.at_ns,
        fact.age_s,
        fact.trust_pct,
        text,
        fact.numbers,
    )


def _left(question: Question) -> Decimal:
    return question.parent.qty - question.progress.filled


def _share(part: Decimal, whole: Decimal) -> float:
    return float(part / whole * 100)


def _bps(price: Decimal, against: Decimal) -> float:
    return float(price / against - 1) * 1e4


def _minutes(at_ns: int | None, asked_ns: int) -> float | None:
    """Return how many minutes ahead a time lies (negative: ago)."""
    return None if at_ns is None else (at_ns - asked_ns) / MINUTE_NS
