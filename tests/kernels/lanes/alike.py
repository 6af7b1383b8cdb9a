"""A kernel run side by side and one trial after the other, for comparison."""

from __future__ import annotations

import ctypes

import numpy as np

from sweep_kernels.cpu import compile_kernel
from sweep_kernels.driver import WIDEST, parameter_words
from sweep_kernels.objectcode import load
from sweep_kernels.statistics import APART, SLOTS

BLOCK = 4096


def outcome(code, words, trials):
    """Run trials of one point; return the status, what they return, and their statistics, as bytes."""
    values, rows = np.full((2, BLOCK + APART), np.nan), np.zeros((1, 2, len(SLOTS)))
    scratch = np.empty(BLOCK + code.state * (BLOCK + WIDEST))
    nothing, raised = ctypes.c_void_p(), ctypes.c_void_p()
    status = load(code)(
        ctypes.addressof(nothing), ctypes.addressof(raised), 11, 22, 0, 3, 0, 1, 0, 1, trials, BLOCK, 0, 0,
        words.ctypes.data, None, values.ctypes.data, scratch.ctypes.data, rows.ctypes.data,
    )  # fmt: skip
    return (True,) if status else (False, values[:, :trials].tobytes(), rows.tobytes())


def assert_alike(each, width, defaults=None):
    kinds = ("float", "int")
    given = defaults or each.defaults
    words = parameter_words([np.array([value]) for value in given.values()], kinds, 1)
    narrow_code, wide_code = compile_kernel(each, kinds, 1), compile_kernel(each, kinds, width)
    assert (narrow_code.width, wide_code.width) == (1, width)
    for trials in (1000, width + 1, 1):
        assert outcome(narrow_code, words, trials) == outcome(wide_code, words, trials)
