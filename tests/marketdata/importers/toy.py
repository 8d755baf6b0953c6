"""A toy exchange that speaks Binance's and Bybit's words, and remembers what was true.

Every change of its book has an update id. A depth message carries the changes since the one
before; best prices are told at once, trades too; a snapshot is taken at one id and told some
messages later, as on the real exchange, where the REST answer is slower than the stream.
"""

from __future__ import annotations

import gzip
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from steersman.domain.instrument import Instrument
from tests.marketdata.sample import PERP, START_NS

MS_NS = 1_000_000
State = tuple[dict[int, int], dict[int, int]]
Message = dict[str, Any]


@dataclass
class Toy:
    """The exchange at `now_ms`; `changed` holds the levels since the last depth message."""

    seed: int
    instrument: Instrument = PERP
    update_id: int = 1_000
    trade_id: int = 70
    now_ms: int = START_NS // MS_NS
    bids: dict[int, int] = field(default_factory=dict)
    asks: dict[int, int] = field(default_factory=dict)
    changed: dict[tuple[int, int], int] = field(default_factory=dict)
    last_told: int = 1_000
    trades: list[tuple[int, int, int]] = field(default_factory=list)
    states: dict[int, State] = field(default_factory=dict)  # after each depth message, by its id
    touches: list[Message] = field(default_factory=list)  # best prices not yet sent

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        for step in range(1, 20):
            self.bids[10_000 - step] = self.rng.randint(1, 50)
            self.asks[10_000 + step] = self.rng.randint(1, 50)

    @property
    def futures(self) -> bool:
        return self.instrument.category.value != "spot"

    def state(self) -> State:
        return dict(self.bids), dict(self.asks)

    # -- the book ---------------------------------------------------------------------------------
    def put(self, side: int, tick: int, lots: int) -> None:
        levels = self.bids if side == 1 else self.asks
        levels[tick] = lots
        if not lots:
            del levels[tick]
        self.update_id += 1
        self.changed[side, tick] = lots
        self.touches.append(self.touch())

    def step(self) -> list[Message]:
        """Let one thing happen; return what is told of it at once: a trade or nothing."""
        self.now_ms += self.rng.choice([0, 0, 1, 7])
        side = self.rng.choice([1, -1])
        best = max(self.bids) if side == 1 else min(self.asks)
        levels = self.bids if side == 1 else self.asks
        if self.rng.random() < 0.3 and len(levels) > 5:  # somebody takes the best level
            traded = self.rng.randint(1, levels[best])
            self.put(side, best, levels[best] - traded)
            return [self.trade(-side, best, traded)]
        if self.rng.random() < 0.4 and len(levels) > 5:
            self.put(side, self.rng.choice(sorted(levels)), 0)
        else:  # anywhere that does not cross
            other = min(self.asks) if side == 1 else max(self.bids)
            self.put(side, other - side * self.rng.randint(1, 30), self.rng.randint(1, 99))
        return []

    # -- the words --------------------------------------------------------------------------------
    def price(self, tick: int) -> str:
        return f"{self.instrument.price(tick):.8f}"

    def qty(self, lots: int) -> str:
        return f"{self.instrument.qty(lots):.8f}"

    def levels(self, levels: dict[int, int]) -> list[list[str]]:
        return [[self.price(tick), self.qty(lots)] for tick, lots in levels.items()]

    def timed(self, kind: str) -> Message:
        message: Message = {"e": kind, "E": self.now_ms, "s": self.instrument.symbol}
        return {**message, "T": self.now_ms} if self.futures or kind == "trade" else message

    def trade(self, side: int, tick: int, lots: int) -> Message:
        self.trade_id += 1
        self.trades.append((side, tick, lots))
        said = {"t": self.trade_id, "p": self.price(tick), "q": self.qty(lots), "m": side == -1}
        return {**self.timed("trade"), **said, **({"X": "MARKET"} if self.futures else {"M": True})}

    def touch(self) -> Message:
        bid, ask = max(self.bids), min(self.asks)
        said: Message = {
            "u": self.update_id,
            "s": self.instrument.symbol,
            "b": self.price(bid),
            "B": self.qty(self.bids[bid]),
            "a": self.price(ask),
            "A": self.qty(self.asks[ask]),
        }
        return {**self.timed("bookTicker"), **said} if self.futures else said

    def depth(self) -> Message:
        """Tell the changes since the last depth message, and remember the state they lead to."""
        ids: Message = {"U": self.last_told + 1, "u": self.update_id}
        if self.futures:
            ids["pu"] = self.last_told
        told = {
            name: self.levels({t: q for (s, t), q in self.changed.items() if s == side})
            for name, side in (("b", 1), ("a", -1))
        }
        self.last_told = self.update_id
        self.changed = {}
        self.states[self.update_id] = self.state()
        return {**self.timed("depthUpdate"), **ids, **told}

    def snapshot(self) -> Message:
        times = {"E": self.now_ms, "T": self.now_ms} if self.futures else {}
        sides = {"bids": self.levels(self.bids), "asks": self.levels(self.asks)}
        return {"lastUpdateId": self.update_id, **times, **sides}

    def tell(self, steps: int, late: int | None = 3) -> list[Message]:
        """Run and return all messages; a snapshot is told `late` depth messages after its id."""
        messages: list[Message] = []
        held: Message | None = None
        taken = False
        for _ in range(steps):
            messages += self.step()
            if late is not None and not taken and self.rng.random() < 0.3:
                held, taken, due = self.snapshot(), True, late
            messages += self.touches
            self.touches = []
            if self.rng.random() < 0.3:
                messages.append(self.depth())
                if held is not None:
                    due -= 1
                    if due <= 0:
                        messages.append(held)
                        held = None
        if self.changed:
            messages.append(self.depth())
        return messages


def capture(
    toy: Toy, messages: list[Message], behind_ms: int = -5, begin_ms: int | None = None
) -> list[bytes]:
    """Return the lines of a recorder whose clock is `behind_ms` behind the exchange's."""
    lines = []
    now_ms = toy.now_ms if begin_ms is None else begin_ms
    for message in messages:
        now_ms = max(now_ms, message.get("E", now_ms))
        recv_ns = (now_ms - behind_ms) * MS_NS + 17
        symbol = toy.instrument.symbol.lower()
        body = message
        if "lastUpdateId" not in message:
            body = {"stream": f"{symbol}@{message.get('e', 'bookTicker')}", "data": message}
        lines.append(b"%d %s\n" % (recv_ns, orjson.dumps(body)))
    return lines


def write_lines(path: Path, lines: list[bytes]) -> Path:
    """Write a capture, packed where its name says so."""
    text = b"".join(lines)
    path.write_bytes(gzip.compress(text, 1, mtime=0) if path.suffix == ".gz" else text)
    return path


def binance(
    path: Path, seed: int = 1, steps: int = 60, instrument: Instrument = PERP, **how: int
) -> Toy:
    """Write one whole toy capture and return the exchange it is of."""
    toy = Toy(seed, instrument)
    begin_ms = toy.now_ms
    write_lines(path, capture(toy, toy.tell(steps), begin_ms=begin_ms, **how))
    return toy
