"""The page: one file, nothing loaded, nothing run, everything escaped, small."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

from steersman.domain.messages import Alert, ParentState
from steersman.domain.units import SECOND_NS
from steersman.report.build import report_of
from steersman.report.page import POLICY, page
from tests.report.told import Told
from tests.tca.story import Story

EVIL = "<script>alert(1)</script>'\"><img src=x onerror=alert(2)>\x00\x1b https://evil.example/x"
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Reader(HTMLParser):
    """Collect what a browser would act on, and whether tags close as they open."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"{tag} closes {self.open[-3:]}"
        self.open.pop()


def parsed(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


def evil_page() -> str:
    """A report whose reasons, advice, alerts and names all are attacks."""
    told = Told(words=EVIL)
    told.story.messages.append(Alert(EVIL, EVIL, None, EVIL))
    told.whole()
    running = Told(words=EVIL, sealed=False).whole()
    return page(report_of([*told.cases(EVIL), *running.cases(EVIL)], EVIL))


def test_no_text_becomes_markup() -> None:
    reader = parsed(evil_page())
    assert not {"script", "img", "iframe", "object", "link", "base", "form"} & set(reader.tags)
    assert not [name for name, _ in reader.attributes if name.startswith("on")]
    assert reader.open == [], "every element is closed"
    for drawing in re.findall(r"<svg.*?</svg>", evil_page()):
        ElementTree.fromstring(drawing)
    assert "&lt;script&gt;" in evil_page()


def test_nothing_is_loaded_from_anywhere() -> None:
    html = evil_page()
    for name, value in parsed(html).attributes:
        if name in {"href", "src", "action", "data", "xlink:href"}:
            assert value is not None and value.startswith("data:"), (name, value)
    assert "@import" not in html and "url(" not in html
    assert POLICY in html and POLICY.startswith("default-src 'none'")
    found = set(re.findall(r"https?://[^\s'\"<&]+", html))
    addresses = {one for one in found if not one.startswith("https://evil.example/x")}
    assert addresses == {"http://www.w3.org/2000/svg"}, "the name of SVG, which nobody fetches"


def test_every_chart_has_a_place_and_its_drawing_a_name() -> None:
    html = page(report_of(Told().whole().cases(), "steersman report a.journal --out a.html"))
    reader = parsed(html)
    ids = [value for name, value in reader.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {f"T{i}" for i in range(1, 15)} <= set(ids)
    labelled = [value for name, value in reader.attributes if name == "aria-labelledby"]
    assert labelled
    for names in labelled:
        assert names is not None and set(names.split()) <= set(ids)
    assert reader.attributes.count(("role", "img")) == reader.tags.count("svg") == len(labelled)
    assert reader.tags.count("h1") == 1 and ("lang", "en") in reader.attributes
    assert "steersman report a.journal --out a.html" in html


def test_what_is_wrong_stands_first() -> None:
    html = page(report_of(Told(story=Story(qty="10").run("99", "101"), sealed=False).cases()))
    assert html.index("never closed") < html.index("has not ended") < html.index("Targets</h2>")
    assert "role=alert" in html
    assert "role=alert" not in page(report_of(Told().whole().cases()))


def test_an_order_of_four_hours_and_thousands_of_fills_stays_below_a_megabyte() -> None:
    story = Story(qty="10000", horizon=14_400).run("99", "101")
    for i in range(1, 5_001):
        at = 2.5 * i
        bid, ask = (f"{99 + i % 7 / 10:.2f}", f"{101 + i % 7 / 10:.2f}")
        story.view(at, bid, ask).schedule(f"{2 * i}")
        story.place("2", "99")
        story.fill(at, "2", bid, maker=i % 9 > 0)
    story.end(12_600, "99", "101", ParentState.COMPLETED)
    (case,) = Told(story=story).cases()
    assert case.report.filled_qty == 10_000 and case.report.end_ns == 12_600 * SECOND_NS
    html = page(report_of([case]))
    assert len(html.encode()) < 1_000_000
    assert "those of one kind in the same stretch are one mark" in html


def test_the_same_orders_make_the_same_page(tmp_path: Path) -> None:
    first, second = (page(report_of(Told().whole().cases())) for _ in range(2))
    assert first == second
