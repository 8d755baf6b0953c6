"""Reference cases: numbers from the literature, and whether the public functions reproduce them."""

from steersman.runtime.vectors.cases import CaseResult, Check, evaluate
from steersman.runtime.vectors.report import HEADERS, document, rows

__all__ = ["HEADERS", "CaseResult", "Check", "document", "evaluate", "rows"]
