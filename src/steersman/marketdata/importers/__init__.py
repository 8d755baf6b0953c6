"""Captures of other people's making, turned into history."""

from steersman.marketdata.importers.binance_raw import import_binance_raw
from steersman.marketdata.importers.bybit_archive import import_bybit_archive
from steersman.marketdata.importers.capture import LATENCY_NS
from steersman.marketdata.importers.summary import Imported, ImportSummary

__all__ = [
    "LATENCY_NS",
    "ImportSummary",
    "Imported",
    "import_binance_raw",
    "import_bybit_archive",
]
