"""The estimators of ``curand.cu``, compiled by nvcc now, for the GPU that is there."""

from __future__ import annotations

import ctypes
import functools
import subprocess
import tempfile
from pathlib import Path

SOURCE = Path(__file__).with_name("curand.cu")
DOUBLES = ctypes.POINTER(ctypes.c_double)


def prepare(name, arguments, *flags):
    """Return ``run(first, trials)``; see `ours`."""
    function = library(flags)[f"run_{name}"]
    function.argtypes = [*[ctypes.c_uint64] * 3, DOUBLES, ctypes.c_int, DOUBLES]
    function.restype = ctypes.c_int
    numbers = (ctypes.c_double * len(arguments))(*arguments)

    def run(first, trials):
        sums = (ctypes.c_double * 2)()
        status = function(1, first, trials, numbers, len(numbers), sums)
        if status != 0:
            raise SystemExit(f"cuda_c.py: CUDA error {status}")
        return tuple(sums)

    return run


@functools.cache
def library(flags):
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/curand.so"
        command = ["nvcc", "-O3", "-arch=native", *flags, "-shared", "-Xcompiler", "-fPIC", str(SOURCE), "-o", file]
        subprocess.run(command, check=True)
        return ctypes.CDLL(file)
