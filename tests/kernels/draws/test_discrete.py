"""Discrete draws against exact probabilities. Seeded; a right generator would fail a case with another seed once in a thousand."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sweep_kernels.draws.binomial_numbers import log_binomial, log_factorial
from tests.kernels.draws.goodness import misfits, sample

FALSE_ALARM = 1e-4
WEIGHTS = (0.5, 0.0, 3.0, 1e-3, 2.0)
TABLE = np.arange(100.0) ** 2


def binomial(rng, n, p):
    return rng.binomial(n, p)


def geometric(rng, p):
    return rng.geometric(p)


BINOMIALS = [
    (1, 0.3), (10, 0.5), (19, 0.5), (20, 0.5), (21, 0.5), (100, 0.03), (1000, 0.3), (1000, 0.97), (999, 0.02), (10**6, 2e-5), (10**6, 0.4999),
    (10**9, 1e-9), (10**9, 0.2), (10**12, 3e-11),
]  # fmt: skip


@pytest.mark.parametrize(("n", "p"), BINOMIALS)
def test_binomial_is_binomial(n, p):
    assert misfits(sample(binomial, n=n, p=p), stats.binom(n, p), FALSE_ALARM) == []


@pytest.mark.parametrize(("n", "p"), [(10**13, 0.3), (10**15, 0.5), (10**15, 0.9)])
def test_binomial_is_normal_far_out(n, p):
    """The skewness is below 1e-6."""
    x = (sample(binomial, n=n, p=p) - n * p) / math.sqrt(n * p * (1.0 - p))
    assert misfits(x, stats.norm(), FALSE_ALARM) == []


def test_a_rare_success_in_10_to_the_15_is_poisson():
    assert misfits(sample(binomial, n=10**15, p=3e-15), stats.poisson(3.0), FALSE_ALARM) == []
    assert misfits(sample(binomial, n=10**15, p=3e-14), stats.poisson(30.0), FALSE_ALARM) == []


@pytest.mark.parametrize("p", [0.9, 0.3, 0.01])
def test_geometric_is_geometric(p):
    assert misfits(sample(geometric, p=p), stats.geom(p), FALSE_ALARM) == []


@pytest.mark.parametrize("p", [1e-9, 1e-14])
def test_a_rare_geometric_is_exponential(p):
    x = sample(geometric, p=p)
    assert (x >= 1.0).all()
    assert (x % 1.0 == 0.0).all()
    assert misfits(x, stats.expon(scale=1.0 / p), FALSE_ALARM) == []


@pytest.mark.parametrize(
    ("function", "parameters", "law"),
    [
        (binomial, {"n": 1000, "p": 0.3}, stats.binom(1000, 0.3003)),
        (binomial, {"n": 10, "p": 0.5}, stats.binom(10, 0.5005)),
        (geometric, {"p": 0.3}, stats.geom(0.302)),
    ],
)
def test_a_law_that_is_a_little_off_is_seen(function, parameters, law):
    assert misfits(sample(function, **parameters), law, FALSE_ALARM) != []


@pytest.mark.parametrize("weights", [WEIGHTS, TABLE], ids=["tuple", "array"])
def test_choice_is_in_proportion_to_the_weights(weights):
    x = sample(lambda rng: rng.choice(weights))
    law = stats.rv_discrete(values=(np.arange(len(weights)), np.array(weights) / np.sum(weights)))()
    assert misfits(x, law, FALSE_ALARM) == []
    assert set(np.unique(x)) <= {float(i) for i, each in enumerate(weights) if each > 0.0}


def exact_ratio(k: int, mode: int, n: int, p: float) -> float:
    with mpmath.workdps(60):
        return float(
            mpmath.loggamma(mode + 1) + mpmath.loggamma(n - mode + 1) - mpmath.loggamma(k + 1) - mpmath.loggamma(n - k + 1)
            + (k - mode) * mpmath.log(mpmath.mpf(p) / (1 - mpmath.mpf(p)))
        )  # fmt: skip


@given(st.integers(20, 10**15), st.floats(1e-15, 0.5), st.floats(-8.5, 8.5))
def test_binomials_are_accepted_by_the_right_probability(n, p, deviation):
    """As exact as the mean has digits left; a Poisson mean of 1e10 costs the most of them."""
    if n * p < 10.0:
        p = min(0.5, 12.0 / n)
    mode = math.floor((n + 1) * p)
    k = round(min(max(mode + deviation * math.sqrt(n * p), 0), n))
    found = log_binomial(float(k), float(n), p, 1.0 - p) - log_binomial(float(mode), float(n), p, 1.0 - p)
    assert found == pytest.approx(exact_ratio(k, mode, n, p), rel=1e-8, abs=3e-4 if 1e8 < n * p < 1e10 else 1e-6)


@given(st.integers(0, 30) | st.integers(0, 10**12))
def test_logarithms_of_factorials(k):
    with mpmath.workdps(40):
        exact = float(mpmath.loggamma(k + 1))
    assert log_factorial(float(k)) == pytest.approx(exact, rel=1e-14, abs=3e-13)
