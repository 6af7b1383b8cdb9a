from __future__ import annotations

import importlib.util
import math
import pickle
import textwrap

import numpy as np
import pytest

from sweep_kernels import KernelError, kernel
from sweep_kernels.fingerprint import fingerprint


def loaded(folder, text: str, name: str = "study"):
    """Run a file of the user's."""
    path = folder / f"{name}.py"
    path.write_text("from sweep_kernels import kernel\n" + textwrap.dedent(text))
    specification = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


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


def test_a_closed_over_number_counts():
    def made(scale):
        def f(rng):
            return rng.uniform() * scale

        return f

    assert fingerprint(made(1.0)) != fingerprint(made(2.0))


def test_an_array_counts_by_its_values():
    table = np.arange(3.0)

    def f(rng):
        return table[1] * rng.uniform()

    before = fingerprint(f)
    table[1] = 7.0
    assert fingerprint(f) != before


def test_what_cannot_be_hashed_is_refused():
    settings = {"a": 1.0}

    def f(rng):
        return settings["a"]

    with pytest.raises(KernelError, match="reads 'settings', a dict"):
        fingerprint(f)


@pytest.mark.parametrize("code", ["random.gauss(0, 1)", "np.random.normal()", "gauss(0, 1)", "nr.random()"])
def test_other_generators_are_refused(tmp_path, code):
    imports = "import random\nimport numpy as np\nimport numpy.random as nr\nfrom random import gauss\n"
    module = loaded(tmp_path, f'{imports}@kernel(outputs=["y"])\ndef f(rng):\n    return {code}\n')
    with pytest.raises(KernelError, match="draw from rng instead"):
        _ = module.f.version


def test_a_module_counts_by_name_only():
    def f(rng):
        return math.exp(rng.uniform())

    assert fingerprint(f) == fingerprint(f)


def test_a_function_without_source_is_refused():
    scope: dict = {}
    exec("def f(rng): return 1.0", scope)  # what a bare prompt does
    with pytest.raises(KernelError, match="has no source to be found"):
        fingerprint(scope["f"])


@kernel(outputs=["value"])
def travelling(rng):
    return rng.normal()


def test_a_kernel_carries_its_version_along():
    from ray import cloudpickle

    again = pickle.loads(cloudpickle.dumps(travelling))
    assert (again.version, again.outputs) == (travelling.version, travelling.outputs)
    assert again.trial(1, 2, 3) == travelling.trial(1, 2, 3)
