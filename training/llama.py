"""SmolLM2 in torch, read from the very GGUF file that llama.cpp runs, so that it can be adapted.

Weights are the dequantised ones, frozen, and multiplied in bfloat16; all else is float32.
What llama.cpp computes differs by the rounding of its quantised activations (correlation of the two
embeddings: 0.9997). Rotary positions turn neighbouring pairs, as GGUF stores them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import gguf
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

LAYERS: Final = 30
HEADS: Final = 9
KEY_HEADS: Final = 3
HEAD_WIDTH: Final = 64
WIDTH: Final = HEADS * HEAD_WIDTH
ROTARY_BASE: Final = 100_000.0
NORM_FLOOR: Final = 1e-5
TOKENS_MAX: Final = 1024

Lora = Mapping[str, tuple[Tensor, Tensor]]
"""For each adapted matrix (rank x in, out x rank), by its name in the file."""


class Llama:
    """The frozen model; an adapter, with its scale, is given anew to each call."""

    def __init__(self, path: Path, scale: float) -> None:
        """Read the weights at `path`; an adapter's product counts `scale` times."""
        self.scale = scale
        self._turns = _turns()
        self.weights: dict[str, Tensor] = {}
        for tensor in gguf.GGUFReader(path).tensors:
            values = gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
            weight = torch.from_numpy(values.copy())
            matrix = tensor.name.startswith("blk.") and weight.ndim == 2
            self.weights[tensor.name] = weight.bfloat16() if matrix else weight

    def embed(self, tokens: Sequence[Sequence[int]]) -> Tensor:
        """Return the stream (texts, longest, WIDTH) entering layer 0, padded on the right."""
        longest = max(len(row) for row in tokens)
        padded = [[*row, *[0] * (longest - len(row))] for row in tokens]
        return self.weights["token_embd.weight"][torch.tensor(padded)]

    def run(self, stream: Tensor, first: int, last: int, lora: Lora) -> Tensor:
        """Return the stream after layers first..last-1; padding cannot be seen from before it."""
        for layer in range(first, last):
            stream = self._layer(f"blk.{layer}.", stream, lora)
        return stream

    def embedding(self, stream: Tensor, lengths: Tensor) -> Tensor:
        """Return the normed last token of each text, as llama.cpp's pooling by last token does."""
        return self._norm(stream[torch.arange(len(lengths)), lengths - 1], "output_norm")

    def _layer(self, name: str, stream: Tensor, lora: Lora) -> Tensor:
        texts, tokens, _ = stream.shape
        normed = self._norm(stream, name + "attn_norm")
        query, key, value = (
            self._linear(name + part, normed, lora)
            .view(texts, tokens, heads, HEAD_WIDTH)
            .transpose(1, 2)
            for part, heads in (("attn_q", HEADS), ("attn_k", KEY_HEADS), ("attn_v", KEY_HEADS))
        )
        seen = functional.scaled_dot_product_attention(
            self._rotated(query),
            self._rotated(key).repeat_interleave(HEADS // KEY_HEADS, 1),
            value.repeat_interleave(HEADS // KEY_HEADS, 1),
            is_causal=True,
        )
        seen = seen.transpose(1, 2).reshape(texts, tokens, WIDTH)
        stream = stream + self._linear(name + "attn_output", seen, lora)
        normed = self._norm(stream, name + "ffn_norm")
        gate = functional.silu(self._linear(name + "ffn_gate", normed, lora))
        up = self._linear(name + "ffn_up", normed, lora)
        return stream + self._linear(name + "ffn_down", gate * up, lora)

    def _linear(self, name: str, x: Tensor, lora: Lora) -> Tensor:
        x = x.bfloat16()
        y = functional.linear(x, self.weights[name + ".weight"])
        if name in lora:
            down, up = (part.bfloat16() for part in lora[name])
            y = y + functional.linear(functional.linear(x, down), up * self.scale)
        return y.float()

    def _norm(self, x: Tensor, name: str) -> Tensor:
        root = torch.rsqrt((x * x).mean(-1, keepdim=True) + NORM_FLOOR)
        return x * root * self.weights[name + ".weight"]

    def _rotated(self, x: Tensor) -> Tensor:
        cos, sin = (part[: x.shape[2]] for part in self._turns)
        even, odd = x[..., 0::2], x[..., 1::2]
        return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


def _turns() -> tuple[Tensor, Tensor]:
    per_token = ROTARY_BASE ** (-torch.arange(0, HEAD_WIDTH, 2, dtype=torch.float32) / HEAD_WIDTH)
    angles = torch.arange(TOKENS_MAX, dtype=torch.float32)[:, None] * per_token[None]
    return angles.cos(), angles.sin()
