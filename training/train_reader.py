"""Train the news reader's heads on the headlines, and measure them on the held-out ones.

    python -m training.train_reader            (from the repository's root; a few minutes)

Writes src/steersman/advisor/head.npz, training/REPORT.md and training/report.json.
Regularisation is chosen by cross-validation that keeps blocks of related patterns together; the
held-out headlines are only read at the end. Seeds are fixed: the same headlines give the same
heads to rounding.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from steersman.advisor import weights
from steersman.advisor.embedded import LlamaEmbedder
from steersman.advisor.reading import HEAD_SCHEMA, load_head, normalise, prompt_of
from training import baselines, report
from training.dataset import DIRECTIONS, SEVERITIES, Headline, held_out, training

ROOT: Final = Path(__file__).resolve().parents[1]
HEAD: Final = ROOT / "src" / "steersman" / "advisor" / "head.npz"
TEMPLATE: Final = "News: {text}\nInvestors are"
FOLDS: Final = 10
STRENGTHS: Final = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
FIT_STEPS_MAX: Final = 3000

Matrix = npt.NDArray[np.float64]


def embed(headlines: Sequence[Headline], embedder: LlamaEmbedder, cache: Path | None) -> Matrix:
    """Embed each headline as the reader would; `cache` keeps vectors between runs while tuning."""
    known: dict[str, list[float]] = {}
    if cache is not None and cache.exists():
        known = json.loads(cache.read_text())
    prompts = [prompt_of(TEMPLATE, normalise(headline.text)) for headline in headlines]
    for prompt in prompts:
        if prompt not in known:
            known[prompt] = list(embedder.embed(prompt))
    if cache is not None:
        cache.write_text(json.dumps(known))
    return np.array([known[prompt] for prompt in prompts], dtype=np.float64)


def choose(x: Matrix, labels: Sequence[str], groups: Sequence[str], classes: Sequence[str]) -> Any:
    """Return the fitted model with the best grouped cross-validated balanced accuracy."""
    y = np.array([classes.index(label) for label in labels])
    scores: dict[float, float] = {}
    for strength in STRENGTHS:
        guessed = cross_val_predict(
            _model(strength), x, y, groups=groups, cv=GroupKFold(FOLDS), method="predict"
        )
        scores[strength] = float(balanced_accuracy_score(y, guessed))
    best = max(scores, key=lambda strength: scores[strength])
    return _model(best).fit(x, y), best, scores


def folded(model: Any) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Fold the scaling into the weights: the head then reads raw embeddings."""
    scaler, fit = model[0], model[1]
    matrix = fit.coef_ / scaler.scale_
    bias = fit.intercept_ - matrix @ scaler.mean_
    return matrix.astype(np.float32), bias.astype(np.float32)


def _model(strength: float) -> Any:
    return make_pipeline(
        StandardScaler(),
        LogisticRegression(C=strength, max_iter=FIT_STEPS_MAX, class_weight="balanced"),
    )


def main() -> None:
    """Train, write the head, measure it through the public reader, write the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--cache", type=Path, default=None, help="keep embeddings in this file")
    cache: Path | None = parser.parse_args().cache
    path = weights.pull()
    embedder = LlamaEmbedder(path, threads=1)
    train, held = training(), held_out()
    x = embed(train, embedder, cache)
    groups = [headline.group for headline in train]
    direction, c_direction, cv_direction = choose(
        x, [headline.direction for headline in train], groups, DIRECTIONS
    )
    severity, c_severity, cv_severity = choose(
        x, [headline.severity for headline in train], groups, SEVERITIES
    )
    meta = {
        "schema": HEAD_SCHEMA,
        "weights_sha256": weights.PINNED.sha256,
        "template": TEMPLATE,
        "pooling": "last",
        "train_headlines": len(train),
        "train_patterns": len({(h.group, h.direction, h.severity, h.style) for h in train}),
        "strength": {"direction": c_direction, "severity": c_severity},
        "cv_balanced_accuracy": {
            "direction": round(max(cv_direction.values()), 4),
            "severity": round(max(cv_severity.values()), 4),
        },
    }
    d, s = folded(direction), folded(severity)
    np.savez(
        HEAD,
        meta=np.array(json.dumps(meta, sort_keys=True)),
        direction_weights=d[0],
        direction_bias=d[1],
        severity_weights=s[0],
        severity_bias=s[1],
    )
    head = load_head(HEAD.read_bytes())
    readings = [head.read_embedding(row) for row in embed(held, embedder, cache)]
    texts = [headline.text for headline in held]
    guesses = {
        "embedded reader": [str(reading.direction) for reading in readings],
        "keyword list": baselines.keyword(texts),
        "VADER": baselines.vader(texts),
        "tf-idf + LR": baselines.tfidf(train, texts, FOLDS),
    }
    severities = [str(reading.severity) for reading in readings]
    figures = report.measure(held, guesses, severities, meta)
    report.write(figures, ROOT / "training")
    print(report.as_text(figures))


if __name__ == "__main__":
    main()
