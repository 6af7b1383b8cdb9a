"""The binary64 format: signs, powers of two and nearest integers, by the bits.

Integers stay in the low bits of ``SHIFT + k``: adding `SHIFT` rounds to the nearest integer (ties to even), and needs no
instruction that converts, which AVX2 lacks for 64 bits.
"""

from __future__ import annotations

import math

from sweep_kernels.arithmetic import bits_of, float_of_bits, select

__all__ = [
    "INF",
    "LARGEST_INTEGER_BITS",
    "MANTISSA",
    "NAN",
    "SHIFT",
    "SHIFT_BITS",
    "SIGN",
    "SMALLEST_NORMAL",
    "flip_sign",
    "is_number",
    "magnitude",
    "power_of_two",
    "scaled",
    "scaled_number",
    "split",
]

INF = math.inf
NAN = float_of_bits(0x7FF8000000000000)
"""The one NaN that these functions return, so that even its bits are the same on every processor."""

SIGN = -(1 << 63)
LARGEST_INTEGER_BITS = (1 << 63) - 1
MANTISSA = (1 << 52) - 1
SHIFT = 1.5 * 2.0**52
SHIFT_BITS = bits_of(SHIFT)
SMALLEST_NORMAL = 2.0**-1022
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD


def magnitude(x: float) -> float:
    """``|x|``, of a NaN too."""
    return float_of_bits(bits_of(x) & LARGEST_INTEGER_BITS)


def is_number(x: float) -> bool:
    """Return whether `x` is not a NaN."""
    return x == x  # noqa: PLR0124 - that is how one asks


def flip_sign(x: float, sign: float) -> float:
    """`x` where `sign` has none, ``-x`` where it has."""
    return float_of_bits(bits_of(x) ^ (bits_of(sign) & SIGN))


def power_of_two(k: int) -> float:
    """``2**k`` for ``-1022 <= k <= 1023``; 0 for ``k = -1023``."""
    return float_of_bits((k + 1023) << 52)


def scaled(x: float, k: int) -> float:
    """``x * 2**k`` for ``-2044 <= k <= 2046``, rounded once, to a subnormal or infinity where it must be."""
    half = k >> 1
    return x * power_of_two(half) * power_of_two(k - half)


def scaled_number(x: float, k: int) -> float:
    """As `scaled`, for ``1/4 <= x < 4`` and ``-2000 <= k <= 2000``: with one multiplication fewer, which is what there is too little of."""
    half = k >> 1
    return float_of_bits(bits_of(x) + (half << 52)) * power_of_two(k - half)


def split(x: float) -> tuple[float, float]:
    """Return ``(k, f)`` with ``x = 2**k (1 + f)`` and ``sqrt(1/2) <= 1 + f < sqrt(2)``, for a positive `x`; infinity as if it were 2**1024."""
    small = x < SMALLEST_NORMAL
    bits = bits_of(select(small, x * 2.0**54, x)) - SQRT_HALF_BITS
    k = float_of_bits((bits >> 52) + SHIFT_BITS) - select(small, SHIFT + 54.0, SHIFT)
    return k, float_of_bits((bits & MANTISSA) + SQRT_HALF_BITS) - 1.0
