"""Words to variates: what every method of a trial's ``rng`` does.

A trial has two primitive sequences: uniforms ``U[0], U[1], ...`` and normals ``Z[0], Z[1], ...``. Each is a pure function of
(seed, point, trial, i); every other distribution is built from them. A method that takes a ``proposal`` draws from that, and weights the
trial. The functions take the generator's state as ``rng`` (see ``sweep_kernels.rng``) and are the same source in plain Python and compiled.
Names and parameters are those of NumPy's ``Generator`` where it has the distribution.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep_kernels.draws.equal_chances import integers
from sweep_kernels.draws.gamma_family import beta, chisquare
from sweep_kernels.draws.inversion import triangular
from sweep_kernels.draws.polar import circle, rice, sphere, standard_t
from sweep_kernels.draws.proposed import (
    bernoulli,
    binomial,
    choice,
    exponential,
    gamma,
    geometric,
    lognormal,
    normal,
    poisson,
    rayleigh,
    uniform,
    weibull,
    weigh,
)
from sweep_kernels.draws.selection import shuffle

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "METHODS",
    "bernoulli",
    "beta",
    "binomial",
    "chisquare",
    "choice",
    "circle",
    "exponential",
    "gamma",
    "geometric",
    "integers",
    "lognormal",
    "normal",
    "poisson",
    "rayleigh",
    "rice",
    "shuffle",
    "sphere",
    "standard_t",
    "triangular",
    "uniform",
    "weibull",
    "weigh",
]

METHODS: dict[str, Callable[..., Any]] = {
    each.__name__: each
    for each in (
        uniform, normal, exponential, integers, bernoulli, poisson, binomial, geometric, gamma, chisquare, beta, standard_t, lognormal, rayleigh,
        rice, weibull, triangular, choice, shuffle, circle, sphere, weigh,
    )
}  # fmt: skip
"""The methods of a trial's ``rng``, by name."""
