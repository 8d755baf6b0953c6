"""Studies made by hand, as folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from steersman import __version__
from steersman.report.study_case import StudyCase, read_study
from steersman.tca.results import Worked
from tests.tca.rows import groups

N = 60
ARMS = {
    "twap": ("twap", "none", "takes"),
    "twap-passive": ("twap", "none", "posts"),
    "vwap": ("vwap", "none", "posts"),
    "embedded": ("adaptive", "embedded", "posts"),
    "neutral": ("adaptive", "neutral", "posts"),
    "random": ("adaptive", "random", "posts"),
}


def costs(n: int = N) -> dict[str, list[float]]:
    """Arms on common markets: taking costs 3 bps more than posting, advice gains 1 bp of it."""
    rng = np.random.default_rng(1)
    market = 8 + 5 * rng.normal(size=n)
    return {
        "twap": (market + 3).tolist(),
        "twap-passive": market.tolist(),
        "vwap": (market + 0.1 * rng.normal(size=n)).tolist(),
        "embedded": (market - 1 + 0.5 * rng.normal(size=n)).tolist(),
        "neutral": market.tolist(),
        "random": (market + 0.2 + 0.5 * rng.normal(size=n)).tolist(),
    }


def manifest(arms: Sequence[str], orders: int, **changes: Any) -> dict[str, Any]:
    return {
        "schema": "steersman.study_manifest/1",
        "command": ["steersman", "study", "--arms", ",".join(arms)],
        "versions": {"steersman": __version__, "code": "c0de"},
        "market": {"name": "generated", "hash": None},
        "arms": {
            name: {
                "algo": ARMS[name][0],
                "base": "twap" if ARMS[name][0] == "adaptive" else ARMS[name][0],
                "advisor": ARMS[name][1],
                "model": f"{ARMS[name][1]}-1" if ARMS[name][1] != "none" else None,
                "settings": ARMS[name][2],
            }
            for name in arms
        },
        "settings": {"execution": {"slice_s": "60"}, "limits": {}},
        "regimes": ["calm", "news"],
        "symbols": {"BTCUSDT.linear": "465566.464"},
        "sizes": [0.0025, 0.01],
        "horizon": "30m",
        "orders": orders,
        "seed": 1,
        "resolve_bps": None,
        **changes,
    }


def write(
    folder: Path,
    held: Mapping[str, Sequence[float]] | Sequence[Worked] | None = None,
    *,
    orders: int | None = None,
    document: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Path:
    """Write the folder of a study: costs by arm, or rows, and its manifest with changes."""
    held = costs() if held is None else held
    rows = groups(held) if isinstance(held, Mapping) else list(held)
    arms = [result.arm for result in rows[0][1]]
    folder.mkdir(parents=True, exist_ok=True)
    about = manifest(arms, orders or len(rows), **changes)
    (folder / "manifest.json").write_bytes(msgspec.json.encode(about))
    lines = (msgspec.json.encode({"drawn": one, "results": results}) for one, results in rows)
    (folder / "results.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
    if document is not None:
        (folder / "study.json").write_bytes(msgspec.json.encode(document))
    return folder


def case(folder: Path, *held: Any, **changes: Any) -> StudyCase:
    return read_study(write(folder, *held, **changes))
