"""Measure the market: how fast it is and whether it is right, with other engines beside it."""

from steersman.runtime.bench.market import (
    MarketBench,
    document,
    measure_market,
    prepare_market,
    rows,
)
from steersman.runtime.bench.probes import measure_probes, probe_rows, probes_document

__all__ = [
    "MarketBench",
    "document",
    "measure_market",
    "measure_probes",
    "prepare_market",
    "probe_rows",
    "probes_document",
    "rows",
]
