"""A kernel is looked at before it is compiled."""

from __future__ import annotations

import time

import pytest

from sweep import load_sweep
from sweep.errors import KernelError
from sweep.rehearsal import rehearse

HEAD = """
import math
import statistics
import numpy as np
from scipy.stats import norm
from sweep import Sweep, grid, kernel
import physics

@kernel(outputs=["other"])
def other(rng):
    return 1.0

def helper(x):
    return norm.cdf(x)

def plain(x):
    return math.sqrt(x)

@kernel(outputs=["y"])
def draw(rng, x):
    {body}

study = Sweep(draw, grid(x=[0.0]), trials=10)
"""


def rehearsed(folder, body: str, seconds: float = 1.0) -> None:
    (folder / "physics.py").write_text("def gain(x):\n    return 2.0 * x\n")
    (folder / "study.py").write_text(HEAD.format(body=body))
    study = load_sweep(str(folder / "study.py"))
    rehearse(study.kernel, study.plan(), seconds)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("return 1.0, 2.0", "study.py:19: kernel 'draw' returned 2 values and names 1 output: y"),
        ("return None", "kernel 'draw' returned None as 'y': an output is a number or a bool"),
        ("return 'hit'", "kernel 'draw' returned 'hit' as 'y'"),
        ("return norm.cdf(x)", "study.py:21: kernel code 'draw' calls 'norm' of SciPy"),
        ("return helper(x)", "study.py:14: kernel code 'helper' calls 'norm' of SciPy"),
        ("return rng.gaus()", "study.py:21: kernel 'draw' raises AttributeError: 'Rng' object has no attribute 'gaus'"),
        ("return np.ones(3)[x]", "study.py:21: kernel 'draw' raises IndexError: only integers"),
        ("return np.ones(3)[0, 1]", "study.py:21: kernel 'draw' raises IndexError: too many indices"),
        ("return speed * x", "study.py:21: kernel code 'draw' cannot be compiled: name 'speed' is not defined"),
    ],
)
def test_what_cannot_be_compiled_is_refused_with_its_line(tmp_path, body, text):
    with pytest.raises(KernelError, match=text.replace(".", r"\.")):
        rehearsed(tmp_path, body)


@pytest.mark.parametrize(
    "body",
    [
        "return plain(x) + math.exp(rng.normal()) + max(x, 0.0)",
        "return 1.0 / x  # compiled division gives inf",
        "return (x - 1.0) ** 0.5 > 0.0  # NaN when compiled, complex in plain Python",
        "return (x - 1.0) ** 0.5",
        "print(x); return rng.uniform() < 0.5",
        "return other(rng) + physics.gain(x)",
        "return np.ones(3)[int(x) + 3]  # another trial's may be in range",
    ],
)
def test_what_may_be_compiled_passes_and_prints_nothing(tmp_path, capsys, body):
    rehearsed(tmp_path, body)
    assert capsys.readouterr() == ("", "")


def test_a_long_trial_is_left(tmp_path):
    begun = time.monotonic()
    rehearsed(tmp_path, "while x < 1.0: pass", seconds=0.05)
    assert time.monotonic() - begun < 5.0
