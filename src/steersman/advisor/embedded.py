"""The embedded news reader: a small language model, in this process, as a pure function of a text.

The same text gives the same reading to the bit, whatever was read before and beside it: one
sequence at a time, no prompt cache, no sampling. A text is data: it is normalised to one bounded
line, embedded, and reduced to enums; it is never answered. As a generator a model of this size is
at chance, as a representation it carries signal: hence embeddings, an adapter that turns the upper
layers towards this one question, and trained linear heads. The head names weights and adapter by
hash; nothing else is loaded.

The model is loaded at the first reading, not before: importing this module costs nothing and a run
without news never pays for it. Loading takes about half a second, a headline about a tenth.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final, Protocol

from steersman.advisor import weights
from steersman.advisor.priority import made_in_the_back
from steersman.advisor.reading import (
    DIRECTIONS,
    NOTHING_SAID,
    REINSTALL,
    SEVERITIES,
    TEXT_CHARS_MAX,
    Head,
    Reading,
    load_head,
    normalise,
    prompt_of,
)
from steersman.errors import WeightsError

__all__ = [
    "DIRECTIONS",
    "SEVERITIES",
    "TEXT_CHARS_MAX",
    "THREADS_MAX",
    "Embedder",
    "Head",
    "LlamaEmbedder",
    "NewsReader",
    "Reading",
    "load_head",
    "normalise",
    "threads_fitting",
]

THREADS_MAX: Final = 2
CONTEXT_TOKENS: Final = 1024
READINGS_KEPT_MAX: Final = 1024
ADAPTER_FILE: Final = "adapter.gguf"
QUIET: Final = -1


class Embedder(Protocol):
    """What the reader needs of a model: one prompt in, one vector out."""

    def embed(self, prompt: str) -> Sequence[float]:
        """Return the embedding of the prompt's last token."""
        ...


class LlamaEmbedder:
    """SmolLM2 through llama.cpp on the CPU, one sequence at a time."""

    def __init__(
        self, path: Path, *, adapter: Path | None = None, threads: int = THREADS_MAX
    ) -> None:
        """Load the weights at `path`, and the adapter if one is given; the caller verified both.

        Raises WeightsError when the library is missing or does not accept the file.
        """
        if not 1 <= threads <= THREADS_MAX:
            raise ValueError(f"threads {threads} is not 1..{THREADS_MAX}")
        try:
            import xllamacpp
        except ImportError as error:
            raise WeightsError(
                "xllamacpp is not installed", "install steersman with its dependencies"
            ) from error
        try:
            params = _params(xllamacpp, path, adapter, threads)
            self._server: Any = made_in_the_back(lambda: xllamacpp.Server(params))
        except (RuntimeError, ValueError) as error:
            raise WeightsError(
                f"cannot load model weights {path}: {error}", "run `steersman model pull --force`"
            ) from error

    def embed(self, prompt: str) -> Sequence[float]:
        """Return the raw embedding of the prompt's last token; raise WeightsError on no answer."""
        reply = self._server.handle_embeddings({"input": prompt})
        try:
            vector: list[float] = reply["data"][0]["embedding"]
        except (KeyError, IndexError, TypeError) as error:
            said = reply.get("error", reply) if isinstance(reply, dict) else reply
            raise WeightsError(
                f"the embedded model gave no embedding: {str(said)[:200]}",
                "run `steersman doctor`",
            ) from error
        return vector


class NewsReader:
    """Read news texts into directions and severities with the embedded model.

    Safe to share between threads: one text is read at a time. The last READINGS_KEPT_MAX readings
    are remembered by normalised text.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        embedder: Embedder | None = None,
        head: Head | None = None,
        threads: int | None = None,
    ) -> None:
        """Prepare a reader over the weights at `path` (default: the cache); load nothing yet.

        An `embedder` replaces the model (tests, other runtimes). Raises WeightsError when there are
        no weights, or when the head was trained on other weights than the pinned ones.
        """
        self.head = head if head is not None else load_head()
        self._embedder = embedder
        self._path = path
        self._threads = threads if threads is not None else threads_fitting(os.cpu_count())
        self._kept: OrderedDict[str, Reading] = OrderedDict()
        self._lock = threading.Lock()
        if embedder is None:
            self._path = path if path is not None else weights.find()
            if self._path is None:
                raise WeightsError("no model weights are installed", weights.PULL)
            if self.head.weights_sha256 != weights.PINNED.sha256:
                raise WeightsError(
                    "the news reader's head was trained for other model weights "
                    f"({self.head.weights_sha256[:12]}…, pinned {weights.PINNED.sha256[:12]}…)",
                    "run training/train_reader.py, or reinstall steersman",
                )

    def load(self) -> None:
        """Verify and load the weights now rather than at the first reading (about 0.5 s)."""
        with self._lock:
            self._model()

    def read(self, text: str) -> Reading:
        """Return the reading of one text; one without a letter or digit says nothing."""
        line = normalise(text)
        if not any(character.isalnum() for character in line):
            return NOTHING_SAID
        with self._lock:
            known = self._kept.get(line)
            if known is not None:
                self._kept.move_to_end(line)
                return known
            vector = self._model().embed(prompt_of(self.head.template, line))
            reading = self.head.read(line, vector)
            self._kept[line] = reading
            if len(self._kept) > READINGS_KEPT_MAX:
                self._kept.popitem(last=False)
            return reading

    def read_all(self, texts: Iterable[str]) -> list[Reading]:
        """Return the readings of several texts, in their order, each as if it were alone."""
        return [self.read(text) for text in texts]

    def _model(self) -> Embedder:
        if self._embedder is None:
            assert self._path is not None, "checked in the constructor"
            weights.verify(self._path)
            with packaged_adapter(self.head.adapter_sha256) as adapter:
                self._embedder = LlamaEmbedder(self._path, adapter=adapter, threads=self._threads)
        return self._embedder


@contextmanager
def packaged_adapter(sha256: str) -> Iterator[Path]:
    """Yield the path of the package's adapter; raise WeightsError if its hash is not `sha256`."""
    with as_file(files("steersman.advisor").joinpath(ADAPTER_FILE)) as path:
        try:
            actual = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise WeightsError(
                f"the news reader's adapter ({ADAPTER_FILE}) cannot be read: {error.strerror}",
                REINSTALL,
            ) from error
        if actual != sha256:
            raise WeightsError(
                f"the news reader's adapter ({ADAPTER_FILE}) is not the one its head was trained "
                f"with (hash {actual[:12]}…, not {sha256[:12]}…)",
                REINSTALL,
            )
        yield path


def threads_fitting(cpus: int | None) -> int:
    """Return how many threads suit a machine: one on small ones, where two would wait for a core.

    The threads of one model spin while they wait for each other: on two busy cores a second thread
    has been seen to make a reading several times slower. The reading itself does not depend on it.
    """
    return THREADS_MAX if cpus is not None and cpus >= 2 * THREADS_MAX else 1


def _params(xllamacpp: Any, path: Path, adapter: Path | None, threads: int) -> Any:
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    if adapter is not None:
        lora = xllamacpp.CommonAdapterLoraInfo()
        lora.path, lora.scale = str(adapter), 1.0
        params.lora_adapters = [lora]
    params.offline = True
    params.embedding = True
    params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_LAST
    params.embd_normalize = -1  # raw: the head was trained on raw vectors
    params.n_ctx = params.n_batch = params.n_ubatch = CONTEXT_TOKENS
    params.n_parallel = 1  # a text's neighbours in a batch would change its rounding
    params.cache_prompt = False  # so would what was read before it
    params.cache_ram_mib = 0
    params.n_gpu_layers = 0
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.warmup = False
    params.verbosity = QUIET
    # The library always serves HTTP on a loopback port. We call it in the process, so the port
    # gets one thread and a key that nobody knows.
    params.api_keys = [secrets.token_hex(32)]
    params.n_threads_http = 1
    params.ui = False
    params.endpoint_slots = False
    return params
