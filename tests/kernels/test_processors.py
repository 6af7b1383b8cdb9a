"""The same bits whatever the processor: code for AVX2 and for AVX-512, many trials side by side or one by one, and plain Python."""

from __future__ import annotations

import ctypes

import llvmlite.binding as llvm
import numpy as np
import pytest

from sweep_kernels import models, objectcode
from sweep_kernels.cpu import WIDTH, compile_kernel
from sweep_kernels.driver import APART, WIDEST, parameter_words
from sweep_kernels.statistics import SLOTS
from tests.kernels.compiling import SHOWN
from tests.kernels.test_models import SETTINGS

KINDS = {float: "float", int: "int"}
PROCESSORS = ("haswell", "skylake-avx512", "znver4")
TRIALS = 200
SEED, POINT = 9, 3


def runs_here(processor: str) -> bool:
    here = llvm.get_host_cpu_features()
    return bool(here["avx2"] and here["fma"] and (processor == "haswell" or here["avx512dq"]))


def outcome(each, settings, width: int, codes: set[bytes]) -> tuple[bytes, bytes]:
    """Return what trials give, and their statistics; add the machine code to those that there were."""
    kinds = tuple(KINDS[type(settings[name])] for name in each.parameters)
    code = compile_kernel(each, kinds, width)
    codes.add(code.code)
    words = parameter_words([np.array([settings[name]]) for name in each.parameters], kinds, 1)
    values, rows = np.zeros((len(each.outputs), TRIALS + APART)), np.zeros((1, len(each.outputs), len(SLOTS)))
    scratch = np.empty(TRIALS + code.state * (TRIALS + WIDEST))
    nothing, raised = ctypes.c_void_p(), ctypes.c_void_p()
    status = objectcode.load(code)(
        ctypes.addressof(nothing), ctypes.addressof(raised), SEED, 0, 0, POINT, 0, 1, 0, 1, TRIALS, TRIALS, 0, 0,
        words.ctypes.data, None, values.ctypes.data, scratch.ctypes.data, rows.ctypes.data,
    )  # fmt: skip
    assert status == 0
    return values[:, :TRIALS].tobytes(), rows.tobytes()


@pytest.mark.parametrize("name", SHOWN)
def test_models_have_the_same_bits_on_every_processor(name, monkeypatch):
    each, settings = getattr(models, name), SETTINGS[name]
    plain = np.array([each.trial(SEED, POINT, trial, **settings) for trial in range(20)], dtype=float)
    expected, codes = None, set[bytes]()
    here = [each for each in PROCESSORS if runs_here(each)]
    for processor in here:
        monkeypatch.setattr(objectcode, "processor", lambda processor=processor: (processor, ""))
        for width in (1, WIDTH):
            found = outcome(each, settings, width, codes)
            expected = expected or found
            assert found == expected, (processor, width)
    assert expected is not None
    assert len(codes) == 2 * len(here)
    values = np.frombuffer(expected[0]).reshape(len(each.outputs), TRIALS)
    assert values[:, :20].T.tobytes() == plain.reshape(20, -1).tobytes()
