"""A radius and a direction: ``circle``, ``sphere``, ``rice``, ``standard_t``. Nothing branches."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sweep_kernels.arithmetic import fma, select
from sweep_kernels.draws.inversion import standard_exponential
from sweep_kernels.draws.primitive import standard_normal, standard_uniform
from sweep_kernels.mathematics.exponential import expm1
from sweep_kernels.mathematics.in_range import sincos_turns
from sweep_kernels.mathematics.roots import hypot

if TYPE_CHECKING:
    from sweep_kernels.rng import Rng

__all__ = ["circle", "rice", "sphere", "standard_t"]


def circle(rng: Rng) -> tuple[float, float]:
    """Draw a point ``(x, y)`` of the unit circle, every direction alike. One U."""
    sine, cosine = sincos_turns(standard_uniform(rng))
    return cosine, sine


def sphere(rng: Rng) -> tuple[float, float, float]:
    """Draw a point ``(x, y, z)`` of the unit sphere, every direction alike. Two U.

    ``z = 1 - 2 U`` is uniform (Archimedes); the distance from the axis is ``2 sqrt(U (1 - U))``.
    """
    u = standard_uniform(rng)
    sine, cosine = sincos_turns(standard_uniform(rng))
    radius = 2.0 * math.sqrt(u * (1.0 - u))
    return radius * cosine, radius * sine, fma(-2.0, u, 1.0)


def rice(rng: Rng, nu: float, sigma: float) -> float:
    """Rice, the length of a vector of length `nu` with normal noise of standard deviation `sigma` in both coordinates. Two Z.

    Raises
    ------
    ValueError
        If one of them is negative or not finite.
    """
    if not (nu >= 0.0 and nu < math.inf and sigma >= 0.0 and sigma < math.inf):
        raise ValueError("rice: nu and sigma must be 0 or more, and finite")
    along = fma(float(sigma), standard_normal(rng), float(nu))
    return hypot(along, sigma * standard_normal(rng))


def standard_t(rng: Rng, df: float) -> float:
    """Student's t with `df` degrees of freedom, any positive number. Two U.

    ``sqrt(df (exp(2 E / df) - 1)) cos(2 pi U)``, `E` exponential: R. W. Bailey, "Polar generation of random variates with the
    t-distribution", Mathematics of Computation 62 (1994), https://doi.org/10.1090/S0025-5718-1994-1219702-8, with a direction in place of
    his point in the disc. Infinite where it is above 1.8e308, which takes a `df` below 0.06.

    Raises
    ------
    ValueError
        If `df` is not positive and finite.
    """
    if not (df > 0.0 and df < math.inf):
        raise ValueError("standard_t: the degrees of freedom must be above 0, and finite")
    growth = expm1(standard_exponential(rng) / df)
    _, cosine = sincos_turns(standard_uniform(rng))
    radius = math.sqrt(df * growth) * math.sqrt(growth + 2.0)
    return select(cosine == 0.0, 0.0, radius * cosine)
