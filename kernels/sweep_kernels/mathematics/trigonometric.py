"""Sine, cosine and tangent: ``sin``, ``cos``, ``sincos``, ``tan``.

``x = n pi/2 + r`` after W. J. Cody and W. Waite, "Software Manual for the Elementary Functions" (1980), here with fma: for
``|n| <= 2**51`` the difference ``x - n P1``, `P1` being the float64 nearest to pi/2, is itself a float64. Where ``|x| >= 2**51`` the
results are NaN: neighbouring float64 are half a unit apart there, and soon a period. Coefficients from interpolation at Chebyshev points
(`benchmarks/coefficients.py`).
"""

from __future__ import annotations

from sweep_kernels.arithmetic import bits_of, float_of_bits, fma, select
from sweep_kernels.mathematics.binary import NAN, SHIFT, flip_sign, magnitude
from sweep_kernels.mathematics.double_double import divide, fast_two_sum, two_product, two_sum

__all__ = ["LIMIT", "cos", "sin", "sincos", "tan"]

LIMIT = 2.0**51
TWO_OVER_PI = 0.6366197723675814
P1 = 1.5707963267948966
P2 = 6.123233995736766e-17
P3 = -1.4973849048591698e-33


def reduced(size: float) -> tuple[int, float, float]:
    """Return ``(n mod 4, r, r_low)`` with ``size = n pi/2 + r + r_low``, ``|r| < 0.93``, for ``0 <= size < 2**51``."""
    shifted = fma(size, TWO_OVER_PI, SHIFT)
    n = shifted - SHIFT
    p, p_low = two_product(n, P2)
    r, rest = two_sum(fma(n, -P1, size), -p)
    r, r_low = fast_two_sum(r, fma(n, -P3, rest - p_low))
    return bits_of(shifted) & 3, r, r_low


def sine_parts(r: float, r_low: float) -> tuple[float, float]:
    """``sin(r + r_low)`` as `r` and a correction, ``|r| < 0.94``."""
    z = r * r
    p = fma(z, -7.560692282946809e-13, 1.605799513393198e-10)
    p = fma(p, z, -2.5052102072905586e-08)
    p = fma(p, z, 2.7557319204473e-06)
    p = fma(p, z, -0.00019841269841241113)
    p = fma(p, z, 0.008333333333333318)
    p = fma(p, z, -0.16666666666666666)
    return r, fma(z * r, p, fma(-0.5 * z, r_low, r_low))


def cosine_parts(r: float, r_low: float) -> tuple[float, float]:
    """``cos(r + r_low)`` as ``1 - r**2 / 2``, rounded, and a correction, ``|r| < 0.94``."""
    z = r * r
    p = fma(z, 4.731411288175993e-14, -1.147016256076311e-11)
    p = fma(p, z, 2.0876753478047972e-09)
    p = fma(p, z, -2.7557319213136053e-07)
    p = fma(p, z, 2.4801587301571327e-05)
    p = fma(p, z, -0.001388888888888888)
    p = fma(p, z, 0.041666666666666664)
    y = fma(z, -0.5, 1.0)
    z_low = fma(r, r, -z)
    return y, fma(z * z, p, fma(-0.5, z_low, fma(-r, r_low, fma(z, -0.5, 1.0 - y))))


def signed(quadrants: int, y: float) -> float:
    """`y` with its sign turned in the third and fourth quadrant."""
    return float_of_bits(bits_of(y) ^ (-(quadrants & 2) << 62))


def one_of_both(odd: bool, r: float, r_low: float) -> float:
    """Cosine of ``r + r_low`` if `odd`, else the sine: what `cosine_parts` or `sine_parts` gives, for one polynomial's work."""
    z = r * r
    p = fma(
        z,
        select(odd, 4.731411288175993e-14, -7.560692282946809e-13),
        select(odd, -1.147016256076311e-11, 1.605799513393198e-10),
    )
    p = fma(p, z, select(odd, 2.0876753478047972e-09, -2.5052102072905586e-08))
    p = fma(p, z, select(odd, -2.7557319213136053e-07, 2.7557319204473e-06))
    p = fma(p, z, select(odd, 2.4801587301571327e-05, -0.00019841269841241113))
    p = fma(p, z, select(odd, -0.001388888888888888, 0.008333333333333318))
    p = fma(p, z, select(odd, 0.041666666666666664, -0.16666666666666666))
    y = fma(z, -0.5, 1.0)
    z_low = fma(r, r, -z)
    cosine_low = fma(-0.5, z_low, fma(-r, r_low, fma(z, -0.5, 1.0 - y)))
    low = select(odd, cosine_low, fma(-0.5 * z, r_low, r_low))
    return select(odd, y, r) + fma(z * select(odd, z, r), p, low)


def sin(x: float) -> float:
    """Sine of `x` radians; error below 0.77 ulp, NaN where ``|x| >= 2**51``."""
    size = magnitude(x)
    inside = size < LIMIT
    quadrant, r, r_low = reduced(select(inside, size, 0.0))
    y = signed(quadrant, one_of_both((quadrant & 1) != 0, r, r_low))
    return select(inside, flip_sign(y, x), NAN)


def cos(x: float) -> float:
    """Cosine of `x` radians; error below 0.77 ulp, NaN where ``|x| >= 2**51``."""
    size = magnitude(x)
    inside = size < LIMIT
    quadrant, r, r_low = reduced(select(inside, size, 0.0))
    y = one_of_both((quadrant & 1) == 0, r, r_low)
    return select(inside, signed(quadrant + 1, y), NAN)


def sincos(x: float) -> tuple[float, float]:
    """Sine and cosine of `x` radians; error below 0.77 ulp, NaN where ``|x| >= 2**51``."""
    size = magnitude(x)
    inside = size < LIMIT
    quadrant, r, r_low = reduced(select(inside, size, 0.0))
    sine, sine_low = sine_parts(r, r_low)
    cosine, cosine_low = cosine_parts(r, r_low)
    s, c = sine + sine_low, cosine + cosine_low
    odd = (quadrant & 1) != 0
    y = flip_sign(signed(quadrant, select(odd, c, s)), x)
    return select(inside, y, NAN), select(inside, signed(quadrant + 1, select(odd, s, c)), NAN)


def tan(x: float) -> float:
    """Tangent of `x` radians; error below 0.93 ulp, NaN where ``|x| >= 2**51``."""
    size = magnitude(x)
    inside = size < LIMIT
    quadrant, r, r_low = reduced(select(inside, size, 0.0))
    sine, sine_low = sine_parts(r, r_low)
    cosine, cosine_low = cosine_parts(r, r_low)
    odd = (quadrant & 1) != 0
    a, a_low = fast_two_sum(select(odd, -cosine, sine), select(odd, -cosine_low, sine_low))
    b, b_low = fast_two_sum(select(odd, sine, cosine), select(odd, sine_low, cosine_low))
    y, y_low = divide(a, a_low, b, b_low)
    return select(inside, flip_sign(y + y_low, x), NAN)
