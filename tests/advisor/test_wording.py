"""Words and figures as buckets: what is told apart, what is not, and that nothing else matters."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.advisor.reading import normalise
from steersman.advisor.wording import BUCKETS, buckets


def bucket(word: str) -> int:
    return zlib.crc32(word.encode()) % BUCKETS


def test_words_stems_and_figures_are_what_is_said() -> None:
    said = ["exports", "~expor", "grow", "+#%", ",", "ceo", "says"]
    assert buckets("Exports grow +4.5%, CEO says") == sorted(bucket(word) for word in said)


def test_names_of_amounts_do_not_matter_and_repeats_count_once() -> None:
    assert buckets("Profit falls 12%") == buckets("profit falls profit 3.5 pct")
    assert buckets("Raises $40 million") == buckets("Raises €1,200m")


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        ("EPS 2.15 vs 1.80 expected", ">"),
        ("EPS $0.9bn vs $1,100m expected", "<"),
        ("EPS -3% vs \u22124% expected", ">"),
        ("EPS 50 vs 50.0 expected", "="),
        ("EPS in 2019 up 4% after 3%", ">"),
        ("EPS 12% on 3 stores", ""),
        ("EPS misses for the 3rd time", ""),
    ],
)
def test_neighbouring_figures_of_one_unit_are_compared(line: str, outcome: str) -> None:
    found = buckets(line)
    for sign in "<>=":
        assert (bucket(sign) in found) == (sign == outcome)
        assert (bucket(sign + "eps") in found) == (sign == outcome)


@given(st.text(max_size=300))
def test_any_line_has_ascending_buckets_within_bounds(text: str) -> None:
    found = buckets(normalise(text))
    assert found == sorted(set(found))
    assert all(0 <= number < BUCKETS for number in found)


def test_a_line_without_a_word_says_nothing() -> None:
    assert buckets("") == [] and buckets("暴跌") == []
    assert buckets("9" * 240) == [bucket("#")]
