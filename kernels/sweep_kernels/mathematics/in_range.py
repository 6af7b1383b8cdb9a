"""Logarithm, exponential and sine for the draws: on the ranges that a draw can reach, and no further.

After fdlibm (Sun Microsystems, 1993: ``e_log.c``, ``e_exp.c``) and Cephes (S. Moshier, 1989: ``sin.c``), whose coefficients
these are. Every multiply-add that a compiler might contract is an explicit `fma`. Outside the stated ranges the results are
undefined. The bits of every draw depend on these three: they stay as they are, whatever becomes of the complete functions.
"""

from __future__ import annotations

import math

from sweep_kernels.arithmetic import bits_of, float_of_bits, fma

__all__ = ["exp_in_range", "log_in_range", "sincos_turns"]

LN2_HIGH = 6.93147180369123816490e-01
LN2_LOW = 1.90821492927058770002e-10
INVERSE_LN2 = 1.44269504088896338700e00
HALF_PI = 1.5707963267948966192
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD


def log_in_range(x: float) -> float:
    """Natural logarithm of a positive, normal, finite `x`; below 1 ulp.

    With ``x = 2**k (1 + f)``, ``sqrt(1/2) <= 1 + f < sqrt(2)`` and ``s = f / (2 + f)``, ``log(1 + f) = f - f**2/2 + s (f**2/2 + R(s**2))``.
    """
    bits = bits_of(x)
    k = (bits - SQRT_HALF_BITS) >> 52
    f = float_of_bits(bits - (k << 52)) - 1.0
    s = f / (2.0 + f)
    z = s * s
    p = fma(z, 1.479819860511658591e-01, 1.531383769920937332e-01)
    p = fma(p, z, 1.818357216161805012e-01)
    p = fma(p, z, 2.222219843214978396e-01)
    p = fma(p, z, 2.857142874366239149e-01)
    p = fma(p, z, 3.999999999940941908e-01)
    p = fma(p, z, 6.666666666666735130e-01)
    half = 0.5 * f
    exponent = float(k)
    correction = fma(s, fma(z, p, half * f), exponent * LN2_LOW)
    return fma(exponent, LN2_HIGH, f - fma(half, f, -correction))


def exp_in_range(x: float) -> float:
    """Exponential of ``-700 <= x <= 700``; below 1 ulp.

    With ``x = k ln 2 + r``, ``exp(r)`` from the rational approximation ``1 + r + r c / (2 - c)``.
    """
    k = math.floor(fma(x, INVERSE_LN2, 0.5))
    high = fma(float(k), -LN2_HIGH, x)
    r = fma(float(k), -LN2_LOW, high)
    t = r * r
    c = fma(t, 4.13813679705723846039e-08, -1.65339022054652515390e-06)
    c = fma(c, t, 6.61375632143793436117e-05)
    c = fma(c, t, -2.77777777770155933842e-03)
    c = fma(c, t, 1.66666666666666019037e-01)
    c = fma(-t, c, r)
    mantissa = 1.0 - (fma(float(k), LN2_LOW, -(r * c) / (2.0 - c)) - high)
    return float_of_bits(bits_of(mantissa) + (k << 52))


def sincos_turns(v: float) -> tuple[float, float]:
    """Sine and cosine of ``2 pi v``, ``0 <= v < 1``; absolute error below 2.3e-16."""
    quarters = 4.0 * v
    q = int(quarters + 0.5)
    x = (quarters - float(q)) * HALF_PI
    z = x * x
    p = fma(z, 1.58969099521155010221e-10, -2.50507602534068634195e-08)
    p = fma(p, z, 2.75573137070700676789e-06)
    p = fma(p, z, -1.98412698298579493134e-04)
    p = fma(p, z, 8.33333333332248946124e-03)
    p = fma(p, z, -1.66666666666666324348e-01)
    sine = fma(x * z, p, x)
    p = fma(z, -1.13596475577881948265e-11, 2.08757232129817482790e-09)
    p = fma(p, z, -2.75573143513906633035e-07)
    p = fma(p, z, 2.48015872894767294178e-05)
    p = fma(p, z, -1.38888888888741095749e-03)
    p = fma(p, z, 4.16666666666666019037e-02)
    cosine = fma(z * z, p, fma(z, -0.5, 1.0))
    swapped = (q & 1) != 0
    s = cosine if swapped else sine
    c = sine if swapped else cosine
    return -s if (q & 2) != 0 else s, -c if ((q + 1) & 2) != 0 else c
