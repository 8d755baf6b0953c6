"""Train the adapter on SmolLM2's upper layers together with the heads that read its embedding.

Both questions, direction and severity, share one embedding and are learnt at once. The layers below
the adapted ones never change, so what they make of each headline is computed once. Seeds are fixed
and one thread is used: the same headlines on the same kind of processor give the same adapter.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import gguf
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from training.llama import LAYERS, WIDTH, Llama, Lora

FIRST_LAYER: Final = 20
RANK: Final = 8
ALPHA: Final = 16.0
"""An adapter's product counts ALPHA / RANK times, here and in llama.cpp."""

PARTS: Final = (
    "attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"
)  # fmt: skip
EPOCHS: Final = 3
BATCH: Final = 32
WINDOW: Final = 16 * BATCH
"""Headlines of like length are batched together within windows of this many."""

RATE: Final = 1e-3
WARM_UP: Final = 0.06
DECAY: Final = 0.01
DROPOUT: Final = 0.1
SMOOTHING: Final = 0.1
SEVERITY_WEIGHT: Final = 0.5
GRADIENT_MAX: Final = 1.0
SEED: Final = 0

Codes = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.float64]


class Fitted(NamedTuple):
    """An adapter and its heads: (6 x WIDTH, 6), three rows for direction, three for severity."""

    lora: Lora
    weights: Matrix
    bias: Matrix


class Corpus:
    """Headlines as tokens, and the stream of each where it enters the first adapted layer."""

    def __init__(self, model: Llama, tokens: Sequence[Sequence[int]]) -> None:
        """Run the lower layers over every headline once."""
        self.model = model
        self.lengths = torch.tensor([len(row) for row in tokens])
        self._streams: list[Tensor] = [torch.empty(0)] * len(tokens)
        with torch.no_grad():
            for batch in self.batches(range(len(tokens)), None):
                entering = model.run(model.embed([tokens[i] for i in batch]), 0, FIRST_LAYER, {})
                for row, i in zip(entering, batch, strict=True):
                    self._streams[i] = row[: len(tokens[i])].bfloat16()

    def batches(self, chosen: Sequence[int], rng: random.Random | None) -> Iterator[list[int]]:
        """Yield the chosen headlines in batches of like length, shuffled if `rng` is given."""
        order = list(chosen)
        if rng is not None:
            rng.shuffle(order)
        found: list[list[int]] = []
        for start in range(0, len(order), WINDOW):
            window = sorted(order[start : start + WINDOW], key=lambda i: int(self.lengths[i]))
            found += [window[j : j + BATCH] for j in range(0, len(window), BATCH)]
        if rng is not None:
            rng.shuffle(found)
        yield from found

    def embeddings(self, batch: Sequence[int], lora: Lora) -> Tensor:
        """Return the embeddings (texts, WIDTH) of a batch under an adapter."""
        stream = torch.nn.utils.rnn.pad_sequence(
            [self._streams[i].float() for i in batch], batch_first=True
        )
        lengths = self.lengths[torch.tensor(batch)]
        return self.model.embedding(self.model.run(stream, FIRST_LAYER, LAYERS, lora), lengths)


def fit(corpus: Corpus, directions: Codes, severities: Codes, chosen: Sequence[int]) -> Fitted:
    """Fit adapter and heads on the chosen headlines; both losses weigh their classes alike."""
    torch.manual_seed(SEED)
    rng = random.Random(SEED)
    lora = _fresh(corpus.model)
    heads = torch.zeros(6, WIDTH, requires_grad=True), torch.zeros(6, requires_grad=True)
    centre, scale = _spread(corpus, chosen)
    targets = [torch.from_numpy(codes) for codes in (directions, severities)]
    shares = [_balancing(codes[list(chosen)]) for codes in (directions, severities)]
    parameters = [part for pair in lora.values() for part in pair]
    steps = EPOCHS * len(list(corpus.batches(chosen, None)))
    optimiser = torch.optim.AdamW(
        [*parameters, *heads], lr=RATE, betas=(0.9, 0.98), weight_decay=DECAY
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda step: (
            min(1.0, (step + 1) / (WARM_UP * steps))
            * (0.5 + 0.5 * math.cos(math.pi * step / steps))
        ),
    )
    for _ in range(EPOCHS):
        for batch in corpus.batches(chosen, rng):
            x = (corpus.embeddings(batch, lora) - centre) / scale
            scores = functional.linear(functional.dropout(x, DROPOUT), *heads)
            direction, severity = (
                functional.cross_entropy(part, codes[batch], share, label_smoothing=SMOOTHING)
                for part, codes, share in zip(scores.split(3, 1), targets, shares, strict=True)
            )
            optimiser.zero_grad()
            (direction + SEVERITY_WEIGHT * severity).backward()
            torch.nn.utils.clip_grad_norm_(parameters, GRADIENT_MAX)
            optimiser.step()
            schedule.step()
    weights = (heads[0] / scale).detach().double()
    bias = heads[1].detach().double() - weights @ centre.double()
    return Fitted(lora, weights.numpy(), bias.numpy())


def scores(corpus: Corpus, fitted: Fitted, chosen: Sequence[int]) -> Matrix:
    """Return the six scores of each chosen headline, in their order."""
    found = np.empty((len(corpus.lengths), 6))
    with torch.no_grad():
        for batch in corpus.batches(chosen, None):
            x = corpus.embeddings(batch, fitted.lora).double().numpy()
            found[batch] = x @ fitted.weights.T + fitted.bias
    return found[list(chosen)]


def write(lora: Lora, path: Path) -> None:
    """Write the adapter as llama.cpp reads it, in half precision."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", ALPHA)
    for name, pair in lora.items():
        for side, part in zip("ab", pair, strict=True):
            values = part.detach().numpy().astype(np.float16)
            writer.add_tensor(f"{name}.weight.lora_{side}", values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _fresh(model: Llama) -> dict[str, tuple[Tensor, Tensor]]:
    # The second factor starts at zero: the first step starts from the model as it is.
    found = {}
    for layer in range(FIRST_LAYER, LAYERS):
        for part in PARTS:
            name = f"blk.{layer}.{part}"
            rows, columns = model.weights[name + ".weight"].shape
            down = torch.randn(RANK, columns) / math.sqrt(columns)
            found[name] = down.requires_grad_(), torch.zeros(rows, RANK, requires_grad=True)
    return found


def _spread(corpus: Corpus, chosen: Sequence[int]) -> tuple[Tensor, Tensor]:
    with torch.no_grad():
        parts = [corpus.embeddings(batch, {}) for batch in corpus.batches(chosen[::8], None)]
    embedded = torch.cat(parts)
    return embedded.mean(0), embedded.std(0)


def _balancing(codes: Codes) -> Tensor:
    counts = np.bincount(codes, minlength=3)
    return torch.tensor(len(codes) / (3 * counts), dtype=torch.float32)
