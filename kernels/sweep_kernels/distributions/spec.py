"""Distributions from the JSON of a plan."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sweep_kernels.distributions.discrete import Discrete
from sweep_kernels.distributions.histogram import Histogram
from sweep_kernels.distributions.normal import LogNormal, Normal
from sweep_kernels.distributions.poisson import Poisson
from sweep_kernels.distributions.uniform import Uniform
from sweep_kernels.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep_kernels.distributions.base import Distribution

__all__ = ["KINDS", "from_spec"]

KINDS = {each.name: each for each in (Normal, LogNormal, Uniform, Poisson, Discrete, Histogram)}
UNLIMITED = {"low": -math.inf, "high": math.inf}


def from_spec(spec: Mapping[str, Any]) -> Distribution:
    """Make the distribution that `Distribution.spec` describes.

    Raises
    ------
    UsageError
        If it describes none.

    Examples
    --------
    >>> from_spec(Normal(1.0, 2.0, low=0.0).spec())
    Normal(mean=1.0, deviation=2.0, low=0.0, high=inf)
    """
    try:
        ((name, fields),) = spec.items()
        given: dict[str, Any] = {
            key: UNLIMITED[key] if value is None else _tupled(value) for key, value in fields.items()
        }
        return KINDS[name](**given)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise UsageError(f"{spec!r} describes no distribution") from None


def _tupled(value: Any) -> Any:
    return tuple(_tupled(each) for each in value) if isinstance(value, list) else value
