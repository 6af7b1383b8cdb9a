"""Distributions of parameters that a trial draws before it begins: by inversion, with densities.

Each is a small frozen description of numbers. What it computes, the inverse of its distribution function and the logarithm of its density, are plain
functions over these numbers: the same source in plain Python and compiled, and a user's kernel may call them.
"""

from __future__ import annotations

from sweep_kernels.distributions.base import Distribution
from sweep_kernels.distributions.discrete import Discrete
from sweep_kernels.distributions.histogram import Histogram
from sweep_kernels.distributions.normal import LogNormal, Normal
from sweep_kernels.distributions.poisson import Poisson
from sweep_kernels.distributions.sequence import EDITION, drawing, weighing
from sweep_kernels.distributions.spec import from_spec
from sweep_kernels.distributions.uniform import Uniform

__all__ = [
    "EDITION",
    "Discrete",
    "Distribution",
    "Histogram",
    "LogNormal",
    "Normal",
    "Poisson",
    "Uniform",
    "drawing",
    "from_spec",
    "weighing",
]
