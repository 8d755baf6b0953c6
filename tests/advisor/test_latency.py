"""Drawn latencies: a function of seed, leg and question, with the distribution they are given."""

from __future__ import annotations

from dataclasses import replace

from steersman.advisor.latency import Latency


def test_latency_is_a_pure_function_of_seed_leg_and_question() -> None:
    latency = Latency(250, 0.4, 7)

    def draws(of: Latency) -> list[int]:
        return [of.draw_ns(f"P1-q{n}") for n in range(2_000)]

    assert draws(latency) == draws(Latency(250, 0.4, 7))
    assert draws(latency) != draws(replace(latency, seed=8))
    assert draws(latency) != draws(replace(latency, leg="second"))
    median_ms = sorted(draws(latency))[1_000] / 1e6
    assert 235 < median_ms < 265
    assert min(draws(latency)) > 0
    assert set(draws(replace(latency, log_sd=0.0))) == {250_000_000}
