"""Continuous draws against SciPy's distributions. Seeded; a right generator would fail a case with another seed once in a thousand."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sweep_kernels.draws.gamma_family import log_acceptance
from tests.kernels.draws.goodness import misfits, sample

FALSE_ALARM = 1e-4


def uniform(rng, low, high):
    return rng.uniform(low, high)


def normal(rng, loc, scale):
    return rng.normal(loc, scale)


def exponential(rng, scale):
    return rng.exponential(scale)


def rayleigh(rng, scale):
    return rng.rayleigh(scale)


def weibull(rng, a, scale):
    return rng.weibull(a, scale)


def triangular(rng, left, mode, right):
    return rng.triangular(left, mode, right)


def lognormal(rng, mean, sigma):
    return rng.lognormal(mean, sigma)


def rice(rng, nu, sigma):
    return rng.rice(nu, sigma)


def standard_t(rng, df):
    return rng.standard_t(df)


def gamma(rng, shape, scale):
    return rng.gamma(shape, scale)


def chisquare(rng, df):
    return rng.chisquare(df)


def beta(rng, a, b):
    return rng.beta(a, b)


def triangle(left, mode, right):
    return stats.triang((mode - left) / (right - left), loc=left, scale=right - left)


LAWS = {
    uniform: lambda low, high: stats.uniform(low, high - low),
    normal: stats.norm,
    exponential: lambda scale: stats.expon(scale=scale),
    rayleigh: lambda scale: stats.rayleigh(scale=scale),
    weibull: lambda a, scale: stats.weibull_min(a, scale=scale),
    triangular: triangle,
    lognormal: lambda mean, sigma: stats.lognorm(sigma, scale=math.exp(mean)),
    rice: lambda nu, sigma: stats.rice(nu / sigma, scale=sigma),
    standard_t: stats.t,
    gamma: lambda shape, scale: stats.gamma(shape, scale=scale),
    chisquare: stats.chi2,
    beta: stats.beta,
}
CASES = [
    *((uniform, each) for each in [(-3.0, 5.0)]),
    *((normal, each) for each in [(10.0, 0.1)]),
    *((exponential, each) for each in [(2.5,)]),
    *((rayleigh, each) for each in [(1.0,), (1e-3,)]),
    *((weibull, each) for each in [(0.01, 1.0), (0.5, 2.0), (1.5, 1.0), (50.0, 3.0)]),
    *((triangular, each) for each in [(0.0, 1.0, 3.0), (-1.0, -1.0, 4.0), (-1.0, 4.0, 4.0)]),
    *((lognormal, each) for each in [(0.0, 1.0), (1.0, 0.25), (-3.0, 4.0)]),
    *((rice, each) for each in [(0.0, 1.0), (1.0, 0.5), (30.0, 2.0)]),
    *((standard_t, each) for each in [(0.05,), (0.5,), (1.0,), (3.0,), (30.0,), (1e6,)]),
    *((gamma, (each, 1.0)) for each in [0.01, 0.5, 0.999, 1.0, 2.5, 30.0, 1e6, 1e8]),
    *((gamma, each) for each in [(3.0, 1e-3)]),
    *((chisquare, each) for each in [(0.02,), (1.0,), (7.0,)]),
    *((beta, each) for each in [(0.01, 0.01), (0.5, 0.5), (1.0, 1.0), (2.0, 3.0), (0.3, 5.0), (1e-3, 2.0), (1e5, 3e5)]),
]


def draws_of(function, parameters) -> np.ndarray:
    names = function.__code__.co_varnames[1 : function.__code__.co_argcount]
    return sample(function, **dict(zip(names, parameters, strict=True)))


@pytest.mark.parametrize(("function", "parameters"), CASES, ids=lambda each: getattr(each, "__name__", str(each)))
def test_the_law_is_the_one_named(function, parameters):
    assert misfits(draws_of(function, parameters), LAWS[function](*parameters), FALSE_ALARM) == []


@pytest.mark.parametrize(
    ("function", "parameters", "others"),
    [
        (gamma, (2.5, 1.0), (2.51, 1.0)),
        (gamma, (0.01, 1.0), (0.0101, 1.0)),
        (beta, (2.0, 3.0), (2.0, 3.02)),
        (standard_t, (3.0,), (3.1,)),
        (weibull, (1.5, 1.0), (1.51, 1.0)),
        (rice, (1.0, 0.5), (1.0, 0.502)),
    ],
)
def test_a_law_that_is_off_by_a_hundredth_is_seen(function, parameters, others):
    assert misfits(draws_of(function, parameters), LAWS[function](*others), FALSE_ALARM) != []


def test_a_gamma_of_any_size_is_normal():
    """The skewness is below 1e-6."""
    shape = 1e14
    x = (draws_of(gamma, (shape, 1.0)) - shape) / math.sqrt(shape)
    assert misfits(x, stats.norm(), FALSE_ALARM) == []


@pytest.mark.parametrize("edge", [1e-300, 1e-100, 1e-10, 1.0, 1e5])
def test_a_tiny_gamma_is_scaled_before_it_is_lost(edge):
    """Without its scale, 93 % of these would be below the smallest float64."""
    x = draws_of(gamma, (1e-4, 1e300))
    expected = (
        float(stats.gamma.cdf(edge * 1e-300, 1e-4))
        if edge > 1e-8
        else math.exp(1e-4 * (math.log(edge) - 300.0 * math.log(10.0)))
    )
    assert stats.binomtest(int((x <= edge).sum()), len(x), expected).pvalue > FALSE_ALARM


@given(st.floats(0.7, 1e15), st.floats(-8.0, 8.0))
def test_gammas_are_accepted_by_the_right_probability(d, z):
    t = z / (3.0 * math.sqrt(d))
    root = 1.0 + t
    if root <= 0.0:
        return
    with mpmath.workdps(60):
        exact_t = mpmath.mpf(z) / (3 * mpmath.sqrt(d))
        exact = mpmath.mpf(z) ** 2 / 2 + d * (1 - (1 + exact_t) ** 3 + 3 * mpmath.log(1 + exact_t))
    assert log_acceptance(z, t, root, d) == pytest.approx(float(exact), rel=1e-9, abs=2e-9)
