"""Hide what would let a model recognise the day: names, venues, dates, years, clock times, prices.

A model that has read the history of a market would otherwise "foresee" it in a test. What is in the
text as a plain word (a person, an event) cannot be hidden this way: masking makes recognition
harder, it does not exclude it.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Final

__all__ = ["Mask"]

_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "BTC": ("bitcoin", "xbt"),
    "ETH": ("ethereum", "ether"),
    "XRP": ("ripple",),
    "SOL": ("solana",),
    "BNB": ("binance coin",),
    "ADA": ("cardano",),
    "DOGE": ("dogecoin",),
    "LTC": ("litecoin",),
    "LINK": ("chainlink",),
    "DOT": ("polkadot",),
    "AVAX": ("avalanche",),
    "TRX": ("tron",),
    "TON": ("toncoin",),
    "BCH": ("bitcoin cash",),
    "USDT": ("tether",),
    "USDC": ("usd coin",),
    "AAPL": ("apple",),
    "MSFT": ("microsoft",),
    "NVDA": ("nvidia",),
    "TSLA": ("tesla",),
    "AMZN": ("amazon",),
    "GOOGL": ("alphabet", "google"),
    "META": ("meta platforms",),
    "MSTR": ("microstrategy",),
    "COIN": ("coinbase",),
}
_QUOTES: Final = ("USDT", "USDC", "FDUSD", "BUSD", "USD", "EUR", "GBP", "JPY", "BTC", "ETH")
_VENUES: Final = (
    "binance bybit okx coinbase kraken deribit bitfinex bitstamp bitmex kucoin huobi htx gemini "
    "upbit bithumb ftx nasdaq nyse cboe cme"
).split()
_MONTH: Final = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?"
)
_YEAR: Final = r"(?:19|20)\d\d"
_DATES: Final = tuple(
    (re.compile(pattern), word)
    for pattern, word in (
        (rf"\b{_YEAR}[-/.]\d{{1,2}}[-/.]\d{{1,2}}(?:T[\d:.]+Z?)?", "a date"),
        (rf"\b\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:{_YEAR}|\d\d)\b", "a date"),
        (
            rf"\b(?:\d{{1,2}}(?:st|nd|rd|th)?\s+)?{_MONTH}(?:\s+\d{{1,2}}(?:st|nd|rd|th)?\b)?"
            rf"(?:,?\s+{_YEAR}\b)?",
            "a date",
        ),
        (r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b", "a day"),
        (r"\b\d{1,2}:\d\d(?::\d\d)?(?:\.\d+)?(?:\s?[ap]\.?m\b\.?)?", "a time"),
        (rf"\b[QH][1-4](?:\s+|'){_YEAR}\b", "a year"),
        (rf"(?<![\d.,$]){_YEAR}s?\b(?![.,]?\d|\s?%)", "a year"),
    )
)
_AMOUNT: Final = re.compile(r"(\$\s?)?(?<![\w.,])(\d[\d,]*(?:\.\d+)?)(k)?\b(?!\s?%|[.,]\d)", re.I)
_PRICE_MIN: Final = 1_000  # without a currency sign a smaller number may be anything
_PRICE_FACTOR: Final = 2  # from the mid: what is further away is no price of this market


class Mask:
    """What is to be hidden for one instrument, whose mid is `mid` (quote currency) or not known."""

    def __init__(self, instrument: str, mid: Decimal | None) -> None:
        venue, _, rest = instrument.rpartition(":")
        symbol = rest.rpartition(".")[0] or rest
        base = _base_of(symbol)
        own = "|".join(re.escape(name) for name in _NAMES.get(base.upper(), ()))
        separated = rf"{re.escape(base)}(?:[-/_ ]?(?:{'|'.join(_QUOTES)}))?"
        names = rf"|(?:{own})\w*" if own else ""
        others = [name for ticker in _NAMES if ticker != base.upper() for name in _NAMES[ticker]]
        tickers = [ticker for ticker in _NAMES if ticker != base.upper()]
        venues = "|".join(re.escape(name) for name in dict.fromkeys((*_VENUES, venue)) if name)
        mine = rf"(?<!\w)(?:{separated}|{re.escape(symbol)}{names})(?!\w)"
        theirs = rf"(?<!\w)(?:{'|'.join(tickers)})(?:USDT|USDC|USD)?(?!\w)"
        self._words = (
            (re.compile(r"\b(?:bitcoin cash|binance coin)\b", re.I), "another asset"),
            (re.compile(mine, re.I), "the asset"),
            (re.compile(rf"\b(?:{venues})\b", re.I), "a venue"),
            (re.compile(rf"\b(?:{'|'.join(map(re.escape, others))})\b", re.I), "another asset"),
            (re.compile(theirs), "another asset"),
        )
        self._mid = mid

    def of(self, text: str) -> str:
        """Return the text with names, venues, dates, times and prices of this market hidden."""
        for pattern, word in (*self._words, *_DATES):
            text = pattern.sub(word, text)
        return _AMOUNT.sub(self._price, text)

    def _price(self, found: re.Match[str]) -> str:
        """Return a price as its distance from the mid; any other amount as it is."""
        try:
            value = Decimal(found[2].replace(",", "")) * (1_000 if found[3] else 1)
        except InvalidOperation:
            return found[0]
        mid = self._mid
        if mid is None or not mid / _PRICE_FACTOR <= value <= mid * _PRICE_FACTOR:
            return found[0]
        if found[1] is None and value < _PRICE_MIN:
            return found[0]
        return f"a price ({float(value / mid - 1) * 100:+.1f} %)"


def _base_of(symbol: str) -> str:
    """Return what a symbol is traded for: BTC of BTCUSDT, AAPL of AAPL."""
    upper = symbol.upper()
    for quote in _QUOTES:
        if upper.endswith(quote) and len(upper) > len(quote):
            return symbol[: -len(quote)].rstrip("-/_ ")
    return symbol
