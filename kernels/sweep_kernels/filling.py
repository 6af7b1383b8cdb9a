"""Drawn parameters among the others: what a compiled trial is called with."""

from __future__ import annotations

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportMissingParameterType=false
# (numba's decorators rewrite the signatures of what they decorate)
from typing import TYPE_CHECKING, Any

from numba import types  # type: ignore[import-untyped]
from numba.core import cgutils  # type: ignore[import-untyped]
from numba.extending import intrinsic  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["filler"]


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
