"""Bertsimas-Lo: least expected cost with linear permanent impact and a signal one can see.

Source: D. Bertsimas, A. Lo, "Optimal control of execution costs", J. Financial Markets 1 (1998).

    P_t = P_{t-1} + theta S_t + gamma X_t + eps_t,    X_t = rho X_{t-1} + eta_t

W units are bought in T steps at P_t. X_t is known when S_t is chosen. By dynamic programming the
best trade with k steps to go is linear, S = W/k + d_k X, and the cost to come is quadratic,

    V_k(W, X) = a_k W^2 + b_k W X + c_k X^2 + e_k

because the move theta S + gamma X is borne by all that remains: V_1 = W (theta W + gamma X), and

    a_k = theta - theta^2 / (4 a)      b_k = gamma + theta rho b / (2 a)
    c_k = rho^2 (c - b^2 / (4 a))      e_k = e + c var(eta)          (a, b, c, e of k - 1)
    S   = (1 - theta / (2 a)) W + rho b / (2 a) X

Without a signal equal slices are best; they cost theta W^2 / 2 (1 + 1/T).
"""

from __future__ import annotations

from dataclasses import dataclass

from steersman.models.validity import ModelError, finite, not_negative, positive

__all__ = ["Stage", "equal_slices_cost", "stages"]


@dataclass(frozen=True, slots=True)
class Stage:
    """The best trade with `to_go` steps left, and the value of getting there.

    The trade is `per_remaining` W + `per_signal` X; the cost to come is quadratic in W and X.
    """

    to_go: int
    per_remaining: float
    per_signal: float
    a: float
    b: float
    c: float
    constant: float

    def trade(self, remaining: float, signal: float) -> float:
        """Return the best trade, of any sign: a strong signal may call for a wrong-way one."""
        return self.per_remaining * remaining + self.per_signal * signal

    def cost(self, remaining: float, signal: float) -> float:
        """Return the expected cost to come, above remaining x present price."""
        return (
            self.a * remaining**2 + self.b * remaining * signal + self.c * signal**2 + self.constant
        )


def stages(
    steps: int,
    impact: float,
    signal_impact: float = 0.0,
    persistence: float = 0.0,
    signal_variance: float = 0.0,
) -> tuple[Stage, ...]:
    """Return the stages with 1, 2, ... `steps` steps to go.

    `impact` theta is in price per unit, `signal_impact` gamma in price per unit of signal,
    `persistence` rho between -1 and 1, `signal_variance` that of the signal's innovation.
    """
    if steps < 1:
        raise ModelError(f"at least one step is needed, got {steps}")
    positive(impact=impact)
    finite(signal_impact=signal_impact)
    not_negative(signal_variance=signal_variance)
    if not -1 <= persistence <= 1:
        raise ModelError(f"persistence must be from -1 to 1, got {persistence}")
    found = [Stage(1, 1.0, 0.0, impact, signal_impact, 0.0, 0.0)]
    while len(found) < steps:
        last = found[-1]
        per_signal = persistence * last.b / (2 * last.a)
        found.append(
            Stage(
                to_go=last.to_go + 1,
                per_remaining=1 - impact / (2 * last.a),
                per_signal=per_signal,
                a=impact - impact**2 / (4 * last.a),
                b=signal_impact + impact * per_signal,
                c=persistence**2 * last.c - last.a * per_signal**2,
                constant=last.constant + last.c * signal_variance,
            )
        )
    return tuple(found)


def equal_slices_cost(quantity: float, steps: int, impact: float) -> float:
    """Return the expected impact cost of equal slices, the optimum without a signal."""
    if steps < 1:
        raise ModelError(f"at least one step is needed, got {steps}")
    not_negative(impact=impact)
    finite(quantity=quantity)
    return impact * quantity**2 / 2 * (1 + 1 / steps)
