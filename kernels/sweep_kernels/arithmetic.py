"""Four machine operations that Python does not spell the same everywhere.

Written out here for plain Python; ``sweep_kernels.native`` maps each to one instruction in compiled code. Everything in
``mathematics`` and ``draws`` is built from these and from ``+ - * /`` and ``sqrt``, which IEEE 754 rounds correctly, so that
plain Python and compiled code agree to the last bit.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import struct
from typing import Any, TypeVar

__all__ = ["bits_of", "float_of_bits", "fma", "select"]

_INT64 = struct.Struct("<q")
_FLOAT64 = struct.Struct("<d")
Number = TypeVar("Number", int, float)


def bits_of(x: float) -> int:
    """Reinterpret a float64 as a signed 64-bit integer.

    >>> hex(bits_of(1.0))
    '0x3ff0000000000000'
    """
    return _INT64.unpack(_FLOAT64.pack(x))[0]


def float_of_bits(bits: int) -> float:
    """Reinterpret a signed 64-bit integer as a float64.

    >>> float_of_bits(0x3FF0000000000000)
    1.0
    """
    return _FLOAT64.unpack(_INT64.pack(bits))[0]


def select(condition: bool, a: Number, b: Number) -> Number:
    """Take one of two numbers of the same type that are both there already: never a branch.

    >>> select(2.0 < 1.0, 5.0, 7.0)
    7.0
    """
    return a if condition else b


def _libm_fma() -> Any:
    function = ctypes.CDLL(ctypes.util.find_library("m")).fma
    function.restype = ctypes.c_double
    function.argtypes = [ctypes.c_double] * 3
    return function


# Fused multiply-add, rounded once, as IEEE 754-2008 asks. ``math.fma`` (Python 3.13) raises where the standard gives inf or NaN.
fma: Any = _libm_fma()
