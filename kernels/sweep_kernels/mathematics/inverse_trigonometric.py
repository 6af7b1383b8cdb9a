"""Inverse trigonometric functions: ``asin``, ``acos``, ``atan``, ``atan2``.

Reduced as Cephes does (S. Moshier, 1989: ``asin.c``, ``atan.c``): half angles above 1/2 for the sine, a turn by pi/4 above
``tan(pi/8)`` for the tangent. Coefficients from interpolation at Chebyshev points (`benchmarks/coefficients.py`).
"""

from __future__ import annotations

import math

from sweep_kernels.arithmetic import bits_of, fma, select
from sweep_kernels.mathematics.binary import INF, NAN, flip_sign, is_number, magnitude
from sweep_kernels.mathematics.double_double import add, divide, fast_two_sum, product, two_sum

__all__ = ["acos", "asin", "atan", "atan2"]

PI = 3.141592653589793
PI_LOW = 1.2246467991473532e-16
HALF_PI = 1.5707963267948966
HALF_PI_LOW = 6.123233995736766e-17
QUARTER_PI = 0.7853981633974483
QUARTER_PI_LOW = 3.061616997868383e-17
TAN_PI_8 = 0.41421356237309503


def arcsine_parts(size: float) -> tuple[float, float, float]:
    """Return ``(folded, t, t_low)`` for ``0 <= size <= 1``: ``asin(size) = t + t_low``, or ``pi/2 - 2 (t + t_low)`` if `folded` is not 0."""
    folded = size > 0.5
    z = select(folded, fma(-0.5, size, 0.5), size * size)
    root = math.sqrt(z)
    t = select(folded, root, size)
    root_low = fma(-root, root, z) / select(z > 0.0, root + root, 1.0)
    p = fma(z, 0.029635026263548546, -0.019277545928584553)
    p = fma(p, z, 0.019579201619744684)
    p = fma(p, z, 0.0030350071727267636)
    p = fma(p, z, 0.009322101501082774)
    p = fma(p, z, 0.009621402747344831)
    p = fma(p, z, 0.011566511821890942)
    p = fma(p, z, 0.013963775787848137)
    p = fma(p, z, 0.017352816768546473)
    p = fma(p, z, 0.022372157435623815)
    p = fma(p, z, 0.030381944475693704)
    p = fma(p, z, 0.04464285714255019)
    p = fma(p, z, 0.07500000000000119)
    p = fma(p, z, 0.16666666666666666)
    return select(folded, 1.0, 0.0), t, fma(t * z, p, select(folded, root_low, 0.0))


def asin(x: float) -> float:
    """Arc sine, in ``[-pi/2, pi/2]``; error below 0.63 ulp, NaN beyond ``[-1, 1]``."""
    size = magnitude(x)
    inside = size <= 1.0
    folded, t, t_low = arcsine_parts(select(inside, size, 0.0))
    y, y_low = fast_two_sum(HALF_PI, -2.0 * t)
    steep = y + fma(-2.0, t_low, y_low + HALF_PI_LOW)
    return select(inside, flip_sign(select(folded > 0.0, steep, t + t_low), x), NAN)


def acos(x: float) -> float:
    """Arc cosine, in ``[0, pi]``; error below 0.62 ulp, NaN beyond ``[-1, 1]``."""
    size = magnitude(x)
    inside = size <= 1.0
    folded, t, t_low = arcsine_parts(select(inside, size, 0.0))
    steep, positive = folded > 0.0, x > 0.0
    start = select(steep, select(positive, 0.0, PI), HALF_PI)
    start_low = select(steep, select(positive, 0.0, PI_LOW), HALF_PI_LOW)
    factor = flip_sign(select(steep, 2.0, -1.0), x)
    y, y_low = fast_two_sum(start, fma(factor, t, 0.0))
    return select(inside, y + fma(factor, t_low, y_low + start_low), NAN)


def arctangent(b: float, a: float) -> tuple[float, float]:
    """``atan(b / a)`` in double-double, ``0 <= b <= a``, ``2**-800 < a < 2**800``; relative error below 2**-55."""
    turned = b > TAN_PI_8 * a
    difference, difference_low = two_sum(b, -a)
    total, total_low = fast_two_sum(a, b)
    t, t_low = divide(
        select(turned, difference, b),
        select(turned, difference_low, 0.0),
        select(turned, total, a),
        select(turned, total_low, 0.0),
    )
    z = t * t
    p = fma(z, 0.01623533559253555, -0.034524981712102484)
    p = fma(p, z, 0.04549817668622899)
    p = fma(p, z, -0.05230064313673476)
    p = fma(p, z, 0.0587887595412964)
    p = fma(p, z, -0.06666420263973401)
    p = fma(p, z, 0.07692296117235939)
    p = fma(p, z, -0.09090908744568303)
    p = fma(p, z, 0.11111111104975609)
    p = fma(p, z, -0.1428571428565798)
    p = fma(p, z, 0.19999999999999798)
    p = fma(p, z, -0.3333333333333333)
    y, y_low = fast_two_sum(select(turned, QUARTER_PI, 0.0), t)
    return fast_two_sum(y, y_low + fma(t * z, p, t_low + select(turned, QUARTER_PI_LOW, 0.0)))


def atan(x: float) -> float:
    """Arc tangent, in ``[-pi/2, pi/2]``; error below 0.69 ulp."""
    size = magnitude(x)
    bounded = select(size < 2.0**70, size, 2.0**70)  # a NaN as well
    steep = bounded > 1.0
    y, y_low = arctangent(select(steep, 1.0, bounded), select(steep, bounded, 1.0))
    high, low = fast_two_sum(HALF_PI, -y)
    z = select(steep, high + (low + (HALF_PI_LOW - y_low)), y + y_low)
    z = select(size < 2.0**-30, size, z)
    return select(is_number(x), flip_sign(z, x), NAN)


def atan2(y: float, x: float) -> float:
    """Angle of the point ``(x, y)``, in ``[-pi, pi]``; error below 0.7 ulp."""
    across, up = magnitude(x), magnitude(y)
    number = (across <= INF) & (up <= INF)
    steep = up > across
    larger = select(number, select(steep, up, across), 1.0)
    smaller = select(number, select(steep, across, up), 0.0)
    b = select(larger == INF, select(smaller == INF, 1.0, 0.0), smaller)
    a = select((larger == INF) | (larger == 0.0), 1.0, larger)
    scale = select(a > 2.0**500, 2.0**-600, select(a < 2.0**-400, 2.0**600, 1.0))
    angle, angle_low = arctangent(product(b, scale), product(a, scale))
    shallow = b < a * 2.0**-60
    angle, angle_low = select(shallow, b / a, angle), select(shallow, 0.0, angle_low)
    turn = select(steep, -angle, angle)
    turn_low = select(steep, -angle_low, angle_low)
    angle, angle_low = add(select(steep, HALF_PI, 0.0), select(steep, HALF_PI_LOW, 0.0), turn, turn_low)
    left = bits_of(x) < 0
    turn, turn_low = select(left, -angle, angle), select(left, -angle_low, angle_low)
    angle, angle_low = add(select(left, PI, 0.0), select(left, PI_LOW, 0.0), turn, turn_low)
    return select(number, flip_sign(angle + angle_low, y), NAN)
