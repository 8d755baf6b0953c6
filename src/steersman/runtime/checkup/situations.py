"""The situations of the suite: each a question, and the turn that a good advisor gives it.

They are made in code and never change with the machine or the day: a Tuesday morning at 10 h UTC,
when the hour asks for nothing. What is expected of signals is F17, of news that a buyer hurries
before a rise and a seller before a fall.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from msgspec.structs import replace

from steersman.domain.advice import Direction, Question
from steersman.domain.market import MarketView, NewsItem, Regime, Signals
from steersman.domain.order import AlgoName, ParentOrder, Progress
from steersman.domain.units import HOUR_NS, MINUTE_NS, SECOND_NS, Price, Qty, Side

__all__ = ["HEADLINES", "Headline", "Situation", "perturbed", "situations"]

AT_NS: Final = 1_736_244_000 * SECOND_NS
INSTRUMENT: Final = "sim:BTCUSDT.linear"
MID: Final = Decimal(60_000)
ROUTINE: Final = "Exchange publishes next month's schedule of maintenance windows"


@dataclass(frozen=True, slots=True)
class Headline:
    """One headline, where it points, and the same said in other words."""

    topic: str
    points: Direction
    text: str
    again: str


HEADLINES: Final = (
    Headline(
        "exchange",
        Direction.UP,
        "Large exchange opens the coin to pension funds, demand overwhelms its desk",
        "Pension funds may now hold the coin at a large exchange, whose desk is swamped by demand",
    ),
    Headline(
        "exchange",
        Direction.DOWN,
        "Large exchange stops withdrawals after intruders empty its hot wallets",
        "Intruders emptied the hot wallets of a large exchange, which has stopped withdrawals",
    ),
    Headline(
        "regulation",
        Direction.UP,
        "Regulator clears the first spot fund for the coin after months of doubt",
        "First spot fund for the coin is cleared by the regulator, ending months of doubt",
    ),
    Headline(
        "regulation",
        Direction.DOWN,
        "Regulator charges the coin's main market maker with fraud and freezes its accounts",
        "Accounts of the coin's main market maker are frozen on charges of fraud",
    ),
    Headline(
        "macro",
        Direction.UP,
        "Central bank cuts rates by surprise, traders rush into risk",
        "Traders rush into risk as rates are cut by surprise",
    ),
    Headline(
        "macro",
        Direction.DOWN,
        "Central bank raises rates by surprise, traders flee from risk",
        "Traders flee from risk as rates are raised by surprise",
    ),
    Headline(
        "flows",
        Direction.UP,
        "Listed company puts 900 million of its cash into the coin",
        "The coin gets 900 million of cash from a listed company",
    ),
    Headline(
        "flows",
        Direction.DOWN,
        "Trustee of a failed lender dumps 900 million worth of the coin",
        "Failed lender's trustee throws 900 million worth of the coin on the market",
    ),
    Headline(
        "network",
        Direction.UP,
        "Upgrade makes the network ten times cheaper, usage reaches a record",
        "Usage of the network at a record after an upgrade that makes it ten times cheaper",
    ),
    Headline(
        "network",
        Direction.DOWN,
        "Network halts for hours, critical flaw lets attackers mint coins",
        "Critical flaw lets attackers mint coins, network is down for hours",
    ),
    Headline(
        "routine",
        Direction.FLAT,
        "Conference on digital assets names its speakers for the autumn",
        "Speakers for the autumn's conference on digital assets are named",
    ),
)

# Regime, view and signals of a market, and the turn that is right for a buyer and for a seller.
_MARKETS: Final[tuple[tuple[str, Regime, dict[str, Any], dict[str, Any], int, int], ...]] = (
    ("calm", Regime.CALM, {}, {}, 0, 0),
    ("flow up", Regime.TREND_UP, {"flow_imbalance": 0.7, "trend_bps": 6.0}, {}, 1, -1),
    (
        "flow down",
        Regime.TREND_DOWN,
        {"flow_imbalance": -0.7, "trend_bps": -6.0},
        {},
        -1,
        1,
    ),
    (
        "funding high",
        Regime.CALM,
        {},
        {"funding_rate_pct": 0.08, "next_funding_ns": AT_NS + 20 * MINUTE_NS},
        -1,
        1,
    ),
    (
        "funding low",
        Regime.THIN,
        {},
        {"funding_rate_pct": -0.05, "next_funding_ns": AT_NS + 20 * MINUTE_NS},
        1,
        -1,
    ),
    (
        "liquidations near",
        Regime.VOLATILE,
        {"trend_bps": -4.0},
        {
            "liquidation_price": Decimal(59_400),
            "liquidation_quote": Decimal(500_000_000),
            "liquidation_long": True,
        },
        -1,
        1,
    ),
    ("outflow", Regime.CALM, {}, {"exchange_netflow_pct": -2.5}, 1, 0),
    ("inflow", Regime.CALM, {}, {"exchange_netflow_pct": 2.5}, 0, 1),
)


@dataclass(frozen=True, slots=True)
class Situation:
    """One question; `wants` is the right turn: 1 faster, -1 slower, 0 the schedule's own pace.

    `pair` names what is the same for both sides of one situation, `opposite` the situation (of
    the same side) whose news or flow says the contrary; "" where there is none.
    """

    name: str
    pair: str
    opposite: str
    question: Question
    wants: int
    headline: Headline | None = None

    @property
    def side(self) -> Side:
        """The side of the order."""
        return self.question.parent.side


def situations() -> tuple[Situation, ...]:
    """Return the suite: every market and every headline, for a buyer and for a seller."""
    return tuple((*_markets(), *_news()))


def _markets() -> Iterator[Situation]:
    opposites = {"flow up": "flow down", "flow down": "flow up"}
    opposites |= {"funding high": "funding low", "funding low": "funding high"}
    for name, regime, seen, signalled, buyer, seller in _MARKETS:
        for side, wants in ((Side.BUY, buyer), (Side.SELL, seller)):
            signals = Signals(INSTRUMENT, AT_NS, **signalled) if signalled else None
            question = _question(f"{name} {side.value}", side, _view(**seen), signals, ())
            question = replace(question, regime=regime)
            opposite = f"{opposites[name]}, {side.value}" if name in opposites else ""
            pair = name if buyer == -seller else ""
            yield Situation(f"{name}, {side.value}", pair, opposite, question, wants)


def _news() -> Iterator[Situation]:
    turned = {Direction.UP: Direction.DOWN, Direction.DOWN: Direction.UP}
    for headline in HEADLINES:
        sign = {Direction.UP: 1, Direction.DOWN: -1}.get(headline.points, 0)
        name = f"{headline.topic} {headline.points.value}"
        for side in Side:
            news = (_item(1, 600, ROUTINE), _item(2, 20, headline.text))
            question = _question(f"{name} {side.value}", side, _view(), None, news)
            other = turned.get(headline.points)
            opposite = f"{headline.topic} {other.value}, {side.value}" if other else ""
            yield Situation(
                f"{name}, {side.value}", name, opposite, question, sign * side.sign, headline
            )


def perturbed(situation: Situation) -> Iterator[tuple[str, Question]]:
    """Yield the question with what must not matter changed: names, ids, order, words."""
    question, parent = situation.question, situation.question.parent
    named = replace(parent, id="Order-77", instrument="sim:ETHUSDT.linear")
    yield "another instrument", replace(question, parent=named)
    if situation.headline is None:
        return
    routine, item = question.news
    renamed = (replace(routine, id="a91"), replace(item, id="b07"))
    yield "other ids", replace(question, news=renamed)
    yield "another source", replace(question, news=(routine, replace(item, source="Gazette")))
    yield "another order", replace(question, news=(item, routine))
    again = replace(item, text=situation.headline.again)
    yield "other words", replace(question, news=(routine, again))


def _item(number: int, age_s: int, text: str) -> NewsItem:
    at_ns = AT_NS - age_s * SECOND_NS
    return NewsItem(f"n{number}", at_ns, at_ns, "Harbor Wire", text)


def _question(
    name: str, side: Side, view: MarketView, signals: Signals | None, news: tuple[NewsItem, ...]
) -> Question:
    parent = ParentOrder(
        id="P1",
        instrument=INSTRUMENT,
        side=side,
        qty=Qty(Decimal(25)),
        start_ns=AT_NS - 15 * MINUTE_NS,
        deadline_ns=AT_NS + 45 * MINUTE_NS,
        algo=AlgoName.ADAPTIVE,
    )
    progress = Progress(
        at_ns=AT_NS,
        filled=Qty(Decimal("6.1")),
        open=Qty(Decimal("0.4")),
        unknown=Qty(Decimal(0)),
        unfilled=Qty(Decimal("18.5")),
        arrival_price=Price(MID),
        avg_price=Price(MID),
        others_volume=Qty(Decimal(900)),
        expected_volume=Qty(Decimal(3_600)),
        scheduled=Qty(Decimal("6.5")),
        children=12,
    )
    ask_id = f"check-{name.replace(' ', '-')}"
    return Question(ask_id, AT_NS, parent, progress, view, news, signals)


def _view(**changes: Any) -> MarketView:
    depth = (Qty(Decimal(8)), Qty(Decimal(40)), Qty(Decimal(90)))
    values: dict[str, Any] = {
        "instrument": INSTRUMENT,
        "at_ns": AT_NS,
        "exch_ns": AT_NS - 5_000_000,
        "feed_age_ns": 5_000_000,
        "best_bid": Price(MID - Decimal("0.1")),
        "best_ask": Price(MID + Decimal("0.1")),
        "bid_qty": Qty(Decimal(3)),
        "ask_qty": Qty(Decimal(3)),
        "depth_bid": depth,
        "depth_ask": depth,
        "microprice": float(MID),
        "market_volume": Qty(Decimal(900)),
        "buy_volume": Qty(Decimal(1)),
        "sell_volume": Qty(Decimal(1)),
        "trades": 3,
        "flow_imbalance": 0.0,
        "trend_bps": 0.0,
        "volatility_hour_pct": 0.5,
        "volume_rate_per_s": 1.0,
        "observed_ns": HOUR_NS,
        **changes,
    }
    return MarketView(**values)
