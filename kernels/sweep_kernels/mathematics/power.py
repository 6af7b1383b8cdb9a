"""The power: ``pow``, and the operator ``**``, which multiplies small whole powers out.

``|x|**y = exp(y log |x|)`` with the logarithm and the product in double-double; the special cases are C99's, annex F.9.4.4.
"""

from __future__ import annotations

from sweep_kernels.arithmetic import bits_of, float_of_bits, fma, select
from sweep_kernels.mathematics.binary import INF, NAN, flip_sign, is_number, magnitude, scaled_number
from sweep_kernels.mathematics.double_double import two_product
from sweep_kernels.mathematics.exponential import exp_of_sum
from sweep_kernels.mathematics.logarithmic import logarithm

__all__ = ["MULTIPLIED", "pow", "power"]

INTEGERS = 2.0**52  # from here on every float64 is an integer; from twice that on, an even one
MULTIPLIED = 16.0  # whole exponents below it are multiplied out
STEEPEST = 2.0**66  # a larger exponent makes 0, 1 or infinity of any float64


def pow(x: float, y: float) -> float:  # noqa: A001 - math's name
    """``x**y``; error below 0.6 ulp (0.76 where the result is subnormal)."""
    base, exponent = magnitude(x), magnitude(y)
    log, log_low = logarithm(select((base > 0.0) & (base < INF), base, 1.0))
    steepness = flip_sign(select(exponent < STEEPEST, exponent, STEEPEST), y)
    high, low = two_product(steepness, log)
    low = fma(steepness, log_low, low)
    inside = (high > -760.0) & (high < 720.0)
    bound = select(high > 0.0, 720.0, -760.0)
    k, z, z_low = exp_of_sum(select(inside, high, bound), select(inside, low, 0.0))
    size = scaled_number(z + z_low, k)

    shifted = select(exponent < INTEGERS, exponent + INTEGERS, exponent)
    fractional = (exponent < INTEGERS) & (shifted - INTEGERS != exponent)
    odd = bits_of(shifted) & select(fractional | (exponent >= 2.0 * INTEGERS), 0, 1)
    extreme = select((bits_of(y) ^ bits_of(base - 1.0)) >= 0, INF, 0.0)
    size = select((base == 0.0) | (base == INF), extreme, size)
    size = select(exponent == INF, select(base == 1.0, 1.0, extreme), size)
    negative = bits_of(x) < 0
    z = float_of_bits(bits_of(size) ^ (select(negative, -odd, 0) << 63))
    undefined = negative & (base > 0.0) & (base < INF) & fractional
    z = select(undefined, NAN, select(is_number(x) & is_number(y), z, NAN))
    return select((x == 1.0) | (y == 0.0), 1.0, z)


def power(x: float, y: float) -> float:
    """``x ** y`` as a kernel has it: for a whole ``|y| < 16`` by multiplications, for any other as `pow`.

    The product takes the bits of ``|y|`` from the lowest up, ``((x x**2) x**4) x**8`` with the factors of the bits that are set and the
    square of each factor for the next: so ``x**2`` is ``x x`` and ``x**3`` is ``x (x x)``, rounded each time. A negative `y` makes 1 over it.
    The error of a product is below ``|y|`` ulp, half an ulp for the square; a reciprocal is 0 or infinite already where the product is not normal.
    """
    exponent = magnitude(y)
    shifted = select(exponent < MULTIPLIED, exponent, 0.5) + INTEGERS
    whole = shifted - INTEGERS == exponent
    n = bits_of(shifted)
    square = x * x
    fourth = square * square
    product = select((n & 1) != 0, x, 1.0)
    product = product * select((n & 2) != 0, square, 1.0)
    product = product * select((n & 4) != 0, fourth, 1.0)
    product = product * select((n & 8) != 0, fourth * fourth, 1.0)
    inverse = select(product == 0.0, flip_sign(INF, product), 1.0 / select(product == 0.0, 1.0, product))
    return select(whole, select(y < 0.0, inverse, product), pow(x, y))
