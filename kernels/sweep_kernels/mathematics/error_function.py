"""The error function and its complement: ``erf``, ``erfc``.

Below 1 a power series' length of polynomial; above, ``exp(x**2) erfc(x) (1 + x)`` as one polynomial in ``(x - K) / (x + K)``, after
M. M. Shepherd and J. G. Laframboise, "Chebyshev approximation of (1 + 2x) exp(x**2) erfc x in 0 <= x < inf", Mathematics of Computation
36 (1981), https://doi.org/10.1090/S0025-5718-1981-0595058-X. Coefficients from interpolation at Chebyshev points
(`benchmarks/coefficients.py`).
"""

from __future__ import annotations

from sweep_kernels.arithmetic import fma, select
from sweep_kernels.mathematics.binary import NAN, flip_sign, is_number, magnitude, scaled
from sweep_kernels.mathematics.double_double import add, divide, fast_two_sum, multiply, two_product, two_sum
from sweep_kernels.mathematics.exponential import exp_of_sum

__all__ = ["erf", "erfc"]

CENTRE = 3.25
FURTHEST = 28.0  # erfc is 0 there
TWO_OVER_ROOT_PI = 1.1283791670955126
TWO_OVER_ROOT_PI_LOW = 1.533545961316588e-17
CUBIC = -0.37612638903183754
AT_CENTRE = 0.7069252308139929
AT_CENTRE_LOW = 3.1967872786156094e-17
SLOPE = -0.2227037243479894
SLOPE_LOW = 1.701199129950414e-18


def erf_near(x: float) -> tuple[float, float]:
    """``erf(x)`` in double-double for ``0 <= x <= 1``; relative error below 2**-56."""
    z, z_low = two_product(x, x)
    p = fma(z, 6.174097221305255e-11, -1.1500357159785296e-09)
    p = fma(p, z, 1.4692484859133263e-08)
    p = fma(p, z, -1.6355118610877705e-07)
    p = fma(p, z, 1.6461446656928561e-06)
    p = fma(p, z, -1.4925622504489842e-05)
    p = fma(p, z, 0.00012055332214716276)
    p = fma(p, z, -0.0008548327010033328)
    p = fma(p, z, 0.005223977625303518)
    p = fma(p, z, -0.026866170645123838)
    p = fma(p, z, 0.11283791670955111)
    r = fma(p, z, CUBIC)
    r_low = fma(p, z, CUBIC - r)
    q, q_low = two_product(r, z)
    y, y_low = fast_two_sum(TWO_OVER_ROOT_PI, q)
    low = fma(r, z_low, fma(r_low, z, q_low + TWO_OVER_ROOT_PI_LOW))
    return multiply(x, 0.0, y, y_low + low)


def erfc_far(x: float) -> tuple[int, float, float]:
    """Return ``(k, y, y_low)``: ``erfc(x) = 2**k (y + y_low)`` for ``0.5 <= x <= 28``; relative error below 2**-54."""
    n, n_low = two_sum(x, -CENTRE)
    d, d_low = two_sum(x, CENTRE)
    t, t_low = divide(n, n_low, d, d_low)
    p = fma(t, 2.5006996913948593e-09, -1.5535206781751148e-09)
    p = fma(p, t, -2.0256382742343694e-08)
    p = fma(p, t, 5.998958063519706e-09)
    p = fma(p, t, 1.164653444739378e-07)
    p = fma(p, t, 2.455925136185918e-09)
    p = fma(p, t, -6.508300956296335e-07)
    p = fma(p, t, -9.074660860217156e-08)
    p = fma(p, t, 3.888020699623404e-06)
    p = fma(p, t, -4.426932248740196e-07)
    p = fma(p, t, -2.494283833377569e-05)
    p = fma(p, t, 2.285540881808445e-05)
    p = fma(p, t, 0.00015161243241569879)
    p = fma(p, t, -0.00041084897399802883)
    p = fma(p, t, -0.00034725243481623514)
    p = fma(p, t, 0.0044803237403792445)
    p = fma(p, t, -0.013387634649360571)
    p = fma(p, t, 0.022483636399768865)
    p = fma(p, t, -0.017399379204674763)
    p = fma(p, t, -0.021776923924034318)
    p = fma(p, t, 0.10617382176451033)
    r = fma(p, t, SLOPE)
    r_low = fma(p, t, SLOPE - r) + SLOPE_LOW
    q, q_low = two_product(r, t)
    y, y_low = fast_two_sum(AT_CENTRE, q)
    d, d_low = two_sum(1.0, x)
    y, y_low = divide(y, y_low + fma(r, t_low, fma(r_low, t, q_low + AT_CENTRE_LOW)), d, d_low)
    square, square_low = two_product(x, x)
    k, e, e_low = exp_of_sum(-square, -square_low)
    y, y_low = multiply(y, y_low, e, e_low)
    return k, y, y_low


def erf(x: float) -> float:
    """Error function; error below 0.65 ulp."""
    size = magnitude(x)
    near = size < 1.0
    y, y_low = erf_near(select(near, size, 0.0))
    k, z, z_low = erfc_far(select(near, 1.0, select(size < 6.0, size, 6.0)))
    far, far_low = add(1.0, 0.0, -scaled(z, k), -scaled(z_low, k))
    y = select(near, y + y_low, far + far_low)
    return select(is_number(x), flip_sign(y, x), NAN)


def erfc(x: float) -> float:
    """``1 - erf(x)``, accurate in the upper tail too, to the smallest subnormal near 27.2; error below 0.8 ulp."""
    size = magnitude(x)
    near = size < 0.5
    y, y_low = erf_near(select(near, size, 0.0))
    y, y_low = add(1.0, 0.0, -flip_sign(y, x), -flip_sign(y_low, x))
    k, z, z_low = erfc_far(select(near, 1.0, select(size < FURTHEST, size, FURTHEST)))
    tail = scaled(z + z_low, k)
    high, high_low = add(2.0, 0.0, -tail, 0.0)
    far = select(x < 0.0, high + high_low, tail)
    return select(is_number(x), select(near, y + y_low, far), NAN)
