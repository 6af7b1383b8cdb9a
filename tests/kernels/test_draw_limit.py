"""A trial that draws more than its counter can tell apart is an error, never a repetition."""

from __future__ import annotations

import numpy as np
import pytest

from sweep import Sweep, grid
from sweep.errors import TrialError
from sweep.work.patience import OutOfPatienceError, PatientRng
from sweep_kernels import KernelError, Rng
from sweep_kernels.counter import DRAW_LIMIT
from sweep_kernels.driver import Blocks, Driver, TrialRaisedError
from tests.kernels.compiling import as_kernel


def many_uniforms(rng, left):
    rng.uniforms = DRAW_LIMIT - left
    return rng.uniform() + rng.uniform()


def many_normals(rng, left):
    rng.normals = DRAW_LIMIT - left
    return rng.normal() + rng.normal()


@pytest.mark.parametrize(("function", "width"), [(many_uniforms, 16), (many_normals, 1)])
def test_the_last_draw_is_allowed_and_one_more_is_not(function, width):
    each = as_kernel(function)
    driver = Driver(each, ("int",), seed=1, trials=16, block_size=16, width=width)
    _, values = driver.run_keeping(Blocks(0, 0, 1, 0, 1), np.array([[2]]))
    assert values[0, 3] == each.trial(1, 0, 3, left=2)
    with pytest.raises(TrialRaisedError):
        driver.run(Blocks(0, 0, 1, 0, 1), np.array([[1]]))
    with pytest.raises(KernelError, match="a trial drew 8,589,934,593 (uniforms|normals): it may draw 2.*33"):
        each.trial(1, 0, 3, left=1)


def test_the_sweep_names_the_trial():
    with pytest.raises(TrialError, match=r"a trial drew 8,589,934,593 uniforms: .*, in trial 0 of point 1 \(left=1\)"):
        Sweep(as_kernel(many_uniforms), grid(left=[2, 1]), trials=10).run()


def test_a_long_trial_is_left_when_time_is_up():
    def endless(rng):
        while True:
            rng.uniform()
            rng.normal()

    with pytest.raises(OutOfPatienceError):
        as_kernel(endless).run(PatientRng(1, 0, 0, seconds=0.0))
    assert [PatientRng(1, 2, 3).normal(), PatientRng(1, 2, 3).exponential()] == [
        Rng(1, 2, 3).normal(),
        Rng(1, 2, 3).exponential(),
    ]
