"""The gamma function and the logarithm of its magnitude: ``gamma``, ``lgamma``.

From ``log gamma(a)`` in double-double for ``a > 0``: below 3 as ``(a - 1)(a - 2)`` times one polynomial in ``(a - K) / (a + K)``, so
that its two zeros are exact; above by Stirling's formula (DLMF 5.11.1), its correction one polynomial in ``1 / a**2``. Negative
arguments by reflection (DLMF 5.5.3).
Coefficients from interpolation at Chebyshev points (`benchmarks/coefficients.py`).
"""

from __future__ import annotations

from sweep_kernels.arithmetic import bits_of, fma, select
from sweep_kernels.mathematics.binary import INF, NAN, flip_sign, is_number, magnitude, scaled
from sweep_kernels.mathematics.double_double import add, divide, fast_two_sum, multiply, product, two_product, two_sum
from sweep_kernels.mathematics.exponential import exp_of_sum
from sweep_kernels.mathematics.logarithmic import logarithm
from sweep_kernels.mathematics.trigonometric import cosine_parts, sine_parts

__all__ = ["gamma", "lgamma"]

CENTRE = 1.25
AT_CENTRE = 0.5241164609163369
AT_CENTRE_LOW = -3.952620901793746e-17
SLOPE = -0.46139596109204023
SLOPE_LOW = 1.760469536569361e-17
HALF_LOG_TWO_PI = 0.9189385332046728
HALF_LOG_TWO_PI_LOW = -3.8782941580672414e-17
PI = 3.141592653589793
PI_LOW = 1.2246467991473532e-16
FAR = 2.0**60  # from here on log gamma(a) is a (log a - 1), and every float64 an integer
INTEGERS = 2.0**52
TINY = 2.0**-60  # below, gamma(x) is 1 / x
UNDERFLOW = 190.0  # gamma(-a) is 0 from here on


def near_zeros(y: float) -> tuple[float, float]:
    """``log gamma(y) / ((y - 1)(y - 2))`` in double-double for ``0.5 <= y <= 3``; relative error below 2**-54."""
    n, n_low = two_sum(y, -CENTRE)
    d, d_low = two_sum(y, CENTRE)
    t, t_low = divide(n, n_low, d, d_low)
    p = fma(t, 0.07347457845579543, -0.06385410023726414)
    p = fma(p, t, -0.017018885781886317)
    p = fma(p, t, 0.0009047534567268214)
    p = fma(p, t, 0.0367875165646995)
    p = fma(p, t, -0.033651458298175875)
    p = fma(p, t, 0.022272015290453088)
    p = fma(p, t, -0.02772610619129748)
    p = fma(p, t, 0.028620733708916567)
    p = fma(p, t, -0.03318383898318937)
    p = fma(p, t, 0.03171174430900448)
    p = fma(p, t, -0.03800713663816965)
    p = fma(p, t, 0.036372599967277056)
    p = fma(p, t, -0.04483772097381402)
    p = fma(p, t, 0.04254998572539691)
    p = fma(p, t, -0.054626756084094126)
    p = fma(p, t, 0.051249655878642754)
    p = fma(p, t, -0.06988500361517655)
    p = fma(p, t, 0.06438030153980581)
    p = fma(p, t, -0.09697900090022875)
    p = fma(p, t, 0.08634870698270797)
    p = fma(p, t, -0.15859622433235987)
    p = fma(p, t, 0.12963990161427658)
    r = fma(p, t, SLOPE)
    r_low = fma(p, t, SLOPE - r) + SLOPE_LOW
    q, q_low = two_product(r, t)
    y, y_low = fast_two_sum(AT_CENTRE, q)
    return y, y_low + fma(r, t_low, fma(r_low, t, q_low + AT_CENTRE_LOW))


def stirling(a: float, log: float, log_low: float) -> tuple[float, float]:
    """``log gamma(a)`` in double-double for ``3 <= a <= 2**60``."""
    inverse = 1.0 / a
    z = inverse * inverse
    p = fma(z, -1.2591741378706647, 1.0364376287210755)
    p = fma(p, z, -0.41302940091672014)
    p = fma(p, z, 0.11229667461420963)
    p = fma(p, z, -0.02591763548428459)
    p = fma(p, z, 0.006266355072207451)
    p = fma(p, z, -0.0019135564194573535)
    p = fma(p, z, 0.000841678862598761)
    p = fma(p, z, -0.0005952373063227016)
    p = fma(p, z, 0.0007936507891020488)
    p = fma(p, z, -0.002777777777767353)
    p = fma(p, z, 0.08333333333333333)
    b, b_low = two_sum(a, -0.5)
    y, y_low = multiply(log, log_low, b, b_low)
    y, y_low = add(y, y_low, -a, 0.0)
    y, y_low = add(y, y_low, HALF_LOG_TWO_PI, HALF_LOG_TWO_PI_LOW)
    return add(y, y_low, product(p, inverse), 0.0)


def log_gamma(a: float) -> tuple[float, float]:
    """``log gamma(a)`` in double-double for ``0 < a <= 2**60``; relative error below 2**-53."""
    tiny, near = a < 0.5, a < 3.0
    log, log_low = logarithm(select(near & (a >= 0.5), 1.0, a))
    log, log_low = fast_two_sum(log, log_low)
    y = select(tiny, 1.0 + a, a)
    q, q_low = near_zeros(select(near, y, 1.5))
    u = select(tiny, a, a - 1.0)
    w, w_low = two_sum(u, -1.0)
    v, v_low = multiply(w, w_low, select(near, u, 1.0), 0.0)
    v, v_low = multiply(v, v_low, q, q_low)
    v, v_low = add(v, v_low, -log, -log_low)
    far, far_low = stirling(select(near, 4.0, a), log, log_low)
    return select(near, v, far), select(near, v_low, far_low)


def sine_of_half_turns(a: float) -> tuple[float, float]:
    """``|sin(pi a)|`` in double-double for ``0 <= a < 2**52``."""
    rest = magnitude(a - ((a + INTEGERS) - INTEGERS))
    steep = rest > 0.25
    r, r_low = multiply(select(steep, 0.5 - rest, rest), 0.0, PI, PI_LOW)
    sine, sine_low = sine_parts(r, r_low)
    cosine, cosine_low = cosine_parts(r, r_low)
    return fast_two_sum(select(steep, cosine, sine), select(steep, cosine_low, sine_low))


def reflected(a: float) -> tuple[float, float]:
    """Return ``1 / |gamma(a) gamma(-a)| = a |sin(pi a)| / pi`` in double-double for ``2**-70 < a < 2**52``; 1 where it is 0."""
    s, s_low = sine_of_half_turns(a)
    m, m_low = multiply(a, 0.0, s, s_low)
    m, m_low = divide(m, m_low, PI, PI_LOW)
    pole = m == 0.0
    return select(pole, 1.0, m), select(pole, 0.0, m_low)


def is_integer(size: float) -> bool:
    """Return whether `size`, at least 0, is an integer."""
    return (size >= INTEGERS) | ((size + INTEGERS) - INTEGERS == size)


def lgamma(x: float) -> float:
    """``log |gamma(x)|``; error below 0.6 ulp for positive `x`. Near its zeros at negative `x`, below 2**-53 in absolute terms."""
    size = magnitude(x)
    a = select((size > 0.0) & (size < FAR), size, 1.5)
    y, y_low = log_gamma(a)
    turned = (x < 0.0) & (a > TINY)
    m, m_low = reflected(select(turned & (a < INTEGERS), a, 0.5))
    log, log_low = logarithm(m)
    log, log_low = fast_two_sum(log, log_low + m_low / m)
    z, z_low = add(-log, -log_low, -y, -y_low)
    z = select(turned, z + z_low, y + y_low)
    distant = (size >= FAR) & (size < INF)
    far = select(distant, size, 1.0)
    log, log_low = logarithm(far)
    log, error = fast_two_sum(log, -1.0)
    z = select(distant, fma(far, log, product(far, error + log_low)), z)
    pole = (size == 0.0) | (size == INF) | ((x < 0.0) & is_integer(size))
    return select(is_number(x), select(pole, INF, z), NAN)


def gamma(x: float) -> float:
    """Gamma function; error below 0.9 ulp. NaN at the negative integers, as C has it, and at minus infinity."""
    size = magnitude(x)
    negative, tiny = x < 0.0, size < TINY
    a = select(tiny, 1.0, select(size < UNDERFLOW, size, UNDERFLOW))
    y, y_low = log_gamma(a)
    k, e, e_low = exp_of_sum(select(negative, -y, y), select(negative, -y_low, y_low))
    m, m_low = reflected(a)
    z, z_low = divide(e, e_low, select(negative, m, 1.0), select(negative, m_low, 0.0))
    bounded = select(size < INTEGERS, size, 0.0)
    shifted = bounded + INTEGERS
    floor = bits_of(shifted) - select(bounded < shifted - INTEGERS, 1, 0)
    z = select(size < UNDERFLOW, scaled(z + z_low, k), select(negative, 0.0, INF))
    z = select(negative & ((floor & 1) == 0), -z, z)
    z = select(tiny, flip_sign(1.0 / select(size > 0.0, size, 1.0), x), z)
    z = select(size == 0.0, flip_sign(INF, x), z)
    undefined = negative & is_integer(size)
    return select(is_number(x), select(undefined, NAN, z), NAN)
