"""Train the news reader's adapter and heads, and measure them on the held-out headlines.

    python -m training.train_reader            (from the repository's root; see README.md)

Writes src/steersman/advisor/adapter.gguf and head.npz, training/REPORT.md and training/report.json.
One fold of a cross-validation that keeps blocks of related patterns together gives the figures for
choosing, and how much each half of the head counts; then all is fitted on all training headlines.
The held-out headlines are only read at the end, through the model as it ships. Seeds are fixed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import secrets
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt
import torch
import xllamacpp
from scipy.sparse import csr_matrix
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GroupKFold

from steersman.advisor import embedded, weights
from steersman.advisor.embedded import LlamaEmbedder
from steersman.advisor.reading import HEAD_SCHEMA, load_head, normalise, prompt_of
from training import adapter, baselines, report, wording
from training.adapter import Codes, Corpus, Fitted, Matrix
from training.dataset import DIRECTIONS, SEVERITIES, Headline, held_out, training
from training.llama import Llama

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGE: Final = ROOT / "src" / "steersman" / "advisor"
HEAD: Final = PACKAGE / "head.npz"
ADAPTER: Final = PACKAGE / embedded.ADAPTER_FILE
TEMPLATE: Final = "News: {text}\nInvestors are"
FOLDS: Final = 4
QUESTIONS: Final = ("direction", "severity")

Factors = npt.NDArray[np.float64]
"""How often the scores of the embedding and of the words count."""


def prompts(headlines: Sequence[Headline]) -> list[str]:
    """Return what the reader would ask of the model for each headline."""
    return [prompt_of(TEMPLATE, normalise(headline.text)) for headline in headlines]


def tokenised(texts: Sequence[str], path: Path) -> list[list[int]]:
    """Return the texts' tokens as llama.cpp makes them, asked of the library's own port."""
    params = embedded._params(xllamacpp, path, None, 1)
    key = secrets.token_hex(32)
    params.api_keys = [key]
    server = xllamacpp.Server(params)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    found = []
    for text in texts:
        body = json.dumps({"content": text, "add_special": True}).encode()
        asked = urllib.request.Request(f"{server.listening_address}/tokenize", body, headers)
        with urllib.request.urlopen(asked) as reply:
            found.append(json.load(reply)["tokens"])
    return found


def validated(
    corpus: Corpus, words: csr_matrix, codes: Sequence[Codes], groups: Sequence[str]
) -> tuple[list[Factors], dict[str, float], int]:
    """Return the two halves' factors for each question, the balanced accuracies, and on how many.

    One fold is fitted without: the factors and the accuracies are what they are there.
    """
    fitted_on, chosen = next(iter(GroupKFold(FOLDS).split(groups, groups=groups)))
    model = adapter.fit(corpus, codes[0], codes[1], fitted_on.tolist())
    scores = adapter.scores(corpus, model, chosen.tolist())
    factors, accuracy = [], {}
    for name, part, truth in zip(QUESTIONS, np.split(scores, 2, axis=1), codes, strict=True):
        weights, bias = wording.fit(words[fitted_on], truth[fitted_on])
        said = words[chosen] @ weights.T + bias
        factors.append(wording.shares(part, said, truth[chosen]))
        both = part * factors[-1][0] + said * factors[-1][1]
        accuracy[name] = round(float(balanced_accuracy_score(truth[chosen], both.argmax(1))), 4)
    return factors, accuracy, len(chosen)


def save(
    fitted: Fitted,
    said: Sequence[tuple[Matrix, Matrix]],
    factors: Sequence[Factors],
    meta: dict[str, Any],
) -> None:
    """Write adapter and head into the package, the head naming the adapter by its hash."""
    adapter.write(fitted.lora, ADAPTER)
    meta["adapter_sha256"] = hashlib.sha256(ADAPTER.read_bytes()).hexdigest()
    arrays: dict[str, Any] = {"meta": np.array(json.dumps(meta, sort_keys=True))}
    for number, (name, (embedding, words)) in enumerate(zip(QUESTIONS, factors, strict=True)):
        rows = slice(3 * number, 3 * number + 3)
        bias = fitted.bias[rows] * embedding + said[number][1] * words
        arrays[f"{name}_weights"] = (fitted.weights[rows] * embedding).astype(np.float32)
        arrays[f"{name}_bias"] = bias.astype(np.float32)
    arrays["words"] = np.concatenate(
        [weights * words for (weights, _), (_, words) in zip(said, factors, strict=True)]
    ).astype(np.float16)
    np.savez_compressed(HEAD, **arrays)


def train() -> None:
    """Validate on one fold, fit on everything, write what ships."""
    torch.set_num_threads(1)
    path = weights.pull()
    headlines = training()
    codes = [
        np.array([DIRECTIONS.index(headline.direction) for headline in headlines]),
        np.array([SEVERITIES.index(headline.severity) for headline in headlines]),
    ]
    tokens = tokenised(prompts(headlines), path)
    corpus = Corpus(Llama(path, adapter.ALPHA / adapter.RANK), tokens)
    words = wording.counted([normalise(headline.text) for headline in headlines])
    factors, accuracy, validated_on = validated(
        corpus, words, codes, [headline.group for headline in headlines]
    )
    print("one fold:", accuracy, "factors:", factors, flush=True)
    meta = {
        "schema": HEAD_SCHEMA,
        "weights_sha256": weights.PINNED.sha256,
        "template": TEMPLATE,
        "pooling": "last",
        "train_headlines": len(headlines),
        "validation_headlines": validated_on,
        "validation_balanced_accuracy": accuracy,
        "factors": dict(zip(QUESTIONS, (pair.round(4).tolist() for pair in factors), strict=True)),
    }
    fitted = adapter.fit(corpus, codes[0], codes[1], range(len(headlines)))
    save(fitted, [wording.fit(words, part) for part in codes], factors, meta)


def measure() -> None:
    """Read the held-out headlines with what ships, and write the report."""
    held = held_out()
    texts = [headline.text for headline in held]
    head = load_head(HEAD.read_bytes())
    embedder = LlamaEmbedder(weights.pull(), adapter=ADAPTER, threads=1)
    read = [normalise(text) for text in texts]
    readings = [head.read(line, embedder.embed(prompt_of(head.template, line))) for line in read]
    guesses = {
        report.READER: [str(reading.direction) for reading in readings],
        "keyword list": baselines.keyword(texts),
        "Loughran-McDonald": baselines.loughran_mcdonald(texts),
        "VADER": baselines.vader(texts),
        "tf-idf + LR": baselines.tfidf(training(), texts),
    }
    figures = report.measure(held, guesses, readings, head.meta)
    likeness = wording.likeness(read, [normalise(headline.text) for headline in training()])
    figures["by_likeness"] = report.halves(held, guesses, likeness)
    report.write(figures, ROOT / "training")
    print(report.as_text(figures))


def main() -> None:
    """Train and measure; with --measure, only measure what is in the tree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--measure", action="store_true", help="only measure what ships")
    if not parser.parse_args().measure:
        train()
    measure()


if __name__ == "__main__":
    main()
