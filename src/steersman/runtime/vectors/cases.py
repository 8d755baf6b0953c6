"""Evaluate a file of reference cases through the public functions, figure by figure.

A file is a JSON list of cases: `name`, `inputs`, `expected`, `tolerance`, and `source`. The first
words of the name tell the kind, which decides what is computed; the inputs are free. `same_as` and
`same_data` name another case whose inputs count where a case gives none of its own: one of the same
file, or a worked one that ships here. A kind or a figure that is unknown fails, with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from steersman.errors import DataError, SteersmanError
from steersman.runtime.vectors import costs, impacts, samples, schedules
from steersman.runtime.vectors.inputs import Case, CaseError, Inputs
from steersman.runtime.vectors.tolerance import Leaf, Tolerance, leaves, parse_tolerance

__all__ = ["KINDS", "CaseResult", "Check", "evaluate", "evaluate_case"]

FILE_BYTES_MAX: Final = 64 * 2**20
CHAIN_MAX: Final = 8  # references to references
REFERENCES: Final = ("same_as", "same_data")
REMARKS: Final = frozenset({"note"})  # for people, no figures

Evaluator = Callable[[Case], Mapping[str, Any]]

KINDS: Final[Mapping[str, Evaluator]] = {
    "ac": schedules.almgren_chriss,
    "ac_efficient_frontier": schedules.frontier,
    "athl2005": impacts.equity_impact,
    "bertsimas_lo": schedules.bertsimas_lo,
    "cartea_jaimungal": schedules.cartea_jaimungal,
    "effective_realised_spread": costs.spreads,
    "gatheral_no_dynamic_arb": impacts.arbitrage_bounds,
    "gatheral_vwap_cost": impacts.vwap_cost,
    "interval_twap": costs.interval_twap,
    "interval_vwap": costs.interval_vwap,
    "kyle_lambda": samples.kyle,
    "manipulation_check": impacts.manipulation,
    "obizhaeva_wang": schedules.obizhaeva_wang,
    "paired_difference_sd": samples.paired_difference,
    "perold": costs.perold,
    "pov_tracking": schedules.tracking,
    "propagator": impacts.propagator,
    "rls": samples.recursive,
    "sample_size": samples.sample_size,
    "sequential_peeking": samples.peeking,
    "sqrt_calibration": samples.square_root_fit,
    "sqrt_law": impacts.square_root,
    "twap_vs_arrival_sd": samples.twap_deviation,
    "vwap_schedule": schedules.vwap,
}

# Worked inputs from the literature that a file may refer to without holding them.
SHIPPED: Final[Mapping[str, Mapping[str, Any]]] = {
    "ac_discrete_lambda_1e-06": {  # Almgren and Chriss (2001), section 4
        "X": 1e6,
        "T": 5.0,
        "N": 5,
        "S0": 50.0,
        "sigma": 0.95,
        "eps": 0.0625,
        "gamma": 2.5e-7,
        "eta": 2.5e-6,
        "lambda": 1e-6,
    },
    "perold_is_buy": {  # 800 of 1000 filled, worse and worse
        "side": "buy",
        "target": 1000,
        "decision": 100.0,
        "arrival": 100.1,
        "end": 100.8,
        "fills": [[300, 100.2], [300, 100.35], [200, 100.5]],
        "fee_rate": 0.00015,
    },
    "kyle_lambda_ols": {
        "generator": "default_rng(20240101): q=N(0,1)*100 (n=2000), e=N(0,1)*0.5; dp=0.01+0.003q+e"
    },
}


@dataclass(frozen=True, slots=True)
class Check:
    """One figure: what is expected, what came, and its worst number by the tolerance."""

    name: str
    expected: Any
    got: Any
    worst: Leaf
    tolerance: str
    passed: bool


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case; `reason` says why it could not be evaluated, and is empty where it could."""

    name: str
    kind: str
    passed: bool
    reason: str
    checks: tuple[Check, ...]

    @property
    def worst(self) -> Check | None:
        """The check to look at first: a failed one, or the one with the largest error."""
        return max(self.checks, key=_badness, default=None)


class _Document(msgspec.Struct):
    name: str = "?"
    inputs: dict[str, Any] = {}
    expected: dict[str, Any] = {}
    tolerance: str | None = None
    source: str = ""


def evaluate(path: Path) -> tuple[CaseResult, ...]:
    """Evaluate every case of a file; raise DataError where it is not a file of cases."""
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise DataError(f"{path} is larger than {FILE_BYTES_MAX} bytes", "split it")
        documents = msgspec.json.decode(path.read_bytes(), type=list[_Document])
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}", "check the path") from error
    except RecursionError as error:
        raise DataError(f"{path} is nested too deeply", "see docs/cli.md") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = " ".join(str(error).split())
        raise DataError(f"{path} is not a list of cases: {message}", "see docs/cli.md") from error
    if not documents:
        raise DataError(f"{path} holds no case", "see docs/cli.md")
    known = {document.name: document.inputs for document in reversed(documents)}
    return tuple(_evaluate(document, known) for document in documents)


def evaluate_case(
    name: str,
    inputs: Mapping[str, Any],
    expected: Mapping[str, Any],
    tolerance: str | None = None,
    source: str = "",
) -> CaseResult:
    """Evaluate one case, without a file."""
    return _evaluate(_Document(name, dict(inputs), dict(expected), tolerance, source), {})


def kind_of(name: str) -> str:
    """Return the kind that the first words of a name tell; raise CaseError where none does."""
    words = name.split("_")
    for count in range(len(words), 0, -1):
        if (kind := "_".join(words[:count])) in KINDS:
            return kind
    raise CaseError(f"no kind of case begins like {name!r}")


def _evaluate(document: _Document, known: Mapping[str, Mapping[str, Any]]) -> CaseResult:
    kind = ""
    try:
        kind = kind_of(document.name)
        tolerance = parse_tolerance(document.tolerance)
        inputs = Inputs(_resolved(document.inputs, known))
        case = Case(document.name, inputs, document.expected, document.source)
        with np.errstate(over="raise", invalid="raise"):  # a reason, not a warning
            checks = tuple(_checks(case, KINDS[kind](case), tolerance))
    except ZeroDivisionError:
        return CaseResult(document.name, kind, False, "an input is zero that must not be", ())
    except (ValueError, ArithmeticError, SteersmanError) as error:
        return CaseResult(document.name, kind, False, " ".join(str(error).split()), ())
    if not checks:
        return CaseResult(document.name, kind, False, "nothing is expected", ())
    return CaseResult(document.name, kind, all(check.passed for check in checks), "", checks)


def _resolved(
    inputs: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Any]:
    """Return the inputs with those that another case lends."""
    for _ in range(CHAIN_MAX):
        name = next((inputs[key] for key in REFERENCES if key in inputs), None)
        if name is None:
            return inputs
        lent = known.get(name, SHIPPED.get(name)) if isinstance(name, str) else None
        if lent is None:
            raise CaseError(f"there is no case {name!r} to take inputs from")
        own = {key: value for key, value in inputs.items() if key not in REFERENCES}
        inputs = {**lent, **own}
    raise CaseError(f"the case refers to itself, or through more than {CHAIN_MAX} others")


def _checks(case: Case, got: Mapping[str, Any], tolerance: Tolerance) -> Iterable[Check]:
    for name, expected in case.expected.items():
        if name in REMARKS:
            continue
        if name not in got:
            raise CaseError(f"this kind has no figure {name!r}")
        closeness = tolerance.of(name)
        if closeness is None:
            raise CaseError(f"no tolerance is stated for {name!r}")
        found = list(leaves(name, expected, got[name], closeness))
        if not found:
            raise CaseError(f"{name!r} expects nothing")
        worst = max(found, key=_leaf_badness)
        passed = all(leaf.passed for leaf in found)
        yield Check(name, expected, got[name], worst, str(closeness), passed)


def _leaf_badness(leaf: Leaf) -> tuple[bool, float]:
    return not leaf.passed, leaf.error or 0.0


def _badness(check: Check) -> tuple[bool, float]:
    return not check.passed, check.worst.error or 0.0
