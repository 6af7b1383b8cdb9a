"""The normal and the log-normal distribution, cut off at a lower and an upper limit: ``Normal``, ``LogNormal``.

What is left between the limits is scaled up to 1, as for a variate that is drawn again until it is between them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sweep_kernels.arithmetic import select
from sweep_kernels.distributions.base import Distribution, finite, logarithm_of_mass
from sweep_kernels.errors import UsageError
from sweep_kernels.mathematics.exponential import exp
from sweep_kernels.mathematics.logarithmic import log
from sweep_kernels.mathematics.normal_distribution import normal_cdf, normal_quantile

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LogNormal", "Normal"]

LOG_ROOT_TWO_PI = 0.9189385332046728
NARROW = 0.5
"""Up to so many standard deviations of width a range's probability is integrated: as a difference of two it would lose its digits."""
NARROWEST = 1e-8
POINTS = 24
LARGEST_LOG = 709.0
FURTHEST = 9.2
"""Standard deviations that a 64-bit number reaches."""


@dataclass(frozen=True)
class Normal(Distribution):
    """Normal with that mean and standard deviation before it was cut off at `low` and `high`.

    Raises
    ------
    UsageError
        If a number is not finite, `deviation` is not above 0, or nothing, or next to nothing, is between the limits.
    """

    mean: float
    deviation: float
    low: float = -math.inf
    high: float = math.inf

    name = "normal"

    def __post_init__(self) -> None:
        finite("the expected value", self.mean)
        if finite("the standard deviation", self.deviation) <= 0.0:
            raise UsageError(f"the standard deviation is {self.deviation:g}: above 0 was expected")
        _ = _Cut.of(self)

    @property
    def support(self) -> tuple[float, float]:
        """Both limits."""
        return self.low, self.high

    @property
    def inverse(self) -> Callable[[float, float], float]:
        """See `Distribution.inverse`."""
        cut = _Cut.of(self)
        below_low, above_low, below_high, above_high = cut.below_low, cut.above_low, cut.below_high, cut.above_high
        mean, deviation, low, high = float(self.mean), float(self.deviation), float(self.low), float(self.high)

        def inverse(u: float, v: float) -> float:
            below = v * below_low + u * below_high
            above = v * above_low + u * above_high
            upper = below > above
            z = normal_quantile(select(upper, above, below))
            x = mean + deviation * select(upper, -z, z)
            x = select(x < low, low, x)
            return select(x > high, high, x)

        return inverse

    @property
    def log_density(self) -> Callable[[float], float]:
        """See `Distribution.log_density`."""
        mean, deviation, low, high = float(self.mean), float(self.deviation), float(self.low), float(self.high)
        constant = LOG_ROOT_TWO_PI + math.log(deviation) + _Cut.of(self).log_mass

        def log_density(x: float) -> float:
            z = (x - mean) / deviation
            return select((x >= low) & (x <= high), -0.5 * z * z - constant, -math.inf)

        return log_density


@dataclass(frozen=True)
class _Cut:
    """The probabilities below and above the two limits, and the logarithm of that between them."""

    below_low: float
    above_low: float
    below_high: float
    above_high: float
    log_mass: float

    @classmethod
    def of(cls, each: Normal) -> _Cut:
        if not each.low < each.high:
            raise UsageError(f"the lower limit {each.low:g} is not below the upper limit {each.high:g}")
        a, b = (each.low - each.mean) / each.deviation, (each.high - each.mean) / each.deviation
        if b - a < NARROWEST:
            raise UsageError(
                f"the range from {each.low!r} to {each.high!r} is below 1e-8 standard deviations wide: take a uniform distribution"
            )
        mass = logarithm_of_mass(_between(a, b), each.low, each.high)
        return cls(normal_cdf(a), normal_cdf(-a), normal_cdf(b), normal_cdf(-b), mass)


def _between(a: float, b: float) -> float:
    """Return the probability of a standard normal variate between `a` and `b`, in full relative precision."""
    if b - a < NARROW:
        x, weights = np.polynomial.legendre.leggauss(POINTS)
        z = 0.5 * (a + b) + 0.5 * (b - a) * x
        return float(0.5 * (b - a) * np.sum(weights * np.exp(-0.5 * z * z - LOG_ROOT_TWO_PI)))
    if a > 0.0:
        return normal_cdf(-a) - normal_cdf(-b)
    if b < 0.0:
        return normal_cdf(b) - normal_cdf(a)
    return 1.0 - normal_cdf(a) - normal_cdf(-b)


@dataclass(frozen=True)
class LogNormal(Distribution):
    """Exponential of a normal with mean `mu` and standard deviation `sigma`, cut off at `low` and `high`.

    Raises
    ------
    UsageError
        If a number is not finite, `sigma` is not above 0, nothing is between the limits, or draws could be beyond 1.8e308.
    """

    mu: float
    sigma: float
    low: float = 0.0
    high: float = math.inf

    name = "lognormal"

    def __post_init__(self) -> None:
        if math.isnan(self.low) or not self.low < self.high or self.high <= 0.0:
            raise UsageError(
                f"the limits are {self.low:g} and {self.high:g}: a low and a high one above it, and above 0, were expected"
            )
        if (
            math.isinf(self.high)
            and finite("the mean", self.mu) + FURTHEST * finite("the deviation", self.sigma) > LARGEST_LOG
        ):
            raise UsageError("its values may be beyond 1.8e308: give it an upper limit")
        _ = self._logarithm

    @classmethod
    def of_moments(cls, mean: float, variance: float, low: float = 0.0, high: float = math.inf) -> LogNormal:
        """Make the one whose values, not their logarithms, have that mean and that variance (before it is cut off).

        Raises
        ------
        UsageError
            If one of them is not above 0.
        """
        if finite("the expected value", mean) <= 0.0 or finite("the variance", variance) <= 0.0:
            raise UsageError(f"the expected value is {mean:g} and the variance {variance:g}: above 0 was expected")
        square = math.log1p(variance / mean / mean)
        return cls(math.log(mean) - 0.5 * square, math.sqrt(square), low, high)

    @property
    def _logarithm(self) -> Normal:
        low = math.log(self.low) if self.low > 0.0 else -math.inf
        return Normal(self.mu, self.sigma, low, math.log(self.high))

    @property
    def support(self) -> tuple[float, float]:
        """Both limits; values are above 0."""
        return max(self.low, 0.0), self.high

    @property
    def inverse(self) -> Callable[[float, float], float]:
        """See `Distribution.inverse`."""
        logarithm = self._logarithm.inverse
        low, high = self.support

        def inverse(u: float, v: float) -> float:
            x = exp(logarithm(u, v))
            x = select(x < low, low, x)
            return select(x > high, high, x)

        return inverse

    @property
    def log_density(self) -> Callable[[float], float]:
        """See `Distribution.log_density`."""
        logarithm = self._logarithm
        of_logarithm = logarithm.log_density
        low, high = self.support
        least, most = logarithm.low, logarithm.high

        def log_density(x: float) -> float:
            inside = (x > 0.0) & (x >= low) & (x <= high)
            y = log(select(inside, x, 1.0))
            y = select(y < least, least, y)  # that of a limit may be rounded otherwise here than it was there
            y = select(y > most, most, y)
            return select(inside, of_logarithm(y) - y, -math.inf)

        return log_density
