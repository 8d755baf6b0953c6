"""The reader around the model: lazy, remembering, deterministic; on real weights if present."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from steersman.advisor import embedded, weights
from steersman.advisor.embedded import LlamaEmbedder, NewsReader, packaged_adapter
from steersman.advisor.reading import NOTHING_SAID, Head, load_head, prompt_of
from steersman.domain.advice import Direction, Severity
from steersman.errors import WeightsError

HEADLINES = (
    "Regulator approves the merger, shares soar",
    "Hackers drain the exchange and withdrawals are frozen",
    "The annual meeting will be held on Tuesday",
)
needs_weights = pytest.mark.skipif(
    weights.find() is None, reason="no model weights: run `steersman model pull`"
)


class Scripted:
    """An embedder that counts its prompts and answers by their length."""

    def __init__(self) -> None:
        self.prompts: list[str] = []

    def embed(self, prompt: str) -> Sequence[float]:
        self.prompts.append(prompt)
        return [float(len(prompt)), 0.0, 0.0]


def scripted_reader() -> tuple[NewsReader, Scripted]:
    eye = np.eye(3, dtype=np.float32)
    zero = np.zeros(3, dtype=np.float32)
    meta = {"weights_sha256": "0" * 64, "template": "News: {text}\nIt"}
    model = Scripted()
    return NewsReader(embedder=model, head=Head((eye, zero), (eye, zero), meta)), model


def test_a_text_is_normalised_read_once_and_remembered() -> None:
    reader, model = scripted_reader()
    first = reader.read("Bitcoin\nup")
    assert reader.read("  Bitcoin\u200b   up ") is first
    assert model.prompts == ["News: Bitcoin up\nIt"]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "READINGS_KEPT_MAX", 2)
    reader, model = scripted_reader()
    reader.read_all(["a", "b", "c", "a"])
    assert len(model.prompts) == 4
    reader.read("c")
    assert len(model.prompts) == 4


@pytest.mark.parametrize("text", ["", " \n\t", "...", "\u200b\x00", "!?"])
def test_silence_says_nothing_and_asks_no_model(text: str) -> None:
    reader, model = scripted_reader()
    assert reader.read(text) is NOTHING_SAID and model.prompts == []


def test_without_weights_the_command_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STEERSMAN_CACHE", str(tmp_path))
    with pytest.raises(WeightsError, match="steersman model pull"):
        NewsReader()


def test_wrong_weights_are_refused_before_they_are_loaded(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF")
    reader = NewsReader(path)
    with pytest.raises(WeightsError, match="pull --force"):
        reader.read("anything")


def test_a_head_for_other_weights_is_refused(tmp_path: Path) -> None:
    eye = np.eye(3, dtype=np.float32)
    zero = np.zeros(3, dtype=np.float32)
    head = Head((eye, zero), (eye, zero), {"weights_sha256": "f" * 64, "template": "{text}"})
    with pytest.raises(WeightsError, match="trained for other model weights"):
        NewsReader(tmp_path / "model.gguf", head=head)


def test_another_adapter_than_the_heads_is_refused() -> None:
    with packaged_adapter(load_head().adapter_sha256) as adapter:
        assert adapter.read_bytes()[:4] == b"GGUF"
        assert adapter.stat().st_size <= 3_000_000
    with (
        pytest.raises(WeightsError, match="not the one its head was trained with") as caught,
        packaged_adapter("f" * 64),
    ):
        pass
    assert "reinstall steersman" in caught.value.remedy


def test_a_missing_adapter_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "ADAPTER_FILE", "absent.gguf")
    with (
        pytest.raises(WeightsError, match=r"adapter \(absent.gguf\) cannot be read"),
        packaged_adapter("f" * 64),
    ):
        pass


def test_the_library_is_not_imported_before_it_is_needed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    NewsReader(tmp_path / "model.gguf")
    with pytest.raises(WeightsError, match="xllamacpp is not installed"):
        LlamaEmbedder(tmp_path / "model.gguf")


def test_small_machines_get_one_thread() -> None:
    assert [embedded.threads_fitting(cpus) for cpus in (None, 1, 2, 3, 4, 64)] == [1, 1, 1, 1, 2, 2]


def test_threads_are_bounded(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="threads"):
        LlamaEmbedder(tmp_path / "model.gguf", threads=64)


@needs_weights
def test_the_same_text_gives_the_same_reading_whatever_surrounds_it() -> None:
    forward = NewsReader().read_all(HEADLINES)
    reader = NewsReader()
    reader.read("x " * 100)
    backward = reader.read_all(HEADLINES[::-1])[::-1]
    alone = [NewsReader(threads=n).read(HEADLINES[0]) for n in (1, 2)]
    assert forward == backward
    assert alone == forward[:1] * 2


@needs_weights
def test_the_librarys_own_port_answers_nobody() -> None:
    path = weights.find()
    assert path is not None
    model = LlamaEmbedder(path, threads=1)
    url = f"{model._server.listening_address}/v1/embeddings"
    assert url.startswith("http://127.0.0.1:")
    asked = urllib.request.Request(url, b'{"input": "x"}', {"Content-Type": "application/json"})
    with pytest.raises(urllib.error.HTTPError, match="401") as refused:
        urllib.request.urlopen(asked, timeout=10)
    refused.value.close()
    assert len(model.embed("x")) == 576


@needs_weights
def test_the_reader_reads_through_the_adapter() -> None:
    path, head = weights.find(), load_head()
    assert path is not None
    prompt = prompt_of(head.template, HEADLINES[0])
    with packaged_adapter(head.adapter_sha256) as adapter:
        adapted = LlamaEmbedder(path, adapter=adapter, threads=1).embed(prompt)
    assert NewsReader().read(HEADLINES[0]) == head.read(HEADLINES[0], adapted)
    assert LlamaEmbedder(path, threads=1).embed(prompt) != adapted


@needs_weights
def test_plain_cases_are_read_as_meant() -> None:
    up, down, flat = NewsReader().read_all(HEADLINES)
    assert (up.direction, down.direction, flat.direction) == (
        Direction.UP,
        Direction.DOWN,
        Direction.FLAT,
    )
    assert down.severity is Severity.MAJOR and flat.severity is Severity.NONE


@needs_weights
def test_a_very_long_text_is_read_within_the_context() -> None:
    reading = NewsReader().read("\U0001f680 crash " * 5000)
    assert reading.p_up + reading.p_flat + reading.p_down == pytest.approx(1.0, abs=1e-9)
