"""Tables: what people read, what a spreadsheet gets, what is kept from running."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import re

import pytest

from steersman.report.table import (
    PLAIN_BYTES,
    ROWS_SHOWN,
    Column,
    Table,
    estimate_columns,
    figure,
    mean_cells,
    printable,
)
from tests.tca.story import ns

COLUMNS = (Column("at", "time"), Column("who"), Column("bps", "number", 1))


def table(*rows: tuple[int, str | None, float | None]) -> Table:
    return Table("t", "A table", COLUMNS, rows)


def saved(link: str) -> tuple[str, str]:
    """Return the name and the content of the file that a link saves."""
    found = re.search(r"download='([^']+)' href='data:([^;]+);base64,([^']+)'", link)
    assert found is not None
    content = base64.b64decode(found[3])
    if found[2] == "application/gzip":
        content = gzip.decompress(content)
    return found[1], content.decode()


def test_csv_is_exact_and_reads_back() -> None:
    one = table((ns(1.5), "a,b", 1 / 3), (ns(2), None, None))
    assert list(csv.reader(io.StringIO(one.csv()))) == [
        ["at", "who", "bps"],
        ["1970-01-01T00:00:01.500Z", "a,b", repr(1 / 3)],
        ["1970-01-01T00:00:02.000Z", "", ""],
    ]
    assert saved(one.csv_link()) == ("t.csv", one.csv())


def test_a_long_csv_is_compressed_whole() -> None:
    long = table(*((ns(i), f"child {i}", float(i)) for i in range(1_000)))
    assert len(long.csv()) > PLAIN_BYTES
    assert saved(long.csv_link()) == ("t.csv.gz", long.csv())
    assert len(long.csv_link()) < len(long.csv()) / 2
    assert long.html().count("<tr>") == ROWS_SHOWN + 1
    assert f"{1_000 - ROWS_SHOWN} more rows" in long.html()


def test_nothing_in_a_cell_becomes_markup_or_a_formula() -> None:
    bad = table((0, "<script>alert(1)</script>", None), (0, "=HYPERLINK(1)", None))
    assert "<script" not in bad.html() and "&lt;script&gt;" in bad.html()
    assert [row[1] for row in csv.reader(io.StringIO(bad.csv()))][2] == "'=HYPERLINK(1)"
    assert printable("a\u202eb\nc\x00") == "a b c "


@pytest.mark.parametrize(
    ("text", "saved"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("gone;=cmd|' /C calc'!A0", "gone;'=cmd|' /C calc'!A0"),
        ('gone; "@SUM(1)"', 'gone; "\'@SUM(1)"'),
        ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("\t=1+1", " '=1+1"),
    ],
)
def test_a_formula_is_kept_from_being_one_where_semicolons_separate_too(
    text: str, saved: str
) -> None:
    assert list(csv.reader(io.StringIO(table((0, text, None)).csv())))[1][1] == saved


@pytest.mark.parametrize(
    "text",
    [
        "pace 50 %, -3 bps against the mid, +2 later",
        "a | b = c; d, e@f",
        "behind schedule; 3 lots, urgency=0.5",
        "-12.5",
        "from 3; -12.5; +1,000",
        "it's so",
    ],
)
def test_ordinary_words_and_numbers_stay_as_they_are(text: str) -> None:
    assert list(csv.reader(io.StringIO(table((0, text, None)).csv())))[1][1] == text


def test_times_more_than_a_day_apart_have_their_day() -> None:
    rows = table((ns(1.5), "x", None), (ns(86_401.5), "y", None)).text_rows()
    assert [row[0] for row in rows] == ["1970-01-01T00:00:01.500Z", "1970-01-02T00:00:01.500Z"]
    near = table((ns(1.5), "x", None), (ns(86_401.4), "y", None)).text_rows()
    assert [row[0] for row in near] == ["00:00:01.500", "00:00:01.400"]


def test_what_is_absent_is_unknown_and_a_minus_is_one() -> None:
    assert table((0, None, None)).text_rows() == [["00:00:00.000", "", "unknown"]]
    assert table((0, "x", -1234.56)).text_rows()[0][2] == "−1,234.6"
    assert (figure(None), figure(2.0, 1, sign=True)) == ("unknown", "+2.0")


def test_records_keep_values_as_they_are() -> None:
    assert table((7, "x", 1.25)).records() == [{"at": 7, "who": "x", "bps": 1.25}]


def test_a_mean_is_of_what_is_known() -> None:
    mean, low, high, n = mean_cells([1.0, None, 3.0])
    assert (mean, n) == (2.0, 2)
    assert [low, high] == pytest.approx([2 - 12.706205, 2 + 12.706205])
    assert mean_cells([None]) == (None, None, None, 0) and mean_cells([5.0]) == (5.0, None, None, 1)
    assert [column.name for column in estimate_columns("mean, bps")][::3] == ["mean, bps", "n"]


def test_a_ragged_table_is_our_own_fault() -> None:
    with pytest.raises(AssertionError, match="ragged"):
        Table("t", "t", COLUMNS, ((1, "x"),))


def test_a_table_becomes_a_frame() -> None:
    polars = pytest.importorskip("polars")
    frame = table((7, "x", 1.25), (8, None, None)).to_polars()
    assert frame.shape == (2, 3) and frame.columns == ["at", "who", "bps"]
    assert frame["bps"].to_list() == [1.25, None]
    assert frame["at"].dtype == polars.Datetime("ns", "UTC")


def test_a_notebook_shows_the_table() -> None:
    one = table((7, "x", 1.25))
    assert one._repr_html_() == one.html()
