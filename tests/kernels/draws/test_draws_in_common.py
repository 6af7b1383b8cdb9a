"""What holds for every method of ``rng``: the same bits everywhere, as many words as stated, and never a NaN."""

from __future__ import annotations

import inspect
import math

import numpy as np
import pytest

from sweep_kernels import Rng
from sweep_kernels.cache import object_code
from sweep_kernels.cpu import WIDTH
from sweep_kernels.draws import METHODS
from sweep_kernels.driver import Blocks, Driver, TrialRaisedError
from tests.kernels.compiling import as_kernel, compiled_trials

WEIGHTS = (0.5, 0.0, 3.0, 2.0)
COUNTS = np.array([1, 0, 5])


def of_one_word(rng):
    """Calls with and without the arguments that may be left out, with integers in place of floats, and by name."""
    return (
        rng.uniform(-1) + rng.normal(scale=0.5) + rng.exponential(scale=2) + rng.rayleigh(),
        rng.weibull(2, scale=2) + rng.lognormal(-1, sigma=0.25) + rng.triangular(-1, 0.5, 2),
        rng.geometric(0.01) + rng.choice(COUNTS) * 1000 + rng.choice(weights=WEIGHTS) * 10_000,
    )


def of_two_words(rng):
    x, y, z = rng.sphere()
    cosine, sine = rng.circle()
    return rng.standard_t(df=3) + rng.rice(1, sigma=0.5), x + 2.0 * y + 3.0 * z, cosine - sine


def of_several_tries(rng):
    return (
        rng.gamma(2) + rng.gamma(0.7, scale=2),
        rng.beta(0.05, b=2),
        rng.binomial(50, 0.75) + 100 * rng.binomial(n=3, p=0.25),
    )


@pytest.mark.parametrize("function", [of_one_word, of_two_words, of_several_tries], ids=lambda each: each.__name__)
def test_one_by_one_side_by_side_and_in_plain_python(function):
    each = as_kernel(function, "x", "y", "z")
    wide = compiled_trials(each, 9, 2, 0, 1, 4096)
    assert object_code(each, ()).width == WIDTH
    narrow = Driver(each, (), seed=9, trials=4096, block_size=4096, width=1)
    assert np.array_equal(narrow.run_keeping(Blocks(2, 0, 1, 0, 1), np.zeros((1, 1), dtype=np.int64))[1], wide)
    for trial in range(100):
        assert each.trial(9, 2, trial) == tuple(wide[:, trial])


ONE_U = [
    lambda rng: rng.uniform(2.0, 3.0), lambda rng: rng.exponential(2.0), lambda rng: rng.rayleigh(), lambda rng: rng.weibull(0.5),
    lambda rng: rng.triangular(0.0, 1.0, 2.0), lambda rng: rng.geometric(0.1), lambda rng: rng.choice(WEIGHTS), lambda rng: rng.circle(),
    lambda rng: rng.integers(0, 6), lambda rng: rng.bernoulli(0.5), lambda rng: rng.poisson(9.9), lambda rng: rng.binomial(30, 0.3),
    lambda rng: rng.binomial(30, 0.7),
]  # fmt: skip
ONE_Z = [lambda rng: rng.normal(1.0, 2.0), lambda rng: rng.lognormal(1.0, 2.0)]


@pytest.mark.parametrize(
    ("calls", "words"),
    [
        (ONE_U, (1, 0)),
        (ONE_Z, (0, 1)),
        ([lambda rng: rng.sphere(), lambda rng: rng.standard_t(3.0)], (2, 0)),
        ([lambda rng: rng.rice(1.0, 2.0)], (0, 2)),
        ([lambda rng: rng.shuffle([1, 2, 3, 4])], (3, 0)),
    ],
    ids=["one U", "one Z", "two U", "two Z", "a U for each but one"],
)
def test_a_draw_takes_as_many_words_as_stated(calls, words):
    for trial in range(20):
        for call in calls:
            rng = Rng(4, 5, trial)
            call(rng)
            assert (rng.uniforms, rng.normals) == words


@pytest.mark.parametrize(
    ("call", "tries", "uniforms", "normals", "more"),
    [
        (lambda rng: rng.gamma(1.0), 1.05, 1, 1, 0),
        (lambda rng: rng.gamma(0.5), 1.03, 1, 1, 1),
        (lambda rng: rng.chisquare(200.0), 1.001, 1, 1, 0),
        (lambda rng: rng.binomial(20, 0.5), 1.42, 2, 0, 0),
        (lambda rng: rng.binomial(10**9, 0.5), 1.16, 2, 0, 0),
        (lambda rng: rng.poisson(10.0), 1.3, 2, 0, 0),
        (lambda rng: rng.poisson(1e6), 1.13, 2, 0, 0),
    ],
)
def test_a_draw_takes_as_many_tries_as_stated(call, tries, uniforms, normals, more):
    rng, count = Rng(4, 5, 6), 5000
    for _ in range(count):
        call(rng)
    assert rng.normals * uniforms == (rng.uniforms - more * count) * normals
    assert (rng.uniforms / count - more) / uniforms == pytest.approx(
        tries, abs=4.0 * math.sqrt(tries * (tries - 1.0) / count) + 0.006
    )


NUMBERS = {
    "uniform": [(), (-1e308, 7e307), (3.0, 3.0)],
    "normal": [(), (1e308, 0.0), (0.0, 1e300)],
    "exponential": [(), (0.0,), (1e308,)],
    "integers": [(0, 1), (-5, 5)],
    "bernoulli": [(0.0,), (1.0,)],
    "poisson": [(0.0,), (3.0,), (1e15,)],
    "binomial": [(0, 0.5), (10**15, 0.0), (10**15, 1.0), (10**15, 1e-15), (10**15, 0.5), (1, 0.5), (20, 0.5)],
    "geometric": [(1e-14,), (0.5,), (1.0,)],
    "gamma": [(1e-308,), (1e-300, 1e300), (0.01, 0.0), (0.5, 1.7e308), (1.0, 1e308), (1e308,), (1.7e308, 5e-324)],
    "chisquare": [(5e-324,), (0.01,), (1e308,)],
    "beta": [(1e-300, 1e-300), (1e-300, 1e300), (1e300, 1e300), (1e300, 1e-300), (0.01, 0.01)],
    "standard_t": [(5e-324,), (0.01,), (1.7e308,)],
    "lognormal": [(1e308, 1e308), (-1e308, 0.0), (0.0, 0.0)],
    "rayleigh": [(0.0,), (1e308,)],
    "rice": [(0.0, 0.0), (1e308, 1e308), (1e-320, 1e-320)],
    "weibull": [(5e-324,), (0.001, 1e300), (1e308, 0.0), (0.01, 0.0)],
    "triangular": [(-8e307, 0.0, 8e307), (0.0, 0.0, 1e-320), (1.0, 1.0, math.nextafter(1.0, 2.0))],
    "choice": [((1.0,),), ((0.0, 1e-299, 0.0),), ((0.0, 1e307, 1e307),)],
}


def extreme(trial: int, u: float, z: float) -> Rng:
    """Return draws whose first U and first Z are those, and the next as ever."""
    rng = Rng(1, 2, trial)
    rng.uniforms, rng.normals, rng.spare_uniform, rng.spare_normal = 1, 1, u, z
    return rng


@pytest.mark.parametrize("name", NUMBERS)
def test_no_number_in_range_makes_a_nan(name):
    assert NUMBERS.keys() | {"circle", "sphere", "shuffle", "weigh"} == METHODS.keys()
    starts = [(u, z) for u in (0.0, 2.0**-53, 0.5, 1.0 - 2.0**-53) for z in (-9.5, 0.0, 9.5)]
    for arguments in NUMBERS[name]:
        draws = [extreme(trial, u, z) for trial in range(5) for u, z in starts]
        values = [getattr(rng, name)(*arguments) for rng in draws]
        assert not any(math.isnan(each) for each in values)
        if name not in {"normal", "standard_t", "uniform", "integers", "triangular"}:
            assert all(each >= 0 for each in values)
        if name == "beta":
            assert all(each <= 1.0 for each in values)
        if name == "binomial":
            assert all(each <= arguments[0] for each in values)
        if name == "choice":
            assert all(arguments[0][each] > 0.0 for each in values)


NAN, INF = math.nan, math.inf
REFUSED = [
    ("uniform", (2.0, 1.0), "high must not be below low"),
    ("uniform", (NAN,), "high must not be below low"),
    ("uniform", (-1e308, 1e308), "high must not be below low"),
    *(("normal", each, "standard deviation must be 0 or more") for each in [(0.0, -1.0), (NAN, 1.0), (0.0, INF), (INF,)]),
    *(("exponential", (each,), "the scale must be 0 or more") for each in (-1.0, NAN, INF)),
    *(("rayleigh", (each,), "the scale must be 0 or more") for each in (-1.0, NAN, INF)),
    *(("weibull", each, "the shape must be above 0") for each in [(0.0,), (NAN,), (1.0, -1.0), (INF,)]),
    *(("lognormal", each, "sigma must be 0 or more") for each in [(0.0, -1.0), (NAN,), (0.0, NAN)]),
    *(("triangular", each, "left <= mode <= right") for each in [(0.0, 2.0, 1.0), (1.0, 1.0, 1.0), (0.0, NAN, 1.0), (-INF, 0.0, 1.0)]),
    *(("geometric", (each,), "between 1e-14 and 1") for each in (0.0, 1e-15, 1.1, NAN)),
    *(("binomial", each, "n must be between 0 and 1e15") for each in [(-1, 0.5), (10**15 + 1, 0.5), (5, -0.1), (5, 1.1), (5, NAN)]),
    *(("gamma", each, "the shape must be above 0") for each in [(0.0,), (-1.0,), (NAN,), (INF,), (1.0, -1.0), (1.0, NAN)]),
    *(("chisquare", (each,), "the degrees of freedom must be above 0") for each in (0.0, NAN, INF)),
    *(("beta", each, "between 1e-300 and 1e300") for each in [(0.0, 1.0), (1.0, 0.0), (NAN, 1.0), (1.0, INF)]),
    *(("standard_t", (each,), "the degrees of freedom must be above 0") for each in (0.0, NAN, INF)),
    *(("rice", each, "must be 0 or more") for each in [(-1.0, 1.0), (1.0, -1.0), (NAN, 1.0), (1.0, INF)]),
    *(("choice", (each,), "no weight may be negative") for each in [(), (0.0, 0.0), (1.0, -0.5), (1.0, NAN), (1.0, INF)]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "told"), REFUSED)
def test_what_is_out_of_range_is_refused(name, arguments, told):
    rng = Rng(0, 0, 0)
    with pytest.raises(ValueError, match=f"^{name}: .*{told}") as caught:
        getattr(rng, name)(*arguments)
    assert "\n" not in str(caught.value)
    assert (rng.uniforms, rng.normals) == (0, 0)


def test_a_compiled_trial_refuses_too():
    each = as_kernel(lambda rng, p: rng.weibull(p))
    assert math.isfinite(compiled_trials(each, 0, 0, 0, 1, p=0.5)[0, 0])
    for p in (-1.0, math.nan):
        with pytest.raises(TrialRaisedError):
            compiled_trials(each, 0, 0, 0, 1, p=p)


def test_the_methods_of_both_generators_are_the_same():
    for name, function in METHODS.items():
        _, *inner = inspect.signature(function).parameters.values()
        _, *outer = inspect.signature(getattr(Rng, name)).parameters.values()
        assert [(each.name, each.default) for each in inner] == [(each.name, each.default) for each in outer]


@pytest.mark.parametrize(
    "draw", [lambda rng: rng.binomial(10.5, 0.5), lambda rng: rng.integers(0.5, 3.0), lambda rng: rng.integers(0, 3.7)]
)
def test_numbers_that_must_be_whole_are(draw):
    with pytest.raises(ValueError, match="whole number"):
        draw(Rng(1, 0, 0))
    with pytest.raises(TrialRaisedError):
        compiled_trials(as_kernel(draw), 1, 0, 0, 1)
    assert Rng(1, 0, 0).integers(0.0, 3.0) == Rng(1, 0, 0).integers(0, 3)
