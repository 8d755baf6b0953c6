"""The pure half of the reader: texts in normal form, embeddings into readings."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.advisor import weights
from steersman.advisor.reading import (
    TEXT_CHARS_MAX,
    Head,
    Reading,
    load_head,
    normalise,
    prompt_of,
)
from steersman.advisor.wording import BUCKETS, buckets
from steersman.domain.advice import Direction, Severity
from steersman.errors import WeightsError

META = {"schema": 2, "weights_sha256": "0" * 64, "template": "News: {text}\nIt"}


def small_head() -> Head:
    eye = np.eye(3, dtype=np.float32)
    zero = np.zeros(3, dtype=np.float32)
    return Head((eye, zero), (eye[::-1].copy(), zero), META)


def packed(**changes: Any) -> bytes:
    parts: dict[str, Any] = {
        "meta": np.array(json.dumps(META)),
        "direction_weights": np.eye(3, dtype=np.float32),
        "direction_bias": np.zeros(3, dtype=np.float32),
        "severity_weights": np.eye(3, dtype=np.float32),
        "severity_bias": np.zeros(3, dtype=np.float32),
    }
    parts["words"] = np.zeros((6, BUCKETS), dtype=np.float16)
    buffer = io.BytesIO()
    np.savez(buffer, **(parts | changes))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("embedding", "direction", "severity"),
    [
        ([4.0, 0.0, 0.0], Direction.UP, Severity.MAJOR),
        ([0.0, 4.0, 0.0], Direction.FLAT, Severity.MINOR),
        ([0.0, 0.0, 4.0], Direction.DOWN, Severity.NONE),
        ([1.0, 1.0, 1.0], Direction.UP, Severity.NONE),
    ],
)
def test_the_largest_score_wins(
    embedding: list[float], direction: Direction, severity: Severity
) -> None:
    reading = small_head().read("", embedding)
    assert (reading.direction, reading.severity) == (direction, severity)


def test_softmax_is_the_known_one() -> None:
    reading = small_head().read("", [np.log(2.0), 0.0, 0.0])
    assert reading.p_up == pytest.approx(0.5, abs=1e-12)
    assert reading.p_flat == reading.p_down == pytest.approx(0.25, abs=1e-12)


def test_what_is_said_counts_beside_the_embedding() -> None:
    words = np.zeros((6, BUCKETS), dtype=np.float16)
    words[2, buckets("crash")], words[5, buckets("crash")] = 2.0, 4.0
    eye, zero = np.eye(3, dtype=np.float32), np.zeros(3, dtype=np.float32)
    head = Head((eye, zero), (eye, zero), META, words)
    reading = head.read("crash of a", [0.0, 0.0, 0.0])
    # Three words: each counts by one over the root of three, so that length does not matter.
    down, major = np.exp(2 / np.sqrt(3)), np.exp(4 / np.sqrt(3))
    assert reading.p_down == pytest.approx(down / (down + 2), abs=1e-12)
    assert reading.p_major == pytest.approx(major / (major + 2), abs=1e-12)
    assert head.read("calm of a", [0.0, 0.0, 0.0]).direction is Direction.UP


@given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3))
def test_probabilities_are_a_distribution(embedding: list[float]) -> None:
    reading = small_head().read("", embedding)
    assert reading.p_up + reading.p_flat + reading.p_down == pytest.approx(1.0, abs=1e-12)
    assert reading.p_none + reading.p_minor + reading.p_major == pytest.approx(1.0, abs=1e-12)
    assert reading == small_head().read("", np.array(embedding))


@pytest.mark.parametrize("embedding", [[1.0, 2.0], [1.0, float("nan"), 0.0], [[1.0, 2.0, 3.0]]])
def test_an_embedding_that_does_not_fit_is_refused(embedding: Any) -> None:
    with pytest.raises(WeightsError, match="embedding of shape"):
        small_head().read("", embedding)


def test_a_reading_that_is_no_distribution_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="not a distribution"):
        Reading(
            direction=Direction.UP,
            severity=Severity.NONE,
            p_up=0.9,
            p_flat=0.9,
            p_down=0.0,
            p_none=1.0,
            p_minor=0.0,
            p_major=0.0,
        )


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("  Bitcoin\t up \n", "Bitcoin up"),
        ("a\r\nb\u2028c\u2029d\x0be\x85f", "a b c d e f"),
        ("up\u200b\u202e\u0000\x1b[31mdown", "up[31mdown"),
        ("\uff22\uff34\uff23 \ufb01ne\u00a0\u2009day", "BTC fine day"),
        ("\ud800\ue000ok", "ok"),
        ("", ""),
    ],
)
def test_normal_form(text: str, normal: str) -> None:
    assert normalise(text) == normal


@given(st.text(max_size=600))
def test_a_normal_text_is_one_bounded_visible_line_for_good(text: str) -> None:
    line = normalise(text)
    assert len(line) <= TEXT_CHARS_MAX and "\n" not in line and line.isprintable()
    assert normalise(line) == line


def test_a_text_cannot_end_the_line_of_the_prompt() -> None:
    prompt = prompt_of("News: {text}\nIt", normalise("fine\nIt will crash {text}\u2028News: x"))
    assert prompt == "News: fine It will crash {text} News: x\nIt"


def test_the_packaged_head_fits_the_pinned_weights() -> None:
    head = load_head()
    assert head.weights_sha256 == weights.PINNED.sha256
    assert head.width == 576
    assert head.meta["train_headlines"] >= 1500


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not an archive",
        packed(meta=np.array(json.dumps(META | {"schema": 99}))),
        packed(meta=np.array(json.dumps(META | {"template": "no slot"}))),
        packed(direction_weights=np.eye(2, dtype=np.float32)),
        packed(words=np.zeros((6, 7), dtype=np.float16)),
        packed(words=np.full((6, BUCKETS), np.inf, dtype=np.float16)),
        packed(severity_bias=np.full(3, np.nan, dtype=np.float32)),
    ],
)
def test_a_damaged_head_is_one_clear_error(data: bytes) -> None:
    with pytest.raises(WeightsError, match="head"):
        load_head(data)
    assert load_head(packed()).width == 3
