"""Logarithms: ``log``, ``log2``, ``log10``, ``log1p``.

``x = 2**k (1 + f)``, ``sqrt(1/2) <= 1 + f < sqrt(2)``. `log` is fdlibm's (Sun Microsystems, 1993, ``e_log.c``), with its
coefficients; the power takes ``log(1 + f) = 2 atanh(f / (2 + f))`` to 68 bits, with coefficients from interpolation at
Chebyshev points (`benchmarks/coefficients.py`).
"""

from __future__ import annotations

from sweep_kernels.arithmetic import bits_of, fma, select
from sweep_kernels.mathematics.binary import INF, NAN, SHIFT, SHIFT_BITS, magnitude, power_of_two, split
from sweep_kernels.mathematics.double_double import fast_two_sum, multiply, product, two_product, two_sum

__all__ = ["log", "log1p", "log1p_of_sum", "log2", "log10", "log_of_one_plus", "logarithm", "plus_ln2_times"]

LN2_HIGH = 6.93147180369123816490e-01  # 33 bits: k * LN2_HIGH is exact
LN2_LOW = 1.90821492927058770002e-10
TWO_THIRDS = 0.6666666666666666
TWO_THIRDS_LOW = 3.700743415417188e-17
TWO_FIFTHS = 0.4  # of the polynomial: not quite 2/5
TWO_FIFTHS_LOW = -2.4073497651001882e-17
LOG2_E = 1.4426950408889634
LOG2_E_LOW = 2.0355273740931033e-17
LOG10_E = 0.4342944819032518
LOG10_E_LOW = 1.098319650216765e-17
LOG10_2_HIGH = 0.30102999560767785  # 33 bits
LOG10_2_LOW = 5.630334806675098e-11


def odd_rest(z: float) -> float:
    """``(log(1 + f) - 2 s) / s`` for ``s = f / (2 + f)``, ``z = s**2``: fdlibm's `R`."""
    p = fma(z, 1.479819860511658591e-01, 1.531383769920937332e-01)
    p = fma(p, z, 1.818357216161805012e-01)
    p = fma(p, z, 2.222219843214978396e-01)
    p = fma(p, z, 2.857142874366239149e-01)
    p = fma(p, z, 3.999999999940941908e-01)
    p = fma(p, z, 6.666666666666735130e-01)
    return fma(z, p, 0.0)


def log(x: float) -> float:
    """Natural logarithm; error below 0.76 ulp."""
    exponent, f = split(select(x > 0.0, x, 1.0))
    s = f / (2.0 + f)
    half = 0.5 * f
    correction = fma(s, fma(half, f, odd_rest(s * s)), exponent * LN2_LOW)
    y = fma(exponent, LN2_HIGH, f - fma(half, f, -correction))
    return on_the_half_line(x, y)


def on_the_half_line(x: float, y: float) -> float:
    """`y` for a positive, finite `x`, and what a logarithm is for any other."""
    beyond = select(x == 0.0, -INF, select(x > 0.0, INF, NAN))
    return select((x > 0.0) & (x < INF), y, beyond)


def log_in_two(f: float, f_low: float) -> tuple[float, float]:
    """``log(1 + f + f_low)`` as a sum, for `f` of `split`; relative error below 2**-56.

    ``f - f**2/2 + s (f**2/2 + R(s**2))`` with `f` and its square in two parts.
    """
    s = f / (2.0 + f)
    square, square_low = two_product(0.5 * f, f)
    high, low = fast_two_sum(f, -square)
    low = fma(s, square + odd_rest(s * s), low - square_low)
    return fast_two_sum(high, low + f_low / (1.0 + f))


def log_of_one_plus(f: float) -> tuple[float, float]:
    """``log(1 + f)`` as a sum, for `f` of `split`; relative error below 2**-68.

    ``2 s + s z (2/3 + z P(z))``, ``s = f / (2 + f)``, ``z = s**2``, all but most of `P` in double-double, with the lower halves left as they come.
    """
    d, d_low = fast_two_sum(2.0, f)
    inverse = 1.0 / d
    s = f * inverse
    s_low = fma(-s, d_low, fma(-s, d, f)) * inverse
    z = s * s
    z_low = fma(2.0 * s, s_low, fma(s, s, -z))
    p = fma(z, 0.11726638395966667, 0.11705905031727867)
    p = fma(p, z, 0.13334817082821726)
    p = fma(p, z, 0.1538459473441562)
    p = fma(p, z, 0.18181818337530561)
    p = fma(p, z, 0.22222222221646443)
    p = fma(p, z, 0.2857142857142938)
    q = fma(p, z, TWO_FIFTHS)
    q_low = fma(p, z, TWO_FIFTHS - q) + TWO_FIFTHS_LOW
    p, p_low = two_product(q, z)
    c, c_low = fast_two_sum(TWO_THIRDS, p)
    c_low = c_low + fma(z_low, q, fma(q_low, z, p_low + TWO_THIRDS_LOW))
    u = z * c
    u_low = fma(z, c_low, fma(z_low, c, fma(z, c, -u)))
    t, t_low = two_product(s, u)
    high, low = fast_two_sum(2.0 * s, t)
    return high, low + fma(s, u_low, fma(s_low, u, fma(2.0, s_low, t_low)))


def plus_ln2_times(k: float, high: float, low: float) -> tuple[float, float]:
    """``k ln 2 + high + low`` as a sum, ``|high| < ln 2``, for an integral `k`, ``|k| < 2**20``."""
    total, error = fast_two_sum(product(k, LN2_HIGH), high)
    return total, error + fma(k, LN2_LOW, low)


def logarithm(x: float) -> tuple[float, float]:
    """``log(x)`` as a sum for a positive `x`; infinity as if it were 2**1024. Relative error below 2**-67."""
    k, f = split(x)
    high, low = log_of_one_plus(f)
    return plus_ln2_times(k, high, low)


def log2(x: float) -> float:
    """Logarithm to base 2; error below 0.7 ulp, exact for powers of two."""
    k, f = split(select(x > 0.0, x, 1.0))
    high, low = log_in_two(f, 0.0)
    high, low = multiply(high, low, LOG2_E, LOG2_E_LOW)
    total, error = fast_two_sum(k, high)
    return on_the_half_line(x, total + (error + low))


def log10(x: float) -> float:
    """Logarithm to base 10; error below 0.62 ulp, exact for powers of ten."""
    k, f = split(select(x > 0.0, x, 1.0))
    high, low = log_in_two(f, 0.0)
    high, low = multiply(high, low, LOG10_E, LOG10_E_LOW)
    total, error = fast_two_sum(product(k, LOG10_2_HIGH), high)
    return on_the_half_line(x, total + (error + fma(k, LOG10_2_LOW, low)))


def log1p(x: float) -> float:
    """``log(1 + x)``; error below 0.65 ulp."""
    inside = (x > -1.0) & (x < INF)
    y = log1p_of_sum(select(inside, x, 0.0), 0.0, 0.0)
    beyond = select(x == -1.0, -INF, select(x > -1.0, INF, NAN))
    return select(magnitude(x) < 2.0**-54, x, select(inside, y, beyond))


def log1p_of_sum(x: float, x_low: float, doublings: float) -> float:
    """``log((1 + x + x_low) 2**doublings)`` for a finite ``x > -1``; error below 0.65 ulp."""
    u, u_low = two_sum(1.0, x)
    u, u_low = fast_two_sum(u, u_low + x_low)
    k, f = split(u)
    exponent = bits_of(k + SHIFT) - SHIFT_BITS
    f_low = product(u_low, power_of_two(-select(exponent < 1000, exponent, 1000)))
    near = exponent == 0
    high, low = log_in_two(select(near, x, f), select(near, x_low, f_low))
    high, low = plus_ln2_times(k + doublings, high, low)
    return high + low
