"""T14: what a run can be repeated from, as far as its journal tells.

The journal's first record holds settings, instrument, fees and seed; the order holds the rest. It
does not name its market, nor files given on the command line: what is not known is said.
"""

from __future__ import annotations

import hashlib
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from steersman.domain.order import AlgoName, ParentOrder
from steersman.domain.specs import find
from steersman.domain.units import SECOND_NS
from steersman.domain.valued import Worth
from steersman.errors import UsageError
from steersman.report.cases import Case
from steersman.report.table import iso
from steersman.tca.frames import frame_of, html_of

__all__ = ["Reproduce", "reproduce", "settings_toml"]

REPEATS: Final = "The run, as far as the journal tells"
UNKNOWN: Final = (
    "Not in the journal, so add what was given: --market of a recording, --regime, --news, "
    "--funding, --latency, --feed-latency, --queue, --impact, --parameters, --watch-after, "
    "--informativeness, --advisor-latency, [signals]. --advisor recorded:JOURNAL repeats any "
    "advisor's answers."
)
# How the names of advisors begin that need nothing to be asked again.
PLAIN: Final = {
    "rules-": "rules",
    "smollm2-": "embedded",
    "neutral-": "neutral",
    "keyword-": "keyword",
}


@dataclass(frozen=True, slots=True)
class Reproduce:
    """What names a run or a study, its command, the settings file it needs (or nothing).

    `what` says what the command repeats, `unknown` what may have to be added to it.
    """

    order: str
    what: str
    rows: tuple[tuple[str, str], ...]
    command: str
    settings: str
    unknown: str

    def records(self) -> list[dict[str, str | float | int | None]]:
        """Return what names it, its command and its settings, a row each."""
        rows = (*self.rows, ("command", self.command), ("settings.toml", self.settings))
        return [{"what": name, "value": value} for name, value in rows]

    def to_polars(self) -> Any:
        """Return its rows as a polars DataFrame; raise UsageError where polars is not installed."""
        return frame_of(self.records())

    def _repr_html_(self) -> str:
        return html_of(self.records(), self.order)


def reproduce(case: Case, version: str) -> Reproduce:
    """Return what one order can be repeated from."""
    source, started = case.source, case.started
    settings = settings_toml(case)
    advisors = ", ".join(dict.fromkeys(one.advisor for one in case.decisions)) or "none asked"
    rows = (
        ("reported by", f"steersman {version}"),
        ("journal", f"{source.name}, {source.records} records, schema {started.schema}"),
        ("journal hash", source.journal_hash),
        ("sealed", "yes" if source.sealed else "no: never closed"),
        ("data range", f"{iso(source.first_ns)} to {iso(source.last_ns)}"),
        ("instrument", case.report.instrument),
        (
            "fees, maker / taker",
            f"{case.report.maker_fee_bps:f} / {case.report.taker_fee_bps:f} bps",
        ),
        ("seed", str(started.seed)),
        ("advisor", advisors),
        ("settings hash", _settings_hash(case)),
    )
    return Reproduce(case.name, REPEATS, rows, _command(case, bool(settings)), settings, UNKNOWN)


def settings_toml(case: Case) -> str:
    """Return the settings that differ from the defaults, as a settings file; else nothing."""
    lines: list[str] = []
    for table, settings in (("execution", case.started.execution), ("limits", case.started.limits)):
        changed = []
        for field in msgspec.structs.fields(settings):
            value = getattr(settings, field.name)
            default = case.report.qty if field.name == "max_position" else field.default
            if value != default:
                changed.append(f"{field.name} = {_toml(value)}")
        if changed:
            lines += [f"[{table}]", *changed]
    return "\n".join(lines)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)  # a word, such as a style


def _settings_hash(case: Case) -> str:
    parts = (case.started.execution, case.started.limits)
    payload = msgspec.json.encode(parts, order="deterministic")
    return hashlib.sha256(payload).hexdigest()


def _command(case: Case, with_settings: bool) -> str:
    order = case.course.facts.order
    instrument = case.course.facts.instrument
    words = ["steersman", "run", "--symbol", instrument.symbol]
    words += ["--category", instrument.category.value, "--side", order.side.value]
    words += ["--qty", format(order.qty, "f"), "--start", _to_the_ns(order.start_ns)]
    words += ["--horizon", _duration(order), "--algo", order.algo.value]
    if order.algo is AlgoName.ADAPTIVE:
        words += ["--base", order.base.value, "--advisor", _advisor(case)]
    words += ["--urgency", format(order.urgency, "f"), "--seed", str(case.started.seed)]
    if order.limit_price is not None:
        words += ["--limit", format(order.limit_price, "f")]
    if order.decision_price is not None:
        words += ["--decision-price", format(order.decision_price, "f")]
    fees = case.report.maker_fee_bps, case.report.taker_fee_bps
    if fees != _usual_fees(case):
        words.append(f"--fee-tier={fees[0]:f}:{fees[1]:f}")
    words += ["--id", order.id]
    if instrument.venue != "sim":
        words += ["--market", "DIR"]
    words += _judging(case)
    if with_settings:
        words += ["--config", "settings.toml"]
    return shlex.join(words)


def _judging(case: Case) -> list[str]:
    """Return the options that judge the same decisions again: what was found is in the journal."""
    values = [one.valued for one in case.decisions if one.valued is not None]
    if not values:
        return []
    futures = max(value.futures for value in values)
    judged = sum(value.worth is not Worth.IDLE for value in values)
    words = ["--judge", str(max(1, judged))]
    return [*words, "--futures", str(futures)] if futures > 1 else words


def _usual_fees(case: Case) -> tuple[Decimal, Decimal] | None:
    spec = case.course.facts.instrument
    try:
        usual = find(spec.symbol, category=spec.category, venue=spec.venue)
    except UsageError:
        return None
    return usual.maker_fee_bps, usual.taker_fee_bps


def _advisor(case: Case) -> str:
    """Return the option that asks for the advisor that answered, or for its recorded answers."""
    names = [one.advisor for one in case.decisions if not one.fallback]
    names = names or [one.advisor for one in case.decisions]
    if not names:
        return "none"
    option = next((plain for start, plain in PLAIN.items() if names[0].startswith(start)), None)
    return option or f"recorded:{case.source.name}"


def _to_the_ns(at_ns: int) -> str:
    whole, rest = divmod(at_ns, SECOND_NS)
    below = f".{rest:09d}".rstrip("0") if rest else ""
    return f"{datetime.fromtimestamp(whole, tz=UTC):%Y-%m-%dT%H:%M:%S}{below}"


def _duration(order: ParentOrder) -> str:
    whole, rest = divmod(order.horizon_ns, SECOND_NS)
    return f"{whole}s" + (f"{rest // 1_000_000}ms" if rest else "")
