"""All parameters that a trial draws, in their order: each from its own number of a stream that nothing else takes from."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from sweep_kernels.draws.primitive import parameter_uniforms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sweep_kernels.distributions.base import Distribution
    from sweep_kernels.rng import Rng

__all__ = ["EDITION", "MOST", "drawing", "version_with", "weighing"]

EDITION = 1
"""Goes up whenever a bit of any drawn parameter changes: it is part of the version of every kernel that has some."""

MOST = 256
"""The most parameters that a trial may draw: they are computed one inside the other."""


def drawing(distributions: Sequence[Distribution]) -> Callable[[Rng], tuple[Any, ...]]:
    """Make the plain function ``f(rng)`` that draws a trial's parameters.

    Parameter `i` depends on (seed, point, trial, i) and its distribution only: it takes nothing of what the trial draws for itself, and a
    change of another distribution does not change it.
    """

    def nothing(rng: Rng) -> tuple[Any, ...]:  # noqa: ARG001 - as the others
        return ()

    made = nothing
    for position, each in reversed(list(enumerate(distributions))):
        made = _before(each.inverse, position, made)
    return made


def _before(inverse: Callable[[float, float], Any], position: int, rest: Callable[[Rng], tuple[Any, ...]]) -> Any:
    def draw(rng: Rng) -> tuple[Any, ...]:
        u, v = parameter_uniforms(rng, position)
        return (inverse(u, v),) + rest(rng)  # noqa: RUF005 - compiled code has no (x, *rest)

    return draw


def version_with(version: str, draws: Mapping[str, Distribution], proposals: Mapping[str, Distribution]) -> str:
    """Return the version of what draws parameters: a hash of its own version and of the distributions; its own if there are none."""
    if not draws:
        return version
    drawn, proposed = (json.dumps([[name, each.spec()] for name, each in some.items()]) for some in (draws, proposals))
    said = f"{version} draws {drawn}, edition {EDITION}{f', from {proposed}' if proposals else ''}"
    return hashlib.sha256(said.encode()).hexdigest()


def weighing(
    meant: Sequence[Distribution], drawn_from: Mapping[int, Distribution]
) -> Callable[[tuple[Any, ...]], float]:
    """Make the plain function ``f(drawn)``: the logarithm of the weight of drawn parameters, those in `drawn_from` being of these distributions.

    It is the sum of ``log p(x) - log q(x)``, `p` being what is meant and `q` what was drawn from.

    Parameters
    ----------
    meant
        The distributions of all parameters, in the order of the draws.
    drawn_from
        By position, those that stood in their places.
    """

    def nothing(drawn: tuple[Any, ...]) -> float:  # noqa: ARG001 - as the others
        return 0.0

    made = nothing
    for position in sorted(drawn_from, reverse=True):
        made = _ratio(position, meant[position].log_density, drawn_from[position].log_density, made)
    return made


def _ratio(position: int, p: Callable[[Any], float], q: Callable[[Any], float], rest: Callable[[Any], float]) -> Any:
    def weigh(drawn: tuple[Any, ...]) -> float:
        x = drawn[position]
        return p(x) - q(x) + rest(drawn)

    return weigh
