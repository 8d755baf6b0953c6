"""A report as one HTML file: no network, no fonts, no script; everything untrusted is escaped."""

from __future__ import annotations

from html import escape
from typing import Final

from steersman import __version__
from steersman.report.build import Report, Section, metrics_table
from steersman.report.reproduce import Reproduce
from steersman.report.style import STYLE
from steersman.report.table import figure, printable
from steersman.tca.targets import Metric

__all__ = ["fragment", "page"]

# Nothing may be loaded and nothing may run, whatever got into a text.
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
PAGE: Final = "body{margin:0}.sm{min-height:100vh}"
WHOLE: Final = 20  # rows of the overview that need no scrolling
FOOT: Final = (
    "Costs are positive, gains negative, in bps of the decision value unless said otherwise; times "
    "are UTC."
)
SIGNS: Final = {"met": "✓", "not met": "✗", "undecided": "?", "not measurable": "–"}


def page(report: Report) -> str:
    """Return the whole file."""
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name=viewport content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<style>{PAGE}</style><title>{escape(report.title)} · Steersman report</title></head>"
        f"<body>{fragment(report)}</body></html>\n"
    )


def fragment(report: Report) -> str:
    """Return the report with its style sheet, to stand in any page or notebook."""
    body = [
        f"<style>{STYLE}</style><div class=sm><header><h1>{_text(report.title)}</h1>",
        f"<p class=sub>{_text(report.subtitle)}</p>",
        f"{_problems(report)}{_tiles(report)}</header><main>",
        _targets(report.metrics),
        _overview(report),
        *(_section(section) for section in report.sections),
        _reproduced(report),
        f"</main><footer><p>{FOOT} Made by steersman {escape(__version__)}.</p></footer></div>",
    ]
    return "".join(body)


def _text(words: str) -> str:
    return escape(printable(words))


def _problems(report: Report) -> str:
    if not report.problems:
        return ""
    items = "".join(f"<li>{_text(problem)}</li>" for problem in report.problems)
    return (
        "<div class=problems role=alert id=problems><strong>Read this first</strong>"
        f"<ul>{items}</ul></div>"
    )


def _tiles(report: Report) -> str:
    if not report.tiles:
        return ""
    tiles = "".join(
        f"<div class=tile><dt>{_text(tile.name)}</dt><dd>{_text(tile.value)}</dd></div>"
        for tile in report.tiles
    )
    return f"<dl class=tiles>{tiles}</dl>"


def _targets(metrics: tuple[Metric, ...]) -> str:
    table = metrics_table(metrics)
    heads = ("", "metric", "target", "value", "95 % interval", "n", "verdict", "what it is")
    head = "".join(f"<th scope=col>{name}</th>" for name in heads)
    rows = "".join(_target(metric) for metric in metrics)
    return (
        "<h2>Targets</h2><section class='card wide' id=targets><p class=about>Targets are met or "
        "not; nothing is tuned to them. An interval needs several orders, or several decisions.</p>"
        f"<div class=scroll><table class=targets><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
        f"{table.csv_link()}</section>"
    )


def _target(metric: Metric) -> str:
    found = metric.measured
    value = "" if found is None else figure(found.value)
    interval = ""
    if found is not None and (found.low is not None or found.high is not None):
        ends = (figure(end) if end is not None else "no bound" for end in (found.low, found.high))
        interval = " to ".join(ends)
    verdict = metric.verdict
    cells = (
        metric.target.group,
        metric.target.title,
        metric.target.text,
        value,
        interval,
        "" if found is None else f"{found.n:,}",
    )
    return (
        "<tr>"
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + f"<td class='verdict {verdict.replace(' ', '-')}'>{SIGNS[verdict]} {verdict}</td>"
        + f"<td>{escape(metric.note)}</td></tr>"
    )


def _overview(report: Report) -> str:
    found = report.overview
    if len(found.rows) < 2:
        return ""
    table = f"{found.html()}{found.csv_link()}"
    look = "'card wide'" if len(found.rows) <= WHOLE else "card"
    return f"<h2>{escape(found.title)}</h2><section class={look} id={found.key}>{table}</section>"


def _section(section: Section) -> str:
    cards = "".join(chart.html() for chart in section.charts)
    return f"<h2 id='{section.key}'>{_text(section.title)}</h2><div class=cards>{cards}</div>"


def _reproduced(report: Report) -> str:
    boxes = "".join(_box(one) for one in report.reproduced)
    command = f"<p>This report:</p><pre>{escape(report.command)}</pre>" if report.command else ""
    return (
        "<h2>Reproduce</h2><section class=card id=T14 data-testid=T14>"
        f"<h3>T14 What this can be repeated from</h3>{command}{boxes}</section>"
    )


def _box(one: Reproduce) -> str:
    rows = "".join(
        f"<tr><th scope=row>{escape(name)}</th><td class=hash>{_text(value)}</td></tr>"
        for name, value in one.rows
    )
    settings = f"<p>settings.toml:</p><pre>{escape(one.settings)}</pre>" if one.settings else ""
    return (
        f"<table><caption>{_text(one.order)}</caption><tbody>{rows}</tbody></table>"
        f"<p>{escape(one.what)}:</p><pre>{escape(one.command)}</pre>{settings}"
        f"<p class=note>{escape(one.unknown)}</p>"
    )
