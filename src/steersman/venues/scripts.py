"""Put together what a seed decides beforehand: news, exchange flows, regimes, and their drifts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from steersman.domain.market import NewsItem
from steersman.venues.latent import Script
from steersman.venues.netflows import Netflows, generate_netflows
from steersman.venues.news import NewsModel, Truth, generate_news, hidden_truth
from steersman.venues.parameters import flow_params
from steersman.venues.presets import FlowPreset
from steersman.venues.regimes import (
    HiddenRegime,
    RegimeName,
    make_plan,
    parse_regime,
    with_clusters,
)

__all__ = ["Asked", "Told", "script_of", "whole_drift"]

F64 = npt.NDArray[np.float64]

_NEWSY_PER_HOUR = 60.0  # where news is the regime throughout


@dataclass(frozen=True, slots=True)
class Asked:
    """The law of a script, whatever the seed: what it is of, until when, and how newsy."""

    preset: FlowPreset
    end_ns: int
    regime: RegimeName
    model: NewsModel


@dataclass(frozen=True, slots=True)
class Told:
    """A market before its first event: parameters, script, and what of it will be published.

    `truths` are what is behind each item of `news`.
    """

    params: F64
    script: Script
    news: tuple[NewsItem, ...]
    netflows: Netflows | None
    regimes: tuple[HiddenRegime, ...]
    truths: tuple[Truth, ...]
    asked: Asked


def script_of(
    preset: FlowPreset,
    seed: int,
    start_ns: int,
    end_ns: int,
    informativeness: float | None,
    regime_name: str,
) -> Told:
    """Return what the seed decides; raise UsageError where there is no such regime."""
    regime = parse_regime(regime_name, preset)
    model = NewsModel()
    if informativeness is not None:
        model = replace(model, informativeness=informativeness)
    if regime is RegimeName.NEWS:
        model = replace(model, rate_per_hour=_NEWSY_PER_HOUR)
    asked = (seed, start_ns, end_ns, preset.symbol, preset.category, model)
    news, drift = generate_news(*asked)
    truths = hidden_truth(*asked)
    plan, regimes = make_plan(seed, start_ns, end_ns, preset, regime, truths)
    netflows = None
    if preset.perpetual:
        netflows = generate_netflows(seed, start_ns, end_ns, preset, model.informativeness)
    params = with_clusters(flow_params(preset), preset, regime)
    script = Script(whole_drift(drift, netflows), plan)
    law = Asked(preset, end_ns, regime, model)
    return Told(params, script, news, netflows, regimes, truths, law)


def whole_drift(news: F64, netflows: Netflows | None) -> F64:
    """Return the rows of news and of transfers as one table, by start."""
    if netflows is None:
        return news
    drift = np.vstack([news, netflows.drift])
    return drift[np.argsort(drift[:, 0], kind="stable")]
