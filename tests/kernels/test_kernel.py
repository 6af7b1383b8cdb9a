from __future__ import annotations

import enum
import pickle
import textwrap

import numpy as np
import pytest

from sweep_kernels import KernelError, kernel
from tests.kernels.compiling import loaded


def test_what_a_kernel_knows_of_itself():
    @kernel(outputs=["x", "y"])
    def both(rng, a, b=2.0):
        """Return two numbers.

        And more.
        """
        return a, b

    assert (both.name, both.parameters, both.outputs, both.defaults) == ("both", ("a", "b"), ("x", "y"), {"b": 2.0})
    assert both.summary == "Return two numbers."
    assert both.trial(0, 0, 0, a=1) == (1, 2.0)
    assert len(both.version) == 64


class Mode(enum.IntEnum):
    FAST = 2


@pytest.mark.parametrize(
    ("default", "plain"),
    [
        (np.float64(2.0), 2.0),
        (np.float32(0.5), 0.5),
        (np.int32(3), 3),
        (Mode.FAST, 2),
        (np.True_, True),
        (-(2**63), -(2**63)),
    ],
)
def test_defaults_are_plain_numbers(default, plain):
    @kernel
    def f(rng, a=default):
        return a

    assert (type(f.defaults["a"]), f.defaults["a"]) == (type(plain), plain)


def test_without_a_name_the_output_is_the_function():
    @kernel
    def payoff(rng):
        return 1.0

    assert payoff.outputs == ("payoff",)


@pytest.mark.parametrize(
    ("function", "outputs", "text"),
    [
        (lambda: 1.0, ["x"], "takes no argument"),
        (lambda rng, *a: 1.0, ["x"], "must be a plain one"),
        (lambda rng, *, a: 1.0, ["x"], "must be a plain one"),
        (lambda rng, a="no": 1.0, ["x"], "is no number"),
        (lambda rng, a=2**63: 1.0, ["x"], "is no number that fits in 64 bits"),
        (lambda rng: 1.0, [], "names no output"),
        (lambda rng: 1.0, ["a b"], "is not a name"),
        (lambda rng: 1.0, ["a", "a"], "share a name"),
        (42, ["x"], "a kernel is a plain function"),
    ],
)
def test_what_cannot_be_a_kernel(function, outputs, text):
    with pytest.raises(KernelError, match=text):
        kernel(outputs=outputs)(function)


BASE = """
    SCALE = 2.0
    def helper(x):
        return x + 1.0
    @kernel(outputs=["y"])
    def f(rng, a):
        return helper(a) * SCALE
"""


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("return helper(a)", "# a comment\n    return helper( a )", True),
        ("def f(rng, a):", 'def f(rng, a):\n    """Say what it does."""', True),
        ('outputs=["y"]', 'outputs=["z"]', True),
        ("SCALE = 2.0", "SCALE = 2.5", False),
        ("x + 1.0", "x + 2.0", False),
        ("helper(a) *", "helper(a) -", False),
        ("def f(rng, a):", "def f(rng, a=1.0):", False),
    ],
)
def test_the_version_changes_with_what_is_computed_and_with_nothing_else(tmp_path, old, new, same):
    before = loaded(tmp_path, BASE).f.version
    (tmp_path / "other").mkdir()
    after = loaded(tmp_path / "other", textwrap.dedent(BASE).replace(old, textwrap.dedent(new)), "other").f.version
    assert (before == after) is same


@kernel(outputs=["value"])
def travelling(rng):
    return rng.normal()


def test_a_kernel_carries_its_version_along():
    from ray import cloudpickle

    again = pickle.loads(cloudpickle.dumps(travelling))
    assert (again.version, again.outputs) == (travelling.version, travelling.outputs)
    assert again.trial(1, 2, 3) == travelling.trial(1, 2, 3)
