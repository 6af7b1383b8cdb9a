"""The two primitive sequences of a trial: uniforms ``U[0], U[1], ...`` and normals ``Z[0], Z[1], ...``.

Each is a pure function of (seed, point, trial, i); a Philox block makes two of either.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sweep_kernels.arithmetic import fma, select
from sweep_kernels.counter import NORMAL_STREAM, PARAMETER_STREAM, UNIFORM_STREAM
from sweep_kernels.mathematics.in_range import log_in_range, sincos_turns
from sweep_kernels.philox import philox4x32

if TYPE_CHECKING:
    from sweep_kernels.rng import Rng

__all__ = ["closed_open", "open_closed", "parameter_uniforms", "standard_normal", "standard_uniform"]

_MASK = 0xFFFFFFFF


def closed_open(high: int, low: int) -> float:
    """Two words to a multiple of 2**-53 in ``[0, 1)``."""
    return float((high << 21) | (low >> 11)) * 2.0**-53


def open_closed(high: int, low: int) -> float:
    """Two words to ``(w + 1/2) / 2**64`` in ``(0, 1]``, rounded once: fine steps near zero, where logarithms look."""
    return fma(float(low) + 0.5, 2.0**-64, float(high) * 2.0**-32)


def standard_uniform(rng: Rng) -> float:
    """Draw from ``[0, 1)`` uniformly, with 53 random bits. One U."""
    i = rng.uniforms
    rng.uniforms = i + 1
    if (i & 1) != 0:
        return rng.spare_uniform
    block = i >> 1
    a, b, c, d = philox4x32(block, rng.c1 | UNIFORM_STREAM, rng.c2, rng.c3, rng.k0, rng.k1)
    rng.spare_uniform = closed_open(c, d)
    return closed_open(a, b)


def standard_normal(rng: Rng) -> float:
    """Draw a standard normal. One Z.

    Box and Muller (1958), https://doi.org/10.1214/aoms/1177706645, with a 64-bit radius: ``|z|`` reaches 9.49, and a value beyond
    8 has the probability that it ought to have to one part in 100,000.
    """
    i = rng.normals
    rng.normals = i + 1
    if (i & 1) != 0:
        return rng.spare_normal
    block = i >> 1
    a, b, c, d = philox4x32(block, rng.c1 | NORMAL_STREAM, rng.c2, rng.c3, rng.k0, rng.k1)
    radius = math.sqrt(-2.0 * log_in_range(open_closed(a, b)))
    sine, cosine = sincos_turns(closed_open(c, d))
    rng.spare_normal = radius * sine
    return radius * cosine


def parameter_uniforms(rng: Rng, i: int) -> tuple[float, float]:
    """Return the uniform of parameter `i` and its distance from 1, both in ``(0, 1]`` and with 64 random bits: either may be small.

    It is of a stream of its own, and changes nothing of what `rng` will draw.
    """
    a, b, c, d = philox4x32(i >> 1, rng.c1 | PARAMETER_STREAM, rng.c2, rng.c3, rng.k0, rng.k1)
    second = (i & 1) != 0
    high, low = select(second, c, a), select(second, d, b)
    return open_closed(high, low), open_closed(_MASK - high, _MASK - low)
