"""Two operations that a GPU has otherwise than x86, or not at all; written out so that they give the same bits on both."""

from __future__ import annotations

import math

from sweep_kernels.arithmetic import bits_of, float_of_bits

__all__ = ["remainder", "whole"]

MAGNITUDE = 0x7FFF_FFFF_FFFF_FFFF
INFINITY = 0x7FF0_0000_0000_0000
FRACTION_BITS = 52
FRACTION = (1 << FRACTION_BITS) - 1
MIDDLE = 1023
STEP = 10
"""Bits of a quotient that are found at a time: a fraction of 53 bits moved up by these still is an int64."""
LIMIT = 2.0**63


def remainder(x: float, y: float) -> float:
    """Take whole multiples of `y` from `x` until less is left, with the sign of `x`: C's ``fmod``, which is exact.

    Long division of the fractions, read as whole numbers.

    Parameters
    ----------
    x, y
        Any floats. NaN if `x` is not finite or `y` is zero or NaN.

    Examples
    --------
    >>> remainder(-7.5, 2.0), remainder(1e300, 3.0) == math.fmod(1e300, 3.0), remainder(5e-324, 1.0)
    (-1.5, True, 5e-324)
    """
    a, b = bits_of(x) & MAGNITUDE, bits_of(y) & MAGNITUDE
    if a >= INFINITY or b > INFINITY or b == 0:
        return math.nan
    if a < b:
        return x
    exponent_a, exponent_b = a >> FRACTION_BITS, b >> FRACTION_BITS
    left, divisor = a & FRACTION, b & FRACTION
    if exponent_a == 0:
        exponent_a = 1
    else:
        left |= FRACTION + 1
    if exponent_b == 0:
        exponent_b = 1
    else:
        divisor |= FRACTION + 1
    left %= divisor
    apart = exponent_a - exponent_b
    while apart > 0:
        bits = min(apart, STEP)
        left = (left << bits) % divisor
        apart -= bits
    if exponent_b > MIDDLE:
        size = float(left) * float_of_bits((exponent_b - FRACTION_BITS) << FRACTION_BITS)
    else:  # by way of 2**600 times as much, since the factor alone may be below the smallest normal number
        size = float(left) * float_of_bits((exponent_b - FRACTION_BITS + 600) << FRACTION_BITS) * 2.0**-600
    return math.copysign(size, x)


def whole(x: float) -> int:
    """Cut `x` to a whole number of 64 bits; ``-2**63``, as x86 has it, where there is none.

    >>> whole(-2.7), whole(1e300), whole(math.nan)
    (-2, -9223372036854775808, -9223372036854775808)
    """
    return int(x) if abs(x) < LIMIT else -(1 << 63)
