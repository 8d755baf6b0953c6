"""What trading costs before it is measured: a prior for temporary impact.

Source: R. Almgren, C. Thum, E. Hauptmann, H. Li, "Direct estimation of equity market impact"
(2005): temporary cost = eta sigma (rate / market rate)^0.6 with eta = 0.142, sigma per day. It was
fitted to US equities; elsewhere it is a prior and is named so.
"""

from __future__ import annotations

from typing import Final

__all__ = ["ETA", "EXPONENT", "temporary_bps"]

ETA: Final = 0.142
EXPONENT: Final = 0.6


def temporary_bps(participation: float, sigma_day_bps: float) -> float:
    """Return the temporary cost (bps) of trading at a share of the market's rate (own / others).

    Raises ValueError where an argument is negative.
    """
    if participation < 0 or sigma_day_bps < 0:
        raise ValueError("participation and volatility must not be negative")
    return float(ETA * sigma_day_bps * participation**EXPONENT)
