"""Drawn parameters among the others: what a compiled trial is called with."""

from __future__ import annotations

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportMissingParameterType=false
# (numba's decorators rewrite the signatures of what they decorate)
import functools
from typing import TYPE_CHECKING, Any

from numba import types  # type: ignore[import-untyped]
from numba.core import cgutils  # type: ignore[import-untyped]
from numba.extending import intrinsic  # type: ignore[import-untyped]

from sweep_kernels.draws.primitive import parameter_uniforms
from sweep_kernels.mathematics import exp, normal_quantile
from sweep_kernels.native import compiled

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["filler", "of_draws"]


@functools.cache
def of_draws() -> dict[int, Any]:
    """Return what stands for the large functions that draws are made of, by identity: numba types each once for all kernels."""
    return {id(each): compiled(each) for each in (exp, normal_quantile, parameter_uniforms)}


def filler(places: Sequence[int]) -> Any:
    """Make ``fill(arguments, drawn)``: a tuple of arguments with the drawn values, in their order, at those places."""

    @intrinsic
    def fill(context: Any, arguments: Any, drawn: Any) -> Any:
        kinds = list(arguments.types)
        for place, kind in zip(places, drawn.types, strict=True):
            kinds[place] = kind
        result = types.Tuple(kinds)

        def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            values = cgutils.unpack_tuple(builder, given[0])
            for place, value in zip(places, cgutils.unpack_tuple(builder, given[1]), strict=True):
                values[place] = value
            return context.make_tuple(builder, signature.return_type, values)

        return result(arguments, drawn), generate

    return fill
