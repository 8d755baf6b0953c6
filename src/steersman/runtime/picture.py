"""Draw the stylised facts of several markets side by side: ten panels, one line a market."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steersman.errors import DataError
from steersman.models import facts as f_
from steersman.runtime.stylised import Pairs
from steersman.runtime.watching import Watched

__all__ = ["Drawn", "curves", "draw"]

F64 = npt.NDArray[np.float64]
Curve = tuple[F64, F64]

PANELS: Final = (  # key, title, x, scales
    ("tail", "|return| of 1 min: share above", "standard deviations", "loglog"),
    ("kurtosis", "excess kurtosis of returns", "minutes", "semilogx"),
    ("abs_memory", "ACF of |return|, 1 min", "minutes", "loglog"),
    ("sign_memory", "ACF of trade signs", "orders", "loglog"),
    ("signature", "volatility / that of 1 s returns", "seconds", "semilogx"),
    ("impact", "move 1 s after an order, bps", "size / median", "loglog"),
    ("day", "volume by half-hour / mean", "hour, UTC", "plot"),
    ("sizes", "order sizes: share above", "size / median", "loglog"),
    ("metaorder", "metaorder impact / volatility, 95 %", "Q / V", "loglog"),
    ("path", "impact of the largest / at its end", "minutes since its start", "plot"),
)
KURTOSIS_MIN: Final = (1, 2, 3, 5, 10, 20, 30)
POINTS: Final = 200
ROWS_LEAST: Final = 30  # fewer returns than this make no distribution


@dataclass(frozen=True, slots=True)
class Drawn:
    """One market of the picture."""

    name: str
    watched: Watched
    pairs: Pairs | None = None


def draw(markets: Sequence[Drawn], file: Path) -> None:
    """Write the picture as PNG; raise DataError where the file cannot be written."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(22, 9), layout="constrained")
    FigureCanvasAgg(figure)
    drawn = [(market.name, curves(market)) for market in markets]
    market_of = {market.name: market for market in markets}
    axes = figure.subplots(2, 5).ravel()
    for at, (key, title, x, scales) in zip(axes, PANELS, strict=True):
        for name, found in drawn:
            xs, ys = found[key]
            getattr(at, scales)(xs, ys, label=name, marker="." if xs.size < POINTS // 2 else "")
            low, high = _interval(key, market_of[name])
            if low.size:
                at.fill_between(xs, low, high, alpha=0.2)
        at.set_title(title)
        at.set_xlabel(x)
        at.grid(alpha=0.3)
    _references(axes)
    axes[0].legend()
    try:
        figure.savefig(file, format="png", dpi=100, metadata={"Software": None})
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise DataError(f"{file}: {why}", "give a file that can be written") from None


def _references(axes: Sequence[Any]) -> None:
    """Add what a market without the fact, or with exactly the expected power, would show."""
    line = {"color": "grey", "linestyle": "--", "linewidth": 1}
    x = np.linspace(0.1, 5.0, POINTS)
    axes[0].plot(x, _normal_above(x), label="normal", **line)
    axes[0].set_ylim(bottom=1e-4)
    axes[4].axhspan(1 / 1.3, 1.3, color="grey", alpha=0.1)
    lags = np.array([1.0, float(f_.SIGN_LAG_MAX)])
    axes[3].plot(lags, 0.3 * lags**-0.5, **line)
    share = np.array([1e-3, 1e-1])
    axes[8].plot(share, share**0.5, **line)
    axes[9].axhline(2 / 3, **line)


def _normal_above(x: F64) -> F64:
    """Return the share of a standard normal's values with a size above x."""
    grid = np.linspace(0.0, 8.0, 4_001)
    density = np.exp(-0.5 * grid**2)
    above = 1.0 - np.cumsum(density) / density.sum()
    found: F64 = np.interp(x, grid, above)
    return found


def curves(market: Drawn) -> dict[str, Curve]:
    """Return the line of each panel, empty where the market was watched for too short."""
    w = market.watched
    minutes = f_.returns_bps(w.mid, 60)
    known = np.abs(minutes[np.isfinite(minutes)])
    sigma = float(np.sqrt((known**2).mean())) if known.size else 1.0
    enough = known.size >= ROWS_LEAST
    signature = f_.signature(w.mid)
    median = float(np.median(w.orders.lots)) if w.orders.lots.size else 1.0
    sizes, moved = f_.by_size(w.orders.lots, w.orders.moved)
    day = w.by_half_hour / np.nanmean(w.by_half_hour) if np.isfinite(w.by_half_hour).any() else _NO
    return {
        "tail": _above(known / sigma) if enough else (_NO, _NO),
        "kurtosis": _kurtoses(w.mid) if enough else (_NO, _NO),
        "abs_memory": _memory(np.abs(minutes), f_.ABS_LAG_MAX) if enough else (_NO, _NO),
        "sign_memory": _memory(w.orders.sign, f_.SIGN_LAG_MAX),
        "signature": _finite(np.array(f_.SIGNATURE_S, np.float64), signature / signature[0]),
        "impact": _finite(sizes / median, np.where(moved > 0.0, moved, np.nan)),
        "day": _finite(np.arange(day.size) / 2.0, day),
        "sizes": _above(w.orders.lots / median),
        "metaorder": _metaorders(market.pairs),
        "path": _path(market.pairs),
    }


_NO: Final = np.empty(0)


def _finite(x: F64, y: F64) -> Curve:
    known = np.isfinite(y)
    return x[known], y[known]


def _above(values: F64) -> Curve:
    """Return sizes and the share of values above each, thinned to what can be seen."""
    if values.size < 2:
        return _NO, _NO
    ordered = np.sort(values)
    shares = np.geomspace(1.0, 1.0 / values.size, POINTS)
    at = np.minimum(((1.0 - shares) * values.size).astype(np.int64), values.size - 1)
    return ordered[at], shares


def _kurtoses(mid: F64) -> Curve:
    found = [f_.excess_kurtosis(f_.returns_bps(mid, 60 * minutes)) for minutes in KURTOSIS_MIN]
    return _finite(np.array(KURTOSIS_MIN, np.float64), np.array(found))


def _memory(series: F64, last: int) -> Curve:
    lags = [lag for lag in f_.log_lags(last) if lag < series.size]
    acf = f_.autocorrelation(series, lags)
    return _finite(np.array(lags, np.float64), np.where(acf > 0.0, acf, np.nan))


def _metaorders(pairs: Pairs | None) -> Curve:
    if pairs is None:
        return _NO, _NO
    mean = pairs.curve()[0] / pairs.sigma_bps
    return _finite(pairs.share, np.where(mean > 0.0, mean, np.nan))


def _path(pairs: Pairs | None) -> Curve:
    """Return how the largest order moves the price while it is worked, and what is left after."""
    if pairs is None:
        return _NO, _NO
    path = pairs.path[:, -1].mean(axis=0)
    return _finite(np.arange(path.size, dtype=np.float64), path / path[pairs.minutes])


def _interval(key: str, market: Drawn) -> Curve:
    """Return the ends of the 95 % interval of a panel's line, empty where there is none."""
    pairs = market.pairs
    if pairs is None or len(pairs.path) < 2 or key not in ("metaorder", "path"):
        return _NO, _NO
    if key == "metaorder":
        mean, error = (part / pairs.sigma_bps for part in pairs.curve())
        known = mean > 0.0
        mean, error = mean[known], error[known]
        return np.maximum(mean - 1.96 * error, 0.1 * mean), mean + 1.96 * error
    path = pairs.path[:, -1] / pairs.path[:, -1, pairs.minutes].mean()
    error = path.std(axis=0, ddof=1) / np.sqrt(len(path))
    return path.mean(axis=0) - 1.96 * error, path.mean(axis=0) + 1.96 * error
