"""How often 95 % intervals cover the truth, for every estimator that prints one.

    python bench/intervals.py [--replications 2000] [--seed 1]

Each line is one estimator on one kind of data, drawn anew in each replication; printed is the share
of intervals that held the truth, beside what simpler errors would have covered.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from contextlib import suppress

import numpy as np
import numpy.typing as npt

from steersman.models.calibration import fit_flow, fit_impact_parts, fit_square_root, shrink
from steersman.models.online import CLIP_MADS, RecursiveLeastSquares
from steersman.models.regression import Estimate, mean_in_time
from steersman.models.response import fit_propagator, fit_response
from steersman.models.validity import NotIdentifiedError
from steersman.models.volatility import as_deviation, mean_variance, two_scale_variances
from steersman.models.volume import BUCKETS
from steersman.models.volume_profile import fit_profile

F64 = npt.NDArray[np.float64]
Draw = Callable[[np.random.Generator], Iterator[tuple[str, float, tuple[float, float]]]]
TRUTH = 0.8


def autoregressive(noise: F64, memory: float) -> F64:
    """Return x_t = memory x_{t-1} + noise_t, from its stationary start."""
    x = np.empty(len(noise))
    x[0] = noise[0] / math.sqrt(1 - memory**2)
    for t in range(1, len(noise)):
        x[t] = memory * x[t - 1] + noise[t]
    return x


def flows(rng: np.random.Generator, n: int, kind: str) -> tuple[F64, F64]:
    """Return price changes and flows with slope 0.003 by kind of flow and noise."""
    if kind == "even":
        q, noise = rng.normal(size=n), rng.normal(size=n)
    elif kind == "heavy":  # sizes with a tail index of 3, noise that grows with the flow
        q = rng.standard_t(3, n)
        noise = rng.normal(size=n) * (0.5 + np.abs(q))
    else:  # memory in both, as from a sign process
        q = autoregressive(rng.normal(size=n), 0.5)
        noise = autoregressive(rng.normal(size=n), 0.5)
    return 0.01 + 0.003 * 100 * q + 0.5 * noise, 100 * q


def flow_cases(rng: np.random.Generator) -> Iterator[tuple[str, float, tuple[float, float]]]:
    """Yield Kyle's and the imbalance's slope, which are one estimator, and simpler errors."""
    for n in (60, 400):
        for kind in ("even", "heavy", "memory"):
            fit = fit_flow(*flows(rng, n, kind))
            yield f"flow slope, {kind}, n={n}", 0.003, fit.slope.interval()
            for name, error in (("HC0", fit.se_hc0), ("Newey-West n^1/3", fit.se_newey_west)):
                simple = Estimate(fit.slope.value, error, n, 2).interval()
                yield f"  ({name}, {kind}, n={n})", 0.003, simple


def orders(rng: np.random.Generator, n: int) -> tuple[F64, F64, F64]:
    """Return shares of the day, daily volatilities and durations of own orders."""
    share = np.exp(rng.uniform(math.log(1e-4), math.log(0.1), n))
    return share, 0.02 * np.exp(0.3 * rng.normal(size=n)), rng.uniform(0.02, 1.0, n)


def order_cases(rng: np.random.Generator) -> Iterator[tuple[str, float, tuple[float, float]]]:
    """Yield Y of the square-root law, gamma and eta, and Y shrunk where the prior is right."""
    for n in (30, 100):
        for louder in (1.0, 1.5):
            share, sigma, days = orders(rng, n)
            noise = louder * sigma * np.sqrt(days / 3) * rng.normal(size=n)
            fit = fit_square_root(TRUTH * sigma * np.sqrt(share) + noise, sigma, share, days)
            said = f"noise x {louder:g}, n={n}"
            yield f"Y weighted, {said}", TRUTH, fit.gls.interval()
            known = Estimate(fit.gls.value, fit.se_known, n).interval()
            yield f"  (Y, noise taken as known, {said})", TRUTH, known
            yield f"Y unweighted, {said}", TRUTH, fit.ols.interval()
            white = Estimate(fit.ols.value, fit.se_ols_hc0, n).interval()
            yield f"  (Y unweighted, HC0, {said})", TRUTH, white
    truth = rng.normal(0.8, 0.4)
    share, sigma, days = orders(rng, 100)
    noise = sigma * np.sqrt(days / 3) * rng.normal(size=100)
    fit = fit_square_root(truth * sigma * np.sqrt(share) + noise, sigma, share, days)
    yield "Y shrunk, truth from the prior, n=100", truth, shrink(fit.gls, 0.8, 0.4).interval()
    yield from parts_cases(rng)


def parts_cases(rng: np.random.Generator) -> Iterator[tuple[str, float, tuple[float, float]]]:
    """Yield gamma and eta from paths: mean of the path over the order, and its end later."""
    n = 100
    share, sigma, days = orders(rng, n)
    until = days + 0.05
    end = np.sqrt(days) * rng.normal(size=n)
    mean = end / 2 + np.sqrt(days / 12) * rng.normal(size=n)  # of a Brownian path given its end
    move = 0.314 * sigma * share + sigma * (end + np.sqrt(0.05) * rng.normal(size=n))
    cost = 0.157 * sigma * share + 0.142 * sigma * (share / days) ** 0.6 + sigma * mean
    fit = fit_impact_parts(cost, move, sigma, share, days, until)
    yield "gamma, n=100", 0.314, fit.gamma.interval()
    yield "eta, n=100", 0.142, fit.eta.interval()


def response_cases(rng: np.random.Generator) -> Iterator[tuple[str, float, tuple[float, float]]]:
    """Yield R and G of a propagator that fades over 20 orders, for signs with memory."""
    n, lags = 2_000, 20
    kernel = (1 + np.arange(lags + 1)) ** -0.5
    single = np.diff(np.concatenate([[0.0], kernel[1:]]))
    signs = np.sign(autoregressive(rng.normal(size=n + 200), 0.7))
    returns = np.convolve(signs, single)[200 : n + 200] + rng.normal(size=n)
    signs = signs[200:]
    # The signs of a Gaussian autoregression: (2 / pi) asin(memory^lag).
    memory = 2 / math.pi * np.arcsin(0.7 ** np.arange(200))
    responded = np.array([
        sum(single[k] * memory[abs(t - k)] for k in range(lags)) for t in range(lags)
    ])  # fmt: skip
    fit = fit_response(returns, signs, (1, 5, 20))
    for lag, value in zip(fit.lags, fit.values, strict=True):
        yield f"R({lag}), n={n}", float(responded[:lag].sum()), value.interval()
    found = fit_propagator(returns, signs, (1, 5, lags))
    for lag, value in zip(found.lags, found.values, strict=True):
        yield f"G({lag}), n={n}", float(kernel[lag]), value.interval()


def online_cases(rng: np.random.Generator) -> Iterator[tuple[str, float, tuple[float, float]]]:
    """Yield the recursive slope with forgetting, clipped and not."""
    for name, clip in (("", math.inf), (", clipped", CLIP_MADS)):
        for noise_name in ("even", "wild") if clip < math.inf else ("even",):
            model = RecursiveLeastSquares((0.0, 0.0), forgetting=0.97, clip_mads=clip)
            q = rng.normal(size=250) * 100
            noise = rng.normal(size=250) if noise_name == "even" else rng.standard_t(2.5, 250)
            for flow, change in zip(q.tolist(), (0.003 * q + 0.5 * noise).tolist(), strict=True):
                model.update((1.0, flow), change)
            said = f"recursive slope{name}, {noise_name} noise"
            yield said, 0.003, model.estimates()[1].interval()


def series_cases(rng: np.random.Generator) -> Iterator[tuple[str, float, tuple[float, float]]]:
    """Yield the mean of a skewed series with memory (volume, spread), and the volatility."""
    for n, memories in ((344, (0.2, 0.5, 0.7)), (3_600, (0.5, 0.9))):
        for memory in memories:
            level = autoregressive(rng.normal(size=n), memory) * math.sqrt(1 - memory**2)
            with suppress(NotIdentifiedError):  # what is refused prints no interval
                mean = mean_in_time(np.exp(level), positive=True)
                yield f"mean, memory {memory:g} a step, n={n}", math.exp(0.5), mean.interval()
    for blocks, length in ((30, 11), (60, 60)):
        path = np.cumsum(1e-4 * rng.normal(size=blocks * length + 1))
        noisy = np.exp(path + 1e-4 * rng.normal(size=len(path)))
        with suppress(NotIdentifiedError):
            found = as_deviation(mean_variance(two_scale_variances(noisy, length)), 1.0)
            yield f"volatility, {blocks} blocks of {length}", 1e-4, found.interval()


def profile_cases(rng: np.random.Generator) -> Iterator[tuple[str, float, tuple[float, float]]]:
    """Yield a half-hour's weight in the volume profile of all days and of one weekday."""
    shape = 1 + 0.8 * np.sin(np.arange(BUCKETS) / BUCKETS * 2 * math.pi)
    for days in (5, 7, 30):
        levels = np.exp(0.3 * rng.normal(size=(days, 1)))
        volumes = shape * levels * np.exp(0.2 * rng.normal(size=(days, BUCKETS)))
        for weekday in (None, 0):
            found = fit_profile(volumes, [day % 7 for day in range(days)], weekday)
            weight = Estimate(found.weights[12], found.standard_errors[12], days)
            said = "all days" if weekday is None else "a weekday"
            yield f"weight of a half-hour, {said}, {days} days", shape[12], weight.interval()


CASES: tuple[Draw, ...] = (
    flow_cases,
    order_cases,
    response_cases,
    online_cases,
    series_cases,
    profile_cases,
)


def coverage(replications: int, seed: int) -> dict[str, float]:
    """Return the share of intervals that held the truth, by case."""
    hits: dict[str, list[bool]] = {}
    for number in range(replications):
        rng = np.random.default_rng([seed, number])
        for case in CASES:
            for name, truth, (low, high) in case(rng):
                hits.setdefault(name, []).append(low <= truth <= high)
    return {name: sum(held) / len(held) for name, held in hits.items()}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for name, share in coverage(options.replications, options.seed).items():
        print(f"{name:48s} {share * 100:5.1f} %")


if __name__ == "__main__":
    main()
