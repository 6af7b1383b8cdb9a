"""The standard normal distribution: ``normal_cdf`` and its inverse, ``normal_quantile``."""

from __future__ import annotations

from sweep_kernels.arithmetic import bits_of, fma, select
from sweep_kernels.mathematics.binary import (
    INF,
    NAN,
    SHIFT,
    SHIFT_BITS,
    flip_sign,
    is_number,
    magnitude,
    power_of_two,
    scaled,
    split,
)
from sweep_kernels.mathematics.double_double import add, divide, fast_two_sum, multiply, product, two_product, two_sum
from sweep_kernels.mathematics.exponential import exp_of_sum
from sweep_kernels.mathematics.logarithmic import log_in_two, plus_ln2_times
from sweep_kernels.mathematics.roots import sqrt_of_sum

__all__ = ["normal_cdf", "normal_quantile"]

CENTRE = 4.5
FURTHEST = 39.0  # the tail is 0 there
NEAR = 0.6
DENSITY_AT_ZERO = 0.3989422804014327
DENSITY_AT_ZERO_LOW = -2.49232720227773e-17
AT_CENTRE = 0.46641865659290194
AT_CENTRE_LOW = -2.5068540067570775e-17
SLOPE = -0.09445675888818701
SLOPE_LOW = 6.226395590203442e-18


def middle(x: float) -> tuple[float, float]:
    """``normal_cdf(x) - 1/2`` in double-double for ``0 <= x <= 0.6``; relative error below 2**-56."""
    z = x * x
    p = fma(z, -1.0483095009327274e-10, 2.2679280415491997e-09)
    p = fma(p, z, -4.122459151405362e-08)
    p = fma(p, z, 6.659688991235436e-07)
    p = fma(p, z, -9.444656201667793e-06)
    p = fma(p, z, 0.00011543468761199944)
    p = fma(p, z, -0.0011873282154803047)
    p = fma(p, z, 0.009973557010035815)
    p = fma(p, z, -0.06649038006690544)
    q, q_low = fast_two_sum(DENSITY_AT_ZERO, product(p, z))
    return multiply(x, 0.0, q, q_low + DENSITY_AT_ZERO_LOW)


def tail(x: float) -> tuple[int, float, float]:
    """Return ``(k, y, y_low)``: ``normal_cdf(-x) = 2**k (y + y_low)`` for ``0.5 <= x <= 39``; relative error below 2**-54.

    ``exp(x**2 / 2) normal_cdf(-x) (1 + x)`` as one polynomial in ``(x - K) / (x + K)``; see `erfc_far`.
    """
    n, n_low = two_sum(x, -CENTRE)
    d, d_low = two_sum(x, CENTRE)
    t, t_low = divide(n, n_low, d, d_low)
    p = fma(t, 7.624687807730763e-10, 9.236866021341764e-10)
    p = fma(p, t, -5.8176769441331446e-09)
    p = fma(p, t, -1.0069137590171165e-08)
    p = fma(p, t, 2.690246057623705e-08)
    p = fma(p, t, 7.03519244703568e-08)
    p = fma(p, t, -1.1088751930404051e-07)
    p = fma(p, t, -4.29341984238902e-07)
    p = fma(p, t, 5.28242891384182e-07)
    p = fma(p, t, 2.551929138532799e-06)
    p = fma(p, t, -3.5868153948073366e-06)
    p = fma(p, t, -1.4896575025740893e-05)
    p = fma(p, t, 3.3835316109490306e-05)
    p = fma(p, t, 7.095225048855444e-05)
    p = fma(p, t, -0.0003530018294682401)
    p = fma(p, t, 0.00011925567081765346)
    p = fma(p, t, 0.002711246106284357)
    p = fma(p, t, -0.010591085334940792)
    p = fma(p, t, 0.02261631044680875)
    p = fma(p, t, -0.030376890965863445)
    p = fma(p, t, 0.018922656662727976)
    p = fma(p, t, 0.023842964769119977)
    r = fma(p, t, SLOPE)
    r_low = fma(p, t, SLOPE - r) + SLOPE_LOW
    q, q_low = two_product(r, t)
    y, y_low = fast_two_sum(AT_CENTRE, q)
    d, d_low = two_sum(1.0, x)
    y, y_low = divide(y, y_low + fma(r, t_low, fma(r_low, t, q_low + AT_CENTRE_LOW)), d, d_low)
    square, square_low = two_product(x, 0.5 * x)
    k, e, e_low = exp_of_sum(-square, -square_low)
    y, y_low = multiply(y, y_low, e, e_low)
    return k, y, y_low


def normal_cdf(x: float) -> float:
    """Probability that a standard normal variate is below `x`, to the smallest subnormal near -38.5; error below 0.8 ulp."""
    size = magnitude(x)
    near = size < NEAR
    y, y_low = middle(select(near, size, 0.0))
    y, y_low = add(0.5, 0.0, flip_sign(y, x), flip_sign(y_low, x))
    k, z, z_low = tail(select(near, 1.0, select(size < FURTHEST, size, FURTHEST)))
    below = scaled(z + z_low, k)
    high, high_low = add(1.0, 0.0, -scaled(z, k), -scaled(z_low, k))
    far = select(x > 0.0, high + high_low, below)
    return select(is_number(x), select(near, y + y_low, far), NAN)


def normal_quantile(p: float) -> float:
    """Value that a standard normal variate is below with probability `p`; error below 0.6 ulp, NaN beyond ``[0, 1]``.

    ``x = s G(s)`` with ``s = sqrt(-log(4 p (1 - p)))``, the variable of M. Giles, "Approximating the erfinv function", GPU Computing Gems
    2 (2011): `G` runs from 1.25 at the median to 1.41, here as one of four polynomials.
    """
    inside = (p > 0.0) & (p < 1.0)
    safe = select(inside, p, 0.5)
    from_median = safe - 0.5
    w, w_low = steepness(select(safe > 0.5, 1.0 - safe, safe), from_median)
    s, s_low = sqrt_of_sum(w, w_low)
    y, y_low = quantile_over_root(w, s)
    x, x_low = multiply(s, s_low, y, y_low)
    beyond = select(p == 0.0, -INF, select(p == 1.0, INF, NAN))
    return select(inside, flip_sign(x + x_low, from_median), beyond)


def steepness(p: float, from_median: float) -> tuple[float, float]:
    """``-log(4 p (1 - p))`` in double-double for ``0 < p <= 0.5``; near the median, from the distance to it."""
    near = p > 0.25
    square, square_low = two_product(2.0 * from_median, 2.0 * from_median)
    rest, rest_low = two_sum(1.0, -p)
    x, x_low = multiply(4.0 * p, 0.0, rest, rest_low)
    k, f = split(x)
    exponent = bits_of(k + SHIFT) - SHIFT_BITS
    f_low = product(x_low, power_of_two(-select(exponent > -200, exponent, -200)))
    log, log_low = log_in_two(select(near, -square, f), select(near, -square_low, f_low))
    log, log_low = plus_ln2_times(select(near, 0.0, k), log, log_low)
    return fast_two_sum(-log, -log_low)


def chosen(one: bool, two: bool, three: bool, a: float, b: float, c: float, d: float) -> float:
    """Take one of four by the interval."""
    return select(one, a, select(two, b, select(three, c, d)))


def quantile_over_root(w: float, s: float) -> tuple[float, float]:
    """`G` of `normal_quantile` in double-double, ``s = sqrt(w)``; relative error below 2**-55."""
    one, two, three = w < 4.0, w < 16.0, w < 71.0
    u = select(three, w, s)
    centre = chosen(one, two, three, 2.0, 8.0, 34.0, 15.25)
    v = (u - centre) / select(one, 1.0, u + centre)
    # fmt: off
    p = chosen(one, two, three, 1.811256919443122e-20, -0.002578397193291473, -0.006585111351026087, 0.15974356233910114)
    p = fma(p, v, chosen(one, two, three, -3.8420768021448647e-19, 7.075309061811046e-05, 0.005461390361260361, -0.13856831232357916))
    p = fma(p, v, chosen(one, two, three, 4.837687757550125e-19, 0.003967862962966391, 0.0013980709773004306, 0.05735673560864524))
    p = fma(p, v, chosen(one, two, three, 2.4108588990300646e-17, 0.0005729250508116089, -0.0037673346521832113, -0.05244038979814288))
    p = fma(p, v, chosen(one, two, three, -1.29511769488569e-16, -0.0022353651402330626, 0.003953189787541502, 0.055831127434095025))
    p = fma(p, v, chosen(one, two, three, -7.435631793299279e-16, 0.0003532351837289143, -0.004292905790510593, -0.04465784746992997))
    p = fma(p, v, chosen(one, two, three, 1.0121975179285061e-14, -0.000310697452508731, 0.004280580055864686, 0.03251302244900415))
    p = fma(p, v, chosen(one, two, three, -5.451630653549771e-15, -0.002389687248166157, -0.0035869795443473247, -0.02169133604975089))
    p = fma(p, v, chosen(one, two, three, -5.226488277769677e-13, 0.0028889310148387357, 0.002746079806680544, 0.010941685990867814))
    p = fma(p, v, chosen(one, two, three, 2.6929127934176785e-12, 0.005061603869452836, -0.001578000279772586, -0.00034965424651951555))
    p = fma(p, v, chosen(one, two, three, 1.6800247811593105e-11, -0.0042457923788148735, 0.000385966075801547, -0.00979078929293504))
    p = fma(p, v, chosen(one, two, three, -2.3396138992353995e-10, -0.0056854326804997345, 0.0012433764621797314, 0.01923778340700492))
    p = fma(p, v, chosen(one, two, three, 1.3906448019152404e-10, 0.0065929383806212485, -0.002891104347401271, -0.02776257472978599))
    p = fma(p, v, chosen(one, two, three, 1.3595688880618698e-08, 0.005454956988458437, 0.00522025456195386, 0.03507173863260211))
    p = fma(p, v, chosen(one, two, three, -7.917573096441579e-08, -0.007974773020931093, -0.007579227468118984, -0.0408843002110671))
    p = fma(p, v, chosen(one, two, three, -4.858106268811047e-07, -0.00037352124710374125, 0.011160737905809348, 0.044780878919601384))
    p = fma(p, v, chosen(one, two, three, 8.667052370919118e-06, 0.012591431592896826, -0.014791066796474569, -0.04636130965731505))
    p = fma(p, v, chosen(one, two, three, -1.7648372984164023e-05, -0.006671323978470348, 0.021243912087755817, 0.04478386374170597))
    p = fma(p, v, chosen(one, two, three, -0.0007452448186455916, -0.0065318824249136894, -0.027775383411465505, -0.0392308017380444))
    p = fma(p, v, chosen(one, two, three, 0.012314784489756812, 0.08369733667171772, 0.048177038931643296, 0.02565910127036386))
    # fmt: on
    q, q_low = two_product(p, v)
    start = chosen(one, two, three, 1.2806359221427863, 1.3304960987681478, 1.3798404748686024, 1.4062850048299051)
    start_low = chosen(
        one, two, three, -5.777725538136648e-17, -2.507864231915765e-18, 4.821076717906366e-18, 1.5947466699246643e-17
    )
    y, y_low = fast_two_sum(start, q)
    return y, y_low + (q_low + start_low)
