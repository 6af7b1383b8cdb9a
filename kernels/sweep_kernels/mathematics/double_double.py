"""Numbers of 106 bits as unevaluated sums of two float64: ``high + low``, ``|low| <= ulp(high) / 2``.

T. J. Dekker, "A floating-point technique for extending the available precision" (1971),
https://doi.org/10.1007/BF01397083; D. E. Knuth, TAOCP 2, 4.2.2 (`two_sum`). The relative error of each operation is a few times
2**-106, unless stated otherwise.
"""

from __future__ import annotations

from sweep_kernels.arithmetic import fma

__all__ = ["add", "divide", "fast_two_sum", "multiply", "product", "two_product", "two_sum"]


def product(x: float, y: float) -> float:
    """``x * y``, rounded, for use in a sum: no compiler can melt an fma with the addition that follows. Never -0."""
    return fma(x, y, 0.0)


def fast_two_sum(a: float, b: float) -> tuple[float, float]:
    """Sum and its rounding error; exact if ``|a| >= |b|`` or ``a = 0``."""
    total = a + b
    return total, b - (total - a)


def two_sum(a: float, b: float) -> tuple[float, float]:
    """Sum and its rounding error."""
    total = a + b
    of_b = total - a
    return total, (a - (total - of_b)) + (b - of_b)


def two_product(a: float, b: float) -> tuple[float, float]:
    """Product and its rounding error."""
    high = fma(a, b, 0.0)
    return high, fma(a, b, -high)


def add(a: float, a_low: float, b: float, b_low: float) -> tuple[float, float]:
    """Sum of two; where they cancel, the error is relative to the terms."""
    high, low = two_sum(a, b)
    return fast_two_sum(high, low + (a_low + b_low))


def multiply(a: float, a_low: float, b: float, b_low: float) -> tuple[float, float]:
    """Product of two."""
    high, low = two_product(a, b)
    return fast_two_sum(high, fma(a, b_low, fma(a_low, b, low)))


def divide(a: float, a_low: float, b: float, b_low: float) -> tuple[float, float]:
    """Quotient of two, with one division: ``1 / b`` must be finite and normal. Relative error about 2**-104."""
    inverse = 1.0 / b
    high = fma(a, inverse, 0.0)
    rest = fma(-high, b_low, fma(-high, b, a) + a_low)
    return fast_two_sum(high, fma(rest, inverse, 0.0))
