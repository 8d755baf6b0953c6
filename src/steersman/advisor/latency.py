"""How long an advisor takes in market time: drawn from a distribution, or as long as it took.

Drawn latencies are a function of seed and question, so that runs repeat however fast the machine
is. Measured ones are what the machine took, and such runs do not repeat.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from statistics import NormalDist

__all__ = ["Latency", "Measured"]


@dataclass(frozen=True, slots=True)
class Latency:
    """A log-normal time to answer in market time: its median in ms and the log's deviation.

    Each provider of one run draws from a `leg` of its own.
    """

    median_ms: float
    log_sd: float
    seed: int
    leg: str = "latency"

    def draw_ns(self, ask_id: str) -> int:
        """Return the latency of one question (ns): a pure function of seed, leg and id."""
        key = f"{self.seed}/{self.leg}/{ask_id}"
        digest = hashlib.blake2b(key.encode(), digest_size=8).digest()
        uniform = (int.from_bytes(digest, "big") + 0.5) / 2**64
        normal = NormalDist().inv_cdf(uniform)
        return int(self.median_ms * math.exp(self.log_sd * normal) * 1e6)


@dataclass(frozen=True, slots=True)
class Measured:
    """As long in market time as it took in wall time, from the question to the answer."""
