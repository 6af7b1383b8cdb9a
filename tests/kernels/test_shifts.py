"""Shifts have one meaning, whatever their count and whatever runs them."""

from __future__ import annotations

import pytest

from sweep_kernels import KernelError
from sweep_kernels.cpu import compile_kernel
from sweep_kernels.driver import TrialRaisedError
from tests.kernels.compiling import as_kernel, compiled_trials, loaded


def shifted(rng, x, k):
    n = rng.integers(0, 3) + k
    return (x << n) & 1023, x >> n, -x >> n, (x << 3) >> 2


@pytest.mark.parametrize("width", ["alone", "side by side"])
@pytest.mark.parametrize("count", [0, 5, 9, 61, 62, 63, 64, 200])
def test_a_shift_is_plain_pythons_in_64_bits(count, width):
    each = as_kernel(shifted, "left", "right", "of_negative", "written_out")
    trials = 2 if width == "alone" else 64
    found = compiled_trials(each, 1, 0, 0, 1, block_size=trials, x=5, k=count)
    for trial in range(trials):
        assert tuple(found[:, trial]) == each.trial(1, 0, trial, x=5, k=count)


def test_a_negative_count_raises_as_in_plain_python():
    each = as_kernel(shifted, "left", "right", "of_negative", "written_out")
    with pytest.raises(TrialRaisedError) as raised:
        compiled_trials(each, 1, 0, 0, 1, x=5, k=-1)
    with pytest.raises(ValueError, match="negative shift count"):
        each.trial(1, 0, raised.value.trial, x=5, k=-1)
    for trial in range(raised.value.trial):
        each.trial(1, 0, trial, x=5, k=-1)


def test_code_that_is_not_a_kernels_keeps_numbas_shifts():
    from numba import njit

    assert njit(lambda x, k: (x << k, x >> k))(5, 2) == (20, 1)


@pytest.mark.parametrize("body", ["return ~a", "return ~(rng.uniform() < 0.5)", "a = a and a\n    return 1.0 + ~a"])
def test_an_inverted_bool_is_refused(body, tmp_path):
    each = loaded(tmp_path, f"@kernel\ndef f(rng, a):\n    {body}\n").f
    with pytest.raises(KernelError, match=r"study.py:[45]: kernel code 'f' inverts a bool with ~, .* write `not`"):
        compile_kernel(each, ("bool",))
