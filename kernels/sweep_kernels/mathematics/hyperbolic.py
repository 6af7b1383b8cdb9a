"""Hyperbolic functions and their inverses: ``sinh``, ``cosh``, ``tanh``, ``asinh``, ``acosh``, ``atanh``.

The first three from ``u = exp(|x|) - 1`` in double-double, as fdlibm does with one float64 (Sun Microsystems, 1993, ``e_sinh.c``): so they keep
their relative accuracy near zero. The inverses by their logarithms (DLMF 4.37), the arguments in double-double too.
"""

from __future__ import annotations

from sweep_kernels.arithmetic import fma, select
from sweep_kernels.mathematics.binary import INF, NAN, flip_sign, is_number, magnitude
from sweep_kernels.mathematics.double_double import add, divide, multiply, two_product, two_sum
from sweep_kernels.mathematics.exponential import quarter_expm1
from sweep_kernels.mathematics.logarithmic import log1p_of_sum
from sweep_kernels.mathematics.roots import sqrt_of_sum

__all__ = ["acosh", "asinh", "atanh", "cosh", "sinh", "tanh"]

LARGEST = 710.8  # cosh and sinh overflow below
FLAT = 40.0  # from here on exp(-x) does not matter beside exp(x)
HUGE = 2.0**500  # from here on sqrt(x**2 + 1) is x
TINY = 2.0**-30


def sinh(x: float) -> float:
    """Hyperbolic sine; error below 0.58 ulp."""
    size = magnitude(x)
    u, u_low = quarter_expm1(select(size < LARGEST, size, LARGEST))
    flat = size > FLAT
    v, v_low = select(flat, 0.25, u), select(flat, 0.0, u_low)
    d, d_low = two_sum(1.0, 4.0 * v)
    q, q_low = divide(v, v_low, d, fma(4.0, v_low, d_low))
    y, y_low = add(u, u_low, q, q_low)
    y = select(size < TINY, size, 2.0 * (y + y_low))
    return select(is_number(x), flip_sign(y, x), NAN)


def cosh(x: float) -> float:
    """Hyperbolic cosine; error below 0.53 ulp."""
    size = magnitude(x)
    u, u_low = quarter_expm1(select(size < LARGEST, size, LARGEST))
    flat = size > FLAT
    v, v_low = select(flat, 0.25, u), select(flat, 0.0, u_low)
    d, d_low = two_sum(1.0, 4.0 * v)
    q, q_low = divide(0.25, 0.0, d, fma(4.0, v_low, d_low))
    y, y_low = add(0.25, 0.0, u, u_low)
    y, y_low = add(y, y_low, q, q_low)
    return select(is_number(x), 2.0 * (y + y_low), NAN)


def tanh(x: float) -> float:
    """Hyperbolic tangent; error below 0.57 ulp."""
    size = magnitude(x)
    u, u_low = quarter_expm1(2.0 * select(size < FLAT, size, FLAT))
    d, d_low = two_sum(1.0, 2.0 * u)
    y, y_low = divide(2.0 * u, 2.0 * u_low, d, fma(2.0, u_low, d_low))
    y = select(size < TINY, size, y + y_low)
    return select(is_number(x), flip_sign(y, x), NAN)


def asinh(x: float) -> float:
    """Inverse hyperbolic sine: ``log1p(x + x**2 / (1 + sqrt(1 + x**2)))``; error below 0.65 ulp."""
    size = magnitude(x)
    huge = size >= HUGE
    a = select(size < HUGE, size, 1.0)  # of a NaN as well
    p, p_low = two_product(a, a)
    s, s_low = add(1.0, 0.0, p, p_low)
    s, s_low = sqrt_of_sum(s, s_low)
    s, s_low = add(1.0, 0.0, s, s_low)
    q, q_low = divide(p, p_low, s, s_low)
    t, t_low = add(a, 0.0, q, q_low)
    finite = select(size < INF, size, 1.0)
    y = log1p_of_sum(select(huge, finite, t), select(huge, 0.0, t_low), select(huge, 1.0, 0.0))
    y = select(size < TINY, size, select(size == INF, INF, y))
    return select(is_number(x), flip_sign(y, x), NAN)


def acosh(x: float) -> float:
    """Inverse hyperbolic cosine, at least 0: ``log1p(t + sqrt(t (2 + t)))``, ``t = x - 1``; error below 0.62 ulp, NaN below 1."""
    inside = (x >= 1.0) & (x < INF)
    huge = x > HUGE
    a = select(inside & (x <= HUGE), x, 1.0)
    t, t_low = two_sum(a, -1.0)
    d, d_low = two_sum(a, 1.0)
    s, s_low = multiply(t, t_low, d, d_low)
    s, s_low = sqrt_of_sum(s, s_low)
    t, t_low = add(t, t_low, s, s_low)
    finite = select(x < INF, x, 1.0)
    y = log1p_of_sum(select(huge, finite, t), select(huge, 0.0, t_low), select(huge, 1.0, 0.0))
    return select(inside, y, select(x == INF, INF, NAN))


def atanh(x: float) -> float:
    """Inverse hyperbolic tangent: ``log1p(2 x / (1 - x)) / 2``; error below 0.66 ulp, NaN beyond ``[-1, 1]``."""
    size = magnitude(x)
    a = select(size < 1.0, size, 0.0)
    d, d_low = two_sum(1.0, -a)
    q, q_low = divide(2.0 * a, 0.0, d, d_low)
    y = 0.5 * log1p_of_sum(q, q_low, 0.0)
    y = select(size < TINY, size, select(size < 1.0, y, select(size == 1.0, INF, NAN)))
    return select(is_number(y), flip_sign(y, x), NAN)
