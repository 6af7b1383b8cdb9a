"""The standard normal distribution: ``normal_cdf`` and its inverse, ``normal_quantile``."""

from __future__ import annotations

from sweep_kernels.arithmetic import fma, select
from sweep_kernels.mathematics.binary import NAN, flip_sign, magnitude, scaled
from sweep_kernels.mathematics.double_double import add, divide, fast_two_sum, multiply, product, two_product, two_sum
from sweep_kernels.mathematics.exponential import exp_of_sum

__all__ = ["normal_cdf"]

CENTRE = 4.5
FURTHEST = 39.0  # the tail is 0 there
NEAR = 0.6
DENSITY_AT_ZERO = 0.3989422804014327
DENSITY_AT_ZERO_LOW = -2.49232720227773e-17
AT_CENTRE = 0.46641865659290194
AT_CENTRE_LOW = -2.5068540067570775e-17


def middle(x: float) -> tuple[float, float]:
    """``normal_cdf(x) - 1/2`` in double-double for ``0 <= x <= 0.6``; relative error below 2**-56."""
    z = x * x
    p = fma(z, -1.0483095009327274e-10, 2.2679280415491997e-09)
    p = fma(p, z, -4.122459151405362e-08)
    p = fma(p, z, 6.659688991235436e-07)
    p = fma(p, z, -9.444656201667793e-06)
    p = fma(p, z, 0.00011543468761199944)
    p = fma(p, z, -0.0011873282154803047)
    p = fma(p, z, 0.009973557010035815)
    p = fma(p, z, -0.06649038006690544)
    q, q_low = fast_two_sum(DENSITY_AT_ZERO, product(p, z))
    return multiply(x, 0.0, q, q_low + DENSITY_AT_ZERO_LOW)


def tail(x: float) -> tuple[int, float, float]:
    """Return ``(k, y, y_low)``: ``normal_cdf(-x) = 2**k (y + y_low)`` for ``0.5 <= x <= 39``; relative error below 2**-54.

    ``exp(x**2 / 2) normal_cdf(-x) (1 + x)`` as one polynomial in ``(x - K) / (x + K)``; see `erfc_far`.
    """
    n, n_low = two_sum(x, -CENTRE)
    d, d_low = two_sum(x, CENTRE)
    t, t_low = divide(n, n_low, d, d_low)
    p = fma(t, 7.624687807730763e-10, 9.236866021341764e-10)
    p = fma(p, t, -5.8176769441331446e-09)
    p = fma(p, t, -1.0069137590171165e-08)
    p = fma(p, t, 2.690246057623705e-08)
    p = fma(p, t, 7.03519244703568e-08)
    p = fma(p, t, -1.1088751930404051e-07)
    p = fma(p, t, -4.29341984238902e-07)
    p = fma(p, t, 5.28242891384182e-07)
    p = fma(p, t, 2.551929138532799e-06)
    p = fma(p, t, -3.5868153948073366e-06)
    p = fma(p, t, -1.4896575025740893e-05)
    p = fma(p, t, 3.3835316109490306e-05)
    p = fma(p, t, 7.095225048855444e-05)
    p = fma(p, t, -0.0003530018294682401)
    p = fma(p, t, 0.00011925567081765346)
    p = fma(p, t, 0.002711246106284357)
    p = fma(p, t, -0.010591085334940792)
    p = fma(p, t, 0.02261631044680875)
    p = fma(p, t, -0.030376890965863445)
    p = fma(p, t, 0.018922656662727976)
    p = fma(p, t, 0.023842964769119977)
    p = fma(p, t, -0.09445675888818701)
    q, q_low = two_product(p, t)
    y, y_low = fast_two_sum(AT_CENTRE, q)
    d, d_low = two_sum(1.0, x)
    y, y_low = divide(y, y_low + fma(p, t_low, q_low + AT_CENTRE_LOW), d, d_low)
    square, square_low = two_product(x, 0.5 * x)
    k, e, e_low = exp_of_sum(-square, -square_low)
    y, y_low = multiply(y, y_low, e, e_low)
    return k, y, y_low


def normal_cdf(x: float) -> float:
    """Probability that a standard normal variate is below `x`, to the smallest subnormal near -38.5; error below 0.9 ulp."""
    size = magnitude(x)
    near = size < NEAR
    y, y_low = middle(select(near, size, 0.0))
    y, y_low = add(0.5, 0.0, flip_sign(y, x), flip_sign(y_low, x))
    k, z, z_low = tail(select(near, 1.0, select(size < FURTHEST, size, FURTHEST)))
    below = scaled(z + z_low, k)
    high, high_low = add(1.0, 0.0, -below, 0.0)
    far = select(x > 0.0, high + high_low, below)
    return select(x == x, select(near, y + y_low, far), NAN)  # noqa: PLR0124
