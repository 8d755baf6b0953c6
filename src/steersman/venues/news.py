"""The news of a generated market: headlines on a clock of their own, a share of which come true.

Each item says something (up, flat, down; none, minor, major). An *informative* one is followed by a
drift of the latent price in the direction of its words, beginning after it is published; the others
are followed by nothing, whatever they say, and some only repeat what was said before. How many are
informative is a parameter, zero included. What comes true is kept apart from what anybody sees:
`generate_news` gives items and drift, `hidden_truth` the truth, for measuring afterwards.

Everything is a function of the seed and the item's number: it does not depend on what we do.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from steersman.domain.advice import Direction, Severity
from steersman.domain.facts import FactKind
from steersman.domain.instrument import Category
from steersman.domain.market import NewsItem
from steersman.domain.units import HOUR_NS, SECOND_NS
from steersman.errors import ConfigError
from steersman.venues.draws import NEWS, Stream
from steersman.venues.headlines import REPEATS, SLOTS, TEMPLATES, Template
from steersman.venues.presets import FlowPreset, preset_for

__all__ = [
    "TEMPLATES",
    "NewsModel",
    "Template",
    "Truth",
    "drift_of",
    "generate_news",
    "hidden_truth",
    "news_after",
]

F64 = npt.NDArray[np.float64]

_SOURCES: Final = (  # name, median delay in s until it reaches us, share, trust in percent
    ("Harbor Wire", 0.4, 0.30, 70),
    ("Ledgerline", 1.5, 0.25, 60),
    ("Street Courier", 4.0, 0.20, 55),
    ("The Morning Tape", 12.0, 0.15, 50),
    ("social", 25.0, 0.10, 20),
)
_ASSETS: Final = {"BTC": "Bitcoin", "ETH": "Ether", "XRP": "XRP", "AAPL": "Apple"}
_SLOT: Final = re.compile(r"\{(\w+)\}")

# draws of one item, by number
_GAP, _INFORMATIVE, _KIND, _SIDE, _BIG, _TEMPLATE, _REPEAT = range(7)
_SOURCE, _DELAY, _SIZE, _LAG, _RAMP = range(7, 12)
_FILL: Final = 16  # and from here one for each slot


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsModel:
    """How much news there is and what it is worth.

    `informativeness` is the share of items that come true; of the others `stale` repeat an earlier
    item and `noise` say something that does not come true, the rest say nothing. Drift sizes are
    ranges in bps. Raises ConfigError where a value is out of range.
    """

    informativeness: float = 0.3
    rate_per_hour: float = 24.0
    major_share: float = 0.35
    stale: float = 0.2
    noise: float = 0.4
    minor_bps: tuple[float, float] = (2.0, 5.0)
    major_bps: tuple[float, float] = (8.0, 15.0)
    lag_s: tuple[float, float] = (3.0, 30.0)
    ramp_s: tuple[float, float] = (90.0, 360.0)

    def __post_init__(self) -> None:
        for name in ("informativeness", "major_share", "stale", "noise"):
            value: float = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise ConfigError(f"news {name} is {value}", "give a share between 0 and 1")
        if self.stale + self.noise > 1.0:
            raise ConfigError("news stale and noise exceed 1 together", "lower one of them")
        if not 0.0 <= self.rate_per_hour <= 3_600.0:
            raise ConfigError(f"news rate_per_hour is {self.rate_per_hour}", "give 0 to 3600")


@dataclass(frozen=True, slots=True)
class Truth:
    """What nobody is told about an item: what its words say, and whether it comes true.

    `drift_bps` is signed and zero unless informative; it accrues from `from_ns` to `to_ns`.
    """

    id: str
    direction: Direction
    severity: Severity
    informative: bool
    stale: bool
    drift_bps: float
    from_ns: int
    to_ns: int


def generate_news(
    seed: int,
    start_ns: int,
    end_ns: int,
    symbol: str,
    category: Category = Category.LINEAR,
    model: NewsModel | None = None,
) -> tuple[tuple[NewsItem, ...], F64]:
    """Return the items published in [start, end) by time, and the drift they announce.

    The drift has shape (n, 3): from_ns, to_ns, ticks per second of the latent price, by start.
    """
    told = news_after((), seed, start_ns, end_ns, symbol, category, model)
    drift = drift_of((truth for _, truth in told), symbol, category)
    return tuple(item for item, _ in told), drift


def hidden_truth(
    seed: int,
    start_ns: int,
    end_ns: int,
    symbol: str,
    category: Category = Category.LINEAR,
    model: NewsModel | None = None,
) -> tuple[Truth, ...]:
    """Return the truth behind each item of `generate_news` for the same arguments, in its order."""
    told = news_after((), seed, start_ns, end_ns, symbol, category, model)
    return tuple(truth for _, truth in told)


def drift_of(truths: Iterable[Truth], symbol: str, category: Category = Category.LINEAR) -> F64:
    """Return the drift behind items, as `generate_news` does."""
    preset = preset_for(symbol, category)
    rows = [row for truth in truths for row in _ramp(truth, preset)]
    return np.array(sorted(rows), dtype=np.float64).reshape(-1, 3)


def news_after(
    published: Sequence[tuple[NewsItem, Truth]],
    seed: int,
    from_ns: int,
    end_ns: int,
    symbol: str,
    category: Category = Category.LINEAR,
    model: NewsModel | None = None,
) -> list[tuple[NewsItem, Truth]]:
    """Return all items with their truths: those `published`, and what follows in [from, end).

    Numbers go on, and stale items may repeat what was published. How long the clock has waited
    since the last item does not matter: its gaps are exponential.
    """
    preset, model = preset_for(symbol, category), model or NewsModel()
    draw = Stream(seed, NEWS)
    told = list(published)
    at_ns = from_ns
    while model.rate_per_hour > 0.0:
        n = len(told)
        at_ns += int(draw.exponential(n, _GAP) * HOUR_NS / model.rate_per_hour)
        if at_ns >= end_ns:
            break
        told.append(_item(draw, n, at_ns, preset, model, told))
    return told


def _item(
    draw: Stream,
    n: int,
    at_ns: int,
    preset: FlowPreset,
    model: NewsModel,
    told: list[tuple[NewsItem, Truth]],
) -> tuple[NewsItem, Truth]:
    informative = draw.uniform(n, _INFORMATIVE) < model.informativeness
    kind = draw.uniform(n, _KIND)
    stale = not informative and kind < model.stale and bool(told)
    if stale:
        old, before = told[max(0, n - 1 - draw.below(6, n, _TEMPLATE))]
        direction, severity = before.direction, before.severity
        told_again = REPEATS[draw.below(len(REPEATS), n, _REPEAT)]
        text = old.text if before.stale else told_again.replace("{text}", old.text)
    else:
        says = informative or kind < model.stale + model.noise
        template = _template(draw, n, preset.category, says, model)
        direction, severity = template.direction, template.severity
        text = _fill(draw, n, template.text, preset)
    source, delay_s, trust_pct = _source(draw, n)
    item = NewsItem(
        f"n{n + 1}",
        at_ns,
        at_ns + int(delay_s * SECOND_NS),
        source,
        text,
        FactKind.SOCIAL if source == "social" else FactKind.NEWS,
        trust_pct=trust_pct,
    )
    return item, _truth(draw, item, direction, severity, informative, stale, model)


def _template(draw: Stream, n: int, category: Category, says: bool, model: NewsModel) -> Template:
    """Pick a headline of the drawn direction and severity for this kind of market."""
    market = "equity" if category is Category.EQUITY else "crypto"
    direction, severity = Direction.FLAT, Severity.NONE
    if says:
        direction = Direction.UP if draw.uniform(n, _SIDE) < 0.5 else Direction.DOWN
        major = draw.uniform(n, _BIG) < model.major_share
        severity = Severity.MAJOR if major else Severity.MINOR
    fitting = [
        t
        for t in TEMPLATES
        if (t.direction, t.severity) == (direction, severity) and t.market in (market, "any")
    ]
    return fitting[draw.below(len(fitting), n, _TEMPLATE)]


def _fill(draw: Stream, n: int, text: str, preset: FlowPreset) -> str:
    """Fill the slots of a headline."""
    ticker = preset.symbol if preset.category is Category.EQUITY else preset.symbol[:3]
    words = {"asset": _ASSETS.get(ticker, ticker), "ticker": ticker}
    for k, name in enumerate(SLOTS):
        words[name] = SLOTS[name][draw.below(len(SLOTS[name]), n, _FILL + k)]
    return _SLOT.sub(lambda slot: words[slot[1]], text)


def _source(draw: Stream, n: int) -> tuple[str, float, int]:
    """Pick who says it, how long it takes to reach us (log-normal), and what that is trusted."""
    u = draw.uniform(n, _SOURCE)
    for name, median_s, share, trust_pct in _SOURCES:
        if u < share:
            return name, median_s * math.exp(0.5 * draw.normal(n, _DELAY)), trust_pct
        u -= share
    raise AssertionError("shares of the sources sum to 1")


def _truth(
    draw: Stream,
    item: NewsItem,
    direction: Direction,
    severity: Severity,
    informative: bool,
    stale: bool,
    model: NewsModel,
) -> Truth:
    n = int(item.id[1:]) - 1
    low, high = model.major_bps if severity is Severity.MAJOR else model.minor_bps
    sign = {Direction.UP: 1, Direction.FLAT: 0, Direction.DOWN: -1}[direction]
    size = sign * (low + (high - low) * draw.uniform(n, _SIZE)) if informative else 0.0
    lag_s = model.lag_s[0] + (model.lag_s[1] - model.lag_s[0]) * draw.uniform(n, _LAG)
    ramp_s = model.ramp_s[0] + (model.ramp_s[1] - model.ramp_s[0]) * draw.uniform(n, _RAMP)
    begin = item.published_ns + int(lag_s * SECOND_NS)
    end = begin + int(ramp_s * SECOND_NS)
    return Truth(item.id, direction, severity, informative, stale, size, begin, end)


def _ramp(truth: Truth, preset: FlowPreset) -> list[tuple[float, float, float]]:
    """Return the drift of one item: half in the first third of its ramp, half in the rest."""
    if not truth.informative:
        return []
    third = truth.from_ns + (truth.to_ns - truth.from_ns) // 3
    half = preset.ticks(abs(truth.drift_bps)) * 0.5 * math.copysign(1.0, truth.drift_bps)
    return [
        (float(first), float(last), half / ((last - first) / SECOND_NS))
        for first, last in ((truth.from_ns, third), (third, truth.to_ns))
    ]
