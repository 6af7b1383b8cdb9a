"""A European call under geometric Brownian motion.

F. Black and M. Scholes, "The pricing of options and corporate liabilities", Journal of Political Economy 81 (1973),
https://doi.org/10.1086/260062.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_kernels.declaration import kernel

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from sweep_kernels.rng import Rng

__all__ = ["black_scholes", "european_option"]


@kernel(outputs=["payoff"])
def european_option(
    rng: Rng,
    spot: float = 100.0,
    strike: float = 100.0,
    rate: float = 0.05,
    volatility: float = 0.2,
    maturity: float = 1.0,
) -> float:
    """Discounted payoff of a European call under geometric Brownian motion.

    Parameters
    ----------
    rng
        The trial's draws; one normal.
    spot, strike
        Price today and price agreed, in one currency, above 0.
    rate
        Risk-free rate, a year, continuously compounded.
    volatility
        Per square root of a year, above 0.
    maturity
        Years, above 0.
    """
    drift = (rate - 0.5 * volatility * volatility) * maturity
    terminal = spot * math.exp(drift + volatility * math.sqrt(maturity) * rng.normal())
    return math.exp(-rate * maturity) * max(terminal - strike, 0.0)


def black_scholes(
    spot: ArrayLike = 100.0,
    strike: ArrayLike = 100.0,
    rate: ArrayLike = 0.05,
    volatility: ArrayLike = 0.2,
    maturity: ArrayLike = 1.0,
) -> Any:
    """Return the price of a European call: the mean of `european_option`. Arguments broadcast.

    >>> round(float(black_scholes()), 4)
    10.4506
    """
    from scipy.special import ndtr

    s, k, r, v, t = (np.asarray(each, dtype=np.float64) for each in (spot, strike, rate, volatility, maturity))
    d1 = (np.log(s / k) + (r + 0.5 * v * v) * t) / (v * np.sqrt(t))
    return s * ndtr(d1) - k * np.exp(-r * t) * ndtr(d1 - v * np.sqrt(t))
