"""Draws from another distribution than the one that is meant, weighted back: importance sampling.

With ``proposal=`` a method draws as if it had been given the proposal's parameters, and multiplies the trial's weight by ``p(x) / q(x)``, the density
that is meant over the one that was drawn from. H. Kahn and A. W. Marshall, "Methods of reducing sample size in Monte Carlo computations",
Journal of the Operations Research Society of America 1 (1953), https://doi.org/10.1287/opre.1.5.263; A. B. Owen, "Monte Carlo theory, methods and
examples" (2013), chapter 9, https://artowen.su.domains/mc/. Without it they draw what the plain functions beside this file draw, and no weight is
touched. Weights are kept as logarithms: products of many would leave the range of a float.

A proposal must reach all that the distribution reaches, or the weights would not make up for what is never drawn; where this can be told from
the parameters it is an error.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sweep_kernels.arithmetic import fma, select
from sweep_kernels.draws.binomial_numbers import binomial as plain_binomial
from sweep_kernels.draws.equal_chances import bernoulli as plain_bernoulli
from sweep_kernels.draws.gamma_family import gamma as plain_gamma
from sweep_kernels.draws.inversion import exponential as plain_exponential
from sweep_kernels.draws.inversion import geometric as plain_geometric
from sweep_kernels.draws.inversion import rayleigh as plain_rayleigh
from sweep_kernels.draws.inversion import weibull as plain_weibull
from sweep_kernels.draws.poisson_numbers import poisson as plain_poisson
from sweep_kernels.draws.primitive import standard_normal
from sweep_kernels.draws.scaled import lognormal as plain_lognormal
from sweep_kernels.draws.scaled import normal as plain_normal
from sweep_kernels.draws.scaled import uniform as plain_uniform
from sweep_kernels.draws.selection import LEAST_TOTAL
from sweep_kernels.draws.selection import choice as plain_choice
from sweep_kernels.mathematics.exponential import exp
from sweep_kernels.mathematics.gamma_function import lgamma
from sweep_kernels.mathematics.logarithmic import log, log1p

if TYPE_CHECKING:
    from sweep_kernels.rng import Rng

__all__ = [
    "bernoulli",
    "binomial",
    "choice",
    "exponential",
    "gamma",
    "geometric",
    "lognormal",
    "normal",
    "poisson",
    "rayleigh",
    "uniform",
    "weibull",
    "weigh",
]


def weigh(rng: Rng, log_ratio: float) -> None:
    """Multiply the trial's weight by ``exp(log_ratio)``: the logarithm of the density that is meant over the one that was drawn from.

    Raises
    ------
    ValueError
        If it is NaN or infinite; ``-inf``, a weight of 0, may be.
    """
    if not log_ratio < math.inf:
        raise ValueError("weigh: the logarithm of a weight must be below infinity, and not NaN")
    rng.log_weight = rng.log_weight + log_ratio


def uniform(rng: Rng, low: float = 0.0, high: float = 1.0, proposal: Any = None) -> float:
    """Draw from ``[low, high)``; `proposal`: another range ``(low, high)`` around it. See `sweep_kernels.draws.scaled.uniform`.

    Raises
    ------
    ValueError
        As the plain one does; if the proposal's range does not hold the other.
    """
    if proposal is None:
        return plain_uniform(rng, low, high)
    least, most = float(proposal[0]), float(proposal[1])
    if not (least <= low < high <= most):
        raise ValueError("uniform: the proposal's range must hold the range that is meant, which must not be empty")
    x = plain_uniform(rng, least, most)
    inside = (x >= low) & (x <= high)
    weigh(rng, select(inside, log((most - least) / (high - low)), -math.inf))
    return x


def normal(rng: Rng, loc: float = 0.0, scale: float = 1.0, proposal: Any = None) -> float:
    """Draw a normal; `proposal`: another ``(loc, scale)``. See `sweep_kernels.draws.scaled.normal`.

    Raises
    ------
    ValueError
        As the plain one does; with a proposal also if one of the standard deviations is 0.
    """
    if proposal is None:
        return plain_normal(rng, loc, scale)
    z = standard_normal(rng)
    mean, deviation = float(proposal[0]), float(proposal[1])
    if not (abs(loc) < math.inf and scale > 0.0 and scale < math.inf):
        raise ValueError("normal: with a proposal the standard deviation must be above 0, and it and the mean finite")
    if not (abs(mean) < math.inf and deviation > 0.0 and deviation < math.inf):
        raise ValueError("normal: the proposal's standard deviation must be above 0, and it and its mean finite")
    x = fma(deviation, z, mean)
    weigh(rng, normal_ratio(x, z, float(loc), float(scale), deviation))
    return x


def normal_ratio(x: float, z: float, mean: float, deviation: float, drawn_deviation: float) -> float:
    """Return the logarithm of a normal density at `x` over that of the one which `x` is `z` deviations from the middle of."""
    own = (x - mean) / deviation
    return 0.5 * ((z - own) * (z + own)) + log(drawn_deviation / deviation)


def lognormal(rng: Rng, mean: float = 0.0, sigma: float = 1.0, proposal: Any = None) -> float:
    """Draw the exponential of a normal; `proposal`: another ``(mean, sigma)``. See `sweep_kernels.draws.scaled.lognormal`.

    Raises
    ------
    ValueError
        As the plain one does; with a proposal also if one of the deviations is 0.
    """
    if proposal is None:
        return plain_lognormal(rng, mean, sigma)
    return exp(normal(rng, mean, sigma, proposal))


def exponential(rng: Rng, scale: float = 1.0, proposal: Any = None) -> float:
    """Exponential with mean `scale`; `proposal`: another mean. See `sweep_kernels.draws.inversion.exponential`.

    Raises
    ------
    ValueError
        As the plain one does; with a proposal also if one of the means is 0.
    """
    if proposal is None:
        return plain_exponential(rng, scale)
    if not (scale > 0.0 and scale < math.inf and proposal > 0.0):
        raise ValueError("exponential: with a proposal both scales must be above 0, and finite")
    x = plain_exponential(rng, proposal)
    weigh(rng, log(proposal / scale) + x * (1.0 / proposal - 1.0 / scale))
    return x


def rayleigh(rng: Rng, scale: float = 1.0, proposal: Any = None) -> float:
    """Rayleigh; `proposal`: another scale. See `sweep_kernels.draws.inversion.rayleigh`.

    Raises
    ------
    ValueError
        As the plain one does; with a proposal also if one of the scales is 0.
    """
    if proposal is None:
        return plain_rayleigh(rng, scale)
    if not (scale > 0.0 and scale < math.inf and proposal > 0.0):
        raise ValueError("rayleigh: with a proposal both scales must be above 0, and finite")
    x = plain_rayleigh(rng, proposal)
    own, drawn = x / scale, x / proposal
    weigh(rng, 2.0 * log(proposal / scale) + 0.5 * ((drawn - own) * (drawn + own)))
    return x


def weibull(rng: Rng, a: float, scale: float = 1.0, proposal: Any = None) -> float:
    """Weibull; `proposal`: another ``(a, scale)``. See `sweep_kernels.draws.inversion.weibull`.

    Raises
    ------
    ValueError
        As the plain one does; with a proposal also if one of the scales is 0.
    """
    if proposal is None:
        return plain_weibull(rng, a, scale)
    shape, width = float(proposal[0]), float(proposal[1])
    if not (a > 0.0 and a < math.inf and scale > 0.0 and scale < math.inf and width > 0.0):
        raise ValueError("weibull: with a proposal shapes and scales must be above 0, and finite")
    x = plain_weibull(rng, shape, width)
    own, drawn = log_or_least(x / scale), log_or_least(x / width)
    weigh(rng, log(a / shape) + (a * own - shape * drawn) + (exp(shape * drawn) - exp(a * own)))
    return x


def log_or_least(x: float) -> float:
    """``log(x)``, of 0 as of the least number above it: it stands for all that rounding made 0."""
    return log(select(x > 0.0, x, 5e-324))


def gamma(rng: Rng, shape: float, scale: float = 1.0, proposal: Any = None) -> float:
    """Gamma; `proposal`: another ``(shape, scale)``. See `sweep_kernels.draws.gamma_family.gamma`.

    Raises
    ------
    ValueError
        As the plain one does; with a proposal also if one of the scales is 0.
    """
    if proposal is None:
        return plain_gamma(rng, shape, scale)
    k, width = float(proposal[0]), float(proposal[1])
    if not (shape > 0.0 and shape < math.inf and scale > 0.0 and scale < math.inf and width > 0.0):
        raise ValueError("gamma: with a proposal shapes and scales must be above 0, and finite")
    x = plain_gamma(rng, k, width)
    own, drawn = x / scale, x / width
    weigh(rng, shape * log_or_least(own) - k * log_or_least(drawn) + (drawn - own) + (lgamma(k) - lgamma(shape)))
    return x


def bernoulli(rng: Rng, p: float, proposal: Any = None) -> bool:
    """Return whether an event happens; `proposal`: another probability. See `sweep_kernels.draws.equal_chances.bernoulli`.

    Raises
    ------
    ValueError
        As the plain one does; if the proposal leaves out what may happen.
    """
    if proposal is None:
        return plain_bernoulli(rng, p)
    if not (p >= 0.0 and p <= 1.0 and (proposal > 0.0 or p == 0.0) and (proposal < 1.0 or p == 1.0)):
        raise ValueError(
            "bernoulli: the proposal must be between 0 and 1, and may be 0 or 1 only where the probability is"
        )
    happens = plain_bernoulli(rng, proposal)
    weigh(rng, log(select(happens, p, 1.0 - p) / select(happens, float(proposal), 1.0 - proposal)))
    return happens


def geometric(rng: Rng, p: float, proposal: Any = None) -> int:
    """Trials up to the first success; `proposal`: another probability. See `sweep_kernels.draws.inversion.geometric`.

    Raises
    ------
    ValueError
        As the plain one does; if the proposal is 1 and `p` is not.
    """
    if proposal is None:
        return plain_geometric(rng, p)
    if not (p >= 1e-14 and p <= 1.0 and (proposal < 1.0 or p == 1.0)):
        raise ValueError(
            "geometric: the probabilities must be between 1e-14 and 1, and the proposal's may be 1 only where the other is"
        )
    k = plain_geometric(rng, proposal)
    weigh(rng, log(p / proposal) + times(float(k - 1), failing(p) - failing(proposal)))
    return k


def failing(p: float) -> float:
    """``log(1 - p)``, of 1 a number far below all others: infinities would make NaN of what never happens."""
    return log1p(-select(p < 1.0, p, 0.0)) - select(p < 1.0, 0.0, 1e300)


def times(count: float, log_ratio: float) -> float:
    """`log_ratio` of each of `count` times; 0 of none."""
    return select(count == 0.0, 0.0, count * log_ratio)


def poisson(rng: Rng, mean: float, proposal: Any = None) -> int:
    """Poisson; `proposal`: another mean. See `sweep_kernels.draws.poisson_numbers.poisson`.

    Raises
    ------
    ValueError
        As the plain one does; if the proposal is 0 and `mean` is not.
    """
    if proposal is None:
        return plain_poisson(rng, mean)
    if not (mean >= 0.0 and mean < math.inf and (proposal > 0.0 or mean == 0.0)):
        raise ValueError("poisson: the means must be 0 or more, and the proposal's may be 0 only where the other is")
    k = plain_poisson(rng, proposal)
    some = (mean > 0.0) & (proposal > 0.0)
    ratio = log(select(some, mean, 1.0) / select(some, float(proposal), 1.0))
    none = select((mean == 0.0) & (k > 0), -math.inf, 0.0)
    weigh(rng, float(k) * ratio + (proposal - mean) + none)
    return k


def binomial(rng: Rng, n: int, p: float, proposal: Any = None) -> int:
    """Successes in `n` trials; `proposal`: another probability. See `sweep_kernels.draws.binomial_numbers.binomial`.

    Raises
    ------
    ValueError
        As the plain one does; if the proposal leaves out what may happen.
    """
    if proposal is None:
        return plain_binomial(rng, n, p)
    if not (p >= 0.0 and p <= 1.0 and (proposal > 0.0 or p == 0.0) and (proposal < 1.0 or p == 1.0)):
        raise ValueError(
            "binomial: the proposal must be between 0 and 1, and may be 0 or 1 only where the probability is"
        )
    k = plain_binomial(rng, n, proposal)
    some = (p > 0.0) & (proposal > 0.0)
    ratio = log(select(some, float(p), 1.0) / select(some, float(proposal), 1.0))
    none = select((p == 0.0) & (k > 0), -math.inf, 0.0)
    weigh(rng, float(k) * ratio + times(float(n - k), failing(p) - failing(proposal)) + none)
    return k


def choice(rng: Rng, weights: Any, proposal: Any = None) -> int:
    """Draw an index by weight; `proposal`: as many other weights. See `sweep_kernels.draws.selection.choice`.

    Raises
    ------
    ValueError
        As the plain one does; if the proposal has another length, or never draws what may happen.
    """
    if proposal is None:
        return plain_choice(rng, weights)
    if len(proposal) != len(weights):
        raise ValueError("choice: the proposal must have as many weights as there are")
    total, drawn_total, allowed = 0.0, 0.0, True
    for i in range(len(weights)):
        total = total + weights[i]
        drawn_total = drawn_total + proposal[i]
        allowed = allowed & (weights[i] >= 0.0) & ((proposal[i] > 0.0) | (weights[i] == 0.0))
    if not (allowed and total > LEAST_TOTAL and total < math.inf):
        raise ValueError(
            "choice: no weight may be negative, nor the proposal's 0 where the other is not, and sums must be above 1e-300 and finite"
        )
    index = plain_choice(rng, proposal)
    weigh(rng, log((weights[index] / total) / (proposal[index] / drawn_total)))
    return index
