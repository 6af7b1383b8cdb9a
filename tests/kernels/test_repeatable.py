"""Functions of math and numpy in a kernel: the same bits compiled and plain, and by name what they were."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from sweep_kernels import KernelError, kernel
from sweep_kernels.repeatable import quiet, repeatable
from tests.kernels.compiling import compiled_trials

USED = ("exp", "log", "sin", "cos", "tan", "sqrt", "pow", "atan2", "erf", "log1p", "expm1", "tanh", "hypot", "floor")


def many(rng, scale: float = 3.0, n: int = 2):
    x = scale * rng.normal()
    y = math.exp(-abs(x)) + np.log(1.5 + x * x) * math.sin(x) - math.cos(n) * math.atan2(x, scale)
    z = (
        math.pow(abs(x), 0.3)
        + np.arctan(x)
        + math.erf(x)
        + math.tanh(x)
        + np.hypot(x, n)
        + math.log1p(abs(x))
        + math.sqrt(abs(x))
    )
    return y, z, math.floor(x)


def test_the_same_bits_compiled_and_plain():
    each = kernel(outputs=["y", "z", "k"])(many)
    found = compiled_trials(each, 5, 1, 0, 8, scale=3.0, n=2)
    plain = [each.trial(5, 1, trial, scale=3.0, n=2) for trial in range(64)]
    assert found.T.tobytes() == np.array(plain, dtype=np.float64).tobytes()


def test_the_c_librarys_when_asked_for():
    own, library = kernel(outputs=["y", "z", "k"])(many), kernel(outputs=["y", "z", "k"], mathematics="library")(many)
    assert own.version != library.version
    assert library.trial(5, 1, 0, scale=3.0, n=2) == pytest.approx(own.trial(5, 1, 0, scale=3.0, n=2), rel=1e-14)
    with pytest.raises(KernelError, match="mathematics='c' is neither 'own' nor 'library'"):
        kernel(outputs=["y"], mathematics="c")(many)


@pytest.mark.parametrize("name", [each for each in USED if each not in {"sqrt", "floor"}])
def test_every_function_is_ours_and_travels(name):
    ours = repeatable(getattr(math, name))
    assert pickle.loads(pickle.dumps(ours)) is ours
    arguments = (0.5, 2.0) if name in {"pow", "atan2", "hypot"} else (0.5,)
    assert ours(*arguments) == quiet(ours)(*arguments) == pytest.approx(getattr(math, name)(*arguments), rel=1e-15)


def test_what_is_exact_already_is_left_alone():
    assert [repeatable(each) for each in (math.sqrt, math.floor, np.sqrt, abs)] == [None] * 4


@pytest.mark.parametrize(
    ("name", "argument", "error"),
    [("log", -1.0, ValueError), ("log", 0.0, ValueError), ("exp", 1000.0, OverflowError), ("sin", 2.0**60, ValueError)],
)
def test_in_plain_python_what_is_not_finite_raises(name, argument, error):
    ours = repeatable(getattr(math, name))
    with pytest.raises(error, match="math (domain|range) error"):
        ours(argument)
    assert not math.isfinite(quiet(ours)(argument))
    assert math.isnan(ours(math.nan))
    assert not math.isfinite(repeatable(getattr(np, name))(argument))
