"""Asian calls under geometric Brownian motion, on the arithmetic and on the geometric mean.

A. G. Z. Kemna and A. C. F. Vorst, "A pricing method for options based on average asset values", Journal of Banking & Finance 14 (1990),
https://doi.org/10.1016/0378-4266(90)90039-5.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_kernels.declaration import kernel

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from sweep_kernels.rng import Rng

__all__ = ["asian_option", "kemna_vorst"]


@kernel(outputs=["arithmetic", "geometric"])
def asian_option(
    rng: Rng,
    spot: float = 100.0,
    strike: float = 100.0,
    rate: float = 0.05,
    volatility: float = 0.2,
    maturity: float = 1.0,
    steps: int = 12,
) -> tuple[float, float]:
    """Discounted payoffs of calls on the arithmetic and the geometric mean of a price.

    Parameters
    ----------
    rng
        The trial's draws; one normal a step.
    spot, strike
        Price today and price agreed, in one currency, above 0.
    rate
        Risk-free rate, a year, continuously compounded.
    volatility
        Per square root of a year, above 0.
    maturity
        Years, above 0.
    steps
        The price is observed at ``maturity * i / steps``, ``1 <= i <= steps``.
    """
    dt = maturity / steps
    drift = (rate - 0.5 * volatility * volatility) * dt
    spread = volatility * math.sqrt(dt)
    log_ratio = 0.0
    total = 0.0
    log_total = 0.0
    for _ in range(steps):
        log_ratio += drift + spread * rng.normal()
        total += math.exp(log_ratio)
        log_total += log_ratio
    discount = math.exp(-rate * maturity)
    arithmetic = max(spot * total / steps - strike, 0.0)
    geometric = max(spot * math.exp(log_total / steps) - strike, 0.0)
    return discount * arithmetic, discount * geometric


def kemna_vorst(
    spot: ArrayLike = 100.0,
    strike: ArrayLike = 100.0,
    rate: ArrayLike = 0.05,
    volatility: ArrayLike = 0.2,
    maturity: ArrayLike = 1.0,
    steps: ArrayLike = 12,
) -> Any:
    """Return the price of the call on the geometric mean: the mean of `asian_option`'s second output. Arguments broadcast.

    >>> bool(kemna_vorst(steps=1).round(4) == 10.4506)
    True
    """
    from scipy.special import ndtr

    s, k, r, v, t, n = (
        np.asarray(each, dtype=np.float64) for each in (spot, strike, rate, volatility, maturity, steps)
    )
    mean = np.log(s) + (r - 0.5 * v * v) * t * (n + 1.0) / (2.0 * n)
    variance = v * v * t * (n + 1.0) * (2.0 * n + 1.0) / (6.0 * n * n)
    d1 = (mean - np.log(k) + variance) / np.sqrt(variance)
    return np.exp(-r * t) * (np.exp(mean + 0.5 * variance) * ndtr(d1) - k * ndtr(d1 - np.sqrt(variance)))
