"""The estimators of ``lanes.c``, compiled by gcc now."""

from __future__ import annotations

import ctypes
import functools
import subprocess
import tempfile
from pathlib import Path

SOURCE = Path(__file__).with_name("lanes.c")
DOUBLES = ctypes.POINTER(ctypes.c_double)


def prepare(name, arguments, *flags):
    """Return ``run(first, trials)``; see `ours`. Trials below 2**32."""
    function = library(flags)[f"run_{name}"]
    function.argtypes = [*[ctypes.c_uint64] * 3, DOUBLES, DOUBLES]
    function.restype = None
    numbers = (ctypes.c_double * len(arguments))(*arguments)

    def run(first, trials):
        sums = (ctypes.c_double * 2)()
        function(1, first, trials, numbers, sums)
        return tuple(sums)

    return run


@functools.cache
def library(flags):
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/lanes.so"
        command = ["gcc", "-O3", "-march=native", *flags, "-shared", "-fPIC", str(SOURCE), "-o", file, "-lm"]
        subprocess.run(command, check=True)
        return ctypes.CDLL(file)
