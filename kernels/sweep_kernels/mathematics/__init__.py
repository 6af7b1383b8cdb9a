"""Elementary functions with the same bits in plain Python, compiled, over vectors and on a GPU; on any processor, with any C library.

Each is a straight line of operations that IEEE 754 rounds correctly (``+ - * /``, ``sqrt``, fused multiply-add), of 64-bit integer operations
that stay in range, and of `select`: no branch, no table, no conversion between floats and integers. They are complete: infinities, NaN,
signed zeros and subnormals as C99's annex F has it. Where Python's ``math`` raises, they return what C returns: NaN, or an infinity. A
NaN is always the same one. Errors in the docstrings are the largest found over 10**7 points (`benchmarks/mathematics.py`), rounded up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep_kernels.mathematics.error_function import erf, erfc
from sweep_kernels.mathematics.exponential import exp, exp2, expm1
from sweep_kernels.mathematics.gamma_function import gamma, lgamma
from sweep_kernels.mathematics.hyperbolic import acosh, asinh, atanh, cosh, sinh, tanh
from sweep_kernels.mathematics.inverse_trigonometric import acos, asin, atan, atan2
from sweep_kernels.mathematics.logarithmic import log, log1p, log2, log10
from sweep_kernels.mathematics.normal_distribution import normal_cdf, normal_quantile
from sweep_kernels.mathematics.power import pow, power  # noqa: A004 - math's name
from sweep_kernels.mathematics.roots import cbrt, hypot
from sweep_kernels.mathematics.trigonometric import cos, sin, sincos, tan

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "BY_NAME",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cbrt",
    "cos",
    "cosh",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "gamma",
    "hypot",
    "lgamma",
    "log",
    "log1p",
    "log2",
    "log10",
    "normal_cdf",
    "normal_quantile",
    "pow",
    "power",
    "sin",
    "sincos",
    "sinh",
    "tan",
    "tanh",
]

BY_NAME: dict[str, Callable[..., Any]] = {
    each.__name__: each
    for each in (
        acos, acosh, asin, asinh, atan, atan2, atanh, cbrt, cos, cosh, erf, erfc, exp, exp2, expm1, gamma, hypot, lgamma, log, log10, log1p, log2,
        pow, sin, sinh, tan, tanh,
    )
}  # fmt: skip
"""By the name that the function has in ``math``: of one argument, or of two for ``atan2``, ``hypot`` and ``pow``."""
