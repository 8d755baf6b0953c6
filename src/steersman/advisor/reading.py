"""A reading: what one news text says about the price, as enums and probabilities.

Nothing of the text survives in a reading, so nothing written in it can reach a decision except
through these numbers. This module is the pure half of the reader: text in its normal form, and the
linear heads that turn an embedding, and what is said in words and figures, into a reading. The same
line and embedding give the same reading to the bit: sums are exactly rounded, without a BLAS.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import unicodedata
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Final, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from steersman.advisor.wording import BUCKETS, buckets
from steersman.domain.advice import Direction, Severity
from steersman.errors import WeightsError

__all__ = [
    "DIRECTIONS",
    "NOTHING_SAID",
    "SEVERITIES",
    "TEXT_CHARS_MAX",
    "Head",
    "Reading",
    "load_head",
    "normalise",
    "prompt_of",
]

TEXT_CHARS_MAX: Final = 240
"""Longer texts are cut here: a headline needs less, and time per text grows with its length."""

DIRECTIONS: Final = (Direction.UP, Direction.FLAT, Direction.DOWN)
SEVERITIES: Final = (Severity.NONE, Severity.MINOR, Severity.MAJOR)
HEAD_FILE: Final = "head.npz"
HEAD_SCHEMA: Final = 2
TOTAL_ERROR_MAX: Final = 1e-9
REINSTALL: Final = "reinstall steersman: its package data is damaged"

T = TypeVar("T")
Vector = npt.NDArray[np.float64]


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """Where a text points for the price it concerns, how much it matters, and how sure we are.

    `p_up + p_flat + p_down` and `p_none + p_minor + p_major` are 1; `direction` and `severity` are
    the likeliest, the first of equals in the order up, flat, down and none, minor, major.
    """

    direction: Direction
    severity: Severity
    p_up: float
    p_flat: float
    p_down: float
    p_none: float
    p_minor: float
    p_major: float

    def __post_init__(self) -> None:
        for name, three in (
            ("direction", (self.p_up, self.p_flat, self.p_down)),
            ("severity", (self.p_none, self.p_minor, self.p_major)),
        ):
            if not all(0.0 <= p <= 1.0 for p in three) or abs(sum(three) - 1.0) > TOTAL_ERROR_MAX:
                raise ValueError(f"{name} probabilities {three} are not a distribution")


NOTHING_SAID: Final = Reading(
    direction=Direction.FLAT,
    severity=Severity.NONE,
    p_up=0.0,
    p_flat=1.0,
    p_down=0.0,
    p_none=1.0,
    p_minor=0.0,
    p_major=0.0,
)
"""The reading of a text without a letter or a digit: no model is asked what silence means."""


class Head:
    """Two linear softmax heads over an embedding and hashed words, and what they are made for."""

    __slots__ = ("direction", "meta", "severity", "words")

    def __init__(
        self,
        direction: tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]],
        severity: tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]],
        meta: Mapping[str, Any],
        words: npt.NDArray[np.float16] | None = None,
    ) -> None:
        """Take (weights 3 x d, bias 3) for each head and (6 x BUCKETS) for words (None: zeros).

        The first three rows of `words` are for direction, the others for severity. Raises
        WeightsError on any other shape or a number that is not finite.
        """
        width = direction[0].shape[-1]
        self.words = np.zeros((6, BUCKETS), np.float16) if words is None else words
        shapes = [(weights.shape, bias.shape) for weights, bias in (direction, severity)]
        parts = (*direction, *severity, self.words)
        if (
            shapes != [((3, width), (3,))] * 2
            or self.words.shape != (6, BUCKETS)
            or not all(bool(np.isfinite(part).all()) for part in parts)
        ):
            raise WeightsError(f"the news reader's head ({HEAD_FILE}) is malformed", REINSTALL)
        self.direction = direction[0].astype(np.float64), direction[1].astype(np.float64)
        self.severity = severity[0].astype(np.float64), severity[1].astype(np.float64)
        self.meta = dict(meta)

    @property
    def width(self) -> int:
        """The length of the embeddings this head reads."""
        return int(self.direction[0].shape[1])

    @property
    def weights_sha256(self) -> str:
        """The hash of the model weights this head was trained on."""
        return str(self.meta["weights_sha256"])

    @property
    def adapter_sha256(self) -> str:
        """The hash of the adapter on those weights this head was trained with."""
        return str(self.meta["adapter_sha256"])

    @property
    def sha256(self) -> str:
        """The hash of the head's own file; empty for one that was not loaded from a file."""
        return str(self.meta.get("sha256", ""))

    @property
    def template(self) -> str:
        """The prompt around a text; `{text}` stands for it."""
        return str(self.meta["template"])

    def read(self, line: str, embedding: Sequence[float] | Vector) -> Reading:
        """Turn a normalised line and the embedding of its prompt into a reading.

        Raises WeightsError on an embedding of a wrong length or with a NaN.
        """
        vector = np.asarray(embedding, dtype=np.float64)
        if vector.shape != (self.width,) or not np.isfinite(vector).all():
            raise WeightsError(
                f"the model gave an embedding of shape {vector.shape}, "
                f"the head needs {self.width} finite numbers",
                "run `steersman model pull --force`",
            )
        said = self.words[:, buckets(line)].astype(np.float64)
        said /= math.sqrt(max(said.shape[1], 1))
        up, flat, down = _softmax(_scores(*self.direction, vector, said[:3]))
        none, minor, major = _softmax(_scores(*self.severity, vector, said[3:]))
        return Reading(
            direction=_likeliest(DIRECTIONS, (up, flat, down)),
            severity=_likeliest(SEVERITIES, (none, minor, major)),
            p_up=up,
            p_flat=flat,
            p_down=down,
            p_none=none,
            p_minor=minor,
            p_major=major,
        )


def normalise(text: str) -> str:
    """Return the text in the one form the reader sees: one line, visible characters, bounded.

    Compatibility forms are folded (NFKC), every kind of line break, tab and space becomes one
    space, control, format, private and unassigned characters vanish (zero-width and direction
    marks among them), and what is beyond TEXT_CHARS_MAX is cut. So a text cannot end its own line
    and begin another in the prompt.
    """
    folded = unicodedata.normalize("NFKC", text[: 8 * TEXT_CHARS_MAX])
    spaced = "".join(" " if c.isspace() else c for c in folded)
    visible = "".join(c for c in spaced if unicodedata.category(c)[0] != "C")
    return " ".join(visible.split())[:TEXT_CHARS_MAX].rstrip()


def prompt_of(template: str, text: str) -> str:
    """Put an already normalised text into the template, which names it exactly once."""
    before, after = template.split("{text}")
    return before + text + after


def load_head(data: bytes | None = None) -> Head:
    """Load the heads shipped with the package (or from `data`); raise WeightsError if damaged."""
    try:
        raw = files("steersman.advisor").joinpath(HEAD_FILE).read_bytes() if data is None else data
        with np.load(io.BytesIO(raw), allow_pickle=False) as archive:
            meta = json.loads(str(archive["meta"][()]))
            if meta["schema"] != HEAD_SCHEMA or meta["template"].count("{text}") != 1:
                raise ValueError("another schema")
            return Head(
                (archive["direction_weights"], archive["direction_bias"]),
                (archive["severity_weights"], archive["severity_bias"]),
                meta | {"sha256": hashlib.sha256(raw).hexdigest()},
                archive["words"],
            )
    except (OSError, ValueError, KeyError, EOFError, TypeError) as error:
        raise WeightsError(
            f"the news reader's head ({HEAD_FILE}) cannot be read: {error}", REINSTALL
        ) from error


def _scores(weights: Vector, bias: Vector, vector: Vector, said: Vector) -> list[float]:
    # math.fsum is exactly rounded: neither the order nor the width of additions can matter.
    return [
        math.fsum([*(weights[row] * vector).tolist(), *said[row].tolist(), float(bias[row])])
        for row in range(len(bias))
    ]


def _softmax(scores: Sequence[float]) -> list[float]:
    top = max(scores)
    parts = [math.exp(score - top) for score in scores]
    total = math.fsum(parts)
    return [part / total for part in parts]


def _likeliest(names: Sequence[T], chances: Sequence[float]) -> T:
    return names[max(range(len(chances)), key=chances.__getitem__)]
