"""Roots: ``cbrt``, ``hypot``."""

from __future__ import annotations

import math

from sweep_kernels.arithmetic import bits_of, float_of_bits, fma, select
from sweep_kernels.mathematics.binary import INF, NAN, flip_sign, is_number, magnitude
from sweep_kernels.mathematics.double_double import fast_two_sum, product, two_product

__all__ = ["cbrt", "hypot", "sqrt_of_sum"]

THIRD_OF_EXPONENT = 0x2A9F7893  # two thirds of the exponent's offset, in the upper 32 bits: W. Kahan, K. C. Ng, by way of FreeBSD's s_cbrt.c


def sqrt_of_sum(x: float, x_low: float) -> tuple[float, float]:
    """``sqrt(x + x_low)`` in double-double, for ``x`` zero or ``1e-290 < x < 1e300``; relative error about 2**-104."""
    root = math.sqrt(x)
    rest = fma(-root, root, x) + x_low
    return fast_two_sum(root, rest / select(x > 0.0, root + root, 1.0))


def hypot(x: float, y: float) -> float:
    """``sqrt(x**2 + y**2)`` without overflow on the way; error below 0.501 ulp (0.75 where the result is subnormal).

    Infinite if one of them is, even beside a NaN.
    """
    a, b = magnitude(x), magnitude(y)
    finite = (a < INF) & (b < INF)
    larger = select(finite, select(a > b, a, b), 0.0)
    smaller = select(finite, select(a > b, b, a), 0.0)
    up, down = larger < 2.0**-450, larger > 2.0**500
    scale = select(up, 2.0**600, select(down, 2.0**-600, 1.0))
    p, p_low = two_product(larger * scale, larger * scale)
    q, q_low = two_product(smaller * scale, smaller * scale)
    high, low = fast_two_sum(p, q)
    root, root_low = sqrt_of_sum(high, low + (p_low + q_low))
    z = (root + root_low) * select(up, 2.0**-600, select(down, 2.0**600, 1.0))
    return select(finite, z, select((a == INF) | (b == INF), INF, NAN))


def cbrt(x: float) -> float:
    """Cube root; error below 0.501 ulp, exact for cubes.

    A first guess by a third of the exponent, three steps of Halley's, and the rest of the last one in double-double.
    """
    size = magnitude(x)
    inside = (size > 0.0) & (size < INF)
    small, large = size < 2.0**-900, size > 2.0**1000
    a = select(inside, size * select(small, 2.0**540, select(large, 2.0**-54, 1.0)), 1.0)
    third = ((bits_of(a) >> 32) * 0x55555556) >> 32
    t = float_of_bits((third + THIRD_OF_EXPONENT) << 32)
    t = halley(t, a)
    t = halley(t, a)
    t = halley(t, a)
    square, square_low = two_product(t, t)
    cube, cube_low = two_product(square, t)
    rest = (a - cube) - fma(square_low, t, cube_low)
    y = (t + rest / (3.0 * square)) * select(small, 2.0**-180, select(large, 2.0**18, 1.0))
    return select(inside, flip_sign(y, x), select(is_number(size), x, NAN))


def halley(t: float, a: float) -> float:
    """One step towards the cube root of `a`."""
    cube = product(t * t, t)
    return product(t, fma(2.0, a, cube) / fma(2.0, cube, a))
