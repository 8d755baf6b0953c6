"""The headlines of the generated market, hand-written, each with the direction its words point in.

`{slots}` are filled from `SLOTS` and from the instrument (`asset`, `ticker`). What a headline says
and whether it comes true are two things: that is drawn later, per item. No text here may be used
to train a reader: a reader that had seen them would look better than it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from steersman.domain.advice import Direction, Severity

__all__ = ["REPEATS", "SLOTS", "TEMPLATES", "Template"]


@dataclass(frozen=True, slots=True)
class Template:
    """One headline with slots; `market` is crypto, equity or any."""

    text: str
    direction: Direction
    severity: Severity
    market: str


_CRYPTO_UP_MAJOR: Final = (
    "{country} clears banks to hold {asset} on their own balance sheets from {month}",
    "{country} adds {asset} to its official reserves in surprise decree",
    "{fund} discloses {amount} {asset} position, its largest alternative holding ever",
    "Regulator withdraws its case against the biggest {asset} custodian; firm admits no wrongdoing",
    "Lawmakers in {country} pass landmark bill recognising {asset} as legal property, 312 to 87",
    "Pension giant {fund} wins board approval to put {pct}% of assets into {asset}",
    "{exchange} reports record one-day inflow of {amount} into {asset} products",
    "Payments network with 900 million cards switches on {asset} settlement worldwide",
    "Court throws out ban on {asset} trading, ruling takes effect immediately",
    "Central bank of {country} stuns markets with emergency rate cut; {asset} bid jumps",
    "{firm} to convert its entire {amount} cash pile into {asset}, chief executive says",
    "Watchdog approves the first {asset} retirement fund after a two-year fight",
)
_CRYPTO_UP_MINOR: Final = (
    "{asset} funds take in {amount} this week, the fourth gain in a row",
    "{exchange} cuts {asset} trading fees for institutions, volumes pick up",
    "Large wallets have added {units} {ticker} since Monday, on-chain trackers show",
    "{firm} starts accepting {asset} at its online store in {country}",
    "{analyst} lifts year-end {asset} target, citing tighter supply",
    "Exchange balances of {ticker} slip to lowest since spring as holders withdraw to cold storage",
    "Developers ship {asset} upgrade on schedule, fees fall by a third",
    "Survey: {pct}% of family offices plan to raise {asset} exposure next year",
    "{fund} files for a second {asset} product after strong demand for its first",
    "{asset} hash power and active addresses both edge higher in {month}",
    "Lender {firm} resumes {asset} withdrawals two days earlier than promised",
    "Short sellers trim {asset} bets as funding turns friendlier for buyers",
    "{country} tax office softens stance on small {asset} gains",
    "Brokerage {firm} opens {asset} trading to retail clients in {country}",
    "Upbeat {asset} options desk reports steady call buying into month-end",
)
_CRYPTO_DOWN_MAJOR: Final = (
    "{exchange} halts all withdrawals after attackers drain {amount} from hot wallets",
    "{country} outlaws {asset} trading with immediate effect, banks told to cut off platforms",
    "Prosecutors charge {exchange} founders with fraud; customer money is missing",
    "{fund} liquidates its whole {asset} stake, sending {units} {ticker} to market",
    "Critical flaw lets attackers mint unbacked tokens on {asset} bridge, losses near {amount}",
    "Stablecoin issuer admits {amount} hole in reserves, redemptions suspended",
    "{exchange} files for bankruptcy protection, creditors face steep losses",
    "Regulator sues three largest {asset} brokers and seeks to freeze their assets",
    "Government of {country} moves {units} seized {ticker} to exchanges, sale feared",
    "Cascade of forced selling wipes out {amount} of leveraged {asset} longs within an hour",
    "Auditor resigns from {exchange}, says it can no longer vouch for customer funds",
    "Central bank of {country} raises rates by a full point in unscheduled move; risk assets slump",
    "Court orders {firm} to stop serving {asset} customers by Friday",
)
_CRYPTO_DOWN_MINOR: Final = (
    "{asset} products shed {amount} as investors take profit",
    "{exchange} suffers brief outage, some {asset} orders rejected",
    "{analyst} trims {asset} forecast on weaker demand from {country}",
    "Miners send {units} {ticker} to exchanges, most since the summer",
    "{country} delays decision on {asset} fund for another 45 days",
    "{firm} drops plan for {asset} payments, blaming compliance costs",
    "Tax authority in {country} proposes stricter {asset} reporting rules",
    "{asset} network fees spike as backlog builds, users complain",
    "Quiet spot demand leaves {asset} leaning on leverage, desk warns",
    "{fund} reduces {asset} weighting by {pct}% in quarterly reshuffle",
    "Wallet dormant for nine years wakes up and sends {units} {ticker} to {exchange}",
    "Bug forces {asset} client teams to postpone release",
    "Bank in {country} tightens limits on transfers to {asset} platforms",
    "Funding for {asset} perpetuals slips below zero as traders pay to stay short",
    "{exchange} lays off {pct}% of staff amid thin {asset} volumes",
)
_CRYPTO_FLAT: Final = (
    "{asset} conference in {country} draws {units} visitors",
    "Explainer: how {asset} order books differ between venues",
    "{exchange} to perform routine maintenance on Sunday, trading unaffected",
    "Opinion: what {asset} can learn from the history of railways",
    "{asset} little changed as traders await data from {country}",
    "{analyst} keeps {asset} outlook unchanged, sees range trading",
    "{firm} appoints new head of {asset} research",
    "University in {country} adds {asset} course to its finance degree",
    "Podcast: ten years of {asset} with the people who built it",
    "{exchange} publishes monthly proof of reserves, ratios as before",
    "{asset} trading range narrows to the tightest since {month}",
    "Quiet session for {asset}; volumes near their average",
    "Photo essay: a day inside the largest {asset} mine of {country}",
    "{fund} rebrands its {asset} vehicle, strategy stays the same",
    "Interview: {analyst} on collecting early {asset} memorabilia",
    "{exchange} rolls out dark mode in its {asset} app",
    "Calendar: what {asset} traders watch this week",
    "{country} publishes summary of public comments on {asset} rules, no decision expected",
    "Charity auction accepts {asset}, raises {small} thousand dollars",
    "{asset} options expiry passes without notable moves",
    "Quiz: how well do you know {asset}?",
    "{firm} sponsors chess tournament, prize paid in {ticker}",
)
_EQUITY_UP_MAJOR: Final = (
    "{asset} smashes profit estimates and raises its full-year guidance by {pct}%",
    "{asset} announces {amount} share buyback, the largest in its history",
    "Court sides with {asset} in patent fight, striking down {amount} verdict",
    "{fund} builds surprise {pct}% stake in {asset}",
    "{asset} wins exclusive {amount} supply contract with government of {country}",
    "{country} scraps planned tariff on {asset} products, shares surge in early trade",
    "{asset} services revenue soars past every forecast; margins at all-time high",
    "Antitrust suit against {asset} dismissed with prejudice",
    "{asset} unveils breakthrough chip twice as fast as rivals, orders pour in",
    "{asset} doubles its dividend after blowout holiday quarter",
)
_EQUITY_UP_MINOR: Final = (
    "{analyst} upgrades {asset} to buy, sees {pct}% upside",
    "{asset} store traffic rises in {country}, channel checks suggest",
    "{asset} suppliers signal firmer orders for {month}",
    "Early reviews of new {asset} device are mostly positive",
    "{firm} expands partnership with {asset} on cloud tools",
    "{asset} gains share in {country} smartphone market, tracker says",
    "{fund} adds modestly to its {ticker} holding, filing shows",
    "{asset} wins small but symbolic appeal in {country} tax case",
    "Trade-in demand for {asset} handsets beats last year's pace",
    "{asset} to open {small} new stores, hiring picks up",
    "Credit agency lifts outlook on {asset} debt to positive",
    "App spending on {asset} platform climbs {pct}% from a year ago",
)
_EQUITY_DOWN_MAJOR: Final = (
    "{asset} slashes revenue forecast as sales in {country} collapse",
    "{asset} recalls {units} devices over battery fires, halts shipments",
    "Justice officials seek break-up of {asset}, stock tumbles",
    "{country} bans sale of {asset} flagship products",
    "{asset} finance chief quits abruptly amid accounting probe",
    "{asset} loses {amount} appeal; fine must be paid at once",
    "Massive data breach at {asset} exposes accounts of {units} customers, inquiry opened",
    "Key {asset} factory in {country} shut down after explosion, output to fall sharply",
    "{fund} dumps entire {ticker} position in block trade far below market",
    "{asset} misses profit estimates by a wide margin and suspends guidance",
    "New {pct}% tariff hits {asset} imports from {country} from midnight",
)
_EQUITY_DOWN_MINOR: Final = (
    "{analyst} downgrades {asset} to hold, calls valuation stretched",
    "Shipping delays push back {asset} launch by a few weeks",
    "{asset} trims orders for {month}, two suppliers say",
    "Rival's cheaper model weighs on {asset} sales in {country}",
    "{asset} faces small fine over app rules in {country}",
    "Executive in charge of {asset} design leaves for start-up",
    "{fund} cuts {ticker} stake slightly, filing shows",
    "Weak currency to dent {asset} results, {analyst} warns",
    "Some {asset} users report glitches after update",
    "Staff at {asset} stores in {country} plan one-day strike",
    "Lead times for new {asset} phones shorten, hinting at softer demand",
    "Component shortage nibbles at {asset} margins",
)
_EQUITY_FLAT: Final = (
    "{asset} to present at technology conference in {month}",
    "Five things to know about {asset} before the bell",
    "{asset} shareholders re-elect board, as expected",
    "{asset} releases accessibility report",
    "{asset} chief executive to give commencement speech in {country}",
    "Shares of {asset} tread water in thin trade",
    "{analyst} reiterates neutral rating on {asset}",
    "{asset} refreshes colours of its entry-level tablet",
    "Inside the campus: how {asset} feeds its engineers",
    "{asset} files routine prospectus supplement",
    "{asset} ex-dividend date set for {month}, payout unchanged",
    "Museum in {country} shows early {asset} computers",
    "Index provider leaves weight of {ticker} unchanged in review",
    "Column: {asset}, nostalgia and the art of the keynote",
)
_ANY_UP_MAJOR: Final = (
    "Inflation in {country} drops far more than expected, opening the door to rate cuts",
    "Ceasefire agreed, oil slides and stock futures leap",
    "Policy makers unveil {amount} stimulus package to revive growth",
)
_ANY_UP_MINOR: Final = (
    "Jobless claims dip again, soft landing hopes firm",
    "Consumer mood in {country} brightens for a third month",
    "Fed governor sounds relaxed about prices, yields ease",
    "Risk appetite improves a touch as dollar softens",
)
_ANY_DOWN_MAJOR: Final = (
    "Inflation shock: prices in {country} accelerate to fastest in decades, hikes loom",
    "Missile strikes reported near shipping lane, investors rush to safety",
    "Big regional lender seized by regulators, contagion fears grip markets",
)
_ANY_DOWN_MINOR: Final = (
    "Factory orders in {country} disappoint, growth worries linger",
    "Fed minutes lean a little more hawkish than thought",
    "Dollar firms and yields tick up, weighing on risk assets",
    "Retail sales in {country} slip for a second month",
)
_ANY_FLAT: Final = (
    "Markets wrap: a calm day with little to trade on",
    "{country} holds rates steady, statement nearly word for word the same",
    "Holiday-thinned trading expected in {country} tomorrow",
    "Economists split on next move of {country} central bank",
    "Clocks go back in {country} on Sunday: trading hours to shift",
    "Press conference of finance ministers yields no news",
    "Data in line: {country} output grows exactly as forecast",
)

_UP, _FLAT, _DOWN = Direction.UP, Direction.FLAT, Direction.DOWN
_NONE, _MINOR, _MAJOR = Severity.NONE, Severity.MINOR, Severity.MAJOR

TEMPLATES: Final[tuple[Template, ...]] = tuple(
    Template(text, direction, severity, market)
    for market, direction, severity, texts in (
        ("crypto", _UP, _MAJOR, _CRYPTO_UP_MAJOR),
        ("crypto", _UP, _MINOR, _CRYPTO_UP_MINOR),
        ("crypto", _DOWN, _MAJOR, _CRYPTO_DOWN_MAJOR),
        ("crypto", _DOWN, _MINOR, _CRYPTO_DOWN_MINOR),
        ("crypto", _FLAT, _NONE, _CRYPTO_FLAT),
        ("equity", _UP, _MAJOR, _EQUITY_UP_MAJOR),
        ("equity", _UP, _MINOR, _EQUITY_UP_MINOR),
        ("equity", _DOWN, _MAJOR, _EQUITY_DOWN_MAJOR),
        ("equity", _DOWN, _MINOR, _EQUITY_DOWN_MINOR),
        ("equity", _FLAT, _NONE, _EQUITY_FLAT),
        ("any", _UP, _MAJOR, _ANY_UP_MAJOR),
        ("any", _UP, _MINOR, _ANY_UP_MINOR),
        ("any", _DOWN, _MAJOR, _ANY_DOWN_MAJOR),
        ("any", _DOWN, _MINOR, _ANY_DOWN_MINOR),
        ("any", _FLAT, _NONE, _ANY_FLAT),
    )
    for text in texts
)
"""Every headline with what its words say."""

REPEATS: Final = (
    "Recap: {text}",
    "{text} - what we know so far",
    "ICYMI: {text}",
    "Earlier today: {text}",
    "{text} (repeat)",
)
"""How an old headline is told again."""

SLOTS: Final[dict[str, tuple[str, ...]]] = {
    "country": (
        "Brazil", "Japan", "Germany", "India", "South Korea", "Canada", "Nigeria", "Turkey",
        "Australia", "Switzerland", "Mexico", "Indonesia", "Poland", "Vietnam", "Chile", "Norway",
    ),
    "exchange": (
        "Northgate", "Halcyon Exchange", "Orbit Markets", "Tidewater", "Blue Anvil", "Quayside",
        "Meridian X", "Stonebridge Digital",
    ),
    "fund": (
        "Castlebridge", "Larkfield Capital", "Pinecrest Partners", "Oakham Asset Management",
        "Silverline", "Grey Heron Advisors", "Redwater", "Fairmont Endowment",
    ),
    "firm": (
        "Brightmoor", "Cobalt Pay", "Lumen & Hart", "Vantage Retail", "Harrow Systems",
        "Copperfield Group", "Delmar Logistics", "Ashgrove Bank",
    ),
    "analyst": (
        "Whitlock Securities", "Priya Nand", "Olsen Research", "Tern & Co", "Maro Advisory",
        "Lin Abara", "Hartwell Research", "Sorensen Markets",
    ),
    "month": (
        "January", "February", "March", "April", "May", "June", "July", "September", "October",
        "November", "December",
    ),
    "amount": (
        "$85 million", "$140 million", "$260 million", "$420 million", "$610 million",
        "$900 million", "$1.3 billion", "$2.4 billion", "$5 billion", "$8.7 billion",
    ),
    "units": (
        "3,100", "4,800", "7,200", "9,500", "12,400", "18,000", "26,300", "41,000", "65,000",
    ),
    "pct": ("2", "3", "4", "5", "6", "7", "8", "10", "12", "15", "18"),
    "small": ("6", "9", "12", "14", "17", "22", "30"),
}  # fmt: skip
"""What may stand in a slot; the names of firms and people are invented."""
