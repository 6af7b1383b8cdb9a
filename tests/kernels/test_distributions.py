"""Distributions of drawn parameters: against SciPy's, the same bits compiled as plain, and from a stream that nothing else takes from."""

from __future__ import annotations

import json
import math
import pickle

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from sweep_kernels import KernelError, Rng, kernel
from sweep_kernels.distributions import (
    Discrete,
    Histogram,
    LogNormal,
    Normal,
    Poisson,
    Uniform,
    drawing,
    from_spec,
)
from sweep_kernels.distributions.steps import position_of
from sweep_kernels.errors import UsageError
from tests.kernels.compiling import compiled_trials
from tests.kernels.draws.goodness import DRAWS, misfits

SEED = 20_261_127
FALSE_ALARM = 1e-6
BINS = ((-1.0, 0.0, 0.25), (0.0, 0.5, 0.0), (0.5, 3.0, 0.5), (4.0, 4.5, 0.25))


class Cut:
    """A distribution of SciPy's between two limits, both of which may come up."""

    def __init__(self, law, low: float, high: float) -> None:
        self.law = law
        below = law.cdf(low) - (law.pmf(low) if hasattr(law.dist, "pmf") else 0.0)
        self.low, self.mass = below, law.cdf(high) - below

    def cdf(self, x):
        return np.clip((self.law.cdf(x) - self.low) / self.mass, 0.0, 1.0)

    def sf(self, x):
        return 1.0 - self.cdf(x)

    def ppf(self, p):
        return self.law.ppf(self.low + np.asarray(p) * self.mass)

    def isf(self, p):
        return self.ppf(1.0 - p)

    def stats(self, _moments):
        return (math.nan,) * 3


def edges_and_weights():
    edges = [-1.0, 0.0, 0.5, 3.0, 4.0, 4.5]
    return np.array([0.25, 0.0, 0.5, 0.0, 0.25]), np.array(edges)


SAID = {
    "normal": (Normal(20.0, 4.0), stats.norm(20.0, 4.0)),
    "cut_normal": (Normal(20.0, 4.0, low=14.0, high=21.0), stats.truncnorm(-1.5, 0.25, 20.0, 4.0)),
    "tail": (Normal(0.0, 1.0, low=6.0), stats.truncnorm(6.0, math.inf)),
    "lognormal": (LogNormal(0.5, 0.75), stats.lognorm(0.75, scale=math.exp(0.5))),
    "cut_lognormal": (LogNormal(0.5, 0.75, 1.0, 4.0), Cut(stats.lognorm(0.75, scale=math.exp(0.5)), 1.0, 4.0)),
    "uniform": (Uniform(-3.0, 5.0), stats.uniform(-3.0, 8.0)),
    "poisson": (Poisson(3.5), stats.poisson(3.5)),
    "cut_poisson": (Poisson(30.0, 25.0, 40.0, as_float=True), Cut(stats.poisson(30.0), 25.0, 40.0)),
    "histogram": (Histogram(BINS), stats.rv_histogram(edges_and_weights(), density=False)()),
    "whole": (Discrete((7, 1, 4), (0.5, 0.2, 0.3)), stats.rv_discrete(values=((7, 1, 4), (0.5, 0.2, 0.3)))()),
    "flag": (Discrete((True, False), (0.1, 0.9)), stats.bernoulli(0.1)),
    "text": (Discrete(("car", "van", "bus"), (5, 0, 3)), stats.rv_discrete(values=((0, 2), (5 / 8, 3 / 8)))()),
}
DRAWN = ("cut_normal", "cut_lognormal", "uniform", "cut_poisson", "poisson", "histogram", "whole", "flag", "text")
"""What is compiled: the other normal ones are made of the same functions."""
DISTRIBUTIONS = {name: SAID[name][0] for name in DRAWN}


@kernel(outputs=["own"])
def echo(rng, text, flag, whole, histogram, poisson, cut_poisson, uniform, cut_lognormal, cut_normal):
    return rng.normal() + rng.uniform()


@kernel(outputs=["own"])
def without(rng):
    return rng.normal() + rng.uniform()


@pytest.fixture(scope="module")
def drawn():
    """What compiled trials draw, by parameter."""
    drawing_one = echo.drawing(DISTRIBUTIONS)
    parameters = {
        name: {"int": int, "str": int}.get(each.kind, {"bool": bool}.get(each.kind, float))(0)
        for name, each in DISTRIBUTIONS.items()
    }
    values = compiled_trials(drawing_one, SEED, 5, 0, DRAWS // 4096, 4096, **parameters)
    return dict(zip(drawing_one.outputs, values, strict=True))


@pytest.mark.parametrize("name", DRAWN)
def test_compiled_draws_have_the_distribution(drawn, name):
    assert not misfits(drawn[name], SAID[name][1], FALSE_ALARM)


def test_compiled_draws_are_those_of_plain_python_bit_for_bit(drawn):
    drawing_one = echo.drawing(DISTRIBUTIONS)
    for trial in [*range(50), 4095, 4096, DRAWS - 1]:
        assert drawing_one.trial(SEED, 5, trial) == tuple(each[trial] for each in drawn.values())


def test_what_is_drawn_takes_nothing_of_what_the_kernel_draws(drawn):
    assert all(drawn["own"][trial] == without.trial(SEED, 5, trial) for trial in range(100))


def test_a_parameter_depends_on_its_place_and_its_distribution_only():
    names = list(DISTRIBUTIONS)
    others = {name: Uniform(0.0, 1.0) for name in names[:4]} | {name: DISTRIBUTIONS[name] for name in names[4:]}
    for trial in range(20):
        one, other = (drawing(tuple(each.values()))(Rng(SEED, 5, trial)) for each in (DISTRIBUTIONS, others))
        assert one[4:] == other[4:]


@pytest.mark.parametrize("name", ["normal", "cut_normal", "tail", "lognormal", "cut_lognormal", "uniform", "histogram"])
def test_the_inverse_is_that_of_the_distribution_function(name):
    distribution, law = SAID[name]
    for u in (1e-12, 1e-5, 0.01, 0.3, 0.5, 0.77, 0.999):
        assert distribution.inverse(u, 1.0 - u) == pytest.approx(float(law.ppf(u)), rel=1e-11, abs=1e-11)


def test_both_tails_reach_as_far_as_64_bits_do():
    inverse = Normal(0.0, 1.0).inverse
    assert (
        inverse(1.0, 2.0**-65) == -inverse(2.0**-65, 1.0) == pytest.approx(float(stats.norm.isf(2.0**-65)), rel=1e-14)
    )
    assert Normal(0.0, 1.0, low=30.0, high=31.0).inverse(0.25, 0.75) == pytest.approx(
        float(stats.truncnorm.ppf(0.25, 30.0, 31.0)), rel=1e-13
    )


@pytest.mark.parametrize(
    ("distribution", "law"),
    [
        (Normal(20.0, 4.0, 14.0, 21.0), stats.truncnorm(-1.5, 0.25, 20.0, 4.0)),
        (Normal(0.0, 1.0, 30.0, 31.0), stats.truncnorm(30.0, 31.0)),
        (LogNormal(0.5, 0.75), stats.lognorm(0.75, scale=math.exp(0.5))),
        (Uniform(-3.0, 5.0), stats.uniform(-3.0, 8.0)),
        (Histogram(BINS), stats.rv_histogram(edges_and_weights(), density=False)()),
    ],
    ids=lambda each: type(each).__name__,
)
def test_densities_are_scipys(distribution, law):
    low, high = (float(law.ppf(p)) for p in (0.001, 0.999))
    for x in np.linspace(low, high, 21):
        with np.errstate(divide="ignore"):
            assert distribution.log_density(float(x)) == pytest.approx(float(law.logpdf(x)), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    "distribution",
    [
        Normal(0.0, 1.0, 0.2, 0.2001),
        Normal(0.0, 1.0, -0.3, 2.0),
        Normal(5.0, 2.0, high=4.0),
        LogNormal(0.0, 1.0, 0.5, 2.0),
        Histogram(BINS),
    ],
    ids=repr,
)
def test_what_a_range_leaves_has_the_probability_1(distribution):
    low, high = distribution.support
    low = max(low, -60.0)
    total = integrate.quad(
        lambda x: math.exp(distribution.log_density(x)),
        low,
        high,
        limit=400,
        points=[0.0, 0.5, 3.0, 4.0] if low < 0 < high < 60 else None,
    )
    assert total[0] == pytest.approx(1.0, abs=1e-9)
    assert distribution.log_density(high + 1e-3) == -math.inf


@pytest.mark.parametrize("name", ["poisson", "cut_poisson", "whole", "flag", "text"])
def test_probabilities_are_those_of_the_draws(name):
    distribution, law = SAID[name]
    values = range(60)
    share = [float(law.cdf(k) - law.cdf(k - 1)) for k in values]
    assert [math.exp(distribution.log_density(k)) for k in values] == pytest.approx(share, abs=1e-14)


@kernel(outputs=["density", "more"])
def weigh(rng, x, k):
    return NORMAL(x) + HISTOGRAM(x) + UNIFORM(x), WHOLE(k) + DRAW(rng)


NORMAL, HISTOGRAM = Normal(2.0, 1.0, low=0.0).log_density, Histogram(BINS).log_density
UNIFORM, WHOLE = Uniform(-3.0, 5.0).log_density, Discrete((7, 1, 4), (0.5, 0.2, 0.3)).log_density
DRAW = Histogram(BINS).draw


def test_a_kernel_may_call_densities_and_draws():
    compiled = compiled_trials(weigh, 1, 0, 0, 1, width=1, x=1.25, k=4)
    plain = [weigh.trial(1, 0, trial, x=1.25, k=4) for trial in range(8)]
    assert np.array_equal(compiled.T, np.array(plain))
    assert plain[0][0] == NORMAL(1.25) + HISTOGRAM(1.25) + UNIFORM(1.25)


NUMBERS = st.floats(-1e3, 1e3)


@st.composite
def distributions(draw):
    low, width = draw(NUMBERS), draw(st.floats(1e-3, 1e3))
    kind = draw(st.sampled_from(["normal", "lognormal", "uniform", "poisson", "discrete", "histogram"]))
    weights = st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=9)
    if kind == "normal":
        deviation = draw(st.floats(1e-2, 1e3))
        return Normal(low + deviation * draw(st.floats(-5.0, 5.0)), deviation, low, low + width)
    if kind == "lognormal":
        start = draw(st.floats(0.0, 5.0))
        return LogNormal(draw(st.floats(-1.0, 2.0)), draw(st.floats(0.3, 2.0)), start, start + width)
    if kind == "uniform":
        return Uniform(low, low + width)
    if kind == "poisson":
        mean = draw(st.floats(0.1, 500.0))
        first = math.floor(mean * draw(st.floats(0.0, 1.5)))
        return Poisson(mean, first, first + draw(st.integers(0, 100)), as_float=draw(st.booleans()))
    held = draw(weights)
    if kind == "discrete":
        return Discrete(tuple(draw(st.permutations(range(len(held))))), tuple(held))
    ends = low + np.cumsum(draw(st.lists(st.floats(1e-3, 1e2), min_size=2 * len(held), max_size=2 * len(held))))
    return Histogram(tuple((float(a), float(b), w) for a, b, w in zip(ends[::2], ends[1::2], held, strict=True)))


@settings(deadline=None, max_examples=200)
@given(distributions(), st.floats(2.0**-65, 1.0), st.floats(2.0**-65, 1.0))
@example(LogNormal(0.0, 1.0, low=2.6153695642208525, high=3.6153695642208525), 1.0, 2.0**-65)
def test_draws_stay_in_the_support_and_have_a_density(distribution, one, other):
    values = [distribution.inverse(u, 1.0 - u if u < 1.0 else 2.0**-65) for u in (one, other)]
    low, high = distribution.support
    assert all(low <= each <= high for each in values)
    assert all(distribution.log_density(each) > -math.inf for each in values)
    if not isinstance(distribution, Discrete):
        assert (one <= other) == (values[0] <= values[1]) or values[0] == pytest.approx(values[1], rel=1e-12, abs=1e-12)


@given(distributions())
def test_a_distribution_travels_and_is_written_down(distribution):
    assert from_spec(json.loads(json.dumps(distribution.spec(), allow_nan=False))) == distribution
    assert pickle.loads(pickle.dumps(distribution)) == distribution


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=70), st.floats(0.0, 1.0))
def test_a_step_is_found_as_numpy_finds_it(rising, u):
    sums = np.sort(np.array(rising))
    assert position_of(sums)(u) == min(int(np.searchsorted(sums, u, side="right")), len(sums) - 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Normal(0.0, 0.0), "the standard deviation is 0: above 0"),
        (lambda: Normal(math.nan, 1.0), "the expected value is nan: a finite number"),
        (lambda: Normal(0.0, 1.0, 2.0, 1.0), "the lower limit 2 is not below the upper limit 1"),
        (lambda: Normal(0.0, 1.0, 50.0), "the range from 50 to inf has no probability"),
        (lambda: Normal(0.0, 1e12, 0.0, 1.0), "below 1e-8 standard deviations wide: take a uniform distribution"),
        (lambda: LogNormal(700.0, 3.0), "may be beyond 1.8e308: give it an upper limit"),
        (lambda: LogNormal.of_moments(-1.0, 1.0), "the expected value is -1 and the variance 1: above 0"),
        (lambda: Uniform(1.0, 1.0), "the lower limit 1 is not below the upper limit 1"),
        (lambda: Uniform(-1e308, 1e308), "further apart than a float can say"),
        (lambda: Poisson(0.0), "the expected value is 0: above 0, up to 1e6"),
        (lambda: Poisson(3.0, 1.5, 1.7), "there is no whole number from 1.5 to 1.7"),
        (lambda: Poisson(3.0, 1e9), "too far from the expected value 3"),
        (lambda: Discrete((1, "a"), (1.0, 1.0)), "are not all floats, all whole numbers, all bools or all text"),
        (lambda: Discrete((1, 1), (1.0, 1.0)), "two of the values"),
        (lambda: Discrete((1, 2), (1.0,)), "2 values have 1 weights"),
        (lambda: Discrete((1, 2), (1.0, -1.0)), "the weight -1.0 is not 0 or more"),
        (lambda: Discrete((1, 2), (0.0, 0.0)), "the weights of values add up to 0"),
        (lambda: Histogram(((0.0, 0.0, 1.0),)), "the bin from 0 to 0 has no width"),
        (lambda: Histogram(((0.0, 2.0, 1.0), (1.0, 3.0, 1.0))), "starts at 1 overlaps the one before, which ends at 2"),
        (lambda: from_spec({"gauss": {}}), "describes no distribution"),
        (lambda: Uniform(0.0, 1.0).as_kind("int"), "its values are of type float, not int"),
    ],
)
def test_what_is_no_distribution_is_refused(make, message):
    with pytest.raises(UsageError, match=message):
        make()


def test_an_annotated_parameter_is_drawn_as_what_it_is():
    @kernel(outputs=["y"])
    def annotated(rng, count: float, flag: bool):
        return count

    drawing_one = annotated.drawing({"count": Poisson(3.0), "flag": Discrete((True, False), (0.5, 0.5))})
    assert drawing_one.draws["count"].kind == "float"
    assert isinstance(drawing_one.trial(1, 0, 0)[0], float)
    with pytest.raises(
        KernelError,
        match="parameter 'flag' of kernel 'annotated' is annotated as bool and drawn: its values are of type float",
    ):
        annotated.drawing({"flag": Uniform(0.0, 1.0)})


@pytest.mark.parametrize(
    ("draws", "message"),
    [
        ({"gap": Uniform(0.0, 1.0)}, "the drawn 'gap' is no parameter of kernel 'one': it has 'x', 'y'"),
        ({"y": Uniform(0.0, 1.0)}, "output 'y' of kernel 'one' has the name of a drawn parameter"),
        ({"x": 3.0}, "the drawn 'x' is 3.0, no distribution"),
    ],
)
def test_what_cannot_be_drawn_is_refused(draws, message):
    @kernel(outputs=["y"])
    def one(rng, x, y=1.0):
        return x + y

    with pytest.raises(KernelError, match=message):
        one.drawing(draws)
