"""Exponentials: ``exp``, ``exp2``, ``expm1``.

``x = k ln 2 + r``, ``|r| <= ln 2 / 2``, after W. J. Cody and W. Waite, "Software Manual for the Elementary Functions" (1980);
``exp(r) = 1 + r + r**2 Q(r)``, `Q` from interpolation at Chebyshev points (`benchmarks/coefficients.py`).
"""

from __future__ import annotations

from sweep_kernels.arithmetic import bits_of, fma, select
from sweep_kernels.mathematics.binary import NAN, SHIFT, SHIFT_BITS, is_number, magnitude, power_of_two, scaled_number
from sweep_kernels.mathematics.double_double import add, fast_two_sum, product, two_product, two_sum

__all__ = ["exp", "exp2", "exp_of_sum", "expm1", "quarter_expm1"]

INVERSE_LN2 = 1.44269504088896338700e00
LN2 = 0.6931471805599453
LN2_ERROR = 2.3190468138462996e-17
LN2_HIGH = 6.93147180369123816490e-01  # 33 bits: k * LN2_HIGH is exact
LN2_LOW = 1.90821492927058770002e-10


def cubic_rest(r: float) -> float:
    """``(exp(r) - 1 - r - r**2 / 2) / r**3`` for ``|r| <= 0.3475``; error below 2**-61 / r**3."""
    p = fma(r, 2.091488256348507e-09, 2.5105490906986696e-08)
    p = fma(p, r, 2.7557273171941026e-07)
    p = fma(p, r, 2.7557254740405416e-06)
    p = fma(p, r, 2.4801587325920163e-05)
    p = fma(p, r, 0.00019841269875342141)
    p = fma(p, r, 0.0013888888888883642)
    p = fma(p, r, 0.008333333333325985)
    p = fma(p, r, 0.04166666666666667)
    return fma(p, r, 0.1666666666666667)


def reduced(x: float, x_low: float) -> tuple[int, float, float]:
    """Return ``(k, r, e)``: ``x + x_low = k ln 2 + r + e``."""
    shifted = fma(x, INVERSE_LN2, SHIFT)
    k = shifted - SHIFT
    r, e = fast_two_sum(fma(k, -LN2_HIGH, x), fma(k, -LN2_LOW, x_low))
    return bits_of(shifted) - SHIFT_BITS, r, e


def exp_of_sum(x: float, x_low: float) -> tuple[int, float, float]:
    """Return ``(k, y, y_low)``: ``exp(x + x_low) = 2**k (y + y_low)``, ``|x| <= 1400``; relative error below 2**-57."""
    k, r, e = reduced(x, x_low)
    y, y_low = fast_two_sum(1.0, r)
    return k, y, y_low + fma(r * r, fma(r, cubic_rest(r), 0.5), fma(e, r, e))


def exp(x: float) -> float:
    """``e**x``; error below 0.6 ulp (0.76 where the result is subnormal)."""
    inside = select(x > -760.0, x, -760.0)  # a NaN as well
    k, y, y_low = exp_of_sum(select(inside < 720.0, inside, 720.0), 0.0)
    return select(is_number(x), scaled_number(y + y_low, k), NAN)


def exp2(x: float) -> float:
    """``2**x``; error below 0.61 ulp (0.76 where the result is subnormal), exact for integers."""
    inside = select(x > -1100.0, x, -1100.0)
    inside = select(inside < 1030.0, inside, 1030.0)
    shifted = inside + SHIFT
    r = inside - (shifted - SHIFT)
    p = fma(r, 2.5725173994577337e-11, 4.4549794711760616e-10)
    p = fma(p, r, 7.0548999096177775e-09)
    p = fma(p, r, 1.0178062351388103e-07)
    p = fma(p, r, 1.3215486802980713e-06)
    p = fma(p, r, 1.525273382999124e-05)
    p = fma(p, r, 0.00015403530393375868)
    p = fma(p, r, 0.0013333558146416842)
    p = fma(p, r, 0.009618129107628479)
    p = fma(p, r, 0.0555041086648216)
    p = fma(p, r, 0.24022650695910072)
    linear, low = two_product(r, LN2)
    y, y_low = fast_two_sum(1.0, linear)
    y_low = y_low + fma(r * r, p, fma(r, LN2_ERROR, low))
    return select(is_number(x), scaled_number(y + y_low, bits_of(shifted) - SHIFT_BITS), NAN)


def quarter_expm1(x: float) -> tuple[float, float]:
    """``(exp(x) - 1) / 4`` in double-double for ``-50 <= x <= 710.8``; relative error below 2**-55.

    A quarter, for it is finite where ``sinh`` and ``cosh`` are.
    """
    k, r, e = reduced(x, 0.0)
    z, z_low = two_product(r, r)
    p, p_low = fast_two_sum(r, 0.5 * z)
    p, p_low = fast_two_sum(p, p_low + fma(r * z, cubic_rest(r), fma(0.5, z_low, fma(e, r, e))))
    quarter = power_of_two(k - 2)
    rest, rest_low = two_sum(quarter, -0.25)
    return add(rest, rest_low, product(quarter, p), product(quarter, p_low))


def expm1(x: float) -> float:
    """``e**x - 1``; error below 0.6 ulp."""
    inside = select(x > -50.0, x, -50.0)
    y, y_low = quarter_expm1(select(inside < 710.8, inside, 710.8))
    z = select(magnitude(x) < 2.0**-54, x, 4.0 * (y + y_low))
    return select(is_number(x), z, NAN)
