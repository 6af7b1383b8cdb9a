"""Draws: the same in plain Python and compiled, stable for ever, and of the right distribution.

The statistical tests are seeded; each says how often a right generator would fail it with another seed.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sweep_kernels import KernelError, Rng
from sweep_kernels.counter import POINT_LIMIT, SEED_LIMIT, TRIAL_LIMIT
from sweep_kernels.draws.poisson_numbers import log_poisson
from sweep_kernels.draws.primitive import closed_open, open_closed
from sweep_kernels.driver import TrialRaisedError
from sweep_kernels.mathematics.in_range import log_in_range
from tests.kernels.compiling import as_kernel, compiled_trials

GOLDEN = Path(__file__).parents[1] / "golden" / "draws.json"
FALSE_ALARM = 1e-4
MASK = 0xFFFFFFFF

CALLS = {
    "uniform": lambda rng: rng.uniform(),
    "normal": lambda rng: rng.normal(),
    "exponential": lambda rng: rng.exponential(),
    "integers_die": lambda rng: rng.integers(1, 7),
    "integers_wide": lambda rng: rng.integers(-(2**31), 2**31),
    "bernoulli": lambda rng: rng.bernoulli(0.3),
    "poisson_0": lambda rng: rng.poisson(0.0),
    "poisson_tiny": lambda rng: rng.poisson(1e-9),
    "poisson_3": lambda rng: rng.poisson(3.0),
    "poisson_9.99": lambda rng: rng.poisson(9.99),
    "poisson_10": lambda rng: rng.poisson(10.0),
    "poisson_1e9": lambda rng: rng.poisson(1e9),
    "uniform_between": lambda rng: rng.uniform(-2.0, 3.5),
    "normal_scaled": lambda rng: rng.normal(10.0, 0.1),
    "exponential_scaled": lambda rng: rng.exponential(2.5),
    "lognormal": lambda rng: rng.lognormal(1.0, 0.5),
    "gamma_0.3": lambda rng: rng.gamma(0.3),
    "gamma_2.5": lambda rng: rng.gamma(2.5, 2.0),
    "gamma_1e8": lambda rng: rng.gamma(1e8),
    "chisquare": lambda rng: rng.chisquare(3.0),
    "beta_small": lambda rng: rng.beta(0.1, 0.2),
    "beta_2_3": lambda rng: rng.beta(2.0, 3.0),
    "standard_t": lambda rng: rng.standard_t(3.0),
    "rayleigh": lambda rng: rng.rayleigh(2.0),
    "rice": lambda rng: rng.rice(1.0, 0.5),
    "weibull": lambda rng: rng.weibull(1.5, 2.0),
    "triangular": lambda rng: rng.triangular(-1.0, 0.5, 2.0),
    "binomial_10": lambda rng: rng.binomial(10, 0.3),
    "binomial_500": lambda rng: rng.binomial(500, 0.7),
    "binomial_1e9": lambda rng: rng.binomial(10**9, 0.3),
    "geometric": lambda rng: rng.geometric(0.01),
    "choice": lambda rng: rng.choice((3.0, 1.0, 4.0, 1.0, 5.0)),
    "shuffle": lambda rng: shuffled(rng, 6),
    "circle": lambda rng: rng.circle(),
    "sphere": lambda rng: rng.sphere(),
}
PLACES = [
    (0, 0, 0),
    (1, 2, 3),
    (SEED_LIMIT - 1, POINT_LIMIT - 1, TRIAL_LIMIT - 1),
    (42, 2**32, 2**32 - 1),
    (42, 2**32 - 1, 2**32),
]


def sequence(seed: int, point: int, trial: int) -> dict[str, list[str]]:
    """Five draws of each kind, each kind from a fresh start, exactly."""
    found: dict[str, list[str]] = {}
    for name, call in CALLS.items():
        rng = Rng(seed, point, trial)
        values = [call(rng) for _ in range(5)]
        found[name] = list(map(exactly, values))
    return found


def shuffled(rng: Rng, size: int) -> tuple[int, ...]:
    x = list(range(size))
    rng.shuffle(x)
    return tuple(x)


def exactly(value: float | tuple[float, ...]) -> str:
    if isinstance(value, tuple):
        return " ".join(map(exactly, value))
    return value.hex() if isinstance(value, float) else str(value)


def bless() -> None:
    """Write the golden file anew: ``python -m tests.kernels.test_draws``. A changed draw is a new major version."""
    GOLDEN.write_text(json.dumps({str(place): sequence(*place) for place in PLACES}, indent=1) + "\n")


@pytest.mark.parametrize("place", PLACES)
def test_draws_are_what_they_always_were(place):
    assert sequence(*place) == json.loads(GOLDEN.read_text())[str(place)]


def everything(rng, mean, low, high, p):
    total = rng.uniform() + rng.normal() * 3.0
    a = rng.poisson(mean)
    b = rng.integers(low, high)
    if rng.bernoulli(p):
        total += rng.exponential()
    for _ in range(3):
        total += rng.normal() - rng.uniform()
    return total, a, b


KERNEL = as_kernel(everything, "total", "a", "b")


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, SEED_LIMIT - 1),
    st.integers(0, POINT_LIMIT - 1),
    st.integers(0, TRIAL_LIMIT // 8 - 1) | st.sampled_from([0, 2**29 - 1, 2**29, TRIAL_LIMIT // 8 - 1]),
    st.sampled_from([0.0, 1e-9, 1.0, 9.99, 10.0, 12.5, 1e3, 1e9, 1e15]),
    st.sampled_from([(0, 1), (0, 6), (-5, 5), (0, 2**32), (-(2**40), -(2**40) + 7)]),
    st.floats(0.0, 1.0),
)
def test_compiled_and_plain_agree_to_the_bit(seed, point, block, mean, span, p):
    parameters = {"mean": mean, "low": span[0], "high": span[1], "p": p}
    found = compiled_trials(KERNEL, seed, point, block, 1, **parameters)
    for i in range(8):
        assert tuple(found[:, i]) == KERNEL.trial(seed, point, block * 8 + i, **parameters)


def test_the_order_of_the_two_sequences_does_not_matter():
    apart, mixed = Rng(1, 2, 3), Rng(1, 2, 3)
    uniforms, normals = [apart.uniform() for _ in range(5)], [apart.normal() for _ in range(5)]
    assert [(mixed.normal(), mixed.uniform()) for _ in range(5)] == list(zip(normals, uniforms, strict=True))


def test_uniforms_have_53_bits():
    assert closed_open(MASK, MASK) == 1.0 - 2.0**-53
    assert closed_open(0, 0) == 0.0
    assert closed_open(0, 1 << 11) == 2.0**-53
    values = [Rng(3, 0, trial).uniform() for trial in range(2000)]
    assert all((value * 2.0**53).is_integer() for value in values)
    assert any((value * 2.0**52) % 1 for value in values)


def test_normals_reach_beyond_8_and_are_right_there():
    """Radius and words: the smallest words give 9.49, and the share of words beyond a radius is ``exp(-r**2 / 2)``."""
    assert math.sqrt(-2.0 * log_in_range(open_closed(0, 0))) == pytest.approx(
        math.sqrt(2 * 65 * math.log(2)), rel=1e-15
    )
    assert open_closed(MASK, MASK) == 1.0
    for radius in (6.0, 7.0, 8.0, 8.5, 9.0):
        words = math.exp(-radius * radius / 2.0) * 2.0**64  # so many of the 2**64 pairs of words lie beyond
        below, above = int(words * 0.99999), math.ceil(words * 1.00001) + 1
        assert math.sqrt(-2.0 * log_in_range(open_closed(below >> 32, below & MASK))) >= radius
        assert math.sqrt(-2.0 * log_in_range(open_closed(above >> 32, above & MASK))) < radius


def sample(function, count: int = 1 << 17, **parameters) -> np.ndarray:
    return compiled_trials(as_kernel(function), 20_240_601, 5, 0, count // 4096, 4096, **parameters)[0]


def test_uniform_is_uniform():
    x = sample(lambda rng: rng.uniform())
    assert stats.kstest(x, "uniform").pvalue > FALSE_ALARM


def test_normal_is_normal_in_the_body_and_in_the_tails():
    x = sample(lambda rng: rng.normal(), 1 << 20)
    assert stats.kstest(x, "norm").pvalue > FALSE_ALARM
    for edge in (2.0, 3.0, 4.0):
        assert stats.binomtest(int((x > edge).sum()), len(x), stats.norm.sf(edge)).pvalue > FALSE_ALARM
        assert stats.binomtest(int((x < -edge).sum()), len(x), stats.norm.sf(edge)).pvalue > FALSE_ALARM


def pair(rng):
    return rng.normal() * rng.normal()


def test_the_two_normals_of_a_pair_are_independent():
    """The mean product has a standard error of 1 / sqrt(n)."""
    x = sample(pair)
    assert abs(x.mean()) * math.sqrt(len(x)) < stats.norm.isf(FALSE_ALARM / 2)


def test_exponential_is_exponential_in_the_body_and_in_the_tail():
    x = sample(lambda rng: rng.exponential())
    assert stats.kstest(x, "expon").pvalue > FALSE_ALARM
    assert stats.binomtest(int((x > 8.0).sum()), len(x), math.exp(-8.0)).pvalue > FALSE_ALARM


def test_integers_are_even():
    counts = np.bincount(sample(lambda rng: rng.integers(0, 6)).astype(int), minlength=6)
    assert stats.chisquare(counts).pvalue > FALSE_ALARM
    assert len(counts) == 6


def test_bernoulli_has_its_probability():
    x = sample(lambda rng: rng.bernoulli(0.3))
    assert stats.binomtest(int(x.sum()), len(x), 0.3).pvalue > FALSE_ALARM


def poisson(rng, mean):
    return rng.poisson(mean)


@pytest.mark.parametrize("mean", [0.1, 3.0, 9.99, 10.0, 37.5, 1000.0])
def test_poisson_is_poisson(mean):
    x = sample(poisson, mean=mean)
    low, high = int(stats.poisson.ppf(1e-4, mean)), int(stats.poisson.isf(1e-4, mean))
    counts = np.array([(x < low).sum(), *((x == k).sum() for k in range(low, high + 1)), (x > high).sum()])
    expected = np.array(
        [stats.poisson.cdf(low - 1, mean), *stats.poisson.pmf(range(low, high + 1), mean), stats.poisson.sf(high, mean)]
    )
    several = expected * len(x) >= 5
    observed = [*counts[several], counts[~several].sum()]
    wanted = np.array([*expected[several], expected[~several].sum()]) * len(x)
    keep = wanted > 0
    assert (
        stats.chisquare(np.array(observed)[keep], wanted[keep] * sum(observed) / wanted[keep].sum()).pvalue
        > FALSE_ALARM
    )


@pytest.mark.parametrize("mean", [1e9, 1e10, 1e12, 1e14, 1e15])
def test_poisson_is_normal_far_out(mean):
    """The skewness is below 1e-4; a standardised variance of n draws has a standard error of ``sqrt(2 / n)``."""
    x = (sample(poisson, mean=mean) - mean) / math.sqrt(mean)
    assert stats.kstest(x, "norm").pvalue > FALSE_ALARM
    assert abs(x.var() - 1.0) * math.sqrt(len(x) / 2) < stats.norm.isf(FALSE_ALARM / 2)


@given(st.floats(1e10, 1e15), st.floats(-12.0, 12.0))
def test_the_probabilities_of_large_means(mean, deviation):
    k = float(math.floor(mean + deviation * math.sqrt(mean)))
    with mpmath.workdps(50):
        exact = mpmath.mpf(k) * mpmath.log(mean) - mean - mpmath.loggamma(mpmath.mpf(k) + 1)
    assert log_poisson(k, mean, log_in_range(mean)) == pytest.approx(float(exact), rel=1e-13, abs=1e-10)


@pytest.mark.parametrize(("low", "high"), [(5, 5), (5, 0), (0, 2**32 + 1), (-(2**63), 2**63 - 1)])
def test_integers_refuse_what_holds_none_or_too_many(low, high):
    with pytest.raises(ValueError, match="high must be above low"):
        Rng(0, 0, 0).integers(low, high)
    each = as_kernel(lambda rng, low, high: rng.integers(low, high))
    with pytest.raises(TrialRaisedError):
        compiled_trials(each, 0, 0, 0, 1, low=low, high=high)


@pytest.mark.parametrize("p", [-0.1, 1.1, math.nan])
def test_bernoulli_refuses_what_is_no_probability(p):
    with pytest.raises(ValueError, match="between 0 and 1"):
        Rng(0, 0, 0).bernoulli(p)
    with pytest.raises(TrialRaisedError):
        compiled_trials(as_kernel(lambda rng, p: rng.bernoulli(p)), 0, 0, 0, 1, p=p)


def test_arguments_may_be_named():
    each = as_kernel(lambda rng: rng.integers(low=0, high=6) + rng.integers(1, high=3) + rng.poisson(mean=2.0))
    assert compiled_trials(each, 0, 0, 0, 1)[0, 0] == each.trial(0, 0, 0)


@pytest.mark.parametrize("place", [(2**64, 0, 0), (0, 2**44, 0), (0, 0, 2**44), (0, 0, -1)])
def test_a_place_out_of_range_is_refused(place):
    with pytest.raises(KernelError, match="is not between 0 and"):
        Rng(*place)


def test_poisson_refuses_what_is_no_mean():
    for mean in (-1.0, math.nan, 1e16, math.inf):
        with pytest.raises(ValueError, match="between 0 and 1e15"):
            Rng(0, 0, 0).poisson(mean)


if __name__ == "__main__":
    bless()
